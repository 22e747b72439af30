/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The thread of a worker that ends an operation which does not end by itself: at its time, at its
 * CPU time, a while after its output was full, or after a crash. What the plugin emitted until then
 * is still in memory, and is sent as a partial result.
 */
#ifndef MIG_PLUGIN_WATCHDOG_H
#define MIG_PLUGIN_WATCHDOG_H

#include <stdint.h>

#include "base/error.h"

enum mig_watchdog_cause {
    MIG_WATCHDOG_TIME,
    MIG_WATCHDOG_CPU,
    MIG_WATCHDOG_OUTPUT,
    MIG_WATCHDOG_CRASH
};

struct mig_watchdog_spec {
    int64_t until;      /* mig_time_monotonic_ms(); INT64_MAX: none */
    int64_t cpu_max_ms; /* of all threads, and of children that were waited for; 0: none */
    /* Called once, in the watchdog's thread, while all others still run; it ends the process.
     * `number`: the signal of a crash. */
    void (*stop)(enum mig_watchdog_cause cause, int number);
};

/* Call it when the process is confined, since a thread keeps what it was born with. Takes over the
 * signals by which programs crash: the thread that crashed is held, and the watchdog wakes. */
int mig_watchdog_start(const struct mig_watchdog_spec *spec, struct mig_err *err);
/* The output limit is met; any thread. */
void mig_watchdog_full(void *unused);

#endif
