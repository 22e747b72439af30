/* SPDX-License-Identifier: MPL-2.0 */
/* Commands on their way out. */
#include "config.h"
#include "store_test.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "document/action.h"
#include "store/dispatch.h"
#include "store/intake.h"

static void
claim(struct mig_db *db, enum mig_dispatch_which which, struct mig_dispatch_batch *batch)
{
    struct mig_err err = {0};

    assert_int_equal(mig_db_begin(db, &err), 0);
    int r = mig_dispatch_claim(db, which, 100, batch, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
}

static void
test_dispatch(void **state)
{
    static const int64_t ids[] = {1, 3};
    struct mig_dispatch_batch batch = {0}, none = {0};
    struct mig_err err = {0};
    int64_t action = new_action("true", "-1 min", "1 h");

    (void)state;
    prepare(action, ids, 2);
    claim(scheduler, MIG_DISPATCH_FRESH, &batch);
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.commands[0].action, action);
    assert_string_equal(batch.commands[0].queueloc, "linux.a");
    assert_in_range(batch.commands[0].ttl_ms, 3590000, 3600000);
    assert_non_null(strstr(batch.commands[0].agent, "\"name\" : \"host1\""));
    claim(other, MIG_DISPATCH_FRESH, &none);
    assert_int_equal(none.count, 0);
    mig_dispatch_batch_fini(&none);
    mig_db_rollback(other);

    assert_int_equal(
        mig_dispatch_done(scheduler, &batch.commands[0].id, 1, &batch.commands[1].id, 1, &err), 0);
    assert_int_equal(mig_db_commit(scheduler, &err), 0);
    assert_int_equal(mig_dispatch_inflight(scheduler, &action, 1, &err), 0);
    assert_string_equal(status_of(action), "inflight");
    assert_string_equal(
        sql(admin, "SELECT string_agg(status || tries, ' ' ORDER BY agentid) FROM commands"),
        "sent1 pending1");
    mig_dispatch_batch_fini(&batch);
}

/* What dies with its connection is pending again. */
static void
test_dispatch_crash(void **state)
{
    static const int64_t ids[] = {1};
    struct mig_dispatch_batch batch = {0};
    struct mig_db *db = open_as("migscheduler");
    int64_t action = new_action("true", "-1 min", "1 h");

    (void)state;
    prepare(action, ids, 1);
    claim(db, MIG_DISPATCH_FRESH, &batch);
    assert_int_equal(batch.count, 1);
    mig_dispatch_batch_fini(&batch);
    mig_db_close(db);
    /* The server may need a moment to notice: wait for the row's lock to be gone. */
    sql(admin, "UPDATE commands SET tries = tries WHERE actionid = %" PRId64, action);
    claim(scheduler, MIG_DISPATCH_FRESH, &batch);
    assert_int_equal(batch.count, 1);
    mig_dispatch_batch_fini(&batch);
    mig_db_rollback(scheduler);
}

static size_t
count_again(void)
{
    struct mig_dispatch_batch batch = {0};

    claim(scheduler, MIG_DISPATCH_AGAIN, &batch);
    size_t count = batch.count;
    mig_dispatch_batch_fini(&batch);
    mig_db_rollback(scheduler);
    return count;
}

static void
test_dispatch_again(void **state)
{
    static const int64_t ids[] = {1, 3};
    int64_t action = new_action("true", "-1 min", "1 h");

    (void)state;
    prepare(action, ids, 2);
    assert_int_equal(count_again(), 0);
    sql(admin, "UPDATE commands SET sendtime = now(), tries = 3, status ="
               " CASE agentid WHEN 1 THEN 'sent' ELSE 'pending' END");
    assert_int_equal(count_again(), 0);
    /* Not delivered, and the back-off of 4 s is over. */
    sql(admin, "UPDATE commands SET sendtime = now() - interval '5 s'");
    assert_int_equal(count_again(), 1);
    /* Not delivered, and the agent has beaten since. */
    sql(admin, "UPDATE commands SET sendtime = now() - interval '1 s'");
    assert_int_equal(count_again(), 0);
    sql(admin, "UPDATE agents SET heartbeattime = now()");
    assert_int_equal(count_again(), 1);
    /* Sent, not answered, and the agent has beaten 4 min after. */
    sql(admin, "UPDATE commands SET sendtime = now() - interval '5 min'");
    assert_int_equal(count_again(), 2);
    sql(admin, "UPDATE commands SET status = 'success'");
    assert_int_equal(count_again(), 0);
}

/* Another process at the queue location takes over what the first one was sent. */
static void
test_dispatch_restarted(void **state)
{
    static const int64_t ids[] = {1, 3};
    int64_t action = new_action("true", "-1 min", "1 h");

    (void)state;
    prepare(action, ids, 2);
    sql(admin, "UPDATE agents SET heartbeattime = now() - interval '1 h'");
    sql(admin, "UPDATE commands SET status = 'sent', tries = 1, sendtime = now() - interval '5 s'");
    assert_int_equal(count_again(), 0);
    beat("linux.b", 13); /* the process that was sent it: a minute after at the earliest */
    assert_int_equal(count_again(), 0);
    beat("linux.c", 500);
    assert_int_equal(count_again(), 0);
    beat("linux.a", 500);
    assert_int_equal(count_again(), 1);
    /* At once for one time; then after 2 min, 4 min … of any of its beats. */
    sql(admin, "UPDATE commands SET tries = 2, sendtime = now() - interval '119 s'");
    assert_int_equal(count_again(), 0);
    sql(admin, "UPDATE commands SET sendtime = now() - interval '121 s' WHERE agentid = 1");
    assert_int_equal(count_again(), 1);
    sql(admin, "UPDATE commands SET status = 'pending', sendtime = now()");
    assert_int_equal(count_again(), 0);
    beat("linux.a", 501);
    assert_int_equal(count_again(), 1);
}

/* The action that goes out has the signed text of the one that came in. */
static void
test_dispatch_action(void **state)
{
    struct mig_buf json = MIG_BUF_INIT, text = MIG_BUF_INIT;
    struct mig_action *action = NULL;
    struct mig_err err = {0};
    size_t operations = 0;
    int64_t id = new_action("true", "-1 min", "1 h");

    (void)state;
    assert_int_equal(mig_dispatch_action(scheduler, id, &json, &operations, &err), 0);
    assert_int_equal(operations, 2);
    int r = mig_action_parse(json.data, json.len, &action, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    assert_int_equal(action->id, id);
    assert_string_equal(action->name, "a \"name\"");
    assert_string_equal(action->operations[0].parameters, "{\"x\":1.5}");
    assert_string_equal(action->signatures[0], "sig");
    assert_int_equal(action->syntaxversion, 2);
    mig_action_free(action);
    mig_buf_fini(&json);
    mig_buf_fini(&text);
    assert_int_equal(mig_dispatch_action(scheduler, 7, &json, &operations, &err), MIG_E_NOT_FOUND);
    assert_string_equal(err.text, "action 7 is not in the database");
}

static const struct CMUnitTest tests[] = {
    FRESH(test_dispatch),           FRESH(test_dispatch_crash),  FRESH(test_dispatch_again),
    FRESH(test_dispatch_restarted), FRESH(test_dispatch_action),
};
STORE_TESTS(dispatch);
