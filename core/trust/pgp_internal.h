/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of trust/pgp.h share; for them alone. */
#ifndef MIG_TRUST_PGP_INTERNAL_H
#define MIG_TRUST_PGP_INTERNAL_H

#include <gpgme.h>

#include "trust/pgp.h"

#define MIG_PGP_HEX "0123456789ABCDEF"

/* What gpg says of a signature on its status channel (GnuPG doc/DETAILS). gpgme's result names the
 * key that signed, which may be a subkey; only VALIDSIG names the primary key without another run
 * of gpg. */
struct mig_pgp_status {
    unsigned valid; /* VALIDSIG lines */
    unsigned good;  /* GOODSIG lines */
    unsigned bad;   /* lines of any other verdict */
    char signer[MIG_FPR_LEN + 1];
    char primary[MIG_FPR_LEN + 1];
};

struct mig_pgp {
    gpgme_ctx_t ctx;
    char *home; /* throw-away, removed at the end; or NULL */
    struct mig_pgp_status status;
};

/* Sets err to "<what>: gpg failed: …" and returns MIG_E_CRYPTO. */
int mig_pgp_engine_error(struct mig_err *err, gpgme_error_t code, const char *what);
/* Copies a fingerprint of 40 upper-case hex digits; anything else becomes "". */
void mig_pgp_copy_fpr(char to[MIG_FPR_LEN + 1], const char *from);
int mig_pgp_strong_hash(gpgme_hash_algo_t hash);
/* A throw-away home whose keyring is not checked. */
int mig_pgp_open_private(const char *parent, const void *keyring, size_t len, struct mig_pgp **ret,
                         struct mig_err *err);

#endif
