/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "store/api_action.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_TEXT 24

static int
insert_row(struct mig_db *db, const struct mig_store_action *action, char id[NUMBER_TEXT],
           struct mig_err *err)
{
    const char *const params[] = {
        action->name,       action->target,     action->description,    action->threat,
        action->operations, action->validfrom,  action->expireafter,    action->starttime,
        action->finishtime, action->signatures, action->lastupdatetime, action->syntaxversion,
    };
    PGresult *res = NULL;
    int rc;

    rc = mig_db_prepared(
        db, "api_action_insert",
        "INSERT INTO actions (id, name, target, description, threat, operations, validfrom, "
        "expireafter, starttime, finishtime, pgpsignatures, lastupdatetime, syntaxversion, status) "
        "VALUES (mig_id(), $1, $2, $3::json, $4::json, $5::json, $6::timestamptz, $7::timestamptz, "
        "$8::timestamptz, $9::timestamptz, $10, $11::timestamptz, $12::integer, 'pending') "
        "RETURNING id, pg_notify('mig_actions', id::text)",
        12, params, &res, err);
    if (rc < 0)
        return rc;
    snprintf(id, NUMBER_TEXT, "%s", PQgetvalue(res, 0, 0));
    PQclear(res);
    return 0;
}

static int
insert_signature(struct mig_db *db, const char *action_id,
                 const struct mig_store_signature *signature, struct mig_err *err)
{
    char investigator[NUMBER_TEXT];
    const char *const params[] = {action_id, investigator, signature->signature};

    snprintf(investigator, sizeof investigator, "%" PRId64, signature->investigator);
    return mig_db_prepared(db, "api_signature_insert",
                           "INSERT INTO signatures (actionid, investigatorid, pgpsignature) "
                           "VALUES ($1::bigint, $2::bigint, $3)",
                           3, params, NULL, err);
}

int
mig_store_action_insert(struct mig_db *db, const struct mig_store_action *action,
                        const struct mig_store_signature *signatures, size_t count, int64_t *ret_id,
                        struct mig_err *err)
{
    char id[NUMBER_TEXT];
    int rc;

    rc = mig_db_begin(db, err);
    if (rc < 0)
        return rc;
    rc = insert_row(db, action, id, err);
    for (size_t i = 0; rc >= 0 && i < count; i++)
        rc = insert_signature(db, id, &signatures[i], err);
    if (rc >= 0)
        rc = mig_db_commit(db, err);
    if (rc < 0) {
        mig_db_rollback(db);
        return rc;
    }
    *ret_id = strtoll(id, NULL, 10);
    return 0;
}

int
mig_store_action_cancel(struct mig_db *db, int64_t id, int64_t investigator,
                        enum mig_store_cancel *ret, struct mig_err *err)
{
    char action[NUMBER_TEXT], who[NUMBER_TEXT];
    const char *const params[] = {action, investigator > 0 ? who : NULL};
    PGresult *res = NULL;

    snprintf(action, sizeof action, "%" PRId64, id);
    snprintf(who, sizeof who, "%" PRId64, investigator);
    int rc = mig_db_prepared(
        db, "api_action_cancel",
        "WITH done AS (UPDATE actions SET canceltime = coalesce(canceltime, now()), "
        "cancelledby = coalesce(cancelledby, $2::bigint), lastupdatetime = now() "
        "WHERE id = $1::bigint AND status IN ('pending', 'scheduled', 'preparing', 'inflight') "
        "RETURNING id) SELECT (SELECT count(*) FROM done), pg_notify('mig_actions', id::text), "
        "pg_notify('mig_commands', id::text) FROM actions WHERE id = $1::bigint",
        2, params, &res, err);
    if (rc < 0)
        return rc;
    if (PQntuples(res) == 0)
        *ret = MIG_STORE_CANCEL_UNKNOWN;
    else if (strcmp(PQgetvalue(res, 0, 0), "1") == 0)
        *ret = MIG_STORE_CANCEL_DONE;
    else
        *ret = MIG_STORE_CANCEL_OVER;
    PQclear(res);
    return 0;
}

static int
by_number(struct mig_db *db, const char *name, const char *sql, int64_t number, PGresult **ret,
          struct mig_err *err)
{
    char text[NUMBER_TEXT];
    const char *const params[] = {text};

    snprintf(text, sizeof text, "%" PRId64, number);
    return mig_db_prepared(db, name, sql, 1, params, ret, err);
}

int
mig_store_action_get(struct mig_db *db, int64_t id, PGresult **ret, struct mig_err *err)
{
    return by_number(db, "api_action_get",
                     "SELECT " MIG_ACTION_SQL ", " MIG_ACTION_MORE_SQL
                     " FROM actions a" MIG_ACTION_COUNTERS_SQL "WHERE a.id = $1::bigint",
                     id, ret, err);
}

int
mig_store_action_latest(struct mig_db *db, int64_t limit, PGresult **ret, struct mig_err *err)
{
    return by_number(db, "api_action_latest",
                     "SELECT " MIG_ACTION_SQL ", " MIG_ACTION_MORE_SQL
                     " FROM (SELECT * FROM actions ORDER BY id DESC LIMIT $1::bigint) "
                     "a" MIG_ACTION_COUNTERS_SQL "ORDER BY a.id DESC",
                     limit, ret, err);
}

int
mig_store_command_get(struct mig_db *db, int64_t id, PGresult **ret, struct mig_err *err)
{
    return by_number(db, "api_command_get",
                     "SELECT " MIG_COMMAND_SQL
                     " FROM commands c JOIN actions a ON a.id = c.actionid JOIN agents g ON "
                     "g.id = c.agentid WHERE c.id = $1::bigint",
                     id, ret, err);
}
