/* SPDX-License-Identifier: MPL-2.0 */
/* A temporary GnuPG home with keys made by the real gpg, for tests of core/trust/pgp. */
#ifndef TESTS_TRUST_GPG_HOME_H
#define TESTS_TRUST_GPG_HOME_H

#include <stddef.h>

struct mig_buf;

struct gpg_home {
    char path[64];
    char text[96];      /* file that gpg_sign() signs */
    char signature[96]; /* file it makes */
};

/* 0, or -1 when gpg is not there or fails. */
int gpg_home_make(struct gpg_home *home);
/* Stops the home's own gpg-agent and removes the folder. */
void gpg_home_remove(struct gpg_home *home);
/* Runs gpg on the home; NULL-terminated arguments. Its exit status. */
int gpg_run(const struct gpg_home *home, const char *const args[]);
/* Detached, armored signature with these extra options, as one line. 0 or -1. */
int gpg_sign(const struct gpg_home *home, const char *key, const char *const options[],
             const char *text, struct mig_buf *oneline);

#endif
