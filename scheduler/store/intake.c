/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/intake.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/array.h"
#include "store/db.h"

void
mig_intake_action_fini(struct mig_intake_action *action)
{
    free(action->name);
    free(action->target);
    memset(action, 0, sizeof(*action));
}

int
mig_intake_claim(struct mig_db *db, struct mig_intake_action *ret, struct mig_err *err)
{
    static const char sql[] = "SELECT id, name, target FROM actions"
                              " WHERE status = 'pending' AND validfrom <= clock_timestamp()"
                              " AND expireafter > clock_timestamp() AND canceltime IS NULL"
                              " ORDER BY validfrom, id LIMIT 1 FOR UPDATE SKIP LOCKED";
    PGresult *res = NULL;
    int r = mig_db_prepared(db, "intake_claim", sql, 0, NULL, &res, err);

    if (r < 0)
        return r;
    if (PQntuples(res) > 0) {
        ret->id = mig_array_to_int(PQgetvalue(res, 0, 0));
        ret->name = strdup(PQgetvalue(res, 0, 1));
        ret->target = strdup(PQgetvalue(res, 0, 2));
        r = ret->name && ret->target ? 1 : mig_err_errno(err, ENOMEM, "action");
        if (r < 0)
            mig_intake_action_fini(ret);
    }
    PQclear(res);
    return r;
}

/* The agents are looked up again: the ids come from an expression that is not trusted. */
static const char prepare_sql[] =
    "WITH made AS (INSERT INTO commands (actionid, agentid, status, starttime)"
    "  SELECT $1, id, 'pending', now() FROM"
    "   (SELECT DISTINCT ON (queueloc) id FROM agents"
    "     WHERE id = ANY ($2::bigint[]) AND status IN ('online', 'idle')"
    "     ORDER BY queueloc, heartbeattime DESC, id DESC) AS matching"
    "  RETURNING 1),"
    " counted AS (SELECT count(*) AS commands FROM made),"
    " changed AS (UPDATE actions SET status = 'preparing', starttime = now(), lastupdatetime = "
    "now()"
    "  FROM counted WHERE id = $1 AND commands > 0)"
    " SELECT commands FROM counted";

int
mig_intake_prepare(struct mig_db *db, int64_t action, const int64_t *agents, size_t count,
                   int64_t *ret_commands, struct mig_err *err)
{
    struct mig_buf list = MIG_BUF_INIT;
    PGresult *res = NULL;
    char id[24];
    int r;

    snprintf(id, sizeof(id), "%" PRId64, action);
    for (size_t i = 0; i < count; i++)
        mig_array_int(&list, agents[i]);
    const char *params[] = {id, mig_array_end(&list)};
    r = params[1] ? mig_db_prepared(db, "intake_prepare", prepare_sql, 2, params, &res, err)
                  : mig_err_errno(err, ENOMEM, "commands of action %s", id);
    if (r == 0)
        *ret_commands = mig_array_to_int(PQgetvalue(res, 0, 0));
    if (r == 0 && *ret_commands > 0)
        r = mig_db_exec(db, "NOTIFY " MIG_CHANNEL_COMMANDS, 0, NULL, NULL, err);
    PQclear(res);
    mig_buf_fini(&list);
    return r;
}

int
mig_intake_invalid(struct mig_db *db, int64_t action, const char *reason, struct mig_err *err)
{
    static const char sql[] = "UPDATE actions SET status = 'invalid', statusreason = $2,"
                              " starttime = now(), finishtime = now(), lastupdatetime = now()"
                              " WHERE id = $1 AND status = 'pending'";
    char id[24];
    const char *params[] = {id, reason};

    snprintf(id, sizeof(id), "%" PRId64, action);
    return mig_db_prepared(db, "intake_invalid", sql, 2, params, NULL, err);
}

int
mig_intake_expire(struct mig_db *db, int64_t *ret_count, struct mig_err *err)
{
    static const char sql[] =
        "UPDATE actions a SET status = 'invalid', statusreason = CASE WHEN canceltime IS NULL"
        "  THEN 'action expireafter is in the past' ELSE 'action was cancelled by ' ||"
        "  coalesce((SELECT name FROM investigators i WHERE i.id = a.cancelledby), 'nobody') END,"
        " finishtime = now(), lastupdatetime = now() WHERE id IN"
        " (SELECT id FROM actions WHERE status = 'pending'"
        "   AND (expireafter <= now() OR canceltime IS NOT NULL) FOR UPDATE SKIP LOCKED)";
    PGresult *res = NULL;
    int r = mig_db_prepared(db, "intake_expire", sql, 0, NULL, &res, err);

    if (r == 0)
        *ret_count = mig_array_to_int(PQcmdTuples(res));
    PQclear(res);
    return r;
}

int
mig_intake_due(struct mig_db *db, int64_t max, int64_t *ret_ms, struct mig_err *err)
{
    /* +1: a timer that rings a fraction of a millisecond early would find nothing to do. */
    static const char sql[] =
        "SELECT greatest(0, least($1::bigint, 1 + (extract(epoch FROM min("
        "   CASE WHEN canceltime IS NOT NULL THEN canceltime"
        "    WHEN validfrom > clock_timestamp() THEN validfrom ELSE expireafter END)"
        "  - clock_timestamp()) * 1000)::bigint))"
        " FROM actions WHERE status = 'pending'";
    char limit[24];
    const char *params[] = {limit};
    PGresult *res = NULL;

    snprintf(limit, sizeof(limit), "%" PRId64, max);
    int r = mig_db_prepared(db, "intake_due", sql, 1, params, &res, err);
    if (r == 0)
        *ret_ms = mig_array_to_int(PQgetvalue(res, 0, 0));
    PQclear(res);
    return r;
}
