/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/dispatch.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "store/array.h"
#include "store/db.h"

#define CLAIM_FROM                                                                                 \
    "SELECT c.id, c.actionid, g.queueloc, mig_rfc3339(c.starttime),"                               \
    " (extract(epoch FROM a.expireafter - clock_timestamp()) * 1000)::bigint,"                     \
    " json_build_object('id', g.id, 'name', g.name, 'queueloc', g.queueloc, 'mode', g.mode,"       \
    "  'version', g.version, 'pid', g.pid, 'loadername', coalesce(g.loadername, ''),"              \
    "  'starttime', mig_rfc3339(g.starttime), 'destructiontime', mig_rfc3339(g.destructiontime),"  \
    "  'heartbeatts', mig_rfc3339(g.heartbeattime), 'refreshts', mig_rfc3339(g.refreshtime),"      \
    "  'status', g.status, 'authorized', false, 'environment', coalesce(g.environment, '{}'),"     \
    "  'tags', coalesce(g.tags, '{}'))"                                                            \
    " FROM commands c JOIN actions a ON a.id = c.actionid JOIN agents g ON g.id = c.agentid"
#define CLAIM_OPEN                                                                                 \
    " WHERE a.status IN ('preparing', 'inflight') AND a.expireafter > clock_timestamp()"           \
    " AND a.canceltime IS NULL"
#define CLAIM_LOCK " LIMIT $1::bigint FOR UPDATE OF c SKIP LOCKED"

static const char fresh_sql[] =
    CLAIM_FROM CLAIM_OPEN " AND c.status = 'pending' AND c.sendtime IS NULL"
                          " ORDER BY c.actionid, c.id" CLAIM_LOCK;
/* Back-off of what could not be delivered: 1, 2, 4 … 300 s; of what was and is not answered: 1 … 64
 * min. An agent that was started anew has a row of its own, so its beats are looked for over the
 * queue location; what it replaced may have taken the command along, so that is sent again at once,
 * once. */
static const char again_sql[] = CLAIM_FROM
    " CROSS JOIN LATERAL (SELECT max(n.heartbeattime) AS beat,"
    "   bool_or(n.id > g.id AND n.heartbeattime > c.sendtime) AS restarted"
    "  FROM agents n WHERE n.queueloc = g.queueloc) latest" CLAIM_OPEN
    " AND c.sendtime IS NOT NULL AND ((c.status = 'pending' AND (latest.beat > c.sendtime"
    "   OR clock_timestamp() > c.sendtime + interval '1 s' * least(300, 1 << least(c.tries - 1, "
    "9))))"
    "  OR (c.status = 'sent' AND (latest.beat > c.sendtime + interval '1 s' * $2::int"
    "   * (1 << least(c.tries - 1, 6)) OR (c.tries = 1 AND latest.restarted))))"
    " ORDER BY c.actionid, c.id" CLAIM_LOCK;

void
mig_dispatch_batch_fini(struct mig_dispatch_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->commands[i].queueloc);
        free(batch->commands[i].agent);
        free(batch->commands[i].starttime);
    }
    free(batch->commands);
    batch->commands = NULL;
    batch->count = 0;
}

static int
copy_batch(const PGresult *res, struct mig_dispatch_batch *ret)
{
    size_t count = (size_t)PQntuples(res);
    struct mig_dispatch_batch batch = {calloc(count ? count : 1, sizeof(*batch.commands)), count};

    if (!batch.commands)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct mig_dispatch_command *c = &batch.commands[i];
        c->id = mig_array_to_int(PQgetvalue(res, (int)i, 0));
        c->action = mig_array_to_int(PQgetvalue(res, (int)i, 1));
        c->queueloc = strdup(PQgetvalue(res, (int)i, 2));
        c->starttime = strdup(PQgetvalue(res, (int)i, 3));
        c->ttl_ms = mig_array_to_int(PQgetvalue(res, (int)i, 4));
        c->agent = strdup(PQgetvalue(res, (int)i, 5));
        if (!c->queueloc || !c->starttime || !c->agent) {
            mig_dispatch_batch_fini(&batch);
            return -ENOMEM;
        }
        if (c->ttl_ms < 1)
            c->ttl_ms = 1;
    }
    *ret = batch;
    return 0;
}

int
mig_dispatch_claim(struct mig_db *db, enum mig_dispatch_which which, size_t limit,
                   struct mig_dispatch_batch *ret, struct mig_err *err)
{
    char count[24], resend[24];
    const char *params[] = {count, resend};
    PGresult *res = NULL;

    snprintf(count, sizeof(count), "%zu", limit);
    snprintf(resend, sizeof(resend), "%d", MIG_DISPATCH_RESEND_S);
    int r = which == MIG_DISPATCH_FRESH
                ? mig_db_prepared(db, "dispatch_fresh", fresh_sql, 1, params, &res, err)
                : mig_db_prepared(db, "dispatch_again", again_sql, 2, params, &res, err);
    if (r == 0 && copy_batch(res, ret) < 0)
        r = mig_err_errno(err, ENOMEM, "commands");
    PQclear(res);
    return r;
}

