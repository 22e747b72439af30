/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store_test.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "store/api_agent.h"
#include "store/collect.h"
#include "store/intake.h"
#include "store/target.h"

struct mig_db *admin, *scheduler, *other, *api, *target;

const char *
conninfo(const char *user)
{
    static char text[512];

    snprintf(text, sizeof(text), "%s user=%s", getenv("MIG_TEST_DB"), user);
    return text;
}

struct mig_db *
open_as(const char *user)
{
    struct mig_db *db = NULL;
    struct mig_err err = {0};

    if (mig_db_open(conninfo(user), "test", &db, &err) < 0)
        fail_msg("%s", err.text);
    return db;
}

const char *
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

int64_t
number(struct mig_db *db, const char *text)
{
    return mig_array_to_int(sql(db, "%s", text));
}

int
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

int64_t
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

const char *
status_of(int64_t action)
{
    return sql(admin, "SELECT status FROM actions WHERE id = %" PRId64, action);
}

int64_t
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

void
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

void
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

int64_t
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

size_t
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

const char *
command_of(int agent)
{
    return sql(admin,
               "SELECT status || ' ' || coalesce(results::text, '-') FROM commands WHERE"
               " agentid = %d",
               agent);
}

int
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

int
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
