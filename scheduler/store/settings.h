/* SPDX-License-Identifier: MPL-2.0 */
/* What scheduler.cfg and api.cfg have in common (facts 1.3): [postgres], [logging], and keys
 * without a meaning. */
#ifndef MIG_STORE_SETTINGS_H
#define MIG_STORE_SETTINGS_H

#include "base/error.h"

struct mig_conf;

struct mig_store_settings {
    char *conninfo; /* postgres.conninfo, or made of host, port, dbname, user, password, sslmode */
    char *target_conninfo; /* postgres.targetconninfo, or the above with user migtarget */
    char *log_destination; /* logging.mode and .file, as mig_log_open() takes it */
    int log_severity;
};

/* MIG_E_CONFIG names the key, what is expected and what was found. */
int mig_store_settings_read(struct mig_conf *conf, struct mig_store_settings *ret,
                            struct mig_err *err);
void mig_store_settings_fini(struct mig_store_settings *settings);
/* free() of a text that may hold a password. NULL is well. */
void mig_store_settings_erase(char *text);

/* Logs a warning for each key of the NULL-terminated list that the configuration sets. */
void mig_store_settings_warn_unused(struct mig_conf *conf, const char *const names[]);

#endif
