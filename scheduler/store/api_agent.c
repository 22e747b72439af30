/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "store/api_agent.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>

#define NUMBER_TEXT 24

int
mig_store_agent_beat(struct mig_db *db, const struct mig_store_beat *beat, struct mig_err *err)
{
    char pid[NUMBER_TEXT];
    const char *const params[] = {beat->name, beat->queueloc,  beat->mode,        beat->version,
                                  pid,        beat->starttime, beat->refreshtime, beat->environment,
                                  beat->tags};

    snprintf(pid, sizeof pid, "%" PRId64, beat->pid);
    return mig_db_prepared(
        db, "api_agent_beat",
        "WITH before AS (SELECT status FROM agents WHERE queueloc = $2 AND pid = $5::integer "
        "AND status IN ('online', 'idle', 'destroyed')), "
        "replaced AS (UPDATE agents SET status = 'offline' WHERE queueloc = $2 "
        "AND pid <> $5::integer AND status IN ('online', 'idle') "
        "AND NOT EXISTS (SELECT FROM before)), "
        "beat AS (INSERT INTO agents AS g (id, name, queueloc, mode, version, pid, starttime, "
        "heartbeattime, refreshtime, status, environment, tags) VALUES (mig_id(), $1, $2, $3, $4, "
        "$5::integer, $6::timestamptz, now(), $7::timestamptz, 'online', $8::json, $9::json) "
        "ON CONFLICT (queueloc, pid) DO UPDATE SET name = excluded.name, mode = excluded.mode, "
        "version = excluded.version, heartbeattime = excluded.heartbeattime, "
        "refreshtime = excluded.refreshtime, environment = excluded.environment, "
        "tags = excluded.tags, "
        "starttime = CASE g.status WHEN 'offline' THEN excluded.starttime ELSE g.starttime END, "
        "status = CASE g.status WHEN 'destroyed' THEN 'destroyed' ELSE 'online' END "
        "RETURNING id) SELECT pg_notify('mig_agents', $2) FROM beat "
        "WHERE NOT EXISTS (SELECT FROM before WHERE status <> 'idle')",
        9, params, NULL, err);
}

int
mig_store_agent_get(struct mig_db *db, int64_t id, PGresult **ret, struct mig_err *err)
{
    char text[NUMBER_TEXT];
    const char *const params[] = {text};

    snprintf(text, sizeof text, "%" PRId64, id);
    return mig_db_prepared(db, "api_agent_get",
                           "SELECT " MIG_AGENT_SQL " FROM agents g WHERE g.id = $1::bigint", 1,
                           params, ret, err);
}

int
mig_store_agent_stats(struct mig_db *db, PGresult **ret, struct mig_err *err)
{
    return mig_db_prepared(
        db, "api_agent_stats",
        "SELECT online_agents, online_agents_by_version, online_endpoints, idle_agents, "
        "idle_agents_by_version, idle_endpoints, new_endpoints, multi_agents_endpoints, "
        "disappeared_endpoints, flapping_endpoints FROM agents_stats ORDER BY timestamp DESC "
        "LIMIT 1",
        0, NULL, ret, err);
}
