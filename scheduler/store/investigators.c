/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/investigators.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/array.h"
#include "store/db.h"

static const struct {
    const char *name;
    uint32_t mask;
} permissions[] = {
    {"default", MIG_PERM_DEFAULT},
    {"loader", MIG_PERM_LOADER},
    {"manifest", MIG_PERM_MANIFEST},
    {"admin", MIG_PERM_ADMIN},
    {"all", MIG_PERM_ALL},
    {"none", 0},
    {"search", 1u << 0},
    {"action", 1u << 1},
    {"action_create", 1u << 2},
    {"command", 1u << 3},
    {"agent", 1u << 4},
    {"dashboard", 1u << 5},
    {"loader_get", 1u << 6},
    {"loader_status", 1u << 7},
    {"loader_expect", 1u << 8},
    {"loader_key", 1u << 9},
    {"loader_new", 1u << 10},
    {"manifest_get", 1u << 11},
    {"manifest_sign", 1u << 12},
    {"manifest_new", 1u << 13},
    {"manifest_status", 1u << 14},
    {"manifest_loaders", 1u << 15},
    {"investigator", 1u << 16},
    {"investigator_create", 1u << 17},
    {"investigator_update", 1u << 18},
};
#define PERMISSIONS_COUNT (sizeof(permissions) / sizeof(permissions[0]))

static int
unknown_permission(const char *word, size_t len, struct mig_err *err)
{
    struct mig_buf known = MIG_BUF_INIT;

    for (size_t i = 0; i < PERMISSIONS_COUNT; i++)
        mig_buf_addf(&known, "%s%s", i ? ", " : "", permissions[i].name);
    int r =
        mig_err_set(err, MIG_E_INVALID, "permission '%.*s' is unknown: expected one or more of %s",
                    (int)len, word, known.data ? known.data : "");
    mig_buf_fini(&known);
    return r;
}

int
mig_permissions_parse(const char *text, uint32_t *ret, struct mig_err *err)
{
    uint32_t mask = 0;

    for (;;) {
        size_t len = strcspn(text, ","), i;
        for (i = 0; i < PERMISSIONS_COUNT; i++)
            if (strlen(permissions[i].name) == len && memcmp(permissions[i].name, text, len) == 0)
                break;
        if (i == PERMISSIONS_COUNT)
            return unknown_permission(text, len, err);
        mask |= permissions[i].mask;
        if (!text[len])
            break;
        text += len + 1;
    }
    *ret = mask;
    return 0;
}

void
mig_permissions_text(uint32_t mask, struct mig_buf *out)
{
    static const struct {
        const char *name;
        uint32_t mask;
    } groups[] = {
        {"Default", MIG_PERM_DEFAULT},
        {"PermAdmin", MIG_PERM_ADMIN},
        {"PermLoader", MIG_PERM_LOADER},
        {"PermManifest", MIG_PERM_MANIFEST},
    };
    const char *comma = "";

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (!(mask & groups[i].mask))
            continue;
        mig_buf_addf(out, "%s%s%s", comma, groups[i].name,
                     (mask & groups[i].mask) == groups[i].mask ? "" : "(partial)");
        comma = ",";
    }
}

int
mig_investigators_key(const char *text, size_t len, char fpr[MIG_FPR_LEN + 1], struct mig_err *err)
{
    struct mig_pgp_key *keys = NULL;
    size_t count = 0;

    if (memmem(text, len, "PRIVATE KEY BLOCK", 17))
        return mig_err_set(err, MIG_E_INVALID,
                           "it holds a private key: give the public one only (gpg --export "
                           "--armor)");
    if (!memmem(text, len, "-----BEGIN PGP PUBLIC KEY BLOCK-----", 36))
        return mig_err_set(err, MIG_E_INVALID,
                           "expected an armored public key (gpg --export --armor)");
    int r = mig_pgp_inspect(text, len, &keys, &count, err);
    if (r < 0)
        return r;
    if (count != 1)
        r = mig_err_set(err, MIG_E_INVALID, "it holds %zu keys: expected one", count);
    else if (!keys[0].usable)
        r = mig_err_set(err, MIG_E_INVALID,
                        "key %s is expired, revoked or disabled: expected a usable one",
                        keys[0].fpr);
    else if (!keys[0].can_sign)
        r = mig_err_set(err, MIG_E_INVALID, "key %s can not sign", keys[0].fpr);
    else
        memcpy(fpr, keys[0].fpr, sizeof(keys[0].fpr));
    free(keys);
    return r;
}

