/* SPDX-License-Identifier: MPL-2.0 */
/* The running mig-scheduler between a real PostgreSQL and a real RabbitMQ, which lanes.sh starts.
 * This program plays the API, which stores actions, and the agents, which answer commands. */
#include "config.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <libpq-fe.h>
#include <poll.h>

#include "base/buf.h"
#include "base/time.h"
#include "document/command.h"
#include "store/api_agent.h"
#include "store/array.h"
#include "store/db.h"
#include "transport/amqp.h"

#define LIMIT_MS 20000
#define MAX_MESSAGE (1u << 20)

static struct mig_db *db;
static struct mig_amqp *amqp;

static const char *
sql(const char *format, ...)
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

static void
pause_ms(int ms)
{
    (void)poll(NULL, 0, ms);
}

/* Until the query gives that value. */
static void
wait_sql(const char *expected, const char *query)
{
    int64_t until = mig_time_monotonic_ms() + LIMIT_MS;
    const char *value;

    while (strcmp(value = sql("%s", query), expected) != 0) {
        if (mig_time_monotonic_ms() > until)
            fail_msg("%s: expected %s, is %s", query, expected, value);
        pause_ms(2);
    }
}

static void
add_agent(const char *queueloc)
{
    sql("INSERT INTO agents (name, queueloc, mode, version, pid, starttime, heartbeattime, "
        "refreshtime,"
        " status, environment, tags) VALUES ('host', '%s', 'daemon', '1', 1, now(), now(), now(),"
        " 'online', '{\"os\":\"linux\"}', '{}')",
        queueloc);
}

static int64_t
add_action(const char *target, const char *from, const char *until)
{
    int64_t id = mig_array_to_int(
        sql("INSERT INTO actions (name, target, operations, validfrom, expireafter, status,"
            " syntaxversion, pgpsignatures) VALUES ('a', $t$%s$t$, '[{\"module\":\"file\","
            "\"parameters\":{\"x\":1.50}}]', now() + interval '%s', now() + interval '%s', "
            "'pending', 2,"
            " '[\"sig\"]') RETURNING id",
            target, from, until));
    sql("NOTIFY mig_actions");
    return id;
}

static void
open_queue(const char *queueloc)
{
    struct mig_err err = {0};
    char queue[128];

    snprintf(queue, sizeof(queue), "mig.agt.%s", queueloc);
    assert_int_equal(mig_amqp_exchange(amqp, "toagents", "direct", &err), 0);
    assert_int_equal(mig_amqp_queue(amqp, queue, "toagents", &err), 0);
    assert_int_equal(mig_amqp_consume(amqp, queue, 100, &err), 0);
}

