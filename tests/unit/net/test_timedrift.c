/* SPDX-License-Identifier: MPL-2.0 */
/* The timedrift plugin: its parameters with the host mock, and the bytes that it takes. What it
 * says of real servers is tested in a worker, by timedrift.sh. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mig/mock_host.h>

#include "timedrift.h"
#include "tree.h"

static const struct mig_plugin *timedrift;
static struct mig_mock *mock;

static void
refuses(const char *parameters, const char *message)
{
    assert_int_equal(mig_mock_validate(mock, timedrift, parameters), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock), message);
    assert_int_equal(mig_mock_run(mock, timedrift, parameters), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock), message);
}

static void
parameters_are_refused(void **state)
{
    (void)state;
    refuses("[]", "parameters must be a JSON object, not array");
    refuses("{\"Drift\":\"5m\"}", "unknown parameter 'Drift', expected drift and servers");
    refuses("{\"drift\":5}", "parameter 'drift' must be a string, not int");
    refuses("{\"drift\":\"5\"}", "drift '5' is not a duration of 0 or more: 5m, 1.5s, 250ms");
    refuses("{\"drift\":\"-5m\"}", "drift '-5m' is not a duration of 0 or more: 5m, 1.5s, 250ms");
    refuses("{\"drift\":\"99999999h\"}",
            "drift '99999999h' is not a duration of 0 or more: 5m, 1.5s, 250ms");
    refuses("{\"servers\":\"a\"}", "parameter 'servers' must be an array of strings, not string");
    refuses("{\"servers\":[\"a b\"]}",
            "'a b' is not a server: host, host:port or [address]:port expected");
    refuses("{\"servers\":[\"a:0\"]}",
            "'a:0' is not a server: host, host:port or [address]:port expected");
    refuses("{\"servers\":[\"[::1]x\"]}",
            "'[::1]x' is not a server: host, host:port or [address]:port expected");
    refuses("{\"servers\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
            "\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
            "\"\",\"\"]}",
            "parameter 'servers' takes up to 32 servers, 33 given");
    assert_int_equal(mig_mock_validate(mock, timedrift, "{\"drift\":\"\"}"), 0);
    assert_int_equal(mig_mock_validate(mock, timedrift, "{\"drift\":\"1h2m3.5s\"}"), 0);
}

static void
the_local_time_is_told(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Kolkata", 1);
    assert_int_equal(mig_mock_run(mock, timedrift, "{\"drift\":\"\"}"), 0);
    assert_non_null(strstr(mig_mock_elements(mock), "+05:30\""));
    assert_non_null(strstr(mig_mock_elements(mock), "\"clock\":{\"synchronized\":"));
    assert_non_null(strstr(mig_mock_elements(mock), "\"hascheckeddrift\":false"));
    assert_null(strstr(mig_mock_elements(mock), "iswithindrift"));
    assert_int_equal(mig_mock_found(mock), 1);
    assert_null(mig_mock_undeclared(mock, timedrift));
    unsetenv("TZ");
}

static void
texts_are_those_of_go(void **state)
{
    static const struct {
        const char *text;
        int64_t nanoseconds;
    } durations[] = {
        {"0", 0},           {"1h30m", 5400000000000}, {"1.5s", 1500000000}, {"250ms", 250000000},
        {"3us", 3000},      {"3\xc2\xb5s", 3000},     {"+.5ms", 500000},    {"7ns", 7},
        {"1.s", 1000000000}};
    static const char *const wrong[] = {"", "1", "s", ".s", "1d", "1 s", "1s ", "-1s", "1e3s"};
    char text[TIMEDRIFT_TIME_SIZE];
    int64_t found;

    (void)state;
    for (size_t i = 0; i < MIG_COUNT(durations); i++) {
        assert_true(timedrift_parse_duration(durations[i].text, &found));
        assert_int_equal(found, durations[i].nanoseconds);
    }
    for (size_t i = 0; i < MIG_COUNT(wrong); i++)
        assert_false(timedrift_parse_duration(wrong[i], &found));
    timedrift_time_text(1000000000120000000, false, text);
    assert_string_equal(text, "2001-09-09T01:46:40.12Z");
    timedrift_time_text(-1, false, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999999Z");
    timedrift_duration_text(-1500000000, text);
    assert_string_equal(text, "-1.5s");
}

/* ---- packets ---- */

static const uint8_t cookie[8] = {1, 2, 3, 4, 5, 6, 7, 8};

/* A good reply: received 2026-01-01T00:00:00.5Z, sent a quarter of a second later. */
static void
good_reply(uint8_t packet[TIMEDRIFT_NTP_SIZE])
{
    memset(packet, 0, TIMEDRIFT_NTP_SIZE);
    packet[0] = 4 << 3 | 4;
    packet[1] = 2;
    memcpy(packet + 24, cookie, 8);
    memcpy(packet + 32, "\xed\x00\x37\x80\x80\x00\x00\x00", 8);
    memcpy(packet + 40, "\xed\x00\x37\x80\xc0\x00\x00\x00", 8);
}

