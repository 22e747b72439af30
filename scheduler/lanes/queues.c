/* SPDX-License-Identifier: MPL-2.0 */
/* Queues of agents that have vanished are deleted, so that a broker does not keep one for each
 * endpoint there ever was. A queue that holds something, or that somebody consumes, stays. An agent
 * that comes back declares its queue anew. */
#include "config.h"
#include "lanes/lane.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/time.h"
#include "store/agents.h"
#include "store/db.h"

#define BATCH 1000

struct queues {
    struct mig_lane *lane;
    struct mig_db *db;
    struct mig_amqp *amqp; /* for as long as a pass takes */
    size_t deleted, kept;
    struct mig_err *err;
};

/* A queue that stays is looked at again in the next pass. */
static int
drop(const char *queueloc, void *context)
{
    struct queues *q = context;
    struct mig_buf name = MIG_BUF_INIT;
    int gone = 0, r = 0;

    if (mig_lane_stopping(q->lane))
        return 0;
    if (!q->amqp)
        r = mig_lane_amqp(q->lane, &q->amqp, q->err);
    mig_buf_addf(&name, "%s%s", MIG_QUEUE_AGENT_PREFIX, queueloc);
    if (r == 0 && name.data)
        r = mig_amqp_queue_delete(q->amqp, name.data, &gone, q->err);
    if (r == 0 && gone)
        r = mig_agents_queue_deleted(q->db, queueloc, q->err);
    if (r == 0)
        *(gone ? &q->deleted : &q->kept) += 1;
    mig_buf_fini(&name);
    return r;
}

static int
pass(struct queues *q)
{
    const struct mig_lanes_settings *config = q->lane->config;
    size_t count = 0, before;
    int r = mig_db_check(q->db, q->err);

    q->deleted = q->kept = 0;
    do {
        before = q->deleted;
        if (r == 0)
            r = mig_agents_vanished(q->db, config->agent_timeout_ms + config->queues_freq_ms, BATCH,
                                    &count, drop, q, q->err);
    } while (r == 0 && count == BATCH && q->deleted > before && !mig_lane_stopping(q->lane));
    mig_amqp_close(q->amqp);
    q->amqp = NULL;
    if (q->deleted + q->kept > 0)
        mig_log(MIG_SEV_INFO, "queues of vanished agents: %zu deleted, %zu still in use",
                q->deleted, q->kept);
    return r;
}

int
mig_lane_queues(struct mig_lane *lane, struct mig_err *err)
{
    struct queues q = {.lane = lane, .err = err};
    int64_t freq = lane->config->queues_freq_ms;
    int r = mig_lane_db(lane, &q.db, err);

    if (r == 0)
        mig_lane_ready(lane);
    while (r == 0 && !mig_lane_stopping(lane)) {
        int64_t next = mig_time_monotonic_ms() + (freq < 1000 ? 1000 : freq), now;
        if (freq > 0)
            r = pass(&q);
        while (r == 0 && !mig_lane_stopping(lane) && (now = mig_time_monotonic_ms()) < next)
            mig_lane_wait(lane, -1, -1, next - now);
    }
    mig_db_close(q.db);
    return r;
}