static struct mig_command *
receive(void)
{
    struct mig_amqp_message message;
    struct mig_command *command = NULL;
    struct mig_err err = {0};

    if (mig_amqp_next(amqp, LIMIT_MS, MAX_MESSAGE, &message, &err) < 0)
        fail_msg("no command came: %s", err.text);
    int r = mig_command_parse(message.body, message.len, &command, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    assert_int_equal(mig_amqp_ack(amqp, message.tag, 0, &err), 0);
    return command;
}

static void
no_fate(void *context, uint64_t cookie, enum mig_amqp_fate fate)
{
    (void)cookie;
    *(int *)context = (int)fate;
}

static void
send_text(const char *text, size_t len)
{
    struct mig_err err = {0};
    int fate = -1;

    assert_int_equal(mig_amqp_publish(amqp, "toschedulers", "mig.agt.results", text, len,
                                      MIG_AMQP_PERSISTENT | MIG_AMQP_MANDATORY, 0, 0, &err),
                     0);
    assert_int_equal(mig_amqp_flush(amqp, LIMIT_MS, no_fate, &fate, &err), 0);
    assert_int_equal(fate, MIG_AMQP_CONFIRMED);
}

static void
answer(struct mig_command *command, const char *status, const char *results)
{
    struct mig_buf json = MIG_BUF_INIT;

    json_object_put(command->results);
    command->results = json_tokener_parse(results);
    free(command->status);
    command->status = strdup(status);
    command->finishtime = mig_time_now();
    assert_int_equal(mig_command_json(command, &json), 0);
    send_text(json.data, json.len);
    mig_buf_fini(&json);
}

static const char result_true[] = "[{\"foundanything\":true,\"success\":true,\"elements\":{},"
                                  "\"statistics\":{},\"errors\":null}]";

static void
test_round(void **state)
{
    int64_t took[20], action;

    (void)state;
    add_agent("round");
    open_queue("round");
    for (size_t i = 0; i < 20; i++) {
        int64_t began = mig_time_monotonic_ms();
        action = add_action("queueloc = 'round'", "-1 min", "1 h");
        struct mig_command *command = receive();
        assert_int_equal(command->action->id, action);
        assert_string_equal(command->agent.queueloc, "round");
        assert_string_equal(command->action->operations[0].parameters, "{\"x\":1.5}");
        assert_string_equal(command->status, "sent");
        answer(command, "success", result_true);
        mig_command_free(command);
        wait_sql("completed", "SELECT status FROM actions ORDER BY id DESC LIMIT 1");
        took[i] = mig_time_monotonic_ms() - began;
    }
    for (size_t i = 0; i < 20; i++)
        for (size_t j = i + 1; j < 20; j++)
            if (took[j] < took[i]) {
                int64_t swap = took[i];
                took[i] = took[j];
                took[j] = swap;
            }
    print_message("# action stored -> completed: median %" PRId64 " ms, worst %" PRId64 " ms\n",
                  took[10], took[19]);
    assert_true(took[10] < 300);
    assert_string_equal(sql("SELECT status FROM commands ORDER BY id DESC LIMIT 1"), "success");
    assert_string_equal(sql("SELECT results FROM commands ORDER BY id DESC LIMIT 1"), result_true);
}

static void
test_no_agent(void **state)
{
    (void)state;
    add_action("queueloc = 'nowhere'", "-1 min", "1 h");
    wait_sql("invalid no agent that is online or idle matches the target",
             "SELECT status || ' ' || statusreason FROM actions ORDER BY id DESC LIMIT 1");
}

static void
test_bad_target(void **state)
{
    (void)state;
    add_action("pg_terminate_backend(pg_backend_pid())", "-1 min", "1 h");
    wait_sql(
        "invalid action target: the connection to the database broke twice while it was evaluated",
        "SELECT status || ' ' || coalesce(statusreason, '') FROM actions ORDER BY id DESC LIMIT 1");
    add_action("nonsense", "-1 min", "1 h");
    wait_sql(
        "invalid action target: database: column \"nonsense\" does not exist, SQLSTATE 42703",
        "SELECT status || ' ' || coalesce(statusreason, '') FROM actions ORDER BY id DESC LIMIT 1");
}

static void
test_not_yet_valid(void **state)
{
    int64_t began = mig_time_monotonic_ms();

    (void)state;
    add_action("queueloc = 'round'", "1500 ms", "1 h");
    struct mig_command *command = receive();
    assert_in_range(mig_time_monotonic_ms() - began, 1200, 4000);
    answer(command, "failed", "[]");
    mig_command_free(command);
    wait_sql("completed", "SELECT status FROM actions ORDER BY id DESC LIMIT 1");
    assert_string_equal(sql("SELECT status FROM commands ORDER BY id DESC LIMIT 1"), "failed");
}

static void
test_expires(void **state)
{
    (void)state;
    add_action("queueloc = 'round'", "-1 min", "1 s");
    struct mig_command *command = receive();
    wait_sql("completed", "SELECT status FROM actions ORDER BY id DESC LIMIT 1");
    assert_string_equal(sql("SELECT status FROM commands ORDER BY id DESC LIMIT 1"), "expired");
    answer(command, "success", result_true);
    mig_command_free(command);
}

/* An agent whose queue is not there yet gets the command once it is. */
static void
test_unroutable(void **state)
{
    (void)state;
    add_agent("late");
    add_action("queueloc = 'late'", "-1 min", "1 h");
    wait_sql("inflight", "SELECT status FROM actions ORDER BY id DESC LIMIT 1");
    wait_sql("pending", "SELECT status FROM commands WHERE tries >= 1 ORDER BY id DESC LIMIT 1");
    open_queue("late");
    struct mig_command *command = receive();
    assert_string_equal(command->agent.queueloc, "late");
    answer(command, "success", "[]");
    mig_command_free(command);
    wait_sql("completed", "SELECT status FROM actions ORDER BY id DESC LIMIT 1");
}

/* The broker has lost the command with the agent; the agent that is started there gets it at once.
 */
static void
test_restarted(void **state)
{
    struct mig_store_beat beat = {.name = "host",
                                  .queueloc = "again",
                                  .mode = "daemon",
                                  .version = "1",
                                  .pid = 2,
                                  .starttime = "2026-01-01T00:00:00Z",
                                  .refreshtime = "2026-01-01T00:00:00Z",
                                  .environment = "{}",
                                  .tags = "{}"};
    struct mig_err err = {0};

    (void)state;
    add_agent("again");
    open_queue("again");
    add_action("queueloc = 'again'", "-1 min", "1 h");
    mig_command_free(receive());
    wait_sql("sent", "SELECT status FROM commands ORDER BY id DESC LIMIT 1");
    int64_t began = mig_time_monotonic_ms();
    assert_int_equal(mig_store_agent_beat(db, &beat, &err), 0);
    struct mig_command *command = receive();
    assert_in_range(mig_time_monotonic_ms() - began, 0, 5000);
    assert_string_equal(command->agent.queueloc, "again");
    answer(command, "success", "[]");
    mig_command_free(command);
    wait_sql("completed", "SELECT status FROM actions ORDER BY id DESC LIMIT 1");
}

/* What is no answer is dropped and does not hold up the answers behind it. */
static void
test_malformed(void **state)
{
    static const char *const bad[] = {"",        "{", "[]", "{\"id\":1}", "{\"id\":1,\"id\":2}",
                                      "\xff\xfe"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        send_text(bad[i], strlen(bad[i]));
    add_action("queueloc = 'round'", "-1 min", "1 h");
    struct mig_command *command = receive();
    answer(command, "sent", "[]"); /* not a final status */
    answer(command, "success",
           "[{\"foundanything\":true,\"success\":true,\"elements\":\"a\\u0000b\","
           "\"statistics\":{},\"errors\":null}]");
    answer(command, "failed", "[]");
    mig_command_free(command);
    wait_sql("completed", "SELECT status FROM actions ORDER BY id DESC LIMIT 1");
    assert_string_equal(sql("SELECT status || (results#>>'{0,elements}') FROM commands"
                            " ORDER BY id DESC LIMIT 1"),
                        "successa\xef\xbf\xbd"
                        "b");
}

/* All connections to the database break; nothing is lost. */
static void
test_database_lost(void **state)
{
    (void)state;
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name LIKE 'mig-scheduler%%'");
    add_action("queueloc = 'round'", "-1 min", "1 h");
    struct mig_command *command = receive();
    answer(command, "success", "[]");
    mig_command_free(command);
    wait_sql("completed", "SELECT status FROM actions ORDER BY id DESC LIMIT 1");
}

static void
test_many(void **state)
{
    struct mig_command *command;

    (void)state;
    sql("INSERT INTO agents (name, queueloc, mode, version, pid, starttime, heartbeattime, "
        "refreshtime,"
        " status) SELECT 'many', 'many.' || i, 'daemon', '1', 1, now(), now(), now(), 'online'"
        " FROM generate_series(1, 100) i");
    for (int i = 1; i <= 100; i++) {
        char queueloc[32];
        snprintf(queueloc, sizeof(queueloc), "many.%d", i);
        open_queue(queueloc);
    }
    int64_t began = mig_time_monotonic_ms();
    add_action("name = 'many'", "-1 min", "1 h");
    for (int i = 0; i < 100; i++) {
        command = receive();
        answer(command, "success", "[]");
        mig_command_free(command);
    }
    wait_sql("completed", "SELECT status FROM actions ORDER BY id DESC LIMIT 1");
    print_message("# 100 agents: %" PRId64 " ms\n", mig_time_monotonic_ms() - began);
    assert_string_equal(sql("SELECT count(*) FROM commands WHERE status = 'success' AND actionid ="
                            " (SELECT max(id) FROM actions)"),
                        "100");
}

static int
open_all(void **state)
{
    struct mig_amqp_options options = {.uri = getenv("MIG_TEST_AMQP"), .client_name = "test"};
    struct mig_err err = {0};

    (void)state;
    if (mig_db_open(getenv("MIG_TEST_DB"), "test", &db, &err) < 0 ||
        mig_amqp_open(&options, &amqp, &err) < 0)
        fail_msg("%s", err.text);
    /* The scheduler is there when it consumes answers; before, they would have no queue. */
    wait_sql("7",
             "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'mig-scheduler%'");
    assert_int_equal(mig_amqp_exchange(amqp, "toschedulers", "direct", &err), 0);
    assert_int_equal(mig_amqp_queue(amqp, "mig.agt.results", "toschedulers", &err), 0);
    return 0;
}

static int
close_all(void **state)
{
    (void)state;
    mig_db_close(db);
    mig_amqp_close(amqp);
    return 0;
}

/* An agent of old publishes its record; one that breaks a rule holds up no other. */
static void
test_legacy_heartbeat(void **state)
{
    char now[MIG_TIME_TEXT], beat[1024];
    struct mig_err err = {0};

    (void)state;
    mig_time_format(mig_time_now(), now);
    snprintf(
        beat, sizeof(beat),
        "{\"name\":\"old\",\"queueloc\":\"linux.legacy\",\"mode\":\"daemon\",\"version\":\"2019\","
        "\"pid\":4711,\"starttime\":\"%s\",\"heartbeatts\":\"%s\",\"refreshts\":\"%s\","
        "\"environment\":{\"os\":\"linux\"},\"tags\":{\"a\":\"b\"}}",
        now, now, now);
    wait_sql("t", "SELECT true");
    assert_int_equal(mig_amqp_queue(amqp, MIG_QUEUE_HEARTBEATS, MIG_EXCHANGE_SCHEDULERS, &err), 0);
    assert_int_equal(mig_amqp_publish(amqp, MIG_EXCHANGE_SCHEDULERS, MIG_QUEUE_HEARTBEATS, "{", 1,
                                      0, 0, 1, &err),
                     0);
    assert_int_equal(mig_amqp_publish(amqp, MIG_EXCHANGE_SCHEDULERS, MIG_QUEUE_HEARTBEATS, beat,
                                      strlen(beat), 0, 0, 2, &err),
                     0);
    assert_int_equal(mig_amqp_flush(amqp, LIMIT_MS, NULL, NULL, &err), 0);
    wait_sql("old online linux b", "SELECT coalesce((SELECT name || ' ' || status || ' ' ||"
                                   " (environment->>'os') || ' ' || (tags->>'a') FROM agents"
                                   " WHERE queueloc = 'linux.legacy' AND pid = 4711), '')");
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),         cmocka_unit_test(test_no_agent),
        cmocka_unit_test(test_bad_target),    cmocka_unit_test(test_not_yet_valid),
        cmocka_unit_test(test_expires),       cmocka_unit_test(test_unroutable),
        cmocka_unit_test(test_restarted),     cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_database_lost), cmocka_unit_test(test_legacy_heartbeat),
        cmocka_unit_test(test_many),
    };

    if (!getenv("MIG_TEST_DB")) {
        puts("1..0 # SKIP started by lanes.sh, which sets MIG_TEST_DB and MIG_TEST_AMQP");
        return 0;
    }
    return cmocka_run_group_tests_name("scheduler lanes", tests, open_all, close_all);
}
