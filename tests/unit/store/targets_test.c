/* SPDX-License-Identifier: MPL-2.0 */
/* Target expressions, meant well and otherwise. */
#include "config.h"
#include "store_test.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "store/target.h"

static void
test_targets(void **state)
{
    static const struct target_case cases[] = {
        {"true", 0, 3, NULL},
        {"status='online'", 0, 2, NULL},
        {"queueloc LIKE 'linux.%'", 0, 3, NULL},
        {"name LIKE '%host3%'", 0, 1, NULL},
        {"environment->>'isproxied' = 'true'", 0, 0, NULL},
        {"environment->>'os'='linux'", 0, 3, NULL},
        {"tags#>>'{operator}'='IT'", 0, 1, NULL},
        {"mode='daemon'", 0, 3, NULL},
        {"status = 'offline'", 0, 0, NULL},
        {"true -- everything", 0, 3, NULL},
        {"id IN (select agentid from commands, json_array_elements(commands.results) as r"
         " where actionid=7 and r#>>'{foundanything}' = 'true')",
         0, 0, NULL},
        {"id IN (select agentid from commands c join actions a on a.id = c.actionid"
         " where a.name = 'x')",
         0, 0, NULL},
    };

    (void)state;
    run_target_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

/* Of the two agents of one endpoint, the one that beat last. */
static void
test_target_tie(void **state)
{
    struct mig_err err = {0};
    int64_t *ids = NULL;
    size_t count = 0;

    (void)state;
    assert_int_equal(mig_target_expand(target, "queueloc = 'linux.a'", 400, &ids, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(ids[0], 1);
    free(ids);
}

static void
test_hostile_targets(void **state)
{
    static const struct target_case cases[] = {
        {"nonsense", MIG_E_INVALID, 0, "column \"nonsense\" does not exist"},
        {"name", MIG_E_INVALID, 0, "argument of AND must be type boolean"},
        {"true; DROP TABLE agents", MIG_E_INVALID, 0, "';' at byte 4"},
        {"true) OR (true", MIG_E_INVALID, 0, "closes nothing"},
        {"true) UNION SELECT id FROM investigators WHERE (true", MIG_E_INVALID, 0,
         "closes nothing"},
        {"true /* open", MIG_E_INVALID, 0, "does not end"},
        {"true ORDER BY id", MIG_E_INVALID, 0, "syntax error"},
        {"$1 = 1", MIG_E_INVALID, 0, "bind message supplies 0 parameters"},
        {"set_config('role', 'migscheduler', false) IS NOT NULL", MIG_E_INVALID, 0,
         "permission denied to set role"},
        {"set_config('role', 'postgres', true) IS NOT NULL", MIG_E_INVALID, 0,
         "permission denied to set role"},
        {"set_config('session_authorization', 'postgres', false) IS NOT NULL", MIG_E_INVALID, 0,
         "permission denied to set session authorization"},
        {"set_config('transaction_read_only', 'off', true) IS NOT NULL", MIG_E_INVALID, 0,
         "transaction read-write mode must be set before any query"},
        {"query_to_xml('select pgpfingerprint from investigators', true, true, '') IS NOT NULL",
         MIG_E_INVALID, 0, "permission denied"},
        {"query_to_xml('update agents set name = name returning 1', true, true, '') IS NOT NULL",
         MIG_E_INVALID, 0, "UPDATE is not allowed"},
        {"query_to_xml('set role migadmin', true, true, '') IS NOT NULL", MIG_E_INVALID, 0,
         "SET is not allowed"},
        {"database_to_xml(true, true, '') IS NOT NULL AND"
         " (select count(*) from signatures) > 0",
         MIG_E_INVALID, 0, "permission denied"},
        {"(WITH gone AS (DELETE FROM commands RETURNING 1) SELECT count(*) FROM gone) > 0",
         MIG_E_INVALID, 0, "must be at the top level"},
        {"pg_sleep(60) IS NOT NULL", MIG_E_TIMEOUT, 0,
         "action target: not evaluated within 400 ms: make it simpler"},
        {"(select count(*) from generate_series(1, 1000000000)) > 0", MIG_E_TIMEOUT, 0, "400 ms"},
        {"pg_read_file('/etc/passwd') <> ''", MIG_E_INVALID, 0, "permission denied"},
        {"pg_ls_dir('/') IS NOT NULL", MIG_E_INVALID, 0, "set-returning functions are not allowed"},
        {"lo_import('/etc/passwd') > 0", MIG_E_INVALID, 0, "permission denied"},
        {"lo_export(1, '/tmp/x') > 0", MIG_E_INVALID, 0, "permission denied"},
        {"nextval('mig_id_seq') > 0", MIG_E_INVALID, 0, "permission denied"},
        {"mig_id() > 0", MIG_E_INVALID, 0, "permission denied"},
        {"pg_reload_conf()", MIG_E_INVALID, 0, "permission denied"},
        {"dblink('', '') IS NULL", MIG_E_INVALID, 0, "does not exist"},
        {"id IN (select id from actions where operations IS NOT NULL)", MIG_E_INVALID, 0,
         "permission denied"},
        {"(select rolpassword from pg_authid limit 1) IS NULL", MIG_E_INVALID, 0,
         "permission denied"},
        {"(WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT 1 FROM r) SELECT count(*) FROM r) > 0",
         MIG_E_TIMEOUT, 0, "400 ms"},
        {"COPY agents TO '/tmp/x'", MIG_E_INVALID, 0, "syntax error"},
        {"EXISTS (SELECT pg_ls_dir('/'))", MIG_E_INVALID, 0, "permission denied"},
        {"pg_read_binary_file('/etc/passwd') IS NOT NULL", MIG_E_INVALID, 0, "permission denied"},
        {"pg_stat_file('/etc/passwd') IS NOT NULL", MIG_E_INVALID, 0, "permission denied"},
        {"pg_switch_wal() IS NOT NULL", MIG_E_INVALID, 0, "permission denied"},
        {"setval('mig_id_seq', 1) > 0", MIG_E_INVALID, 0, "permission denied"},
        {"(SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity"
         "  WHERE usename = 'migscheduler')",
         MIG_E_INVALID, 0, "must be a member of the role"},
        {"(SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE usename = 'migapi')",
         MIG_E_INVALID, 0, "must be a member of the role"},
        {"length(repeat('x', 2000000000)) > 0", MIG_E_INVALID, 0, "requested length too large"},
    };

    (void)state;
    run_target_cases(cases, sizeof(cases) / sizeof(cases[0]));
    assert_int_equal(number(admin, "SELECT count(*) FROM agents"), 5);
}

/* PostgreSQL's own limit or ours, whichever comes first on this machine. */
static void
test_huge_regex(void **state)
{
    static const char huge[] = "'x' ~ '((((a{0,255}){0,255}){0,255}){0,255})'";
    struct mig_err err = {0};
    int64_t *ids = NULL, began = mig_time_monotonic_ms();
    size_t found = 0;
    int r = mig_target_expand(target, huge, 400, &ids, &found, &err);

    (void)state;
    assert_true(mig_time_monotonic_ms() - began < 5000);
    if (r == MIG_E_TIMEOUT) {
        assert_non_null(strstr(err.text, "400 ms"));
    } else {
        assert_int_equal(r, MIG_E_INVALID);
        assert_non_null(strstr(err.text, "regular expression is too complex"));
    }
}

/* What a session could keep is gone, whatever the expression did. */
static void
test_target_leaves_nothing(void **state)
{
    static const struct target_case before[] = {
        {"set_config('statement_timeout', '0', false) IS NOT NULL", 0, 3, NULL},
        {"pg_advisory_lock(20190702, 1) IS NOT NULL", 0, 3, NULL},
        {"lo_creat(-1) > 0", 0, 3, NULL},
        {"pg_notify('mig_commands', 'x') IS NOT NULL", 0, 3, NULL},
    };
    static const struct target_case secrets[] = {
        /* What others run is not shown. */
        {"EXISTS (SELECT FROM pg_stat_activity WHERE usename <> 'migtarget' AND query <>"
         "  '<insufficient privilege>')",
         0, 0, NULL},
        /* The system has no file read through XML. */
        {"xmlparse(document '<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>')"
         "  ::text LIKE '%root:%'",
         0, 0, NULL},
    };
    static const struct target_case after[] = {
        {"pg_sleep(60) IS NOT NULL", MIG_E_TIMEOUT, 0, "400 ms"},
    };

    struct mig_db *listener = open_as("migscheduler");
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_db_listen(listener, "mig_commands", &err), 0);
    run_target_cases(before, sizeof(before) / sizeof(before[0]));
    sql(listener, "SELECT 1");
    assert_int_equal(mig_db_notified(listener, &err), 0);
    mig_db_close(listener);
    run_target_cases(secrets, sizeof(secrets) / sizeof(secrets[0]));
    run_target_cases(after, 1);
    assert_string_equal(sql(admin, "SELECT pg_try_advisory_lock(20190702, 1)"), "t");
    sql(admin, "SELECT pg_advisory_unlock(20190702, 1)");
    assert_int_equal(number(admin, "SELECT count(*) FROM pg_largeobject_metadata"), 0);
}

static void
test_target_suicide(void **state)
{
    struct mig_err err = {0};
    int64_t *ids = NULL;
    size_t count = 0;

    (void)state;
    assert_int_equal(mig_target_expand(target, "pg_terminate_backend(pg_backend_pid())", 400, &ids,
                                       &count, &err),
                     MIG_E_DATABASE);
    assert_int_equal(mig_target_expand(target, "true", 400, &ids, &count, &err), 0);
    assert_int_equal(count, 3);
    free(ids);
}

static const struct CMUnitTest tests[] = {
    FRESH(test_targets),
    FRESH(test_target_tie),
    FRESH(test_hostile_targets),
    FRESH(test_huge_regex),
    FRESH(test_target_leaves_nothing),
    FRESH(test_target_suicide),
};
STORE_TESTS(targets);
