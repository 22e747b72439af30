/* SPDX-License-Identifier: MPL-2.0 */
/* Commands go to the broker. Messages are not persistent: the database is the durable copy, and a
 * command that the broker has lost is sent again when its agent beats. */
#include "config.h"
#include "lanes/lane.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "store/db.h"
#include "store/dispatch.h"
#include "store/intake.h"

#define BATCH 1000 /* the broker is waited for once a batch */
#define CONFIRM_MS 30000
#define RETRY_FIRST_MS 1000
/* Agents may come back in thousands at once: one look serves all of this time. */
#define AGENTS_GAP_MS 200

struct dispatch {
    struct mig_lane *lane;
    struct mig_db *db;
    struct mig_amqp *amqp;
    int64_t retry_ms; /* from one look at what has failed before to the next */
    int64_t retry_at;
    int64_t looked_at;
    /* The action of the command at hand, as JSON; commands come ordered by action. */
    int64_t action;
    struct mig_buf action_json;
    struct mig_buf empty_results;
    struct mig_buf message;
};

struct fates {
    const struct mig_dispatch_batch *batch;
    int64_t sent[BATCH];
    size_t sent_count;
    int64_t failed[BATCH];
    size_t failed_count;
};

static void
note_fate(void *context, uint64_t cookie, enum mig_amqp_fate fate)
{
    struct fates *fates = context;

    if (cookie >= fates->batch->count)
        return;
    int64_t id = fates->batch->commands[cookie].id;
    if (fate == MIG_AMQP_CONFIRMED && fates->sent_count < BATCH)
        fates->sent[fates->sent_count++] = id;
    else if (fates->failed_count < BATCH)
        fates->failed[fates->failed_count++] = id;
}

static int
load_action(struct dispatch *d, int64_t action, struct mig_err *err)
{
    size_t operations = 0;

    if (d->action == action)
        return 0;
    d->action = 0;
    mig_buf_reset(&d->action_json);
    mig_buf_reset(&d->empty_results);
    int r = mig_dispatch_action(d->db, action, &d->action_json, &operations, err);
    if (r < 0)
        return r;
    /* One empty result for each operation, as the original's scheduler fills in (facts 2.7). */
    for (size_t i = 0; i < operations; i++)
        mig_buf_addf(&d->empty_results, "%s%s", i ? "," : "",
                     "{\"foundanything\":false,\"success\":false,\"elements\":null,"
                     "\"statistics\":null,\"errors\":null}");
    d->action = action;
    return 0;
}

static int
publish(struct dispatch *d, const struct mig_dispatch_command *c, size_t cookie,
        struct mig_err *err)
{
    struct mig_buf key = MIG_BUF_INIT;
    int r = load_action(d, c->action, err);

    if (r < 0)
        return r;
    mig_buf_reset(&d->message);
    mig_buf_addf(&d->message, "{\"id\":%" PRId64 ",\"action\":", c->id);
    mig_buf_add(&d->message, d->action_json.data, d->action_json.len);
    mig_buf_addf(&d->message, ",\"agent\":%s,\"status\":\"sent\",\"results\":[", c->agent);
    if (d->empty_results.len)
        mig_buf_add(&d->message, d->empty_results.data, d->empty_results.len);
    mig_buf_addf(&d->message, "],\"starttime\":\"%s\",\"finishtime\":\"0001-01-01T00:00:00Z\"}",
                 c->starttime);
    mig_buf_addf(&key, "%s%s", MIG_QUEUE_AGENT_PREFIX, c->queueloc);
    if (d->message.failed || key.failed)
        r = mig_err_errno(err, ENOMEM, "command %" PRId64, c->id);
    else
        r = mig_amqp_publish(d->amqp, MIG_EXCHANGE_AGENTS, key.data, d->message.data,
                             d->message.len, MIG_AMQP_MANDATORY, c->ttl_ms, cookie, err);
    mig_buf_fini(&key);
    return r;
}

/* The batch's rows stay locked until the broker has decided and that is stored. */
static int
send_batch(struct dispatch *d, const struct mig_dispatch_batch *batch, struct fates *fates,
           struct mig_err *err)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < batch->count; i++)
        r = publish(d, &batch->commands[i], i, err);
    if (r == 0)
        r = mig_amqp_flush(d->amqp, CONFIRM_MS, note_fate, fates, err);
    if (r == 0)
        r = mig_dispatch_done(d->db, fates->sent, fates->sent_count, fates->failed,
                              fates->failed_count, err);
    if (r == 0)
        r = mig_db_commit(d->db, err);
    return r;
}

static int
mark_inflight(struct dispatch *d, const struct mig_dispatch_batch *batch, struct mig_err *err)
{
    int64_t actions[BATCH];
    size_t count = 0;

    for (size_t i = 0; i < batch->count && count < BATCH; i++)
        if (count == 0 || actions[count - 1] != batch->commands[i].action)
            actions[count++] = batch->commands[i].action;
    return mig_dispatch_inflight(d->db, actions, count, err);
}

