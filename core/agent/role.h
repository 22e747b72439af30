/* SPDX-License-Identifier: MPL-2.0 */
/* The agent's unprivileged processes: this program, executed again as `mig-agent @ROLE UID GID`,
 * with a socket to the supervisor at MIG_ROLE_FD. UID and GID are what it becomes; "-": it stays.
 */
#ifndef MIG_AGENT_ROLE_H
#define MIG_AGENT_ROLE_H

#include <sys/types.h>

#include "base/error.h"

struct mig_buf;

struct mig_role_user {
    int change; /* 0: the supervisor is not root, the role keeps its user */
    uid_t uid;
    gid_t gid;
};

#define MIG_ROLE_NEW_NETWORK (1u << 0) /* an empty network namespace */
#define MIG_ROLE_NEW_TMP (1u << 1)     /* a private, empty /tmp that vanishes with the process */
#define MIG_ROLE_NETWORK (1u << 2)     /* it talks to the network */
#define MIG_ROLE_PROGRAMS (1u << 3)    /* it runs gpg */

/* If this process was executed as a role: does its work and does not return. */
void mig_agent_role(int argc, char **argv);

/* Gives up all that the role must not have. *ret_flags: which NEW ones of `flags` could be had
 * (needs root).
 */
int mig_role_confine(const struct mig_role_user *user, unsigned flags, unsigned *ret_flags,
                     struct mig_err *err);
/* Tells the supervisor, which writes the line to the agent's log. */
void mig_role_log(int severity, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Receives the supervisor's first message into `body`. */
int mig_role_hello(struct mig_buf *body);

/* Each returns the exit status. */
int mig_relay_main(const struct mig_role_user *user);
int mig_verifier_main(const struct mig_role_user *user);
int mig_beat_main(const struct mig_role_user *user);

#endif
