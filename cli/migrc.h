/* SPDX-License-Identifier: MPL-2.0 */
/* ~/.migrc: where the platform is and which key the investigator signs with. */
#ifndef MIG_CLI_MIGRC_H
#define MIG_CLI_MIGRC_H

#include "base/error.h"

struct mig_conf;

struct mig_migrc {
    struct mig_conf *conf; /* owns the texts */
    const char *url;       /* api.url, or NULL */
    const char *gpg_home;  /* NULL: GnuPG's default */
    const char *keyid;     /* 40 upper-case hex digits, or NULL */
    const char *api_key;   /* gpg.useapikeyauth, or NULL */
    int skip_verify;
};

/* path NULL: ~/.migrc. A file that is not there gives MIG_E_NOT_FOUND; show mig_migrc_example then.
 */
int mig_migrc_load(const char *path, struct mig_migrc *ret, struct mig_err *err);
extern const char mig_migrc_example[];
void mig_migrc_fini(struct mig_migrc *migrc);
/* MIG_E_CONFIG that names what is missing: the fields that launching an action needs, or those
 * that signing needs. */
int mig_migrc_need_api(const struct mig_migrc *migrc, struct mig_err *err);
int mig_migrc_need_key(const struct mig_migrc *migrc, struct mig_err *err);
/* The expression of a targets.macro of that name, or NULL. */
const char *mig_migrc_macro(const struct mig_migrc *migrc, const char *name);

#endif