/* *ret_count: how many were due. */
static int
run_batch(struct dispatch *d, enum mig_dispatch_which which, size_t *ret_count, struct mig_err *err)
{
    struct mig_dispatch_batch batch = {0};
    struct fates fates = {.batch = &batch};
    int r = mig_db_begin(d->db, err);

    if (r == 0)
        r = mig_dispatch_claim(d->db, which, BATCH, &batch, err);
    if (r == 0 && batch.count > 0)
        r = send_batch(d, &batch, &fates, err);
    mig_db_rollback(d->db); /* nothing, after a commit */
    if (r == 0 && batch.count > 0)
        r = mark_inflight(d, &batch, err);
    if (r == 0 && fates.failed_count > 0) {
        mig_log(MIG_SEV_INFO, "%zu commands could not be delivered yet, as of action %" PRId64,
                fates.failed_count, batch.commands[0].action);
        d->retry_ms = RETRY_FIRST_MS;
        d->retry_at = mig_time_monotonic_ms() + d->retry_ms;
    }
    *ret_count = batch.count;
    mig_dispatch_batch_fini(&batch);
    return r;
}

static int
run_all(struct dispatch *d, enum mig_dispatch_which which, struct mig_err *err)
{
    size_t count = 0;
    int r;

    do
        r = run_batch(d, which, &count, err);
    while (r == 0 && count == BATCH && !mig_lane_stopping(d->lane));
    return r;
}

/* Keeps the broker's heartbeat; nothing is consumed here. */
static int
keep_alive(struct dispatch *d, struct mig_err *err)
{
    struct mig_amqp_message message;
    int r = mig_amqp_next(d->amqp, 0, 0, &message, err);

    return r == MIG_E_TIMEOUT ? 0 : r;
}

/* 1: there are new commands. An agent that is there again brings the next look at old ones forward.
 */
static int
take_notes(struct dispatch *d, struct mig_err *err)
{
    int r = mig_db_notified_on(d->db, MIG_CHANNEL_AGENTS, err);

    if (r > 0 && d->retry_at > d->looked_at + AGENTS_GAP_MS)
        d->retry_at = d->looked_at + AGENTS_GAP_MS;
    return r < 0 ? r : mig_db_notified(d->db, err);
}

/* Waits for a broker without disk or memory to spare, on the same connection: what it has been sent
 * and has not read yet, it will take then. */
static int
wait_for_broker(struct dispatch *d, struct mig_err *err)
{
    int r = -EBUSY;

    mig_log(MIG_SEV_ERR, "lane dispatch: %s; commands wait", err->text);
    while (r == -EBUSY && !mig_lane_stopping(d->lane)) {
        mig_lane_wait(d->lane, mig_db_fd(d->db), mig_amqp_fd(d->amqp), MIG_LANE_SAFETY_MS);
        r = take_notes(d, err);
        if (r >= 0)
            r = keep_alive(d, err);
        if (r == 0)
            r = mig_amqp_blocked(d->amqp) ? -EBUSY
                                          : mig_amqp_flush(d->amqp, CONFIRM_MS, NULL, NULL, err);
    }
    if (r == 0)
        mig_log(MIG_SEV_NOTICE, "lane dispatch: the broker takes commands again");
    d->retry_at = 0; /* notes may have been of new commands */
    return r == -EBUSY ? 0 : r;
}

static int
step(struct dispatch *d, struct mig_err *err)
{
    int64_t now = mig_time_monotonic_ms();
    int r = run_all(d, MIG_DISPATCH_FRESH, err);

    if (r == 0 && now >= d->retry_at) {
        d->retry_ms = d->retry_ms * 2 > MIG_LANE_SAFETY_MS ? MIG_LANE_SAFETY_MS : d->retry_ms * 2;
        d->retry_at = now + d->retry_ms;
        d->looked_at = now;
        r = run_all(d, MIG_DISPATCH_AGAIN, err);
    }
    if (r == -EBUSY)
        return wait_for_broker(d, err);
    if (r == 0)
        r = take_notes(d, err);
    if (r == 0) {
        now = mig_time_monotonic_ms();
        mig_lane_wait(d->lane, mig_db_fd(d->db), mig_amqp_fd(d->amqp),
                      d->retry_at > now ? d->retry_at - now : 0);
    }
    if (r >= 0)
        r = keep_alive(d, err);
    return r < 0 ? r : take_notes(d, err);
}

int
mig_lane_dispatch(struct mig_lane *lane, struct mig_err *err)
{
    struct dispatch d = {.lane = lane,
                         .retry_ms = RETRY_FIRST_MS,
                         .action_json = MIG_BUF_INIT,
                         .empty_results = MIG_BUF_INIT,
                         .message = MIG_BUF_INIT};
    int r = mig_lane_db(lane, &d.db, err);

    if (r == 0)
        r = mig_lane_amqp(lane, &d.amqp, err);
    if (r == 0)
        r = mig_amqp_exchange(d.amqp, MIG_EXCHANGE_AGENTS, "direct", err);
    if (r == 0)
        r = mig_db_listen(d.db, MIG_CHANNEL_COMMANDS, err);
    if (r == 0)
        r = mig_db_listen(d.db, MIG_CHANNEL_AGENTS, err);
    if (r == 0)
        mig_lane_ready(lane);
    while (r >= 0 && !mig_lane_stopping(lane))
        r = step(&d, err);
    mig_amqp_close(d.amqp);
    mig_db_close(d.db);
    mig_buf_fini(&d.action_json);
    mig_buf_fini(&d.empty_results);
    mig_buf_fini(&d.message);
    return r < 0 ? r : 0;
}
