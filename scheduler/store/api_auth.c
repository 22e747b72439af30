/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "store/api_auth.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>

int
mig_store_keyring_version(struct mig_db *db, char version[MIG_KEYRING_VERSION], struct mig_err *err)
{
    PGresult *res = NULL;
    int rc;

    rc = mig_db_prepared(
        db, "api_keyring_version",
        "SELECT encode(sha256(convert_to(coalesce(string_agg(concat_ws(':', id, pgpfingerprint, "
        "extract(epoch FROM lastmodified), length(publickey)), ',' ORDER BY id), ''), 'UTF8')), "
        "'hex') FROM investigators WHERE status = 'active' AND publickey IS NOT NULL",
        0, NULL, &res, err);
    if (rc < 0)
        return rc;
    if (PQntuples(res) == 1)
        snprintf(version, MIG_KEYRING_VERSION, "%s", PQgetvalue(res, 0, 0));
    else
        rc = mig_err_set(err, MIG_E_DATABASE, "the keyring has no version");
    PQclear(res);
    return rc;
}

int
mig_store_keyring(struct mig_db *db, PGresult **ret, struct mig_err *err)
{
    return mig_db_prepared(db, "api_keyring",
                           "SELECT upper(pgpfingerprint), encode(publickey, 'hex') FROM "
                           "investigators WHERE status = 'active' AND publickey IS NOT NULL "
                           "ORDER BY id",
                           0, NULL, ret, err);
}

int
mig_store_active_investigator(struct mig_db *db, const char *fpr, PGresult **ret,
                              struct mig_err *err)
{
    const char *const params[] = {fpr};

    return mig_db_prepared(db, "api_investigator",
                           "SELECT id, name, permissions FROM investigators WHERE "
                           "upper(pgpfingerprint) = $1 AND status = 'active'",
                           1, params, ret, err);
}

int
mig_store_apikey_investigator(struct mig_db *db, const char *digest_hex, PGresult **ret,
                              struct mig_err *err)
{
    const char *const params[] = {digest_hex};

    return mig_db_prepared(db, "api_apikey",
                           "SELECT id, name, permissions FROM investigators WHERE "
                           "apikey = decode($1, 'hex') AND apikey IS NOT NULL AND apisalt IS NULL "
                           "AND status = 'active'",
                           1, params, ret, err);
}

int
mig_store_public_key(struct mig_db *db, const char *fpr, PGresult **ret, struct mig_err *err)
{
    const char *const params[] = {fpr};

    return mig_db_prepared(db, "api_public_key",
                           "SELECT encode(publickey, 'hex') FROM investigators WHERE "
                           "upper(pgpfingerprint) = upper($1) AND publickey IS NOT NULL",
                           1, params, ret, err);
}

int
mig_store_token_take(struct mig_db *db, const char *digest_hex, int64_t expires,
                     struct mig_err *err)
{
    char number[24];
    const char *const params[] = {digest_hex, number};
    PGresult *res = NULL;
    int rc;

    snprintf(number, sizeof number, "%" PRId64, expires);
    rc = mig_db_prepared(db, "api_token_take",
                         "INSERT INTO tokens (digest, expires) VALUES (decode($1, 'hex'), "
                         "to_timestamp($2::bigint)) ON CONFLICT (digest) DO NOTHING RETURNING 1",
                         2, params, &res, err);
    if (rc < 0)
        return rc;
    if (PQntuples(res) == 0)
        rc = mig_err_set(err, MIG_E_REPLAY, "token was used before");
    PQclear(res);
    return rc;
}

int
mig_store_token_clean(struct mig_db *db, struct mig_err *err)
{
    return mig_db_prepared(db, "api_token_clean", "DELETE FROM tokens WHERE expires < now()", 0,
                           NULL, NULL, err);
}
