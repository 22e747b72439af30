/* SPDX-License-Identifier: MPL-2.0 */
/* `mig cancel ID`: the built-in operation that stops an action on the agents that are at it. */
#ifndef MIG_CLI_CANCEL_H
#define MIG_CLI_CANCEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_buf;
struct mig_client;

extern const char mig_cancel_help[];

/* The one argument of the command line: an action's id. */
int mig_cancel_id(const char *const args[], size_t count, int64_t *ret, struct mig_err *err);
/* Asks the API for the action. Appends the target that its signers signed, and the parameters that
 * cancel it; says on stderr which one it is. */
int mig_cancel_look_up(struct mig_client *client, int64_t id, struct mig_buf *target,
                       struct mig_buf *parameters, struct mig_err *err);
/* Tells the platform to send it to nobody else. That it is over already is none of our business:
 * agents may be at it all the same. */
int mig_cancel_tell(struct mig_client *client, int64_t id, struct mig_err *err);
/* Appends an agent's result as a line of text. */
int mig_cancel_print(const void *result, size_t len, struct mig_buf *out, struct mig_err *err);

#endif
