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

int
mig_agents_list(struct mig_db *db, const char *status,
                void (*each)(const struct mig_agents_row *agent, void *context), void *context,
                struct mig_err *err)
{
    static const char sql[] =
        "SELECT id, coalesce(status, ''), name, queueloc, pid, version, mig_rfc3339(heartbeattime)"
        " FROM agents WHERE status = $1 OR ($1 IS NULL AND status IS DISTINCT FROM 'destroyed')"
        " ORDER BY queueloc, id";
    const char *params[] = {status};
    PGresult *res = NULL;
    int r = mig_db_prepared(db, "agents_list", sql, 1, params, &res, err);

    for (int i = 0; r == 0 && i < PQntuples(res); i++) {
        const struct mig_agents_row row = {
            .id = mig_array_to_int(PQgetvalue(res, i, 0)),
            .status = PQgetvalue(res, i, 1),
            .name = PQgetvalue(res, i, 2),
            .queueloc = PQgetvalue(res, i, 3),
            .pid = PQgetvalue(res, i, 4),
            .version = PQgetvalue(res, i, 5),
            .lastbeat = PQgetvalue(res, i, 6),
        };
        each(&row, context);
    }
    PQclear(res);
    return r;
}

/* The id of a row holds when it was made. `window` is how long ago the last beat may be. */
#define DUPLICATES(window)                                                                         \
    "SELECT a.queueloc, a.id AS older, b.id AS newer FROM agents a JOIN agents b"                  \
    "  ON b.queueloc = a.queueloc AND b.id > a.id AND b.pid <> a.pid"                              \
    " WHERE a.heartbeattime > now() - " window " AND b.heartbeattime > now() - " window            \
    " AND a.mode <> 'checkin' AND b.mode <> 'checkin'"                                             \
    " AND a.status <> 'destroyed' AND b.status <> 'destroyed'"                                     \
    " AND a.heartbeattime > to_timestamp((b.id >> 16) + 1367258400 + 2)"

int
mig_agents_duplicates(struct mig_db *db, int64_t window_ms,
                      void (*each)(const struct mig_agents_duplicate *duplicate, void *context),
                      void *context, struct mig_err *err)
{
    static const char sql[] = "WITH pairs AS (" DUPLICATES(
        "interval '1 ms' * $1::bigint") ")"
                                        " SELECT queueloc, string_agg(name, ', ' ORDER BY id), "
                                        "string_agg(pid::text, ', ' ORDER BY id),"
                                        " string_agg(mig_rfc3339(heartbeattime), ', ' ORDER BY id) "
                                        "FROM agents"
                                        " WHERE id IN (SELECT older FROM pairs UNION SELECT newer "
                                        "FROM pairs)"
                                        " GROUP BY queueloc ORDER BY queueloc";
    char window[24];
    const char *params[] = {window};
    PGresult *res = NULL;

    snprintf(window, sizeof(window), "%" PRId64, window_ms);
    int r = mig_db_prepared(db, "agents_duplicates", sql, 1, params, &res, err);
    for (int i = 0; r == 0 && i < PQntuples(res); i++) {
        const struct mig_agents_duplicate duplicate = {PQgetvalue(res, i, 0), PQgetvalue(res, i, 1),
                                                       PQgetvalue(res, i, 2),
                                                       PQgetvalue(res, i, 3)};
        each(&duplicate, context);
    }
    PQclear(res);
    return r;
}

int
mig_agents_remove(struct mig_db *db, const char *which, size_t *ret_removed, struct mig_err *err)
{
    static const char sql[] =
        "UPDATE agents SET status = 'destroyed', destructiontime = now()"
        " WHERE (id::text = $1 OR queueloc = $1) AND status IS DISTINCT FROM 'destroyed'";
    const char *params[] = {which};
    PGresult *res = NULL;
    int r = mig_db_prepared(db, "agents_remove", sql, 1, params, &res, err);
    size_t removed = r == 0 ? (size_t)mig_array_to_int(PQcmdTuples(res)) : 0;

    PQclear(res);
    if (r == 0 && removed == 0)
        return mig_err_set(err, MIG_E_NOT_FOUND,
                           "agent '%s': expected the id or the queue location of one that is not "
                           "removed: see `mig-admin agent list`",
                           which);
    if (r == 0)
        *ret_removed = removed;
    return r;
}

