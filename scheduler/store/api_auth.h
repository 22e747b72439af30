/* SPDX-License-Identifier: MPL-2.0 */
/* Who may use the API: investigators, their keys, and the tokens they have used. */
#ifndef MIG_STORE_API_AUTH_H
#define MIG_STORE_API_AUTH_H

#include <stdint.h>

#include "store/db.h"

#define MIG_KEYRING_VERSION 65 /* bytes, with the NUL */

/* A text that changes whenever an active investigator comes, goes or is modified. */
int mig_store_keyring_version(struct mig_db *db, char version[MIG_KEYRING_VERSION],
                              struct mig_err *err);
/* Every active investigator with a key: rows (fingerprint, public key in hexadecimal). */
int mig_store_keyring(struct mig_db *db, PGresult **ret, struct mig_err *err);
/* The active investigator with this upper-case fingerprint: one row (id, name, permissions), or
 * none. */
int mig_store_active_investigator(struct mig_db *db, const char *fpr, PGresult **ret,
                                  struct mig_err *err);
/* The active investigator with this API key (SHA-256 in hexadecimal): the same row, or none. */
int mig_store_apikey_investigator(struct mig_db *db, const char *digest_hex, PGresult **ret,
                                  struct mig_err *err);
/* The public key of any investigator: one row (public key in hexadecimal), or none. */
int mig_store_public_key(struct mig_db *db, const char *fpr, PGresult **ret, struct mig_err *err);
/* Remembers a token until `expires` (Unix seconds). MIG_E_REPLAY when it was there. */
int mig_store_token_take(struct mig_db *db, const char *digest_hex, int64_t expires,
                         struct mig_err *err);
int mig_store_token_clean(struct mig_db *db, struct mig_err *err);

#endif
