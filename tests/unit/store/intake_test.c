/* SPDX-License-Identifier: MPL-2.0 */
/* Actions on their way in. */
#include "config.h"
#include "store_test.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/intake.h"
#include "store/target.h"

static void
test_claim(void **state)
{
    struct mig_intake_action mine = {0}, its = {0};
    struct mig_err err = {0};
    int64_t early = new_action("true", "1 h", "2 h");
    int64_t now = new_action("name = 'x'", "-1 min", "1 h");

    (void)state;
    assert_int_equal(mig_db_begin(scheduler, &err), 0);
    assert_int_equal(mig_intake_claim(scheduler, &mine, &err), 1);
    assert_int_equal(mine.id, now);
    assert_string_equal(mine.name, "a \"name\"");
    assert_string_equal(mine.target, "name = 'x'");
    /* Another scheduler does not get it, and does not wait. */
    assert_int_equal(mig_db_begin(other, &err), 0);
    assert_int_equal(mig_intake_claim(other, &its, &err), 0);
    mig_db_rollback(other);
    assert_int_equal(mig_intake_invalid(scheduler, now, "because", &err), 0);
    assert_int_equal(mig_db_commit(scheduler, &err), 0);
    mig_intake_action_fini(&mine);
    assert_string_equal(status_of(now), "invalid");
    assert_string_equal(sql(admin, "SELECT statusreason FROM actions WHERE id = %" PRId64, now),
                        "because");
    assert_string_equal(status_of(early), "pending");
}

static void
test_due(void **state)
{
    struct mig_err err = {0};
    int64_t ms = -1;

    (void)state;
    assert_int_equal(mig_intake_due(scheduler, 15000, &ms, &err), 0);
    assert_int_equal(ms, 15000);
    new_action("true", "5 s", "1 h");
    assert_int_equal(mig_intake_due(scheduler, 15000, &ms, &err), 0);
    assert_in_range(ms, 3000, 5001);
    new_action("true", "-5 s", "2 s");
    assert_int_equal(mig_intake_due(scheduler, 15000, &ms, &err), 0);
    assert_in_range(ms, 100, 2001);
    new_action("true", "-5 s", "-2 s");
    assert_int_equal(mig_intake_due(scheduler, 15000, &ms, &err), 0);
    assert_int_equal(ms, 0);
}

static void
test_expired_while_pending(void **state)
{
    struct mig_err err = {0};
    int64_t count = 0, action = new_action("true", "-2 h", "-1 h");

    (void)state;
    assert_int_equal(mig_intake_expire(scheduler, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_string_equal(status_of(action), "invalid");
    assert_string_equal(sql(admin, "SELECT statusreason FROM actions"),
                        "action expireafter is in the past");
}

/* The ids are not trusted: an agent that is offline, and the second agent of an endpoint, get
 * nothing. */
static void
test_prepare(void **state)
{
    static const int64_t ids[] = {1, 2, 3, 5, 77};
    static const int64_t offline[] = {5};
    int64_t action = new_action("true", "-1 min", "1 h");

    (void)state;
    assert_int_equal(prepare(action, offline, 1), 0);
    assert_string_equal(status_of(action), "pending");
    assert_int_equal(prepare(action, ids, 5), 2);
    assert_string_equal(status_of(action), "preparing");
    assert_string_equal(
        sql(admin, "SELECT string_agg(agentid || status, ' ' ORDER BY agentid) FROM commands"),
        "1pending 3pending");
}

static void
test_bulk(void **state)
{
    struct mig_err err = {0};
    int64_t *ids = NULL, action = new_action("true", "-1 min", "1 h");
    size_t count = 0;

    (void)state;
    sql(admin,
        "INSERT INTO agents (name, queueloc, mode, version, pid, starttime, heartbeattime,"
        " refreshtime, status) SELECT 'b' || i, 'bulk.' || i, 'daemon', '1', 1, now(), now(),"
        " now(), 'online' FROM generate_series(1, 20000) i");
    int64_t began = mig_time_monotonic_ms();
    assert_int_equal(mig_target_expand(target, "name LIKE 'b%'", 2000, &ids, &count, &err), 0);
    assert_int_equal(count, 20000);
    assert_int_equal(prepare(action, ids, count), 20000);
    print_message("# 20000 commands prepared in %" PRId64 " ms\n", mig_time_monotonic_ms() - began);
    assert_int_equal(number(admin, "SELECT count(DISTINCT id) FROM commands"), 20000);
    free(ids);
}

static void
test_notify(void **state)
{
    static const int64_t ids[] = {1};
    struct mig_db *db = open_as("migscheduler");
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_db_listen(db, MIG_CHANNEL_COMMANDS, &err), 0);
    assert_int_equal(mig_db_notified(db, &err), 0);
    prepare(new_action("true", "-1 min", "1 h"), ids, 1);
    sql(db, "SELECT 1"); /* a round trip: what was committed before is delivered */
    assert_int_equal(mig_db_notified(db, &err), 1);
    assert_int_equal(mig_db_notified(db, &err), 0);
    /* A connection made anew may have missed something. */
    sql(admin,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE query LIKE 'SELECT 1%%' AND pid <> pg_backend_pid() AND usename = 'migscheduler'");
    assert_int_equal(mig_db_exec(db, "SELECT 2", 0, NULL, NULL, &err), MIG_E_DATABASE);
    assert_int_equal(mig_db_check(db, &err), 0);
    assert_int_equal(mig_db_notified(db, &err), 1);
    assert_int_equal(mig_db_notified(db, &err), 0);
    mig_db_close(db);
}

static const struct CMUnitTest tests[] = {
    FRESH(test_claim),   FRESH(test_due),  FRESH(test_expired_while_pending),
    FRESH(test_prepare), FRESH(test_bulk), FRESH(test_notify),
};
STORE_TESTS(intake);