int
mig_agents_vanished(struct mig_db *db, int64_t age_ms, size_t limit, size_t *ret_count,
                    int (*each)(const char *queueloc, void *context), void *context,
                    struct mig_err *err)
{
    static const char sql[] = "SELECT queueloc FROM agents GROUP BY queueloc"
                              " HAVING NOT bool_or(status IN ('online', 'idle'))"
                              " AND max(heartbeattime) < now() - interval '1 ms' * $1::bigint"
                              " AND max(heartbeattime) >= coalesce(max(queuedeleted), '-infinity')"
                              " ORDER BY max(heartbeattime) LIMIT $2::bigint";
    char age_text[24], limit_text[24];
    const char *params[] = {age_text, limit_text};
    PGresult *res = NULL;

    snprintf(age_text, sizeof(age_text), "%" PRId64, age_ms);
    snprintf(limit_text, sizeof(limit_text), "%zu", limit);
    int r = mig_db_prepared(db, "agents_vanished", sql, 2, params, &res, err);
    if (r == 0)
        *ret_count = (size_t)PQntuples(res);
    for (int i = 0; r == 0 && i < PQntuples(res); i++)
        r = each(PQgetvalue(res, i, 0), context);
    PQclear(res);
    return r;
}

int
mig_agents_queue_deleted(struct mig_db *db, const char *queueloc, struct mig_err *err)
{
    const char *params[] = {queueloc};

    return mig_db_prepared(db, "agents_queue_deleted",
                           "UPDATE agents SET queuedeleted = now() WHERE queueloc = $1", 1, params,
                           NULL, err);
}

/* Flapping: more than one row of an endpoint started within the last day. */
static const char stats_sql[] =
    "INSERT INTO agents_stats (timestamp, online_agents, online_agents_by_version,"
    "  online_endpoints, idle_agents, idle_agents_by_version, idle_endpoints, new_endpoints,"
    "  multi_agents_endpoints, disappeared_endpoints, flapping_endpoints)"
    " WITH versions AS (SELECT status, version, count(*) AS n FROM agents"
    "   WHERE status IN ('online', 'idle') GROUP BY status, version),"
    "  endpoints AS (SELECT queueloc, bool_or(status = 'online') AS online,"
    "   bool_or(status = 'idle') AS idle,"
    "   min(starttime) AS first, max(heartbeattime) AS last,"
    "   count(*) FILTER (WHERE starttime > now() - interval '1 day') AS started"
    "   FROM agents WHERE heartbeattime > now() - interval '7 days' GROUP BY queueloc),"
    "  doubled AS (" DUPLICATES(
        "interval '15 min'") ")"
                             " SELECT now(),"
                             "  (SELECT coalesce(sum(n), 0) FROM versions WHERE status = 'online'),"
                             "  (SELECT coalesce(json_agg(json_build_object('version', version, "
                             "'count', n) ORDER BY n DESC,"
                             "    version), '[]') FROM versions WHERE status = 'online'),"
                             "  count(*) FILTER (WHERE online),"
                             "  (SELECT coalesce(sum(n), 0) FROM versions WHERE status = 'idle'),"
                             "  (SELECT coalesce(json_agg(json_build_object('version', version, "
                             "'count', n) ORDER BY n DESC,"
                             "    version), '[]') FROM versions WHERE status = 'idle'),"
                             "  count(*) FILTER (WHERE idle AND NOT online),"
                             "  count(*) FILTER (WHERE first > now() - interval '1 day'),"
                             "  (SELECT count(DISTINCT queueloc) FROM doubled),"
                             "  count(*) FILTER (WHERE NOT online AND NOT idle),"
                             "  count(*) FILTER (WHERE started > 1) FROM endpoints";

int
mig_agents_stats(struct mig_db *db, struct mig_err *err)
{
    return mig_db_prepared(db, "agents_stats", stats_sql, 0, NULL, NULL, err);
}
