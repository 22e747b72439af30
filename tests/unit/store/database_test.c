/* SPDX-License-Identifier: MPL-2.0 */
/* The store against a real PostgreSQL, which database.sh starts and lays: MIG_TEST_DB is a
 * connection string without a user. */
#include "config.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "base/buf.h"
#include "base/time.h"
#include "document/action.h"
#include "store/agents.h"
#include "store/api_action.h"
#include "store/api_agent.h"
#include "store/array.h"
#include "store/collect.h"
#include "store/db.h"
#include "store/dispatch.h"
#include "store/intake.h"
#include "store/investigators.h"
#include "store/target.h"

static struct mig_db *admin, *scheduler, *other, *api, *target;

static const char *
conninfo(const char *user)
{
    static char text[512];

    snprintf(text, sizeof(text), "%s user=%s", getenv("MIG_TEST_DB"), user);
    return text;
}

static struct mig_db *
open_as(const char *user)
{
    struct mig_db *db = NULL;
    struct mig_err err = {0};

    if (mig_db_open(conninfo(user), "test", &db, &err) < 0)
        fail_msg("%s", err.text);
    return db;
}

/* The first value of the first row, "" for none; valid until the next call. */
static const char *
sql(struct mig_db *db, const char *format, ...)
{
    static char value[65536];
    char text[8192];
    struct mig_err err = {0};
    PGresult *res = NULL;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (mig_db_exec(db, text, 0, NULL, &res, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    snprintf(value, sizeof(value), "%s", PQntuples(res) ? PQgetvalue(res, 0, 0) : "");
    PQclear(res);
    return value;
}

static int64_t
number(struct mig_db *db, const char *text)
{
    return mig_array_to_int(sql(db, "%s", text));
}

/* Three endpoints that are there, one of them with two agents, and one that is offline. */
static int
fresh(void **state)
{
    (void)state;
    sql(admin, "TRUNCATE commands, signatures, actions, agents, agents_stats, investigators"
               " RESTART IDENTITY CASCADE");
    sql(api,
        "INSERT INTO agents (id, name, queueloc, mode, version, pid, starttime, heartbeattime,"
        "  refreshtime, status, environment, tags) SELECT i, 'host' || i, q, 'daemon', '1', 10 + i,"
        "  now() - interval '1 h', now() - interval '1 s' * i, now(), s,"
        "  '{\"os\":\"linux\",\"isproxied\":false}', t::json"
        " FROM (VALUES (1, 'linux.a', 'online', '{\"operator\":\"IT\"}'),"
        "  (2, 'linux.a', 'online', '{}'), (3, 'linux.b', 'idle', '{}'),"
        "  (4, 'linux.c', 'online', NULL), (5, 'linux.d', 'offline', '{}')) AS v (i, q, s, t)");
    return 0;
}

static int64_t
new_action(const char *target_text, const char *from, const char *until)
{
    return mig_array_to_int(sql(
        api,
        "INSERT INTO actions (name, target, operations, validfrom, expireafter, status,"
        "  syntaxversion, pgpsignatures) VALUES ('a \"name\"', $t$%s$t$,"
        "  '[{\"module\":\"file\",\"parameters\":{\"x\":1.50}},{\"module\":\"ping\"}]',"
        "  now() + interval '%s', now() + interval '%s', 'pending', 2, '[\"sig\"]') RETURNING id",
        target_text, from, until));
}

static const char *
status_of(int64_t action)
{
    return sql(admin, "SELECT status FROM actions WHERE id = %" PRId64, action);
}

/* Takes the action in for these agents; gives how many commands. */
static int64_t
prepare(int64_t action, const int64_t *agents, size_t count)
{
    struct mig_err err = {0};
    int64_t commands = -1;

    assert_int_equal(mig_db_begin(scheduler, &err), 0);
    int r = mig_intake_prepare(scheduler, action, agents, count, &commands, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    assert_int_equal(mig_db_commit(scheduler, &err), 0);
    return commands;
}

/* ---- ids and roles ----------------------------------------------------------------------------
 */

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

/* ---- targets ----------------------------------------------------------------------------------
 */

struct target_case {
    const char *target;
    int code;
    int count;
    const char *message;
};

static void
run_target_cases(const struct target_case *cases, size_t count)
{
    int wrong = 0;

    for (size_t i = 0; i < count; i++) {
        struct mig_err err = {0};
        int64_t *ids = NULL, began = mig_time_monotonic_ms();
        size_t found = 0;
        int r = mig_target_expand(target, cases[i].target, 400, &ids, &found, &err);
        free(ids);
        bool as_expected =
            r == cases[i].code && mig_time_monotonic_ms() - began < 5000 &&
            (r == 0 ? (int)found == cases[i].count : strstr(err.text, cases[i].message) != NULL);
        print_message("# %s %s: %d, %zu agents, %s\n",
                      as_expected ? "as expected:" : "WRONG:", cases[i].target, r, found, err.text);
        wrong += !as_expected;
    }
    assert_int_equal(wrong, 0);
}

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
        {"'x' ~ '((((a{0,255}){0,255}){0,255}){0,255})'", MIG_E_TIMEOUT, 0, "400 ms"},
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
        {"length(repeat('x', 2000000000)) > 0", MIG_E_INVALID, 0, "requested length too large"},
    };

    (void)state;
    run_target_cases(cases, sizeof(cases) / sizeof(cases[0]));
    assert_int_equal(number(admin, "SELECT count(*) FROM agents"), 5);
}

/* What a session could keep is gone, whatever the expression did. */
static void
test_target_leaves_nothing(void **state)
{
    static const struct target_case before[] = {
        {"set_config('statement_timeout', '0', false) IS NOT NULL", 0, 3, NULL},
        {"pg_advisory_lock(20190702, 1) IS NOT NULL", 0, 3, NULL},
        {"lo_creat(-1) > 0", 0, 3, NULL},
    };
    static const struct target_case after[] = {
        {"pg_sleep(60) IS NOT NULL", MIG_E_TIMEOUT, 0, "400 ms"},
    };

    (void)state;
    run_target_cases(before, sizeof(before) / sizeof(before[0]));
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

/* ---- intake -----------------------------------------------------------------------------------
 */

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

/* ---- dispatch ---------------------------------------------------------------------------------
 */

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

static void
beat(const char *queueloc, int64_t pid)
{
    struct mig_store_beat row = {.name = "host",
                                 .queueloc = queueloc,
                                 .mode = "daemon",
                                 .version = "1",
                                 .pid = pid,
                                 .starttime = "2026-01-01T00:00:00Z",
                                 .refreshtime = "2026-01-01T00:00:00Z",
                                 .environment = "{}",
                                 .tags = "{}"};
    struct mig_err err = {0};

    int r = mig_store_agent_beat(api, &row, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
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

/* ---- collect ----------------------------------------------------------------------------------
 */

/* An action with one command for each of agents 1 and 3. */
static int64_t
running(int64_t commands[2])
{
    static const int64_t ids[] = {1, 3};
    int64_t action = new_action("true", "-1 min", "1 h");

    assert_int_equal(prepare(action, ids, 2), 2);
    sql(admin, "UPDATE commands SET status = 'sent', sendtime = now(), tries = 1");
    commands[0] = number(admin, "SELECT id FROM commands WHERE agentid = 1");
    commands[1] = number(admin, "SELECT id FROM commands WHERE agentid = 3");
    return action;
}

/* Stores and lands; gives how many commands changed. */
static size_t
collect(int64_t command, const char *queueloc, const char *status, const char *results)
{
    struct mig_collect_result result = {command, (char *)queueloc, (char *)status, (char *)results,
                                        mig_time_now()};
    struct mig_err err = {0};
    int64_t *actions = NULL;
    size_t count = 0, changed = 99;
    int r = mig_collect_store(scheduler, &result, 1, &actions, &count, &changed, &err);

    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    assert_int_equal(count, changed);
    assert_int_equal(mig_collect_land(scheduler, actions, count, &err), 0);
    free(actions);
    return changed;
}

static const char *
command_of(int agent)
{
    return sql(admin,
               "SELECT status || ' ' || coalesce(results::text, '-') FROM commands WHERE"
               " agentid = %d",
               agent);
}

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
    assert_int_equal(ms, 0);
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

/* ---- the rest ---------------------------------------------------------------------------------
 */

static void
test_agents_age(void **state)
{
    struct mig_err err = {0};
    size_t idle = 0, offline = 0;

    (void)state;
    sql(admin, "UPDATE agents SET heartbeattime = now() - interval '1 min' * CASE id WHEN 1 THEN 1"
               " WHEN 2 THEN 26 WHEN 3 THEN 21 ELSE 100 END");
    sql(admin, "UPDATE agents SET status = 'destroyed' WHERE id = 4");
    assert_int_equal(mig_agents_age(scheduler, 1200000, 300000, &idle, &offline, &err), 0);
    assert_int_equal(idle, 1);
    assert_int_equal(offline, 1);
    assert_string_equal(sql(admin, "SELECT string_agg(status, ' ' ORDER BY id) FROM agents"),
                        "online idle offline destroyed offline");
    assert_int_equal(mig_agents_stats(scheduler, &err), 0);
    assert_string_equal(err.text, "");
    assert_string_equal(sql(admin, "SELECT online_agents || ' ' || online_endpoints || ' ' ||"
                                   " idle_agents || ' ' || idle_endpoints || ' ' ||"
                                   " disappeared_endpoints || ' ' || multi_agents_endpoints"
                                   " FROM agents_stats"),
                        "1 1 1 0 3 0");
    assert_string_equal(sql(admin, "SELECT online_agents_by_version FROM agents_stats"),
                        "[{\"version\" : \"1\", \"count\" : 1}]");
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

/* A beat is told of when it is the first one, or the first one for a while; other channels keep
 * theirs. */
static void
test_notify_agents(void **state)
{
    static const int64_t ids[] = {1};
    struct mig_db *db = open_as("migscheduler");
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_db_listen(db, MIG_CHANNEL_COMMANDS, &err), 0);
    assert_int_equal(mig_db_listen(db, MIG_CHANNEL_AGENTS, &err), 0);
    for (int i = 0; i < 2; i++) { /* new, then known */
        beat("linux.n", 1);
        sql(db, "SELECT 1");
        assert_int_equal(mig_db_notified_on(db, MIG_CHANNEL_AGENTS, &err), i == 0);
        assert_int_equal(mig_db_notified_on(db, MIG_CHANNEL_AGENTS, &err), 0);
    }
    for (int i = 0; i < 3; i++) {
        static const char *const statuses[] = {"idle", "offline", "destroyed"};
        sql(admin, "UPDATE agents SET status = '%s' WHERE queueloc = 'linux.n'", statuses[i]);
        beat("linux.n", 1);
        sql(db, "SELECT 1");
        assert_int_equal(mig_db_notified_on(db, MIG_CHANNEL_AGENTS, &err), i < 2);
    }
    beat("linux.n", 2);
    prepare(new_action("true", "-1 min", "1 h"), ids, 1);
    sql(db, "SELECT 1");
    assert_int_equal(mig_db_notified_on(db, MIG_CHANNEL_AGENTS, &err), 1);
    assert_int_equal(mig_db_notified(db, &err), 1);
    assert_int_equal(mig_db_notified(db, &err), 0);
    mig_db_close(db);
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

static int
open_all(void **state)
{
    struct mig_err err = {0};

    (void)state;
    admin = open_as("postgres");
    scheduler = open_as("migscheduler");
    other = open_as("migscheduler");
    api = open_as("migapi");
    if (mig_target_open(conninfo("migtarget"), &target, &err) < 0)
        fail_msg("%s", err.text);
    return 0;
}

static int
close_all(void **state)
{
    (void)state;
    mig_db_close(admin);
    mig_db_close(scheduler);
    mig_db_close(other);
    mig_db_close(api);
    mig_db_close(target);
    return 0;
}

#define FRESH(test) cmocka_unit_test_setup(test, fresh)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        FRESH(test_ids),
        FRESH(test_roles),
        FRESH(test_target_role_checked),
        FRESH(test_targets),
        FRESH(test_target_tie),
        FRESH(test_hostile_targets),
        FRESH(test_target_leaves_nothing),
        FRESH(test_target_suicide),
        FRESH(test_claim),
        FRESH(test_due),
        FRESH(test_expired_while_pending),
        FRESH(test_prepare),
        FRESH(test_dispatch),
        FRESH(test_dispatch_crash),
        FRESH(test_dispatch_again),
        FRESH(test_dispatch_restarted),
        FRESH(test_dispatch_action),
        FRESH(test_collect),
        FRESH(test_collect_batch),
        FRESH(test_collect_nul),
        FRESH(test_expire),
        FRESH(test_cancel),
        FRESH(test_cancel_pending),
        FRESH(test_sweep),
        FRESH(test_agents_age),
        FRESH(test_investigators),
        FRESH(test_bulk),
        FRESH(test_notify),
        FRESH(test_notify_agents),
        FRESH(test_one_statement),
    };

    if (!getenv("MIG_TEST_DB")) {
        puts("1..0 # SKIP started by database.sh, which sets MIG_TEST_DB");
        return 0;
    }
    return cmocka_run_group_tests_name("store database", tests, open_all, close_all);
}
