/* SPDX-License-Identifier: MPL-2.0 */
/* The public keys of the active investigators, read from the database once for all workers:
 * importing armored keys starts a gpg each, opening a ready keyring none. */
#ifndef MIG_API_KEYRING_H
#define MIG_API_KEYRING_H

#include "base/error.h"

struct mig_db;
struct mig_keyring;
struct mig_pgp;

struct mig_keyring *mig_keyring_new(void);
void mig_keyring_free(struct mig_keyring *keyring);
/* A context of its own for the caller's thread, with the keys as of `version` or later (see
 * mig_store_keyring_version()). A key that does not import is logged and left out. */
int mig_keyring_open(struct mig_keyring *keyring, struct mig_db *db, const char *version,
                     struct mig_pgp **ret, struct mig_err *err);

#endif
