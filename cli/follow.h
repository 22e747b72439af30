/* SPDX-License-Identifier: MPL-2.0 */
/* Follows an action to its end. */
#ifndef MIG_CLI_FOLLOW_H
#define MIG_CLI_FOLLOW_H

#include <signal.h>
#include <stdint.h>

#include "base/error.h"
#include "base/time.h"

struct json_object;
struct mig_client;

struct mig_counters {
    int64_t sent, done, inflight, success, cancelled, expired, failed, timeout;
};

/* Asks the API for the action until all have answered, it has ended, or *stop becomes non-zero; the
 * interval grows from 50 ms to 2 s. A progress bar goes to stderr when that is a terminal, the
 * closing lines always. */
int mig_follow_action(struct mig_client *client, int64_t id, struct mig_time expireafter,
                      const volatile sig_atomic_t *stop, struct mig_counters *ret,
                      struct mig_err *err);

/* Of an action's JSON. Returns 1 when it has ended, 0 when it goes on. */
int mig_follow_read(struct json_object *action, struct mig_counters *ret, const char **ret_status);

#endif
