/* SPDX-License-Identifier: MPL-2.0 */
/* Heartbeats of agents that still publish them (mig.agt.heartbeats) instead of posting them to the
 * API. What the API asks of a beat is asked here; a batch is stored in one transaction, then
 * acknowledged. */
#include "config.h"
#include "lanes/lane.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "lanes/record.h"
#include "store/api_agent.h"
#include "store/db.h"
#include "store/whitelist.h"

#define BATCH 256

struct beats {
    struct mig_lane *lane;
    struct mig_db *db;
    struct mig_amqp *amqp;
    struct mig_whitelist *whitelist;
    struct mig_record records[BATCH];
    size_t count;
    uint64_t last_tag; /* 0: nothing to acknowledge */
    uint64_t refused;
};

static void
batch_reset(struct beats *b)
{
    for (size_t i = 0; i < b->count; i++)
        mig_record_fini(&b->records[i]);
    b->count = 0;
    b->last_tag = 0;
}

static int
store_one(struct beats *b, const struct mig_record *record, struct mig_err *err)
{
    char start[MIG_TIME_TEXT], refresh[MIG_TIME_TEXT];
    const struct mig_store_beat beat = {.name = record->name,
                                        .queueloc = record->queueloc,
                                        .mode = record->mode,
                                        .version = record->version,
                                        .pid = record->pid,
                                        .starttime = start,
                                        .refreshtime = refresh,
                                        .environment = record->environment,
                                        .tags = record->tags};

    mig_time_format(record->starttime, start);
    mig_time_format(record->refreshts, refresh);
    return mig_store_agent_beat(b->db, &beat, err);
}

static int
store_all(struct beats *b, struct mig_err *err)
{
    int r = mig_db_begin(b->db, err);

    for (size_t i = 0; r == 0 && i < b->count; i++)
        r = store_one(b, &b->records[i], err);
    if (r == 0)
        r = mig_db_commit(b->db, err);
    mig_db_rollback(b->db); /* nothing, after a commit */
    return r;
}

/* One beat that the database can not take must not hold up the others. A lost connection is no
 * beat's fault: the lane starts anew and the broker gives the batch again. */
static int
store_batch(struct beats *b, struct mig_err *err)
{
    int r = b->count ? store_all(b, err) : 0;

    if (r == 0 || mig_db_lost(b->db))
        return r;
    for (size_t i = 0; i < b->count; i++) {
        r = store_one(b, &b->records[i], err);
        if (r < 0 && mig_db_lost(b->db))
            return r;
        if (r < 0)
            mig_log(MIG_SEV_WARNING, "a heartbeat of %s is refused: %s", b->records[i].queueloc,
                    err->text);
    }
    return 0;
}

static int
flush(struct beats *b, struct mig_err *err)
{
    if (!b->last_tag)
        return 0;
    int r = store_batch(b, err);
    if (r == 0)
        r = mig_amqp_ack(b->amqp, b->last_tag, 1, err);
    batch_reset(b);
    return r;
}

static void
refuse(struct beats *b, size_t len, const char *why)
{
    b->refused++;
    mig_log(MIG_SEV_WARNING,
            "a heartbeat of %zu bytes is refused: %s (%" PRIu64 " since this lane started)", len,
            why, b->refused);
}

static void
add_message(struct beats *b, const struct mig_amqp_message *message)
{
    struct mig_record *record = &b->records[b->count];
    struct mig_err err = {0};

    b->last_tag = message->tag;
    if (mig_record_parse(message->body, message->len, mig_time_now(),
                         b->lane->config->agent_timeout_ms, record, &err) < 0) {
        refuse(b, message->len, err.text);
    } else if (!mig_whitelist_has(b->whitelist, record->queueloc)) {
        refuse(b, message->len, "its queue location is not in agent.whitelist");
        mig_record_fini(record);
    } else if (b->lane->config->agent_accounts && strcmp(message->user, record->queueloc) != 0) {
        refuse(b, message->len, "it was not published by its agent's account");
        mig_record_fini(record);
    } else {
        b->count++;
    }
}

static int
step(struct beats *b, struct mig_err *err)
{
    struct mig_amqp_message message;
    int r = mig_amqp_next(b->amqp, 0, MIG_RECORD_MAX_BYTES, &message, err);

    if (r == 0) {
        add_message(b, &message);
        return b->count == BATCH ? flush(b, err) : 0;
    }
    if (r == MIG_E_LIMIT) {
        refuse(b, 0, err->text);
        return 0;
    }
    if (r != MIG_E_TIMEOUT)
        return r;
    if (b->last_tag)
        return flush(b, err);
    mig_lane_wait(b->lane, mig_amqp_fd(b->amqp), -1, MIG_LANE_SAFETY_MS);
    return 0;
}

int
mig_lane_heartbeats(struct mig_lane *lane, struct mig_err *err)
{
    struct beats *b = calloc(1, sizeof(*b));
    int r = b ? mig_whitelist_open(lane->config->whitelist, &b->whitelist, err)
              : mig_err_errno(err, ENOMEM, "lane");

    if (r == 0)
        r = mig_lane_db(lane, &b->db, err);
    if (r == 0)
        r = mig_lane_amqp(lane, &b->amqp, err);
    if (r == 0)
        r = mig_amqp_exchange(b->amqp, MIG_EXCHANGE_SCHEDULERS, "direct", err);
    if (r == 0)
        r = mig_amqp_queue_typed(b->amqp, MIG_QUEUE_HEARTBEATS, MIG_EXCHANGE_SCHEDULERS,
                                 lane->config->queue_type, err);
    if (r == 0)
        r = mig_amqp_consume(b->amqp, MIG_QUEUE_HEARTBEATS, BATCH, err);
    if (r == 0) {
        b->lane = lane;
        mig_lane_ready(lane);
    }
    while (r == 0 && !mig_lane_stopping(lane))
        r = step(b, err);
    if (b) {
        batch_reset(b);
        mig_amqp_close(b->amqp);
        mig_db_close(b->db);
        mig_whitelist_free(b->whitelist);
        free(b);
    }
    return r;
}
