/* SPDX-License-Identifier: MPL-2.0 */
/* Answers go to the database, then are acknowledged. One answer alone is stored at once; when
 * answers follow one another closely they are gathered for a moment, since a commit costs as much
 * for one as for a hundred. */
#include "config.h"
#include "lanes/lane.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "document/command.h"
#include "store/array.h"
#include "store/collect.h"
#include "store/db.h"

#define BATCH 1000
#define BATCH_BYTES (16u << 20)
#define MAX_BYTES (32u << 20)
/* What is stored within GATHER_MS of the last commit waits until that time is over, so that no
 * answer waits longer than this. */
#define GATHER_MS 100

struct collect {
    struct mig_lane *lane;
    struct mig_db *db;
    struct mig_amqp *amqp;
    struct mig_collect_result results[BATCH];
    size_t count;
    size_t bytes;
    uint64_t last_tag; /* 0: nothing to acknowledge */
    int64_t stored_at; /* monotonic, of the last commit */
    uint64_t refused;
};

static void
result_fini(struct mig_collect_result *result)
{
    free(result->queueloc);
    free(result->status);
    free(result->results);
    memset(result, 0, sizeof(*result));
}

static void
batch_reset(struct collect *c)
{
    for (size_t i = 0; i < c->count; i++)
        result_fini(&c->results[i]);
    c->count = 0;
    c->bytes = 0;
    c->last_tag = 0;
}

static bool
is_final(const char *status)
{
    static const char *const finals[] = {"success", "failed", "timeout", "cancelled", NULL};

    for (size_t i = 0; finals[i]; i++)
        if (strcmp(finals[i], status) == 0)
            return true;
    return false;
}

/* The results are cut from the message, so that what an agent measured is not rounded on its way
 * through doubles. */
static int
fill_result(const struct mig_command *command, const char *json, size_t len,
            struct mig_collect_result *ret, struct mig_err *err)
{
    const char *raw = NULL;
    size_t raw_len = 0;

    if (!command->status || !is_final(command->status))
        return mig_err_set(err, MIG_E_INVALID,
                           "status is '%s': expected success, failed, timeout or cancelled",
                           command->status ? command->status : "");
    if (!command->agent.queueloc || !*command->agent.queueloc)
        return mig_err_set(err, MIG_E_INVALID, "command agent queueloc is empty");
    if (mig_json_raw_member(json, len, "results", &raw, &raw_len) < 0 || !command->results)
        raw = "[]", raw_len = 2;
    *ret = (struct mig_collect_result){.command = command->id,
                                       .queueloc = strdup(command->agent.queueloc),
                                       .status = strdup(command->status),
                                       .results = strndup(raw, raw_len),
                                       .finishtime = command->finishtime};
    if (!ret->queueloc || !ret->status || !ret->results) {
        result_fini(ret);
        return mig_err_errno(err, ENOMEM, "result");
    }
    mig_json_readable(ret->results);
    return 0;
}

static void
add_message(struct collect *c, const struct mig_amqp_message *message)
{
    struct mig_command *command = NULL;
    struct mig_err err = {0};
    int r = mig_command_parse(message->body, message->len, &command, &err);

    c->last_tag = message->tag;
    if (r == 0)
        r = fill_result(command, message->body, message->len, &c->results[c->count], &err);
    if (r == 0 && c->lane->config->agent_accounts &&
        strcmp(message->user, c->results[c->count].queueloc) != 0) {
        r = mig_err_set(&err, MIG_E_DENIED, "it was published by account '%s', not by its agent's",
                        message->user);
        result_fini(&c->results[c->count]);
    }
    if (r == 0) {
        c->count++;
        c->bytes += message->len;
    } else {
        c->refused++;
        mig_log(MIG_SEV_WARNING,
                "a result of %zu bytes is refused: %s (%" PRIu64 " since this lane started)",
                message->len, err.text, c->refused);
    }
    mig_command_free(command);
}

