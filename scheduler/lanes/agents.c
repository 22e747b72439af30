/* SPDX-License-Identifier: MPL-2.0 */
/* Agents that do not beat become idle, then offline; and the statistics of the dashboard. */
#include "config.h"
#include "lanes/lane.h"

#include "base/log.h"
#include "base/time.h"
#include "store/agents.h"
#include "store/db.h"

static void
warn(const struct mig_agents_duplicate *d, void *context)
{
    (void)context;
    mig_log(
        MIG_SEV_WARNING,
        "two agents answer at queue location %s: endpoints %s, processes %s, last beats %s; stop "
        "one, or give a cloned endpoint an id of its own",
        d->queueloc, d->names, d->pids, d->lastbeats);
}

static int
pass(struct mig_lane *lane, struct mig_db *db, struct mig_err *err)
{
    size_t idle = 0, offline = 0;
    int r = mig_db_check(db, err);

    if (r == 0)
        r = mig_agents_age(db, lane->config->agent_timeout_ms, lane->config->heartbeat_freq_ms,
                           &idle, &offline, err);
    if (r == 0 && idle + offline > 0)
        mig_log(MIG_SEV_INFO, "agents: %zu became idle, %zu offline", idle, offline);
    if (r == 0 && lane->config->detect_duplicates)
        r = mig_agents_duplicates(db, 2 * lane->config->heartbeat_freq_ms, warn, NULL, err);
    return r < 0 ? r : mig_agents_stats(db, err);
}

int
mig_lane_agents(struct mig_lane *lane, struct mig_err *err)
{
    struct mig_db *db = NULL;
    int r = mig_lane_db(lane, &db, err);

    if (r == 0)
        mig_lane_ready(lane);
    while (r == 0 && !mig_lane_stopping(lane)) {
        int64_t next = mig_time_monotonic_ms() + lane->config->periodic_freq_ms, now;
        r = pass(lane, db, err);
        while (r == 0 && !mig_lane_stopping(lane) && (now = mig_time_monotonic_ms()) < next)
            mig_lane_wait(lane, -1, -1, next - now);
    }
    mig_db_close(db);
    return r;
}
