/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The thread of a worker that ends an operation which does not end by itself: at its time, at its
 * CPU time, or a while after its output was full. What the plugin emitted until then is still in
 * memory, and is sent as a partial result. It can be put out by the plugin, whose threads share the
 * process: then the starting process kills, and reads the record (plugin/record.h).
 */
#ifndef MIG_PLUGIN_WATCHDOG_H
#define MIG_PLUGIN_WATCHDOG_H

#include <stdint.h>

#include "base/error.h"

enum mig_watchdog_cause { MIG_WATCHDOG_TIME, MIG_WATCHDOG_CPU, MIG_WATCHDOG_OUTPUT };

struct mig_watchdog_spec {
    int64_t until;      /* mig_time_monotonic_ms(); INT64_MAX: none */
    int64_t cpu_max_ms; /* of all threads, and of children that were waited for; 0: none */
    /* Called once, in the watchdog's thread, while all others still run; it ends the process. */
    void (*stop)(enum mig_watchdog_cause cause);
};

/* Call it when the process is confined, since a thread keeps what it was born with. */
int mig_watchdog_start(const struct mig_watchdog_spec *spec, struct mig_err *err);
/* The output limit is met; any thread. */
void mig_watchdog_full(void *unused);

#endif
