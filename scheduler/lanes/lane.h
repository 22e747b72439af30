/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Lanes: what the scheduler does, each in its own thread with its own connections. A lane keeps no
 * state outside the database, so that any number of each may run, here and on other machines. When
 * a connection is lost the lane ends with an error and is started anew, later and later.
 */
#ifndef MIG_LANES_LANE_H
#define MIG_LANES_LANE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "lanes/settings.h"

struct mig_db;
struct mig_amqp;

/* Nothing waits longer than this, should a notification or a timer have been missed. */
#define MIG_LANE_SAFETY_MS 15000

struct mig_lane {
    const char *name;
    /* Works until it is to stop, then returns 0; or an error. */
    int (*run)(struct mig_lane *lane, struct mig_err *err);
    const struct mig_lanes_settings *config;
    int stop_fd; /* an eventfd that becomes readable */
    const atomic_bool *stop;
    pthread_t thread;
    int backoff_ms;
    int64_t ready_at; /* of the monotonic clock; INT64_MAX: not yet */
};

/* The lanes there are, ended by one without a name. */
extern const struct mig_lane mig_lanes_all[];

int mig_lane_intake(struct mig_lane *lane, struct mig_err *err);
int mig_lane_dispatch(struct mig_lane *lane, struct mig_err *err);
int mig_lane_collect(struct mig_lane *lane, struct mig_err *err);
int mig_lane_expire(struct mig_lane *lane, struct mig_err *err);
int mig_lane_heartbeats(struct mig_lane *lane, struct mig_err *err);
int mig_lane_agents(struct mig_lane *lane, struct mig_err *err);
int mig_lane_queues(struct mig_lane *lane, struct mig_err *err);

/* The body of the thread: runs the lane again and again until it is to stop. */
void *mig_lane_thread(void *lane);

/* For the lanes. */
static inline bool
mig_lane_stopping(const struct mig_lane *lane)
{
    return atomic_load(lane->stop);
}
/* Says that the lane is connected and works: a failure is retried at once, unless it is one that
 * comes at once. */
void mig_lane_ready(struct mig_lane *lane);
/* Waits until one of the descriptors (-1: none) is readable, the time is over or the lane is to
 * stop. */
void mig_lane_wait(const struct mig_lane *lane, int fd, int other_fd, int64_t timeout_ms);
int mig_lane_db(struct mig_lane *lane, struct mig_db **ret, struct mig_err *err);
/* The first node of the cluster that answers. */
int mig_lane_amqp(struct mig_lane *lane, struct mig_amqp **ret, struct mig_err *err);

#endif
