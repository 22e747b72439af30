/* SPDX-License-Identifier: MPL-2.0 */
/* What the broker lets each account do that mig-admin has made. broker.sh starts the broker and
 * gives MIG_TEST_SCHEDULER, MIG_TEST_AGENT (the account of every agent), MIG_TEST_ALICE and
 * MIG_TEST_BOB (an account of one agent each): addresses. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <cmocka.h>

#include "transport/amqp.h"

#define ALICE "mig.agt.linux.alice"
#define BOB "mig.agt.linux.bob"
#define WAIT_MS 20000

static struct mig_amqp *
open_as(const char *variable)
{
    const struct mig_amqp_options options = {.uri = getenv(variable), .client_name = "test"};
    struct mig_amqp *amqp = NULL;
    struct mig_err err = {0};

    if (mig_amqp_open(&options, &amqp, &err) < 0)
        fail_msg("%s: %s", variable, err.text);
    return amqp;
}

struct last {
    unsigned count[3];
};

static void
count_fate(void *context, uint64_t cookie, enum mig_amqp_fate fate)
{
    struct last *last = context;

    (void)cookie;
    last->count[fate]++;
}

/* Publishes one message; gives what mig_amqp_flush() does. */
static int
publish(struct mig_amqp *amqp, const char *exchange, const char *key, struct last *last,
        struct mig_err *err)
{
    int r = mig_amqp_publish(amqp, exchange, key, "x", 1, MIG_AMQP_MANDATORY, 0, 7, err);

    return r < 0 ? r : mig_amqp_flush(amqp, WAIT_MS, count_fate, last, err);
}

static int
declare_both(void **state)
{
    struct mig_err err = {0};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct mig_amqp *amqp = open_as(i ? "MIG_TEST_BOB" : "MIG_TEST_ALICE");
        /* The account may not bind, which was done for it: no error. */
        if (mig_amqp_queue(amqp, i ? BOB : ALICE, MIG_EXCHANGE_AGENTS, &err) < 0)
            fail_msg("%s", err.text);
        mig_amqp_close(amqp);
    }
    return 0;
}

/* A command arrives at the agent it is for, and only there. */
static void
test_command(void **state)
{
    struct mig_amqp *scheduler = open_as("MIG_TEST_SCHEDULER"), *alice = open_as("MIG_TEST_ALICE"),
                    *bob = open_as("MIG_TEST_BOB");
    struct mig_amqp_message message;
    struct last last = {{0}};
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_amqp_queue(alice, ALICE, MIG_EXCHANGE_AGENTS, &err), 0);
    assert_int_equal(mig_amqp_consume(alice, ALICE, 10, &err), 0);
    assert_int_equal(mig_amqp_consume(bob, BOB, 10, &err), 0);
    assert_int_equal(publish(scheduler, MIG_EXCHANGE_AGENTS, ALICE, &last, &err), 0);
    assert_int_equal(last.count[MIG_AMQP_CONFIRMED], 1);
    assert_int_equal(mig_amqp_next(alice, WAIT_MS, 100, &message, &err), 0);
    assert_string_equal(message.user, "scheduler");
    assert_int_equal(mig_amqp_ack(alice, message.tag, 0, &err), 0);
    assert_int_equal(mig_amqp_next(bob, 200, 100, &message, &err), MIG_E_TIMEOUT);
    assert_int_equal(publish(scheduler, MIG_EXCHANGE_AGENTS, "mig.agt.nobody", &last, &err), 0);
    assert_int_equal(last.count[MIG_AMQP_RETURNED], 1);
    mig_amqp_close(scheduler);
    mig_amqp_close(alice);
    mig_amqp_close(bob);
}

/* An answer says by the broker's word who has published it. */
static void
test_answer(void **state)
{
    struct mig_amqp *scheduler = open_as("MIG_TEST_SCHEDULER"), *bob = open_as("MIG_TEST_BOB");
    struct mig_amqp_message message;
    struct last last = {{0}};
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_amqp_queue(scheduler, MIG_QUEUE_RESULTS, MIG_EXCHANGE_SCHEDULERS, &err),
                     0);
    assert_int_equal(mig_amqp_consume(scheduler, MIG_QUEUE_RESULTS, 10, &err), 0);
    assert_int_equal(publish(bob, MIG_EXCHANGE_SCHEDULERS, MIG_QUEUE_RESULTS, &last, &err), 0);
    assert_int_equal(last.count[MIG_AMQP_CONFIRMED], 1);
    assert_int_equal(mig_amqp_next(scheduler, WAIT_MS, 100, &message, &err), 0);
    assert_string_equal(message.user, "linux.bob");
    assert_int_equal(mig_amqp_ack(scheduler, message.tag, 0, &err), 0);
    mig_amqp_close(scheduler);
    mig_amqp_close(bob);
}

