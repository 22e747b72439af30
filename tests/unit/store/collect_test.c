/* SPDX-License-Identifier: MPL-2.0 */
/* Answers on their way in, and the ends of actions. */
#include "config.h"
#include "store_test.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/api_action.h"
#include "store/collect.h"
#include "store/dispatch.h"
#include "store/intake.h"

static void
test_collect(void **state)
{
    int64_t commands[2], action = running(commands);

    (void)state;
    assert_int_equal(collect(commands[0], "linux.a", "success", "[{\"n\": 12345678901234567890}]"),
                     1);
    assert_string_equal(command_of(1), "success [{\"n\": 12345678901234567890}]");
    assert_string_equal(status_of(action), "preparing");
    /* Again, and otherwise: nothing changes. */
    assert_int_equal(collect(commands[0], "linux.a", "success", "[1]"), 0);
    assert_int_equal(collect(commands[0], "linux.a", "failed", "[2]"), 0);
    assert_string_equal(command_of(1), "success [{\"n\": 12345678901234567890}]");
    /* Another agent can not answer for this one; an unknown command is nobody's. */
    assert_int_equal(collect(commands[1], "linux.a", "success", "[3]"), 0);
    assert_int_equal(collect(12345, "linux.a", "success", "[3]"), 0);
    assert_string_equal(command_of(3), "sent -");
    assert_int_equal(collect(commands[1], "linux.b", "timeout", "[]"), 1);
    assert_string_equal(status_of(action), "completed");
    assert_string_equal(sql(admin, "SELECT finishtime IS NOT NULL FROM actions"), "t");
    assert_string_equal(
        sql(admin, "SELECT bool_and(finishtime BETWEEN starttime AND now()) FROM commands"), "t");
}

static void
test_collect_batch(void **state)
{
    int64_t commands[2], action = running(commands), *actions = NULL;
    struct mig_time future = {INT64_C(4102444800), 0};
    struct mig_collect_result results[] = {
        {commands[0], "linux.a", "success", "[1]", future},
        {commands[0], "linux.a", "success", "[1]", {0, 0}},
        {commands[1], "linux.b", "failed", "[\"a\\\"b\\\\\"]", {0, 0}},
    };
    struct mig_err err = {0};
    size_t count = 0, changed = 0;

    (void)state;
    assert_int_equal(mig_collect_store(scheduler, results, 3, &actions, &count, &changed, &err), 0);
    assert_int_equal(changed, 2);
    assert_int_equal(count, 1);
    assert_int_equal(actions[0], action);
    free(actions);
    assert_string_equal(command_of(3), "failed [\"a\\\"b\\\\\"]");
    assert_string_equal(
        sql(admin, "SELECT bool_and(finishtime BETWEEN starttime AND now()) FROM commands"), "t");
}

/* A NUL in an answer must not break the targets that look into answers. */
static void
test_collect_nul(void **state)
{
    static const struct target_case cases[] = {
        {"id IN (select agentid from commands, json_array_elements(commands.results) as r"
         " where r#>>'{foundanything}' = 'true')",
         0, 1, NULL},
    };
    int64_t commands[2];
    char json[] = "[{\"foundanything\":true,\"elements\":\"a\\u0000b\\ud800\"}]";

    (void)state;
    running(commands);
    mig_json_readable(json);
    assert_int_equal(collect(commands[0], "linux.a", "success", json), 1);
    run_target_cases(cases, 1);
}

