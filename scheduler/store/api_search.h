/* SPDX-License-Identifier: MPL-2.0 */
/* GET /search: one statement a search. */
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

/* Rows in the columns of the type, newest first: mig_action_column and mig_action_more_column,
 * mig_agent_column, mig_command_column or mig_investigator_column. */
int mig_store_search(struct mig_db *db, const struct mig_search *search, PGresult **ret,
                     struct mig_err *err);
/* The agents with these ids, by id, in mig_agent_column. */
int mig_store_search_ids(struct mig_db *db, const int64_t *ids, size_t count, int64_t limit,
                         int64_t offset, PGresult **ret, struct mig_err *err);

#endif
