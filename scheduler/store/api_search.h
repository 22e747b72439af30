/* SPDX-License-Identifier: MPL-2.0 */
/* GET /search: first what a search finds, then, part by part, the rows: they may be many and large.
 */
#ifndef MIG_STORE_API_SEARCH_H
#define MIG_STORE_API_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "store/api_rows.h"
#include "store/db.h"

enum mig_search_type {
    MIG_SEARCH_ACTION,
    MIG_SEARCH_AGENT,
    MIG_SEARCH_COMMAND,
    MIG_SEARCH_INVESTIGATOR
};

/* Ids 0 and texts NULL: no such condition. Patterns are LIKE patterns, without case. */
struct mig_search {
    enum mig_search_type type;
    int64_t action_id, agent_id, command_id, investigator_id;
    const char *action_name, *agent_name, *agent_version, *investigator_name, *threat_family,
        *status;
    const char *after, *before; /* RFC 3339 */
    int found;                  /* 1, 0; -1: no such condition */
    int64_t limit, offset;
};

struct mig_search_found {
    int64_t id;
    size_t bytes; /* stored, perhaps compressed, of the columns that can be large */
};

/* What is found, newest first; *ret is to be freed. */
int mig_store_search(struct mig_db *db, const struct mig_search *search,
                     struct mig_search_found **ret, size_t *ret_count, struct mig_err *err);
/* Some of it, in that order, as it is now: in the columns of the type, mig_action_column and
 * mig_action_more_column, mig_agent_column, mig_command_column or mig_investigator_column. What is
 * no longer there is left out. */
int mig_store_search_rows(struct mig_db *db, enum mig_search_type type,
                          const struct mig_search_found *found, size_t count, PGresult **ret,
                          struct mig_err *err);

#endif