static void
test_expire(void **state)
{
    int64_t commands[2], action = running(commands), ms = -1;
    struct mig_err err = {0};
    size_t count = 99, cancelled = 99;

    (void)state;
    assert_int_equal(collect(commands[0], "linux.a", "success", "[]"), 1);
    assert_int_equal(mig_collect_expire(scheduler, 100, &count, &cancelled, &err), 0);
    assert_int_equal(count, 0);
    assert_int_equal(mig_collect_due(scheduler, 15000, &ms, &err), 0);
    assert_int_equal(ms, 15000);
    sql(admin, "UPDATE actions SET expireafter = now() + interval '3 s'");
    assert_int_equal(mig_collect_due(scheduler, 15000, &ms, &err), 0);
    assert_in_range(ms, 1000, 3001);
    sql(admin, "UPDATE actions SET expireafter = now()");
    assert_int_equal(mig_collect_expire(scheduler, 100, &count, &cancelled, &err), 0);
    assert_int_equal(count, 1);
    assert_string_equal(command_of(1), "success []");
    assert_string_equal(command_of(3), "expired -");
    assert_string_equal(status_of(action), "completed");
    /* Too late. */
    assert_int_equal(collect(commands[1], "linux.b", "success", "[]"), 0);
    assert_string_equal(command_of(3), "expired -");
}

/* The API marks; what is not sent becomes cancelled, what is sent is still answered. */
static void
test_cancel(void **state)
{
    int64_t commands[2], action = running(commands), ms = -1;
    struct mig_dispatch_batch batch = {0};
    size_t expired = 99, cancelled = 99;
    enum mig_store_cancel outcome;
    struct mig_err err = {0};

    (void)state;
    sql(admin, "UPDATE commands SET status = 'pending' WHERE agentid = 3");
    assert_int_equal(mig_store_action_cancel(api, 42, 0, &outcome, &err), 0);
    assert_int_equal(outcome, MIG_STORE_CANCEL_UNKNOWN);
    assert_int_equal(mig_store_action_cancel(api, action, 0, &outcome, &err), 0);
    assert_int_equal(outcome, MIG_STORE_CANCEL_DONE);
    assert_int_equal(mig_collect_due(scheduler, 15000, &ms, &err), 0);
    assert_in_range(ms, 0, 1); /* it is rounded up */
    sql(admin, "UPDATE agents SET heartbeattime = now() + interval '1 h'");
    assert_int_equal(mig_dispatch_claim(scheduler, MIG_DISPATCH_AGAIN, 10, &batch, &err), 0);
    assert_int_equal(batch.count, 0);
    mig_dispatch_batch_fini(&batch);
    assert_int_equal(mig_collect_expire(scheduler, 100, &expired, &cancelled, &err), 0);
    assert_int_equal(expired, 0);
    assert_int_equal(cancelled, 1);
    assert_string_equal(command_of(3), "cancelled -");
    assert_string_equal(status_of(action), "preparing");
    assert_int_equal(collect(commands[0], "linux.a", "success", "[]"), 1);
    assert_string_equal(status_of(action), "completed");
    assert_int_equal(mig_store_action_cancel(api, action, 0, &outcome, &err), 0);
    assert_int_equal(outcome, MIG_STORE_CANCEL_OVER);
}

static void
test_cancel_pending(void **state)
{
    int64_t action = new_action("true", "1 h", "2 h"), count = 0;
    enum mig_store_cancel outcome;
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_store_action_cancel(api, action, 0, &outcome, &err), 0);
    assert_int_equal(outcome, MIG_STORE_CANCEL_DONE);
    assert_int_equal(mig_intake_expire(scheduler, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_string_equal(sql(admin, "SELECT status || ' ' || statusreason FROM actions"),
                        "invalid action was cancelled by nobody");
}

/* A crash after the commit of the last answer leaves the action open; the sweep lands it. */
static void
test_sweep(void **state)
{
    int64_t commands[2], action = running(commands);
    struct mig_err err = {0};
    size_t count = 0, cancelled = 0;

    (void)state;
    sql(admin, "UPDATE commands SET status = 'success'");
    assert_int_equal(mig_collect_expire(scheduler, 100, &count, &cancelled, &err), 0);
    assert_string_equal(status_of(action), "completed");
}

static const struct CMUnitTest tests[] = {
    FRESH(test_collect), FRESH(test_collect_batch),  FRESH(test_collect_nul), FRESH(test_expire),
    FRESH(test_cancel),  FRESH(test_cancel_pending), FRESH(test_sweep),
};
STORE_TESTS(collect);
