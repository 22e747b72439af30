/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/retention.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>

#include "store/array.h"
#include "store/db.h"

/* Actions that are looked at in one statement. */
#define ACTIONS "100"
#define OVER                                                                                       \
    "status IN ('completed', 'invalid') AND finishtime < now() - interval '1 ms' * $1::bigint"
/* The oldest first, by actions_finishtime. */
#define OLDEST "(SELECT id FROM actions WHERE " OVER " ORDER BY finishtime, id LIMIT " ACTIONS ")"
#define GONE                                                                                       \
    "status IN ('offline', 'destroyed') AND heartbeattime < now() - interval '1 ms' * $1::bigint"

/* LATERAL, so that the commands of these actions are found by commands_actionid, and no more of
 * them than are deleted, whatever the planner believes of a large table. */
static const char commands_sql[] =
    "DELETE FROM commands WHERE id = ANY (ARRAY(SELECT c.id FROM " OLDEST " a"
    " CROSS JOIN LATERAL (SELECT id FROM commands WHERE actionid = a.id LIMIT $2::bigint) c"
    " LIMIT $2::bigint))";
/* What has no command left, of the same actions. */
static const char actions_sql[] =
    "WITH old AS MATERIALIZED (SELECT a.id FROM " OLDEST " a"
    "  WHERE NOT EXISTS (SELECT FROM commands WHERE actionid = a.id) LIMIT $2::bigint),"
    " unsigned AS (DELETE FROM signatures WHERE actionid IN (SELECT id FROM old))"
    " DELETE FROM actions WHERE id IN (SELECT id FROM old)";
static const char agents_sql[] =
    "DELETE FROM agents WHERE id = ANY (ARRAY(SELECT id FROM agents g WHERE " GONE
    " AND NOT EXISTS (SELECT FROM commands WHERE agentid = g.id) LIMIT $2::bigint))";
static const char stats_sql[] =
    "DELETE FROM agents_stats WHERE ctid = ANY (ARRAY(SELECT ctid FROM agents_stats"
    " WHERE timestamp < now() - interval '1 ms' * $1::bigint LIMIT $2::bigint))";
static const char tokens_sql[] =
    "DELETE FROM tokens WHERE digest = ANY (ARRAY(SELECT digest FROM tokens"
    " WHERE expires < now() - interval '1 ms' * $1::bigint LIMIT $2::bigint))";

/* One transaction; *ret_rows is what it has deleted. */
static int
once(struct mig_db *db, const char *name, const char *sql, int64_t age, int64_t batch,
     int64_t *ret_rows, struct mig_err *err)
{
    char ms[24], limit[24];
    const char *params[] = {ms, limit};
    PGresult *res = NULL;

    snprintf(ms, sizeof(ms), "%" PRId64, age);
    snprintf(limit, sizeof(limit), "%" PRId64, batch);
    int r = mig_db_prepared(db, name, sql, 2, params, &res, err);
    if (r == 0)
        *ret_rows = mig_array_to_int(PQcmdTuples(res));
    PQclear(res);
    return r;
}

/* Until nothing is left. */
static int
all(struct mig_db *db, const char *name, const char *sql, int64_t age, int64_t batch,
    int64_t *total, struct mig_err *err)
{
    int64_t rows = 0;
    int r;

    do {
        r = once(db, name, sql, age, batch, &rows, err);
        if (r == 0)
            *total += rows;
    } while (r == 0 && rows > 0);
    return r;
}

static int
prune_actions(struct mig_db *db, int64_t age, int64_t batch, struct mig_retention_counts *ret,
              struct mig_err *err)
{
    int64_t actions = 0;
    int r;

    do {
        r = all(db, "prune_commands", commands_sql, age, batch, &ret->commands, err);
        if (r == 0)
            r = once(db, "prune_actions", actions_sql, age, batch, &actions, err);
        if (r == 0)
            ret->actions += actions;
    } while (r == 0 && actions > 0);
    return r;
}

int
mig_retention_prune(struct mig_db *db, const struct mig_retention_ages *ages, int64_t batch,
                    struct mig_retention_counts *ret, struct mig_err *err)
{
    int r = 0;

    *ret = (struct mig_retention_counts){0};
    if (ages->actions >= 0)
        r = prune_actions(db, ages->actions, batch, ret, err);
    if (r == 0 && ages->agents >= 0)
        r = all(db, "prune_agents", agents_sql, ages->agents, batch, &ret->agents, err);
    if (r == 0 && ages->stats >= 0)
        r = all(db, "prune_stats", stats_sql, ages->stats, batch, &ret->stats, err);
    if (r == 0)
        r = all(db, "prune_tokens", tokens_sql, 0, batch, &ret->tokens, err);
    return r;
}

int
mig_retention_count(struct mig_db *db, const struct mig_retention_ages *ages,
                    struct mig_retention_counts *ret, struct mig_err *err)
{
    /* An age below 0 lies in the future as a limit would: it is asked for apart. */
    static const char sql[] =
        "WITH old AS MATERIALIZED (SELECT id FROM actions WHERE $1::bigint >= 0 AND " OVER "),"
        " gone AS (SELECT id FROM agents WHERE $2::bigint >= 0 AND status IN ('offline',"
        "  'destroyed') AND heartbeattime < now() - interval '1 ms' * $2::bigint)"
        " SELECT (SELECT count(*) FROM old),"
        "  (SELECT count(*) FROM commands WHERE actionid IN (SELECT id FROM old)),"
        "  (SELECT count(*) FROM gone g WHERE NOT EXISTS (SELECT FROM commands c"
        "    WHERE c.agentid = g.id AND c.actionid NOT IN (SELECT id FROM old))),"
        "  (SELECT count(*) FROM agents_stats WHERE $3::bigint >= 0"
        "    AND timestamp < now() - interval '1 ms' * $3::bigint),"
        "  (SELECT count(*) FROM tokens WHERE expires < now())";
    char actions[24], agents[24], stats[24];
    const char *params[] = {actions, agents, stats};
    PGresult *res = NULL;

    snprintf(actions, sizeof(actions), "%" PRId64, ages->actions);
    snprintf(agents, sizeof(agents), "%" PRId64, ages->agents);
    snprintf(stats, sizeof(stats), "%" PRId64, ages->stats);
    int r = mig_db_prepared(db, "retention_count", sql, 3, params, &res, err);
    if (r == 0)
        *ret = (struct mig_retention_counts){
            mig_array_to_int(PQgetvalue(res, 0, 0)), mig_array_to_int(PQgetvalue(res, 0, 1)),
            mig_array_to_int(PQgetvalue(res, 0, 2)), mig_array_to_int(PQgetvalue(res, 0, 3)),
            mig_array_to_int(PQgetvalue(res, 0, 4))};
    PQclear(res);
    return r;
}
