/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_BENCH_FLEET_USAGE_H
#define MIG_BENCH_FLEET_USAGE_H

#include <stdint.h>

struct fleet_usage {
    double cpu_ms; /* since the processes began */
    uint64_t rss_kib;
};

/* Of a process and all below it; nothing when there is none. */
void fleet_usage(long pid, struct fleet_usage *ret);

#endif