static void
good_replies_are_taken(void **state)
{
    uint8_t packet[TIMEDRIFT_NTP_SIZE];
    struct timedrift_reply reply;
    char reason[TIMEDRIFT_REASON_SIZE];

    (void)state;
    good_reply(packet);
    assert_int_equal(timedrift_ntp_take(packet, sizeof(packet), cookie, &reply, reason), 0);
    assert_int_equal(reply.received, 1767225600500000000);
    assert_int_equal(reply.sent, 1767225600750000000);
    assert_int_equal(reply.stratum, 2);
    assert_false(reply.stop);
    /* The next era, and a fraction of 0. */
    memcpy(packet + 32, "\x00\x00\x00\x01\x00\x00\x00\x00", 8);
    memcpy(packet + 40, "\x00\x00\x00\x02\x00\x00\x00\x00", 8);
    assert_int_equal(timedrift_ntp_take(packet, sizeof(packet), cookie, &reply, reason), 0);
    assert_int_equal(reply.received, 2085978497000000000);
    assert_int_equal(reply.sent, 2085978498000000000);
}

static void
others_are_not_ours(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {{24, 9}, {31, 9}, {0, 4 << 3 | 3}, {0, 2 << 3 | 4}, {0, 5 << 3 | 4}};
    uint8_t packet[TIMEDRIFT_NTP_SIZE];
    struct timedrift_reply reply;
    char reason[TIMEDRIFT_REASON_SIZE];

    (void)state;
    good_reply(packet);
    assert_int_equal(timedrift_ntp_take(packet, 47, cookie, &reply, reason), -EAGAIN);
    for (size_t i = 0; i < MIG_COUNT(cases); i++) {
        good_reply(packet);
        packet[cases[i].at] = cases[i].value;
        assert_int_equal(timedrift_ntp_take(packet, sizeof(packet), cookie, &reply, reason),
                         -EAGAIN);
    }
}

static void
bad_replies_say_why(void **state)
{
    static const struct {
        size_t at;
        size_t length;
        const char *bytes;
        const char *reason;
    } cases[] = {
        {1, 1, "\0", "kiss-o'-death ....: the server refuses us"},
        {1, 15, "\0\0\0\0\0\0\0\0\0\0\0RATE", "kiss-o'-death RATE: the server refuses us"},
        {0, 1, "\xe4", "the server says that it is not synchronized (leap 3, stratum 2)"},
        {1, 1, "\x10", "the server says that it is not synchronized (leap 0, stratum 16)"},
        {1, 1, "\xff", "the server says that it is not synchronized (leap 0, stratum 255)"},
        {4, 4, "\0\x20\0\0", "the server says that it may be wrong by 16 seconds or more"},
        {8, 4, "\0\x10\0\0", "the server says that it may be wrong by 16 seconds or more"},
        {4, 8, "\xff\xff\xff\xff\xff\xff\xff\xff",
         "the server says that it may be wrong by 16 seconds or more"},
        {32, 8, "\0\0\0\0\0\0\0\0", "the server's reply holds no time"},
        {40, 8, "\0\0\0\0\0\0\0\0", "the server's reply holds no time"},
        {40, 1, "\xec", "the server says that it replied before it was asked"},
    };

    (void)state;
    for (size_t i = 0; i < MIG_COUNT(cases); i++) {
        uint8_t packet[TIMEDRIFT_NTP_SIZE];
        struct timedrift_reply reply = {.stop = false};
        char reason[TIMEDRIFT_REASON_SIZE];
        good_reply(packet);
        memcpy(packet + cases[i].at, cases[i].bytes, cases[i].length);
        assert_int_equal(timedrift_ntp_take(packet, sizeof(packet), cookie, &reply, reason),
                         -EPROTO);
        assert_string_equal(reason, cases[i].reason);
        assert_int_equal(reply.stop, strncmp(reason, "kiss", 4) == 0);
    }
}

static void
requests_tell_nothing(void **state)
{
    uint8_t packet[TIMEDRIFT_NTP_SIZE], expected[TIMEDRIFT_NTP_SIZE] = {0x23};

    (void)state;
    memcpy(expected + 40, cookie, 8);
    timedrift_ntp_make(cookie, packet);
    assert_memory_equal(packet, expected, sizeof(expected));
}

/* ---- configuration ---- */

static const char *root;

static void
found_servers(const char *expected)
{
    struct timedrift_servers servers = {.count = 0};
    char text[1024] = "";

    timedrift_servers_read(mig_mock_host(mock), root, &servers);
    for (size_t i = 0; i < servers.count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s:%u ", servers.list[i].name,
                 servers.list[i].port);
    assert_string_equal(text, expected);
}

