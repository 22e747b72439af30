/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "store/api_investigator.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "store/api_rows.h"
#include "store/db.h"

#define NUMBER_TEXT 24

int
mig_store_investigator_get(struct mig_db *db, int64_t id, PGresult **ret, struct mig_err *err)
{
    char text[NUMBER_TEXT];
    const char *const params[] = {text};

    snprintf(text, sizeof text, "%" PRId64, id);
    return mig_db_prepared(db, "api_investigator_get",
                           "SELECT " MIG_INVESTIGATOR_SQL
                           ", translate(encode(i.publickey, 'base64'), E'\\n', '') "
                           "FROM investigators i WHERE i.id = $1::bigint",
                           1, params, ret, err);
}

static int
change_row(struct mig_db *db, int64_t id, const struct mig_store_investigator_change *change,
           struct mig_err *err)
{
    char number[NUMBER_TEXT], mask[NUMBER_TEXT] = "";
    const char *const params[] = {number, change->status, change->permissions ? mask : NULL,
                                  change->apikey_hex};
    PGresult *res = NULL;

    snprintf(number, sizeof number, "%" PRId64, id);
    if (change->permissions)
        snprintf(mask, sizeof mask, "%" PRIu32, *change->permissions);
    int rc = mig_db_prepared(
        db, "api_investigator_update",
        "UPDATE investigators SET status = coalesce($2, status), "
        "permissions = coalesce($3::bigint, permissions), "
        "apikey = CASE WHEN $4::text IS NULL THEN apikey WHEN $4 = '' THEN NULL "
        "ELSE decode($4, 'hex') END, "
        "apisalt = CASE WHEN $4 IS NULL THEN apisalt END, lastmodified = clock_timestamp() "
        "WHERE id = $1::bigint RETURNING id",
        4, params, &res, err);
    if (rc == 0 && PQntuples(res) != 1)
        rc = mig_err_set(err, MIG_E_NOT_FOUND, "Investigator ID '%" PRId64 "' not found", id);
    PQclear(res);
    return rc;
}

static int
check_admins(struct mig_db *db, struct mig_err *err)
{
    PGresult *res = NULL;
    int rc = mig_db_prepared(db, "api_investigator_admins",
                             "SELECT FROM investigators WHERE status = 'active' AND "
                             "permissions & (1 << 18) <> 0 LIMIT 1",
                             0, NULL, &res, err);

    if (rc == 0 && PQntuples(res) == 0)
        rc = mig_err_set(err, MIG_E_DENIED,
                         "this is the last active investigator who may update investigators");
    PQclear(res);
    return rc;
}

int
mig_store_investigator_update(struct mig_db *db, int64_t id,
                              const struct mig_store_investigator_change *change,
                              struct mig_err *err)
{
    int rc = mig_db_begin(db, err);

    /* Two who take each other's permission away at the same moment must not both succeed. */
    if (rc == 0)
        rc = mig_db_exec(db, "SELECT pg_advisory_xact_lock(20190702, 2)", 0, NULL, NULL, err);
    if (rc == 0)
        rc = change_row(db, id, change, err);
    if (rc == 0)
        rc = check_admins(db, err);
    if (rc == 0)
        rc = mig_db_commit(db, err);
    mig_db_rollback(db); /* nothing, after a commit */
    return rc;
}

int
mig_store_metrics(struct mig_db *db, PGresult **ret, struct mig_err *err)
{
    return mig_db_prepared(db, "api_metrics",
                           "SELECT 'agents', status, count(*) FROM agents GROUP BY status "
                           "UNION ALL SELECT 'actions', status, count(*) FROM actions "
                           "WHERE status IN ('pending', 'preparing', 'inflight') GROUP BY status "
                           "UNION ALL SELECT 'commands', status, count(*) FROM commands "
                           "WHERE status IN ('pending', 'sent') GROUP BY status ORDER BY 1, 2",
                           0, NULL, ret, err);
}
