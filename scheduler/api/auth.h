/* SPDX-License-Identifier: MPL-2.0 */
/* Whose request is it, and who signed that: OpenPGP against the keys of the active investigators.
 * One a worker, since an OpenPGP context belongs to one thread. */
#ifndef MIG_API_AUTH_H
#define MIG_API_AUTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "trust/pgp.h"

struct mig_auth;
struct mig_db;
struct mig_keyring;

#define MIG_APIKEY_LEN 32 /* of [0-9a-zA-Z] */

struct mig_identity {
    int64_t id;
    char *name; /* to free() */
    uint64_t permissions;
};

/* `keyring` is shared by the workers and must outlive it. */
int mig_auth_new(struct mig_keyring *keyring, struct mig_auth **ret, struct mig_err *err);
void mig_auth_free(struct mig_auth *auth);

/*
 * X-PGPAUTHORIZATION. The keyring is rebuilt when an active investigator came, went or was
 * modified, so that one who was disabled a moment ago is unknown. A token serves once: it is
 * remembered in the database, for all mig-api of an installation, for as long as its time would be
 * accepted. Clients that use a token twice get 401, and make a new one: the original's client does
 * that, too. MIG_E_DATABASE, MIG_E_CRYPTO and errno codes are failures of ours; any other code is
 * the token's fault, its text is for the client.
 */
int mig_auth_token(struct mig_auth *auth, struct mig_db *db, const char *token, int64_t window_ms,
                   struct mig_identity *ret, struct mig_err *err);

/* X-MIGAPIKEY: one look-up of its digest. The same kinds of errors. */
int mig_auth_apikey(struct mig_db *db, const char *key, struct mig_identity *ret,
                    struct mig_err *err);

/* Makes a key: what is handed out once, and the digest in hexadecimal that is stored. */
int mig_auth_apikey_new(char key[MIG_APIKEY_LEN + 1], char digest_hex[65], struct mig_err *err);

/* A signature by an active investigator over the text; gives the fingerprint and the id. */
int mig_auth_signature(struct mig_auth *auth, struct mig_db *db, const void *text, size_t len,
                       const char *oneline, char fpr[MIG_FPR_LEN + 1], int64_t *ret_id,
                       struct mig_err *err);

/* True when a code is a failure of ours rather than a refusal. */
int mig_auth_is_failure(int code);

#endif
