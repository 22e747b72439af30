/* SPDX-License-Identifier: MPL-2.0 */
/*
 * OpenPGP through gpgme (facts 2.4). Signatures travel as one-line armor; signers are named by the
 * 40 upper-case hex digits of their *primary* key. Expired, revoked, disabled and unknown keys,
 * expired signatures and hash algorithms weaker than SHA-224 (MD5, SHA-1, RIPEMD-160) are refused.
 */
#ifndef MIG_TRUST_PGP_H
#define MIG_TRUST_PGP_H

#include <stddef.h>

#include "base/error.h"

struct mig_buf;
struct mig_pgp;

#define MIG_FPR_LEN 40

/* Uses the GnuPG home `home` as it is (an investigator's). NULL: GnuPG's default. */
int mig_pgp_open(const char *home, struct mig_pgp **ret, struct mig_err *err);
/* A throw-away home in `parent` (0700, removed by mig_pgp_close) whose keyring is `keyring`: binary
 * OpenPGP public keys one after another, as mig_pgp_export() gives. For verifying only. */
int mig_pgp_open_keyring(const char *parent, const void *keyring, size_t len, struct mig_pgp **ret,
                         struct mig_err *err);
void mig_pgp_close(struct mig_pgp *pgp);

/* Verifies one one-line signature over the bytes; fpr gets the signer's primary fingerprint.
 * MIG_E_SIGNATURE with the reason: "signature made by unknown entity <keyid>", "key <fpr> is
 * expired", … */
int mig_pgp_verify(struct mig_pgp *pgp, const void *text, size_t len, const char *oneline,
                   char fpr[MIG_FPR_LEN + 1], struct mig_err *err);
/* Detached binary signature by the key with this fingerprint, as one-line armor. Passphrases are
 * gpg-agent's business. */
int mig_pgp_sign(struct mig_pgp *pgp, const char *fpr, const void *text, size_t len,
                 struct mig_buf *oneline, struct mig_err *err);
/* Imports armored or binary public keys into the home. */
int mig_pgp_import(struct mig_pgp *pgp, const void *keys, size_t len, struct mig_err *err);
/* Appends the binary public keys of all (fpr NULL) or one key. */
int mig_pgp_export(struct mig_pgp *pgp, const char *fpr, int armor, struct mig_buf *out,
                   struct mig_err *err);

struct mig_pgp_key {
    char fpr[MIG_FPR_LEN + 1];
    char uid[256];
    int can_sign; /* by the primary or a subkey that is neither expired nor revoked */
    int usable;   /* neither expired, revoked, disabled nor invalid */
};
/* Says what keys a text holds, in a throw-away home. *ret is an array to free(). */
int mig_pgp_inspect(const void *keys, size_t len, struct mig_pgp_key **ret, size_t *ret_count,
                    struct mig_err *err);

/* One-line form -> armored text, and back. MIG_E_SIGNATURE when the form is wrong. */
int mig_pgp_unfold(const char *oneline, struct mig_buf *out, struct mig_err *err);
int mig_pgp_fold(const char *armored, size_t len, struct mig_buf *out, struct mig_err *err);

#endif
