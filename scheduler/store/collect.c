/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/collect.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/array.h"
#include "store/db.h"

/* An answer counts once, and only from the queue location that was asked. The agent's clock is not
 * trusted: an answer can not have come before the question or after now. */
static const char store_sql[] =
    "WITH answers AS (SELECT DISTINCT ON (id) * FROM unnest($1::bigint[], $2::text[], $3::text[],"
    "  $4::text[], $5::timestamptz[]) AS t (id, queueloc, status, results, finishtime)),"
    " changed AS (UPDATE commands c SET status = r.status, results = r.results::json,"
    "  finishtime = least(now(), greatest(r.finishtime, c.starttime))"
    "  FROM answers r, agents g WHERE c.id = r.id AND g.id = c.agentid AND g.queueloc = r.queueloc"
    "  AND c.status IN ('pending', 'sent') RETURNING c.actionid)"
    " SELECT actionid, count(*) FROM changed GROUP BY actionid ORDER BY actionid";

struct columns {
    struct mig_buf column[5];
};

static int
fill_columns(struct columns *c, const struct mig_collect_result *results, size_t count,
             const char *params[5])
{
    for (size_t i = 0; i < count; i++) {
        const struct mig_collect_result *r = &results[i];
        char time[MIG_TIME_TEXT];
        mig_time_format(r->finishtime, time);
        mig_array_int(&c->column[0], r->command);
        mig_array_text(&c->column[1], r->queueloc, strlen(r->queueloc));
        mig_array_text(&c->column[2], r->status, strlen(r->status));
        mig_array_text(&c->column[3], r->results, strlen(r->results));
        mig_array_text(&c->column[4], time, strlen(time));
    }
    for (size_t i = 0; i < 5; i++)
        if (!(params[i] = mig_array_end(&c->column[i])))
            return -ENOMEM;
    return 0;
}

static int
copy_actions(const PGresult *res, int64_t **ret, size_t *ret_count, size_t *ret_changed,
             struct mig_err *err)
{
    size_t count = (size_t)PQntuples(res), changed = 0;
    int64_t *actions = calloc(count ? count : 1, sizeof(*actions));

    if (!actions)
        return mig_err_errno(err, ENOMEM, "results");
    for (size_t i = 0; i < count; i++) {
        actions[i] = mig_array_to_int(PQgetvalue(res, (int)i, 0));
        changed += (size_t)mig_array_to_int(PQgetvalue(res, (int)i, 1));
    }
    *ret = actions;
    *ret_count = count;
    *ret_changed = changed;
    return 0;
}

int
mig_collect_store(struct mig_db *db, const struct mig_collect_result *results, size_t count,
                  int64_t **ret_actions, size_t *ret_actions_count, size_t *ret_changed,
                  struct mig_err *err)
{
    struct columns columns = {{MIG_BUF_INIT}};
    const char *params[5];
    PGresult *res = NULL;
    int r;

    if (fill_columns(&columns, results, count, params) < 0)
        r = mig_err_errno(err, ENOMEM, "results");
    else
        r = mig_db_prepared(db, "collect_store", store_sql, 5, params, &res, err);
    if (r == 0)
        r = copy_actions(res, ret_actions, ret_actions_count, ret_changed, err);
    PQclear(res);
    for (size_t i = 0; i < 5; i++)
        mig_buf_fini(&columns.column[i]);
    return r;
}

/* Rows are locked in the order of their ids, so that two landings can not wait for each other. */
#define LAND_SQL(which)                                                                            \
    "WITH candidates AS MATERIALIZED (SELECT a.id, EXISTS (SELECT FROM commands c"                 \
    "   WHERE c.actionid = a.id AND c.status IN ('pending', 'sent')) AS is_open"                   \
    "  FROM actions a WHERE a.status IN ('preparing', 'inflight')" which                           \
    "  ORDER BY a.id FOR UPDATE OF a),"                                                            \
    " landed AS (UPDATE actions a SET lastupdatetime = now(),"                                     \
    "  status = CASE WHEN is_open THEN a.status ELSE 'completed' END,"                             \
    "  finishtime = CASE WHEN is_open THEN a.finishtime ELSE now() END"                            \
    "  FROM candidates c WHERE c.id = a.id"                                                        \
    "   AND (NOT is_open OR a.lastupdatetime IS NULL OR a.lastupdatetime < now() - interval '1 "   \
    "s')"                                                                                          \
    "  RETURNING a.id, a.status)"                                                                  \
    " SELECT pg_notify('mig_results', id::text) FROM landed WHERE status = 'completed'"

