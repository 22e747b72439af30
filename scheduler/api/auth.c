/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/auth.h"

#include <errno.h>
#include <libpq-fe.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "api/keyring.h"
#include "api/token.h"
#include "base/buf.h"
#include "base/hex.h"
#include "base/id.h"
#include "store/api_auth.h"

#define DIGEST_LEN 32

#define KEYRING_MS 600000

struct mig_auth {
    struct mig_keyring *keyring;
    struct mig_pgp *pgp; /* NULL until the first keyring */
    int64_t opened_ms;
    char version[MIG_KEYRING_VERSION];
};

int
mig_auth_new(struct mig_keyring *keyring, struct mig_auth **ret, struct mig_err *err)
{
    struct mig_auth *auth = calloc(1, sizeof *auth);

    if (auth == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    auth->keyring = keyring;
    *ret = auth;
    return 0;
}

void
mig_auth_free(struct mig_auth *auth)
{
    if (auth == NULL)
        return;
    mig_pgp_close(auth->pgp);
    free(auth);
}

int
mig_auth_is_failure(int code)
{
    return code == MIG_E_DATABASE || code == MIG_E_CRYPTO || code > -1000;
}

/* The keyring's folder is in a place that may be swept, and a swept keyring knows nobody: it is
 * laid anew now and then, which costs two small files. */
static int
is_fresh(const struct mig_auth *auth, const char *version)
{
    return auth->pgp != NULL && strcmp(version, auth->version) == 0 &&
           mig_time_monotonic_ms() - auth->opened_ms < KEYRING_MS;
}

static int
refresh(struct mig_auth *auth, struct mig_db *db, struct mig_err *err)
{
    char version[MIG_KEYRING_VERSION];
    struct mig_pgp *pgp = NULL;
    int rc;

    rc = mig_store_keyring_version(db, version, err);
    if (rc < 0 || is_fresh(auth, version))
        return rc;
    rc = mig_keyring_open(auth->keyring, db, version, &pgp, err);
    if (rc < 0)
        return rc;
    mig_pgp_close(auth->pgp);
    auth->pgp = pgp;
    auth->opened_ms = mig_time_monotonic_ms();
    memcpy(auth->version, version, sizeof version);
    return 0;
}

/* Takes over a row (id, name, permissions). */
static int
take_identity(PGresult *res, struct mig_identity *ret, struct mig_err *err)
{
    struct mig_identity who;

    who.id = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    who.name = strdup(PQgetvalue(res, 0, 1));
    who.permissions = strtoull(PQgetvalue(res, 0, 2), NULL, 10);
    PQclear(res);
    if (who.name == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    *ret = who;
    return 0;
}

/* The status is looked up here on every request, whatever the keyring still holds. */
static int
identify(struct mig_db *db, const char *fpr, struct mig_identity *ret, struct mig_err *err)
{
    PGresult *res = NULL;
    int rc = mig_store_active_investigator(db, fpr, &res, err);

    if (rc < 0)
        return rc;
    if (PQntuples(res) != 1) {
        PQclear(res);
        return mig_err_set(err, MIG_E_SIGNATURE, "signature made by unknown entity %s", fpr);
    }
    return take_identity(res, ret, err);
}

static int
apikey_digest(const char *key, char hex[2 * DIGEST_LEN + 1], struct mig_err *err)
{
    unsigned char digest[DIGEST_LEN];

    if (EVP_Digest(key, strlen(key), digest, NULL, EVP_sha256(), NULL) != 1)
        return mig_err_set(err, MIG_E_CRYPTO, "SHA-256 of a key failed");
    mig_hex(digest, sizeof digest, hex);
    return 0;
}

int
mig_auth_apikey_new(char key[MIG_APIKEY_LEN + 1], char digest_hex[2 * DIGEST_LEN + 1],
                    struct mig_err *err)
{
    if (mig_random_text(key, MIG_APIKEY_LEN) < 0)
        return mig_err_set(err, MIG_E_CRYPTO, "the kernel gives no random bytes");
    return apikey_digest(key, digest_hex, err);
}

/* What is compared, by the index, is a digest: its timing says nothing of the key. */
int
mig_auth_apikey(struct mig_db *db, const char *key, struct mig_identity *ret, struct mig_err *err)
{
    char hex[2 * DIGEST_LEN + 1];
    PGresult *res = NULL;
    int rc = strlen(key) > MIG_TOKEN_MAX ? 0 : apikey_digest(key, hex, err);

    if (rc >= 0 && strlen(key) <= MIG_TOKEN_MAX)
        rc = mig_store_apikey_investigator(db, hex, &res, err);
    if (rc < 0)
        return rc;
    if (res == NULL || PQntuples(res) != 1) {
        PQclear(res);
        return mig_err_set(err, MIG_E_DENIED, "API key authentication failed");
    }
    return take_identity(res, ret, err);
}

/* By signer and signed text, not by the signature: a signature can be rewritten and stay valid. */
static int
take_token(struct mig_db *db, const struct mig_token *token, const char *fpr, int64_t window_ms,
           struct mig_err *err)
{
    unsigned char digest[DIGEST_LEN];
    char hex[2 * DIGEST_LEN + 1];
    struct mig_buf text = MIG_BUF_INIT;
    int done;

    mig_buf_adds(&text, fpr);
    mig_buf_add(&text, token->signed_text, token->signed_len);
    done = !text.failed && EVP_Digest(text.data, text.len, digest, NULL, EVP_sha256(), NULL) == 1;
    mig_buf_fini(&text);
    if (!done)
        return mig_err_set(err, MIG_E_CRYPTO, "SHA-256 of a token failed");
    mig_hex(digest, sizeof digest, hex);
    /* twice the window: another mig-api's clock may be behind by as much */
    return mig_store_token_take(db, hex, token->time.sec + 2 * (window_ms / 1000) + 1, err);
}

int
mig_auth_token(struct mig_auth *auth, struct mig_db *db, const char *text, int64_t window_ms,
               struct mig_identity *ret, struct mig_err *err)
{
    struct mig_identity who = {0};
    struct mig_token token = {0};
    char fpr[MIG_FPR_LEN + 1];
    int rc;

    rc = mig_token_parse(text, mig_time_now(), window_ms, &token, err);
    if (rc >= 0)
        rc = refresh(auth, db, err);
    if (rc >= 0)
        rc = mig_pgp_verify(auth->pgp, token.signed_text, token.signed_len, token.signature, fpr,
                            err);
    if (rc >= 0)
        rc = identify(db, fpr, &who, err);
    if (rc >= 0)
        rc = take_token(db, &token, fpr, window_ms, err);
    mig_token_fini(&token);
    if (rc < 0) {
        free(who.name);
        return rc;
    }
    *ret = who;
    return 0;
}

int
mig_auth_signature(struct mig_auth *auth, struct mig_db *db, const void *text, size_t len,
                   const char *oneline, char fpr[MIG_FPR_LEN + 1], int64_t *ret_id,
                   struct mig_err *err)
{
    struct mig_identity who = {0};
    int rc;

    rc = refresh(auth, db, err);
    if (rc >= 0)
        rc = mig_pgp_verify(auth->pgp, text, len, oneline, fpr, err);
    if (rc >= 0)
        rc = identify(db, fpr, &who, err);
    if (rc < 0)
        return rc;
    *ret_id = who.id;
    free(who.name);
    return 0;
}
