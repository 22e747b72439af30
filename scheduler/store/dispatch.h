/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Commands on their way out. A command is `pending` until the broker has confirmed it, then `sent`.
 * A batch is locked while it is published, so that several schedulers never publish the same
 * command at once; when one of them dies, its batch is pending again.
 */
#ifndef MIG_STORE_DISPATCH_H
#define MIG_STORE_DISPATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_buf;
struct mig_db;

struct mig_dispatch_command {
    int64_t id;
    int64_t action;
    char *queueloc;
    char *agent;     /* the record of facts 2.8 as JSON text */
    char *starttime; /* RFC 3339 */
    int64_t ttl_ms;  /* until the action expires, > 0 */
};

struct mig_dispatch_batch {
    struct mig_dispatch_command *commands; /* by action */
    size_t count;
};

/* How long after a command was confirmed a beat of its agent has it sent again: the broker keeps
 * commands in memory, and the agent's journal makes a second one harmless. */
#define MIG_DISPATCH_RESEND_S 60

enum mig_dispatch_which {
    MIG_DISPATCH_FRESH, /* never tried */
    /* Refused or unroutable before, and the agent has beaten or the back-off is over; or sent and
     * unanswered, and the agent has beaten MIG_DISPATCH_RESEND_S after, or was started anew after
     * its only sending. Beats are those of any process at the queue location. */
    MIG_DISPATCH_AGAIN
};

/* Locks up to `limit` commands that are due. Inside the caller's transaction. */
int mig_dispatch_claim(struct mig_db *db, enum mig_dispatch_which which, size_t limit,
                       struct mig_dispatch_batch *ret, struct mig_err *err);
void mig_dispatch_batch_fini(struct mig_dispatch_batch *batch);

/* Appends the action as JSON text, for the commands; *ret_operations says how many operations it
 * has. */
int mig_dispatch_action(struct mig_db *db, int64_t action, struct mig_buf *out,
                        size_t *ret_operations, struct mig_err *err);

/* Notes what became of the batch: `sent` are confirmed, all others were tried in vain. */
int mig_dispatch_done(struct mig_db *db, const int64_t *sent, size_t sent_count,
                      const int64_t *failed, size_t failed_count, struct mig_err *err);

/* Actions that are `preparing` and have no command left that was never tried become `inflight`. */
int mig_dispatch_inflight(struct mig_db *db, const int64_t *actions, size_t count,
                          struct mig_err *err);

#endif
