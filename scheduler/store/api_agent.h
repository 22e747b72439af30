/* SPDX-License-Identifier: MPL-2.0 */
/* Agents as the API stores and reads them. */
#ifndef MIG_STORE_API_AGENT_H
#define MIG_STORE_API_AGENT_H

#include <stdint.h>

#include "store/api_rows.h"
#include "store/db.h"

/* The columns of the statistics row. */
enum mig_stats_column {
    MIG_STATS_ONLINE_AGENTS,
    MIG_STATS_ONLINE_AGENTS_BY_VERSION,
    MIG_STATS_ONLINE_ENDPOINTS,
    MIG_STATS_IDLE_AGENTS,
    MIG_STATS_IDLE_AGENTS_BY_VERSION,
    MIG_STATS_IDLE_ENDPOINTS,
    MIG_STATS_NEW_ENDPOINTS,
    MIG_STATS_MULTI_AGENTS_ENDPOINTS,
    MIG_STATS_DISAPPEARED_ENDPOINTS,
    MIG_STATS_FLAPPING_ENDPOINTS,
    MIG_STATS_COLUMNS
};

struct mig_store_beat {
    const char *name;
    const char *queueloc;
    const char *mode;
    const char *version;
    int64_t pid;
    const char *starttime; /* RFC 3339 */
    const char *refreshtime;
    const char *environment; /* JSON */
    const char *tags;        /* JSON */
};

/*
 * Takes a heartbeat in one statement; when the agent is new or was idle or offline, also NOTIFY
 * mig_agents with the queue location.
 * A process (queueloc, pid) has one row: it is made or brought up to date with all that the beat
 * says. starttime is the first beat of a run. A row that was made or comes back from offline takes
 * the place of its queue location: the rows of other processes there go offline. Destroyed rows
 * stay so.
 */
int mig_store_agent_beat(struct mig_db *db, const struct mig_store_beat *beat, struct mig_err *err);
/* One row (enum mig_agent_column), or none. */
int mig_store_agent_get(struct mig_db *db, int64_t id, PGresult **ret, struct mig_err *err);
/* The latest statistics row, or none. */
int mig_store_agent_stats(struct mig_db *db, PGresult **ret, struct mig_err *err);

#endif