static void
servers_of_the_host(void **state)
{
    struct timedrift_servers servers = {.count = 0};

    (void)state;
    root = tree_make();
    found_servers("");
    tree_text("etc/systemd/timesyncd.conf",
              "[Time]\n#NTP=commented\nNTP=\nFallbackNTP=f1 f2\nRootDistanceMaxSec=5\n");
    found_servers("f1:123 f2:123 ");
    tree_text("etc/systemd/timesyncd.conf.d/b.conf", "[Time]\nNTP=t1 t2\n");
    tree_text("run/systemd/timesyncd.conf.d/b.conf", "[Time]\nNTP=hidden\n");
    tree_text("run/systemd/timesyncd.conf.d/a.conf", "[Time]\nNTP=t0\n");
    found_servers("t0:123 t1:123 t2:123 ");
    tree_text("etc/ntp.conf", "# server no\nserver -4 n1 iburst\npool n2\nserver 127.127.1.0\n"
                              "includefile /etc/ntp.more\nrestrict default\n");
    tree_text("etc/ntp.more", "peer n3\nincludefile /etc/ntp.conf\n");
    found_servers("n1:123 n2:123 n3:123 t0:123 t1:123 t2:123 ");
    tree_text("etc/chrony/chrony.conf",
              "! no\n# no\n; no\n% no\nserver c1 port 1123 iburst\nPOOL c2\nserver c1 port 1123\n"
              "confdir /etc/chrony/conf.d /etc/chrony/other.d\nsourcedir /run/chrony-dhcp\n"
              "include /etc/chrony/extra*\ncmdport 0\n");
    tree_text("etc/chrony/conf.d/20.conf", "server c4\n");
    tree_text("etc/chrony/conf.d/10.conf", "server c3\n");
    tree_text("etc/chrony/other.d/20.conf", "server hidden\n");
    tree_text("run/chrony-dhcp/eth0.sources", "server c5\nmakestep 1 1\n");
    tree_text("etc/chrony/extra1", "include /etc/chrony/chrony.conf\nserver c6\n");
    found_servers("c1:1123 c2:123 c3:123 c4:123 c5:123 c6:123 n1:123 n2:123 n3:123 t0:123 t1:123 "
                  "t2:123 ");
    timedrift_servers_read(mig_mock_host(mock), root, &servers);
    assert_true(servers.chrony);
    assert_int_equal(servers.chrony_port, 0);
    tree_remove();
}

/* ---- printing ---- */

static void
results_are_printed_as_the_original_does(void **state)
{
    static const char result[] =
        "{\"foundanything\":true,\"success\":true,\"elements\":{\"hascheckeddrift\":true,"
        "\"drifts\":[\"Local time is behind ntp host h by 1h0m0s\"],\"localtime\":"
        "\"2026-01-01T00:00:00Z\",\"clock\":{\"synchronized\":true,\"offset\":\"-3\xc2\xb5s\","
        "\"maxerror\":\"1ms\"},\"chrony\":{\"synchronized\":false,\"reference\":\"\",\"offset\":"
        "\"0s\"}},\"statistics\":{\"exectime\":\"1s\",\"ntpstats\":[{\"host\":\"g\",\"reachable\":"
        "false},{\"host\":\"h\",\"time\":\"T\",\"latency\":\"5ms\",\"drift\":\"-1h0m0s\","
        "\"reachable\":true}]},\"errors\":[\"oh\"]}";
#define FIRST                                                                                      \
    "local time is 2026-01-01T00:00:00Z\nlocal time is out of sync from NTP servers\n"             \
    "Local time is behind ntp host h by 1h0m0s\n"                                                  \
    "clock is synchronized, offset -3\xc2\xb5s, off by at most 1ms\n"                              \
    "chrony is not synchronized, offset 0s\n"

    (void)state;
    assert_int_equal(mig_mock_print(mock, timedrift, result, MIG_PRINT_FOUND_ONLY), 0);
    assert_string_equal(mig_mock_output(mock), FIRST);
    assert_int_equal(mig_mock_print(mock, timedrift, result, 0), 0);
    assert_string_equal(mig_mock_output(mock),
                        FIRST "error: oh\nstat: execution time was 1s\nstat: g was unreachable\n"
                              "stat: h responded in 5ms with time T. local time drifts by -1h0m0s\n"
                              "timedrift module has succeeded\n");
    assert_int_equal(mig_mock_print(mock, timedrift,
                                    "{\"elements\":{\"hascheckeddrift\":true,\"iswithindrift\":"
                                    "true,\"localtime\":\"T\"}}",
                                    MIG_PRINT_FOUND_ONLY),
                     0);
    assert_string_equal(mig_mock_output(mock),
                        "local time is T\n"
                        "local time is within acceptable drift from NTP servers\n");
}

static int
setup(void **state)
{
    const char *build = getenv("top_builddir");
    char path[512];

    (void)state;
    snprintf(path, sizeof(path), "%s/plugins/timedrift/.libs/timedrift.so", build ? build : ".");
    timedrift = mig_mock_load(path);
    mock = mig_mock_new();
    return timedrift != NULL && mock != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    mig_mock_free(mock);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_refused),
        cmocka_unit_test(the_local_time_is_told),
        cmocka_unit_test(texts_are_those_of_go),
        cmocka_unit_test(good_replies_are_taken),
        cmocka_unit_test(others_are_not_ours),
        cmocka_unit_test(bad_replies_say_why),
        cmocka_unit_test(requests_tell_nothing),
        cmocka_unit_test(servers_of_the_host),
        cmocka_unit_test(results_are_printed_as_the_original_does),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
