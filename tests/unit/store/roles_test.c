/* SPDX-License-Identifier: MPL-2.0 */
/* Ids, what each role may do, investigators, and what a connection promises. */
#include "config.h"
#include "store_test.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/investigators.h"
#include "store/target.h"

static void
test_ids(void **state)
{
    (void)state;
    assert_int_equal(
        number(admin, "SELECT count(DISTINCT mig_id()) FROM generate_series(1, 100000)"), 100000);
    int64_t one = number(scheduler, "SELECT mig_id()"), two = number(api, "SELECT mig_id()"),
            three = number(scheduler, "SELECT mig_id()");
    assert_true(one < two && two < three && three < INT64_C(1) << 53);
    /* Seconds since 1367258400 are in the upper bits; at most two seconds ahead after the above. */
    int64_t seconds = (three >> 16) + 1367258400 - mig_time_now().sec;
    assert_in_range(seconds + 10, 8, 14);
}

static void
expect_denied(struct mig_db *db, const char *text)
{
    struct mig_err err = {0};

    assert_int_equal(mig_db_exec(db, text, 0, NULL, NULL, &err), MIG_E_DATABASE);
    print_message("# %s: %s\n", text, err.text);
    assert_string_equal(mig_db_sqlstate(db), "42501");
}

static void
test_roles(void **state)
{
    (void)state;
    expect_denied(scheduler, "SELECT publickey FROM investigators");
    expect_denied(scheduler, "SELECT apikey FROM investigators");
    expect_denied(scheduler, "DELETE FROM commands");
    expect_denied(scheduler, "CREATE TABLE x (i int)");
    expect_denied(scheduler, "SET ROLE migadmin");
    expect_denied(api, "UPDATE actions SET status = 'completed'");
    expect_denied(api, "UPDATE commands SET status = 'success'");
    expect_denied(api, "UPDATE investigators SET pgpfingerprint = 'X'");
    expect_denied(api, "CREATE TEMP TABLE x (i int)");
    expect_denied(target, "SELECT operations FROM actions");
    expect_denied(target, "SELECT pgpsignatures FROM actions");
    expect_denied(target, "SELECT 1 FROM investigators");
    expect_denied(target, "SET ROLE migscheduler");
    expect_denied(target, "SELECT mig_id()");
}

static void
test_target_role_checked(void **state)
{
    struct mig_db *db = NULL;
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_target_open(conninfo("postgres"), &db, &err), MIG_E_CONFIG);
    assert_string_equal(err.text, "the role for target expressions is a superuser: log in as "
                                  "migtarget, which has migreadonly's grants and no other");
    assert_int_equal(mig_target_open(conninfo("migscheduler"), &db, &err), MIG_E_CONFIG);
    assert_non_null(strstr(err.text, "may write table"));
    assert_null(db);
}

static void
test_investigators(void **state)
{
    struct mig_err err = {0};
    int64_t id = 0;

    (void)state;
    assert_int_equal(mig_investigators_add(admin, "Ann", "AAAA", "key", 3, 63, &id, &err), 0);
    assert_int_equal(id, 1);
    assert_int_equal(mig_investigators_add(admin, "Ann", "AAAA", "key", 3, 63, &id, &err),
                     MIG_E_INVALID);
    assert_string_equal(err.text, "an investigator with the key AAAA is there already");
    assert_int_equal(mig_investigators_set_status(admin, "Ann", "disabled", &err), 0);
    assert_string_equal(
        sql(admin, "SELECT status || encode(publickey, 'escape') FROM investigators"),
        "disabledkey");
    assert_int_equal(mig_investigators_set_status(admin, "aaaa", "active", &err), 0);
    assert_int_equal(mig_investigators_set_status(admin, "Bob", "active", &err), MIG_E_NOT_FOUND);
    assert_string_equal(err.text,
                        "investigator 'Bob': expected the id, the fingerprint or the unique "
                        "name of one: see `mig-admin investigator list`");
}

static void
test_one_statement(void **state)
{
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_db_exec(admin, "SELECT 1; SELECT 2", 0, NULL, NULL, &err), MIG_E_DATABASE);
    assert_string_equal(
        err.text,
        "database: cannot insert multiple commands into a prepared statement, SQLSTATE 42601");
    /* A transaction in error does not pass for committed. */
    assert_int_equal(mig_db_begin(admin, &err), 0);
    assert_int_equal(mig_db_exec(admin, "SELECT 1/0", 0, NULL, NULL, &err), MIG_E_DATABASE);
    assert_int_equal(mig_db_commit(admin, &err), MIG_E_DATABASE);
    assert_string_equal(err.text, "database: the transaction was rolled back");
}

static const struct CMUnitTest tests[] = {
    FRESH(test_ids),           FRESH(test_roles),         FRESH(test_target_role_checked),
    FRESH(test_investigators), FRESH(test_one_statement),
};
STORE_TESTS(roles);