/* The JSON columns go out as they came in, byte for byte: they are signed. */
static void
add_action(struct mig_buf *out, const PGresult *res)
{
    static const char *const raw[] = {
        "id", "description", "threat", "operations", "pgpsignatures", "syntaxversion", "counters"};

    for (int i = 0; i < PQnfields(res); i++) {
        const char *name = PQfname(res, i), *value = PQgetvalue(res, 0, i);
        int is_raw = 0;
        for (size_t k = 0; k < sizeof(raw) / sizeof(raw[0]); k++)
            is_raw |= strcmp(name, raw[k]) == 0;
        mig_buf_addf(out, "%c\"%s\":", i ? ',' : '{', name);
        if (is_raw)
            mig_buf_adds(out, value);
        else
            mig_json_add_string(out, value, strlen(value));
    }
    mig_buf_addc(out, '}');
}

int
mig_dispatch_action(struct mig_db *db, int64_t action, struct mig_buf *out, size_t *ret_operations,
                    struct mig_err *err)
{
    static const char sql[] =
        "SELECT id, name, target, coalesce(description, '{}') AS description,"
        " coalesce(threat, '{}') AS threat, mig_rfc3339(validfrom) AS validfrom,"
        " mig_rfc3339(expireafter) AS expireafter, operations, pgpsignatures, status,"
        " mig_rfc3339(starttime) AS starttime, mig_rfc3339(finishtime) AS finishtime,"
        " mig_rfc3339(lastupdatetime) AS lastupdatetime, '{}' AS counters,"
        " coalesce(syntaxversion, 0) AS syntaxversion FROM actions WHERE id = $1";
    static const char count_sql[] =
        "SELECT json_array_length(operations) FROM actions WHERE id = $1";
    char id[24];
    const char *params[] = {id};
    PGresult *res = NULL, *count = NULL;

    snprintf(id, sizeof(id), "%" PRId64, action);
    int r = mig_db_prepared(db, "dispatch_action", sql, 1, params, &res, err);
    if (r == 0)
        r = mig_db_prepared(db, "dispatch_operations", count_sql, 1, params, &count, err);
    if (r == 0 && (PQntuples(res) != 1 || PQntuples(count) != 1))
        r = mig_err_set(err, MIG_E_NOT_FOUND, "action %s is not in the database", id);
    if (r == 0) {
        *ret_operations = (size_t)mig_array_to_int(PQgetvalue(count, 0, 0));
        add_action(out, res);
        if (out->failed)
            r = mig_err_errno(err, ENOMEM, "action %s", id);
    }
    PQclear(res);
    PQclear(count);
    return r;
}

static int
with_ids(struct mig_db *db, const char *name, const char *sql, const int64_t *ids, size_t count,
         struct mig_err *err)
{
    struct mig_buf list = MIG_BUF_INIT;
    int r = 0;

    if (!count)
        return 0;
    for (size_t i = 0; i < count; i++)
        mig_array_int(&list, ids[i]);
    const char *params[] = {mig_array_end(&list)};
    r = params[0] ? mig_db_prepared(db, name, sql, 1, params, NULL, err)
                  : mig_err_errno(err, ENOMEM, "%s", name);
    mig_buf_fini(&list);
    return r;
}

int
mig_dispatch_done(struct mig_db *db, const int64_t *sent, size_t sent_count, const int64_t *failed,
                  size_t failed_count, struct mig_err *err)
{
    static const char sent_sql[] = "UPDATE commands SET status = 'sent', tries = tries + 1,"
                                   " sendtime = clock_timestamp() WHERE id = ANY ($1::bigint[])"
                                   " AND status IN ('pending', 'sent')";
    static const char failed_sql[] = "UPDATE commands SET status = 'pending', tries = tries + 1,"
                                     " sendtime = clock_timestamp() WHERE id = ANY ($1::bigint[])"
                                     " AND status IN ('pending', 'sent')";
    int r = with_ids(db, "dispatch_sent", sent_sql, sent, sent_count, err);

    return r < 0 ? r : with_ids(db, "dispatch_failed", failed_sql, failed, failed_count, err);
}

int
mig_dispatch_inflight(struct mig_db *db, const int64_t *actions, size_t count, struct mig_err *err)
{
    static const char sql[] =
        "UPDATE actions a SET status = 'inflight', lastupdatetime = now()"
        " WHERE id IN (SELECT id FROM actions WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE)"
        " AND status = 'preparing' AND NOT EXISTS (SELECT FROM commands c WHERE c.actionid = a.id "
        "AND c.status = 'pending'"
        "  AND c.sendtime IS NULL)";

    return with_ids(db, "dispatch_inflight", sql, actions, count, err);
}