int
mig_collect_land(struct mig_db *db, const int64_t *actions, size_t count, struct mig_err *err)
{
    static const char sql[] = LAND_SQL(" AND a.id = ANY ($1::bigint[])");
    struct mig_buf list = MIG_BUF_INIT;
    int r;

    if (!count)
        return 0;
    for (size_t i = 0; i < count; i++)
        mig_array_int(&list, actions[i]);
    const char *params[] = {mig_array_end(&list)};
    r = params[0] ? mig_db_prepared(db, "collect_land", sql, 1, params, NULL, err)
                  : mig_err_errno(err, ENOMEM, "actions");
    mig_buf_fini(&list);
    return r;
}

/* What is not sent yet never will be; what agents have got they still answer. */
static int
cancel(struct mig_db *db, size_t limit, size_t *ret_count, struct mig_err *err)
{
    static const char sql[] =
        "UPDATE commands SET status = 'cancelled', finishtime = now() WHERE id IN"
        " (SELECT c.id FROM commands c JOIN actions a ON a.id = c.actionid"
        "   WHERE a.status IN ('preparing', 'inflight') AND a.canceltime IS NOT NULL"
        "   AND c.status = 'pending' LIMIT $1::bigint FOR UPDATE OF c SKIP LOCKED)";
    char count[24];
    const char *params[] = {count};
    PGresult *res = NULL;

    snprintf(count, sizeof(count), "%zu", limit);
    int r = mig_db_prepared(db, "collect_cancel", sql, 1, params, &res, err);
    if (r == 0)
        *ret_count = (size_t)mig_array_to_int(PQcmdTuples(res));
    PQclear(res);
    return r;
}

int
mig_collect_expire(struct mig_db *db, size_t limit, size_t *ret_expired, size_t *ret_cancelled,
                   struct mig_err *err)
{
    static const char expire_sql[] =
        "UPDATE commands SET status = 'expired', finishtime = now() WHERE id IN"
        " (SELECT c.id FROM commands c JOIN actions a ON a.id = c.actionid"
        "   WHERE a.status IN ('preparing', 'inflight') AND a.expireafter <= clock_timestamp()"
        "   AND c.status IN ('pending', 'sent') LIMIT $1::bigint FOR UPDATE OF c SKIP LOCKED)";
    static const char land_sql[] =
        LAND_SQL(" AND NOT EXISTS (SELECT FROM commands o WHERE o.actionid = a.id"
                 "  AND o.status IN ('pending', 'sent'))");
    char count[24];
    const char *params[] = {count};
    PGresult *res = NULL;
    size_t cancelled = 0;

    snprintf(count, sizeof(count), "%zu", limit);
    int r = cancel(db, limit, &cancelled, err);
    if (r == 0)
        r = mig_db_prepared(db, "collect_expire", expire_sql, 1, params, &res, err);
    if (r == 0)
        r = mig_db_prepared(db, "collect_sweep", land_sql, 0, NULL, NULL, err);
    if (r == 0) {
        *ret_expired = (size_t)mig_array_to_int(PQcmdTuples(res));
        *ret_cancelled = cancelled;
    }
    PQclear(res);
    return r;
}

int
mig_collect_due(struct mig_db *db, int64_t max, int64_t *ret_ms, struct mig_err *err)
{
    static const char sql[] =
        "SELECT greatest(0, least($1::bigint,"
        "  1 + (extract(epoch FROM min(CASE WHEN canceltime IS NOT NULL AND EXISTS ("
        "   SELECT FROM commands c WHERE c.actionid = a.id AND c.status = 'pending')"
        "   THEN canceltime ELSE expireafter END) - clock_timestamp()) * 1000)::bigint))"
        " FROM actions a WHERE status IN ('preparing', 'inflight')";
    char limit[24];
    const char *params[] = {limit};
    PGresult *res = NULL;

    snprintf(limit, sizeof(limit), "%" PRId64, max);
    int r = mig_db_prepared(db, "collect_due", sql, 1, params, &res, err);
    if (r == 0)
        *ret_ms = mig_array_to_int(PQgetvalue(res, 0, 0));
    PQclear(res);
    return r;
}
