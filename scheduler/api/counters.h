/* SPDX-License-Identifier: MPL-2.0 */
/* What mig-api counts about itself, for /metrics. */
#ifndef MIG_API_COUNTERS_H
#define MIG_API_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define MIG_COUNTERS_STATUSES 16u

struct mig_counters {
    /* Answers by status; the last place is for what has no other. */
    _Atomic uint64_t answers[MIG_COUNTERS_STATUSES + 1];
    _Atomic uint64_t heartbeats; /* stored */
    _Atomic uint64_t actions;    /* stored */
    _Atomic uint64_t sent_bytes;
    _Atomic uint64_t busy_us; /* of the workers, serving */
    _Atomic int64_t waiting;  /* requests that wait for a worker */
};

/* The statuses that are counted by themselves, 0-terminated. */
extern const unsigned mig_counters_status[MIG_COUNTERS_STATUSES + 1];

void mig_counters_answer(struct mig_counters *counters, unsigned status, size_t bytes);

#endif
