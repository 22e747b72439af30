/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/agents.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>

#include "store/array.h"
#include "store/db.h"

static int
age(struct mig_db *db, const char *name, const char *sql, int64_t ms, size_t *ret,
    struct mig_err *err)
{
    char text[24];
    const char *params[] = {text};
    PGresult *res = NULL;

    snprintf(text, sizeof(text), "%" PRId64, ms);
    int r = mig_db_prepared(db, name, sql, 1, params, &res, err);
    if (r == 0)
        *ret = (size_t)mig_array_to_int(PQcmdTuples(res));
    PQclear(res);
    return r;
}

int
mig_agents_age(struct mig_db *db, int64_t timeout_ms, int64_t freq_ms, size_t *ret_idle,
               size_t *ret_offline, struct mig_err *err)
{
    static const char offline_sql[] = "UPDATE agents SET status = 'offline' WHERE status = 'idle'"
                                      " AND heartbeattime < now() - interval '1 ms' * $1::bigint";
    static const char idle_sql[] = "UPDATE agents SET status = 'idle' WHERE status = 'online'"
                                   " AND heartbeattime < now() - interval '5 ms' * $1::bigint";
    int r = age(db, "agents_offline", offline_sql, timeout_ms, ret_offline, err);

    return r < 0 ? r : age(db, "agents_idle", idle_sql, freq_ms, ret_idle, err);
}

/* Flapping: more than one row of an endpoint started within the last day. */
static const char stats_sql[] =
    "INSERT INTO agents_stats (timestamp, online_agents, online_agents_by_version,"
    "  online_endpoints, idle_agents, idle_agents_by_version, idle_endpoints, new_endpoints,"
    "  multi_agents_endpoints, disappeared_endpoints, flapping_endpoints)"
    " WITH versions AS (SELECT status, version, count(*) AS n FROM agents"
    "   WHERE status IN ('online', 'idle') GROUP BY status, version),"
    "  endpoints AS (SELECT queueloc, bool_or(status = 'online') AS online,"
    "   bool_or(status = 'idle') AS idle, count(*) FILTER (WHERE status = 'online') AS agents,"
    "   min(starttime) AS first, max(heartbeattime) AS last,"
    "   count(*) FILTER (WHERE starttime > now() - interval '1 day') AS started"
    "   FROM agents WHERE heartbeattime > now() - interval '7 days' GROUP BY queueloc)"
    " SELECT now(),"
    "  (SELECT coalesce(sum(n), 0) FROM versions WHERE status = 'online'),"
    "  (SELECT coalesce(json_agg(json_build_object('version', version, 'count', n) ORDER BY n DESC,"
    "    version), '[]') FROM versions WHERE status = 'online'),"
    "  count(*) FILTER (WHERE online),"
    "  (SELECT coalesce(sum(n), 0) FROM versions WHERE status = 'idle'),"
    "  (SELECT coalesce(json_agg(json_build_object('version', version, 'count', n) ORDER BY n DESC,"
    "    version), '[]') FROM versions WHERE status = 'idle'),"
    "  count(*) FILTER (WHERE idle AND NOT online),"
    "  count(*) FILTER (WHERE first > now() - interval '1 day'),"
    "  count(*) FILTER (WHERE agents > 1),"
    "  count(*) FILTER (WHERE NOT online AND NOT idle),"
    "  count(*) FILTER (WHERE started > 1) FROM endpoints";

int
mig_agents_stats(struct mig_db *db, struct mig_err *err)
{
    return mig_db_prepared(db, "agents_stats", stats_sql, 0, NULL, NULL, err);
}