static int
store(struct collect *c, const struct mig_collect_result *results, size_t count,
      struct mig_err *err)
{
    int64_t *actions = NULL;
    size_t actions_count = 0, changed = 0;
    int r = mig_collect_store(c->db, results, count, &actions, &actions_count, &changed, err);

    if (r == 0 && changed < count)
        mig_log(MIG_SEV_INFO, "%zu of %zu results were for no open command of that agent",
                count - changed, count);
    if (r == 0)
        r = mig_collect_land(c->db, actions, actions_count, err);
    free(actions);
    return r;
}

/* Not the world's fault (a lost connection, a deadlock): something in the data. */
static bool
is_data_error(const char *sqlstate)
{
    return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0 ||
           strncmp(sqlstate, "54", 2) == 0;
}

/* One answer that the database can not take must not hold up the others. */
static int
store_batch(struct collect *c, struct mig_err *err)
{
    int r = c->count ? store(c, c->results, c->count, err) : 0;

    if (r == 0 || !is_data_error(mig_db_sqlstate(c->db)))
        return r;
    for (size_t i = 0; i < c->count; i++) {
        r = store(c, &c->results[i], 1, err);
        if (r < 0 && !is_data_error(mig_db_sqlstate(c->db)))
            return r;
        if (r < 0) {
            c->refused++;
            mig_log(MIG_SEV_WARNING, "the result of command %" PRId64 " is refused: %s",
                    c->results[i].command, err ? err->text : mig_strerror(r));
        }
    }
    return 0;
}

static int
flush(struct collect *c, struct mig_err *err)
{
    if (!c->last_tag)
        return 0;
    int r = store_batch(c, err);
    if (r == 0)
        r = mig_amqp_ack(c->amqp, c->last_tag, 1, err);
    batch_reset(c);
    c->stored_at = mig_time_monotonic_ms();
    return r;
}

static int
step(struct collect *c, struct mig_err *err)
{
    struct mig_amqp_message message;
    int r = mig_amqp_next(c->amqp, 0, MAX_BYTES, &message, err);

    if (r == 0) {
        add_message(c, &message);
        return c->count == BATCH || c->bytes >= BATCH_BYTES ? flush(c, err) : 0;
    }
    if (r == MIG_E_LIMIT) {
        c->refused++;
        mig_log(MIG_SEV_WARNING, "a result is refused: %s", err->text);
        return 0;
    }
    if (r != MIG_E_TIMEOUT)
        return r;
    int64_t wait = MIG_LANE_SAFETY_MS;
    if (c->last_tag) {
        wait = c->stored_at + GATHER_MS - mig_time_monotonic_ms();
        if (wait <= 0)
            return flush(c, err);
    }
    mig_lane_wait(c->lane, mig_amqp_fd(c->amqp), -1, wait);
    return 0;
}

int
mig_lane_collect(struct mig_lane *lane, struct mig_err *err)
{
    struct collect *c = calloc(1, sizeof(*c));
    int r = c ? mig_lane_db(lane, &c->db, err) : mig_err_errno(err, ENOMEM, "lane");

    if (r < 0)
        goto out;
    c->lane = lane;
    r = mig_lane_amqp(lane, &c->amqp, err);
    if (r == 0)
        r = mig_amqp_exchange(c->amqp, MIG_EXCHANGE_SCHEDULERS, "direct", err);
    if (r == 0)
        r = mig_amqp_queue_typed(c->amqp, MIG_QUEUE_RESULTS, MIG_EXCHANGE_SCHEDULERS,
                                 lane->config->queue_type, err);
    if (r == 0)
        r = mig_amqp_consume(c->amqp, MIG_QUEUE_RESULTS, BATCH, err);
    if (r == 0)
        mig_lane_ready(lane);
    while (r == 0 && !mig_lane_stopping(lane))
        r = step(c, err);
out:
    if (c) {
        batch_reset(c);
        mig_amqp_close(c->amqp);
        mig_db_close(c->db);
        free(c);
    }
    return r;
}
