/* SPDX-License-Identifier: MPL-2.0 */
/* The supervisor's side of a role: the process, its socket, what waits to be sent, the back-off. */
#ifndef MIG_AGENT_CHILD_H
#define MIG_AGENT_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/role.h"
#include "base/error.h"

struct mig_buf;
struct mig_child_message;

struct mig_child {
    const char *role; /* "relay" */
    struct mig_role_user user;
    pid_t pid; /* 0: not running */
    int fd;    /* non-blocking; -1 */
    int64_t started_ms;
    int64_t start_after_ms; /* monotonic: not to be started earlier */
    int backoff_ms;
    struct mig_child_message *head, **tail;
};

void mig_child_init(struct mig_child *child, const char *role, const struct mig_role_user *user);
/* Starts the role and sends HELLO with `hello`. */
int mig_child_start(struct mig_child *child, const struct mig_buf *hello, struct mig_err *err);
/* Sends the message, or keeps it (the bytes are copied) until the socket takes it. */
int mig_child_send(struct mig_child *child, uint32_t type, const void *body, size_t len);
/* Sends what waits. 0, or a negative code when the role is gone. */
int mig_child_flush(struct mig_child *child);
int mig_child_waiting(const struct mig_child *child);
/* -EAGAIN when there is nothing, other codes: the role is gone or broke the protocol. */
int mig_child_recv(struct mig_child *child, size_t max, uint32_t *ret_type, struct mig_buf *body);
/* Kills it, and says when it may be started again. */
void mig_child_stop(struct mig_child *child);
/* Closes the socket: the role ends by itself; mig_child_reap() buries it. */
void mig_child_release(struct mig_child *child);
/* Buries released roles, kills those that linger. Returns how many are left. */
size_t mig_child_reap(void);

#endif
