/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "lanes/lane.h"

#include <poll.h>
#include <stdio.h>

#include "base/log.h"
#include "base/time.h"
#include "store/db.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS 10000
#define STEADY_MS 1000 /* a lane that has served for so long starts anew */

const struct mig_lane mig_lanes_all[] = {
    {.name = "intake", .run = mig_lane_intake},
    {.name = "dispatch", .run = mig_lane_dispatch},
    {.name = "collect", .run = mig_lane_collect},
    {.name = "expire", .run = mig_lane_expire},
    {.name = "agents", .run = mig_lane_agents},
    {.name = "heartbeats", .run = mig_lane_heartbeats},
    {.name = "queues", .run = mig_lane_queues},
    {.name = NULL},
};

void
mig_lane_wait(const struct mig_lane *lane, int fd, int other_fd, int64_t timeout_ms)
{
    struct pollfd fds[] = {{.fd = lane->stop_fd, .events = POLLIN},
                           {.fd = fd, .events = POLLIN},
                           {.fd = other_fd, .events = POLLIN}};

    /* Whatever ends the wait, the lane looks again at everything. */
    (void)poll(fds, 3, timeout_ms > MIG_LANE_SAFETY_MS ? MIG_LANE_SAFETY_MS : (int)timeout_ms);
}

void
mig_lane_ready(struct mig_lane *lane)
{
    lane->ready_at = mig_time_monotonic_ms();
}

void *
mig_lane_thread(void *context)
{
    struct mig_lane *lane = context;

    lane->backoff_ms = BACKOFF_FIRST_MS;
    while (!mig_lane_stopping(lane)) {
        struct mig_err err = {0};
        lane->ready_at = INT64_MAX;
        int r = lane->run(lane, &err);
        if (mig_lane_stopping(lane))
            break;
        /* One that fails as soon as it is ready is no better than one that never is. */
        if (mig_time_monotonic_ms() - STEADY_MS >= lane->ready_at)
            lane->backoff_ms = BACKOFF_FIRST_MS;
        if (r < 0)
            mig_log(MIG_SEV_ERR, "lane %s: %s; again in %d ms", lane->name,
                    err.code ? err.text : mig_strerror(r), lane->backoff_ms);
        mig_lane_wait(lane, -1, -1, lane->backoff_ms);
        lane->backoff_ms *= 2;
        if (lane->backoff_ms > BACKOFF_LAST_MS)
            lane->backoff_ms = BACKOFF_LAST_MS;
    }
    return NULL;
}

int
mig_lane_db(struct mig_lane *lane, struct mig_db **ret, struct mig_err *err)
{
    char name[64];

    snprintf(name, sizeof(name), "mig-scheduler %s", lane->name);
    return mig_db_open(lane->config->store.conninfo, name, ret, err);
}

int
mig_lane_amqp(struct mig_lane *lane, struct mig_amqp **ret, struct mig_err *err)
{
    struct mig_amqp_options options = lane->config->mq;
    char name[64];
    int r = 0;

    snprintf(name, sizeof(name), "mig-scheduler %s", lane->name);
    options.client_name = name;
    for (char **uri = lane->config->mq_uris; *uri; uri++) {
        options.uri = *uri;
        r = mig_amqp_open(&options, ret, err);
        if (r == 0)
            return 0;
        if (uri[1])
            mig_log(MIG_SEV_WARNING, "lane %s: %s; the next one is tried", lane->name,
                    err->code ? err->text : mig_strerror(r));
    }
    return r;
}