int
mig_investigators_add(struct mig_db *db, const char *name, const char *fpr, const void *publickey,
                      size_t len, uint32_t mask, int64_t *ret_id, struct mig_err *err)
{
    static const char sql[] =
        "INSERT INTO investigators (name, pgpfingerprint, publickey, status, permissions)"
        " VALUES ($1, $2, decode($3, 'hex'), 'active', $4) RETURNING id";
    struct mig_buf hex = MIG_BUF_INIT;
    PGresult *res = NULL;
    char bits[16];
    int r;

    for (size_t i = 0; i < len; i++)
        mig_buf_addf(&hex, "%02x", ((const unsigned char *)publickey)[i]);
    if (hex.failed) {
        r = mig_err_errno(err, ENOMEM, "public key of %s", name);
        goto out;
    }
    snprintf(bits, sizeof(bits), "%" PRIu32, mask);
    const char *params[] = {name, fpr, hex.data, bits};
    r = mig_db_exec(db, sql, 4, params, &res, err);
    if (r < 0 && strcmp(mig_db_sqlstate(db), "23505") == 0)
        r = mig_err_set(err, MIG_E_INVALID, "an investigator with the key %s is there already",
                        fpr);
    if (r == 0)
        *ret_id = mig_array_to_int(PQgetvalue(res, 0, 0));
out:
    PQclear(res);
    mig_buf_fini(&hex);
    return r;
}

int
mig_investigators_set_status(struct mig_db *db, const char *which, const char *status,
                             struct mig_err *err)
{
    static const char sql[] =
        "UPDATE investigators SET status = $2, lastmodified = now() WHERE id ="
        " (SELECT CASE WHEN count(*) = 1 THEN min(id) END FROM investigators"
        "   WHERE id::text = $1 OR pgpfingerprint = upper($1) OR name = $1)";
    const char *params[] = {which, status};
    PGresult *res = NULL;
    int r = mig_db_exec(db, sql, 2, params, &res, err);

    if (r == 0 && mig_array_to_int(PQcmdTuples(res)) != 1)
        r = mig_err_set(err, MIG_E_NOT_FOUND,
                        "investigator '%s': expected the id, the fingerprint or the unique name of "
                        "one: see `mig-admin investigator list`",
                        which);
    PQclear(res);
    return r;
}

int
mig_investigators_list(struct mig_db *db,
                       void (*each)(const struct mig_investigator *who, void *context),
                       void *context, struct mig_err *err)
{
    PGresult *res = NULL;
    int r = mig_db_exec(db,
                        "SELECT id, name, coalesce(pgpfingerprint, ''), status, permissions"
                        " FROM investigators ORDER BY id",
                        0, NULL, &res, err);

    for (int i = 0; r == 0 && i < PQntuples(res); i++) {
        struct mig_investigator who = {
            .id = mig_array_to_int(PQgetvalue(res, i, 0)),
            .name = PQgetvalue(res, i, 1),
            .fpr = PQgetvalue(res, i, 2),
            .status = PQgetvalue(res, i, 3),
            .permissions = (uint32_t)mig_array_to_int(PQgetvalue(res, i, 4)),
        };
        each(&who, context);
    }
    PQclear(res);
    return r;
}

int
mig_investigators_platform_status(struct mig_db *db,
                                  void (*each)(const char *what, const char *value, void *context),
                                  void *context, struct mig_err *err)
{
    static const char sql[] =
        "SELECT 'schema version', max(version)::text FROM schema_version"
        " UNION ALL (SELECT 'agents ' || status, count(*)::text FROM agents GROUP BY status"
        "  ORDER BY status)"
        " UNION ALL (SELECT 'actions ' || status, count(*)::text FROM actions GROUP BY status"
        "  ORDER BY status)"
        " UNION ALL (SELECT 'commands ' || status, count(*)::text FROM commands GROUP BY status"
        "  ORDER BY status)"
        " UNION ALL (SELECT 'investigators ' || status, count(*)::text FROM investigators"
        "  GROUP BY status ORDER BY status)";
    PGresult *res = NULL;
    int r = mig_db_exec(db, sql, 0, NULL, &res, err);

    for (int i = 0; r == 0 && i < PQntuples(res); i++)
        each(PQgetvalue(res, i, 0), PQgetvalue(res, i, 1), context);
    PQclear(res);
    return r;
}