static void
expect_refused(int r, const char *what, struct mig_amqp *amqp, const struct mig_err *err)
{
    print_message("# %s: %s\n", what, r < 0 ? err->text : "ALLOWED");
    assert_int_equal(r, MIG_E_DENIED);
    assert_non_null(strstr(err->text, "403 ACCESS_REFUSED"));
    mig_amqp_close(amqp);
}

#define REFUSED(account, call)                                                                     \
    do {                                                                                           \
        struct mig_amqp *a = open_as(account);                                                     \
        struct mig_err err = {0};                                                                  \
        int r = (call);                                                                            \
        expect_refused(r, account " " #call, a, &err);                                             \
    } while (0)

/* What an endpoint might try that was taken over. */
static void
test_attacks(void **state)
{
    struct last last = {{0}};
    int gone = 0;

    (void)state;
    REFUSED("MIG_TEST_BOB", mig_amqp_consume(a, ALICE, 1, &err));
    REFUSED("MIG_TEST_BOB", mig_amqp_queue(a, ALICE, MIG_EXCHANGE_AGENTS, &err));
    REFUSED("MIG_TEST_BOB", mig_amqp_queue(a, "mig.agt.linux.bob2", MIG_EXCHANGE_AGENTS, &err));
    REFUSED("MIG_TEST_BOB", mig_amqp_queue(a, "mig.agt.linuxxbob", MIG_EXCHANGE_AGENTS, &err));
    REFUSED("MIG_TEST_BOB", mig_amqp_queue_delete(a, ALICE, &gone, &err));
    REFUSED("MIG_TEST_BOB", mig_amqp_consume(a, MIG_QUEUE_RESULTS, 1, &err));
    REFUSED("MIG_TEST_BOB", mig_amqp_queue_delete(a, MIG_QUEUE_RESULTS, &gone, &err));
    REFUSED("MIG_TEST_BOB", publish(a, MIG_EXCHANGE_AGENTS, ALICE, &last, &err));
    REFUSED("MIG_TEST_BOB", publish(a, "", ALICE, &last, &err));
    REFUSED("MIG_TEST_BOB", mig_amqp_exchange(a, "toagents2", "direct", &err));
    REFUSED("MIG_TEST_AGENT", mig_amqp_consume(a, MIG_QUEUE_RESULTS, 1, &err));
    REFUSED("MIG_TEST_AGENT", publish(a, MIG_EXCHANGE_AGENTS, ALICE, &last, &err));
    REFUSED("MIG_TEST_SCHEDULER", mig_amqp_consume(a, ALICE, 1, &err));
    assert_int_equal(last.count[MIG_AMQP_CONFIRMED], 0);
}

/* ---- what mig_amqp has no call for ---- */

static amqp_connection_state_t
raw_open(const char *variable)
{
    char *uri = strdup(getenv(variable));
    struct amqp_connection_info info;
    amqp_connection_state_t conn = amqp_new_connection();

    amqp_default_connection_info(&info);
    assert_int_equal(amqp_parse_url(uri, &info), AMQP_STATUS_OK);
    amqp_socket_t *socket = amqp_tcp_socket_new(conn);
    assert_int_equal(amqp_socket_open(socket, info.host, info.port), AMQP_STATUS_OK);
    assert_int_equal(
        amqp_login(conn, info.vhost, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, info.user, info.password)
            .reply_type,
        AMQP_RESPONSE_NORMAL);
    amqp_channel_open(conn, 1);
    assert_int_equal(amqp_get_rpc_reply(conn).reply_type, AMQP_RESPONSE_NORMAL);
    free(uri);
    return conn;
}

static int
raw_refusal(amqp_connection_state_t conn)
{
    amqp_rpc_reply_t reply = amqp_get_rpc_reply(conn);

    assert_int_equal(reply.reply_type, AMQP_RESPONSE_SERVER_EXCEPTION);
    assert_int_equal(reply.reply.id, AMQP_CHANNEL_CLOSE_METHOD);
    int code = ((amqp_channel_close_t *)reply.reply.decoded)->reply_code;
    amqp_destroy_connection(conn);
    return code;
}

/* The commands of another, copied to one's own queue: the reason why no agent may bind. */
static void
test_bind_another(void **state)
{
    amqp_connection_state_t conn = raw_open("MIG_TEST_BOB");

    (void)state;
    amqp_queue_bind(conn, 1, amqp_cstring_bytes(BOB), amqp_cstring_bytes(MIG_EXCHANGE_AGENTS),
                    amqp_cstring_bytes(ALICE), amqp_empty_table);
    assert_int_equal(raw_refusal(conn), 403);
}

static void
test_purge_another(void **state)
{
    amqp_connection_state_t conn = raw_open("MIG_TEST_BOB");

    (void)state;
    amqp_queue_purge(conn, 1, amqp_cstring_bytes(ALICE));
    assert_int_equal(raw_refusal(conn), 403);
}

/* An answer in another's name. */
static void
test_impersonate(void **state)
{
    amqp_connection_state_t conn = raw_open("MIG_TEST_BOB");
    amqp_basic_properties_t p = {._flags = AMQP_BASIC_USER_ID_FLAG,
                                 .user_id = amqp_cstring_bytes("linux.alice")};
    struct timeval wait = {WAIT_MS / 1000, 0};
    amqp_frame_t frame;

    (void)state;
    amqp_basic_publish(conn, 1, amqp_cstring_bytes(MIG_EXCHANGE_SCHEDULERS),
                       amqp_cstring_bytes(MIG_QUEUE_RESULTS), 0, 0, &p, amqp_cstring_bytes("x"));
    assert_int_equal(amqp_simple_wait_frame_noblock(conn, &frame, &wait), AMQP_STATUS_OK);
    assert_int_equal(frame.payload.method.id, AMQP_CHANNEL_CLOSE_METHOD);
    assert_int_equal(((amqp_channel_close_t *)frame.payload.method.decoded)->reply_code, 406);
    amqp_destroy_connection(conn);
}

/* ---- the transport ---- */

static void
test_delete(void **state)
{
    struct mig_amqp *scheduler = open_as("MIG_TEST_SCHEDULER"), *alice = open_as("MIG_TEST_ALICE");
    struct mig_amqp_message message;
    struct last last = {{0}};
    struct mig_err err = {0};
    int gone = 99;

    (void)state;
    assert_int_equal(mig_amqp_queue_delete(scheduler, "mig.agt.linux.never", &gone, &err), 0);
    assert_int_equal(gone, 1);
    /* Something is in it. */
    assert_int_equal(publish(scheduler, MIG_EXCHANGE_AGENTS, ALICE, &last, &err), 0);
    assert_int_equal(mig_amqp_queue_delete(scheduler, ALICE, &gone, &err), 0);
    assert_int_equal(gone, 0);
    /* Somebody consumes it. */
    assert_int_equal(mig_amqp_consume(alice, ALICE, 1, &err), 0);
    assert_int_equal(mig_amqp_next(alice, WAIT_MS, 100, &message, &err), 0);
    assert_int_equal(mig_amqp_ack(alice, message.tag, 0, &err), 0);
    assert_int_equal(mig_amqp_queue_delete(scheduler, ALICE, &gone, &err), 0);
    assert_int_equal(gone, 0);
    mig_amqp_close(alice);
    /* The broker notices the end of the consumer in its own time. */
    for (int i = 0; i < 1000 && !gone; i++)
        assert_int_equal(mig_amqp_queue_delete(scheduler, ALICE, &gone, &err), 0);
    assert_int_equal(gone, 1);
    /* The channel was closed several times: confirms still are told apart. */
    assert_int_equal(publish(scheduler, MIG_EXCHANGE_AGENTS, ALICE, &last, &err), 0);
    assert_int_equal(last.count[MIG_AMQP_CONFIRMED], 1);
    assert_int_equal(last.count[MIG_AMQP_RETURNED], 1);
    mig_amqp_close(scheduler);
}

static void
test_quorum(void **state)
{
    struct mig_amqp *amqp = open_as("MIG_TEST_SCHEDULER");
    struct last last = {{0}};
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_amqp_queue_typed(amqp, "mig.agt.q", MIG_EXCHANGE_AGENTS, "quorum", &err),
                     0);
    assert_int_equal(mig_amqp_queue_typed(amqp, "mig.agt.q", MIG_EXCHANGE_AGENTS, "quorum", &err),
                     0);
    assert_int_equal(publish(amqp, MIG_EXCHANGE_AGENTS, "mig.agt.q", &last, &err), 0);
    assert_int_equal(last.count[MIG_AMQP_CONFIRMED], 1);
    assert_int_equal(mig_amqp_queue_typed(amqp, "mig.agt.q", MIG_EXCHANGE_AGENTS, "classic", &err),
                     MIG_E_CONFIG);
    assert_non_null(strstr(err.text, "queue mig.agt.q is there and not of the type classic: stop "
                                     "what publishes to it, let it run empty, delete it"));
    mig_amqp_close(amqp);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command),       cmocka_unit_test(test_answer),
        cmocka_unit_test(test_attacks),       cmocka_unit_test(test_bind_another),
        cmocka_unit_test(test_purge_another), cmocka_unit_test(test_impersonate),
        cmocka_unit_test(test_quorum),        cmocka_unit_test(test_delete),
    };

    if (!getenv("MIG_TEST_BOB")) {
        puts("1..0 # SKIP started by broker.sh, which sets MIG_TEST_BOB");
        return 0;
    }
    return cmocka_run_group_tests_name("broker accounts", tests, declare_both, NULL);
}
