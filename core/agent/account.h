/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The endpoint's own account at the broker: relay.conf in its configuration folder, with `user` and
 * `password` of a section [relay]. mig-admin agent-credentials makes such accounts, each of which
 * may use the queue of one agent. The file changes the account and nothing else: which brokers
 * there are and how they prove who they are is built in.
 */
#ifndef MIG_AGENT_ACCOUNT_H
#define MIG_AGENT_ACCOUNT_H

#include <stddef.h>

#include "base/error.h"

struct mig_site;

#define MIG_ACCOUNT_MAX 256 /* bytes of either, with the NUL: a short string of AMQP */

struct mig_account {
    char user[MIG_ACCOUNT_MAX]; /* "": that of the site's relay addresses */
    char password[MIG_ACCOUNT_MAX];
};

/* The file, which must be of root, regular and readable by nobody else. None: an empty account. */
int mig_account_load(const struct mig_site *site, struct mig_account *ret, struct mig_err *err);
/* The same of a text; `name` is for messages. */
int mig_account_parse(const char *name, const char *text, size_t len, struct mig_account *ret,
                      struct mig_err *err);
void mig_account_wipe(struct mig_account *account);

#endif
