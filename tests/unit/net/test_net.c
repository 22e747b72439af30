/* SPDX-License-Identifier: MPL-2.0 */
/* The netstat and ping plugins with the host mock: parameters, results and lines as the protocol
 * has them. What they say of a network is tested in a worker, by netstat.sh and ping.sh. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include <mig/mock_host.h>

static const struct mig_plugin *netstat;
static const struct mig_plugin *ping;
static struct mig_mock *mock;

static void
refuses(const struct mig_plugin *plugin, const char *parameters, int code, const char *message)
{
    assert_int_equal(mig_mock_validate(mock, plugin, parameters), code);
    assert_string_equal(mig_mock_refusal(mock), message);
    assert_int_equal(mig_mock_run(mock, plugin, parameters), code);
    assert_string_equal(mig_mock_refusal(mock), message);
}

static void
test_netstat_refusals(void **state)
{
    (void)state;
    refuses(netstat, "[]", -EINVAL, "parameters must be a JSON object, not array");
    refuses(netstat, "{\"connectedIP\":[]}", -EINVAL,
            "unknown parameter 'connectedIP', expected localmac, neighbormac, neighborip, localip, "
            "connectedip, listeningport, process, unixsocket, namespaces and details");
    refuses(netstat, "{\"connectedip\":\"10.0.0.1\"}", -EINVAL,
            "parameter 'connectedip' must be an array of strings, not string");
    refuses(netstat, "{\"namespaces\":1}", -EINVAL,
            "parameter 'namespaces' must be true or false, not int");
    refuses(netstat, "{\"connectedip\":[\"/8\"]}", -EINVAL,
            "invalid IPv{4,6} /8. Must be an IP or a CIDR.");
    refuses(netstat, "{\"localip\":[\"::1/129\"]}", -EINVAL,
            "invalid IPv{4,6} CIDR ::1/129: invalid CIDR address: ::1/129. Must be an IP or a "
            "CIDR.");
    refuses(netstat, "{\"listeningport\":[\"-1\"]}", -EINVAL,
            "port out of range. must be between 1 and 65535");
    refuses(netstat, "{\"listeningport\":[\"\"]}", -EINVAL, " is not a valid port");
    assert_int_equal(mig_mock_validate(mock, netstat, "{\"neighbormac\":[\"(\"]}"), -EINVAL);
    assert_non_null(strstr(mig_mock_refusal(mock), "Invalid MAC regexp '('. Compilation failed"));
}

static void
test_netstat_results(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_run(mock, netstat, "{\"namespaces\":false,\"localmac\":null}"), 0);
    assert_string_equal(mig_mock_elements(mock), "{}");
    assert_int_equal(mig_mock_run(mock, netstat,
                                  "{\"localip\":[\"127.0.0.1\",\"192.0.2.7\",\"127.0.0.1\"],"
                                  "\"neighborip\":[\"192.0.2.7\"]}"),
                     0);
    assert_string_equal(mig_mock_elements(mock),
                        "{\"neighborip\":{\"192.0.2.7\":null},\"localip\":{\"127.0.0.1\":[{"
                        "\"localaddr\":\"127.0.0.1\"}],\"192.0.2.7\":null}}");
    assert_int_equal(mig_mock_found(mock), 1);
    assert_null(mig_mock_undeclared(mock, netstat));
    assert_non_null(strstr(mig_mock_statistics(mock), "\"totalhits\":1"));
    assert_int_equal(mig_mock_run(mock, netstat,
                                  "{\"unixsocket\":[\".\"],\"process\":[\".\"],\"connectedip\":["
                                  "\"0.0.0.0/0\",\"::/0\"],\"localmac\":[\".\"],\"neighbormac\":["
                                  "\".\"],\"details\":true}"),
                     0);
    assert_null(mig_mock_undeclared(mock, netstat));
}

static void
test_netstat_cancelled(void **state)
{
    (void)state;
    mig_mock_cancel_at(mock, 1);
    assert_int_equal(mig_mock_run(mock, netstat, "{\"connectedip\":[\"0.0.0.0/0\"]}"), 0);
    mig_mock_cancel_at(mock, -1);
    assert_string_equal(mig_mock_elements(mock), "{\"connectedip\":{\"0.0.0.0/0\":null}}");
}

/* A result of the original, in its own lines. */
static void
test_netstat_print(void **state)
{
    static const char result[] =
        "{\"foundanything\":true,\"success\":true,\"elements\":{\"localmac\":{\"^a\":null},"
        "\"neighbormac\":{\"^8c\":[{\"remotemacaddr\":\"8c:70:5a:00:00:01\",\"remoteaddr\":"
        "\"10.0.0.1\",\"namespace\":\"default\"}]},\"neighborip\":{\"10.0.0.2\":null},"
        "\"localip\":{\"10.0.0.0/8\":[{\"localaddr\":\"10.1.2.3\"}]},\"connectedip\":{"
        "\"1.2.3.4\":[{\"localaddr\":\"10.1.2.3\",\"localport\":4000,\"remoteaddr\":\"1.2.3.4\","
        "\"remoteport\":443,\"namespace\":\"net:[42]\"}]},\"listeningport\":{\"22\":[{"
        "\"localaddr\":\"0.0.0.0\",\"localport\":22,\"namespace\":\"default\"}]}},"
        "\"statistics\":{\"examined\":12,\"exectime\":\"1.5ms\",\"totalhits\":0},"
        "\"errors\":[\"something\"]}";
#define FOUND_MAC "found neighbor mac 8c:70:5a:00:00:01 10.0.0.1 for netstat neighbormac:'^8c'\n"
#define FOUND_REST                                                                                 \
    "found local ip 10.1.2.3 for netstat localip:'10.0.0.0/8'\n"                                   \
    "found connected tuple 1.2.3.4:443 with local tuple 10.1.2.3:4000 for netstat "                \
    "connectedip:'1.2.3.4' namespace:[net:[42]]\n"                                                 \
    "found listening port 22 for netstat listeningport:'22'\n"

    (void)state;
    assert_int_equal(mig_mock_print(mock, netstat, result, 0), 0);
    assert_string_equal(mig_mock_output(mock), FOUND_MAC
                        "did not find anything for netstat neighborIP:'10.0.0.2'\n" FOUND_REST
                        "error: something\n"
                        "Statistics: total hits 0 examined 12 items exectime 1.5ms\n");
    assert_int_equal(mig_mock_print(mock, netstat, result, MIG_PRINT_FOUND_ONLY), 0);
    assert_string_equal(mig_mock_output(mock), FOUND_MAC FOUND_REST);
    assert_int_equal(mig_mock_print(mock, netstat, "{\"elements\":{\"localip\":1}}", 0), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock), "elements of localip must be an object");
}

static void
test_ping_refusals(void **state)
{
    (void)state;
    refuses(ping, "{\"destination\":\"x\"}", -EINVAL, " is not a supported ping protocol");
    refuses(ping, "{\"protocol\":\"icmp\"}", -EINVAL, "ping needs the parameter 'destination'");
    refuses(ping, "{\"protocol\":\"icmp\",\"destination\":\"x\",\"flood\":true}", -EINVAL,
            "unknown parameter 'flood', expected destination, destinationport, protocol, count and "
            "timeout");
    refuses(ping, "{\"protocol\":\"udp\",\"destination\":\"x\",\"destinationport\":65536}", -EINVAL,
            "udp ping requires a valid destination port between 0 and 65535, got 65536");
    refuses(ping, "{\"protocol\":\"icmp\",\"destination\":\"x\",\"count\":101}", -EINVAL,
            "count must be a whole number from 1 to 100, not 101");
    refuses(ping, "{\"protocol\":\"icmp\",\"destination\":\"x\",\"count\":-1}", -EINVAL,
            "count must be a whole number from 1 to 100, not -1");
    refuses(ping, "{\"protocol\":\"icmp\",\"destination\":\"x\",\"timeout\":301}", -EINVAL,
            "timeout must be above 0 and up to 300 seconds, not 301");
    refuses(ping, "{\"protocol\":\"icmp\",\"destination\":\"x\",\"timeout\":\"5\"}", -EINVAL,
            "parameter 'timeout' must be a number, not string");
    assert_int_equal(mig_mock_validate(mock, ping,
                                       "{\"destination\":\"www.google.com\",\"destinationport\":-1,"
                                       "\"protocol\":\"icmp\",\"count\":3,\"timeout\":5}"),
                     0);
}

/* A closed port of the loopback interface: reserved, and not bound by anybody. */
static void
test_ping_results(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_run(mock, ping,
                                  "{\"destination\":\"127.0.0.1\",\"destinationport\":1,"
                                  "\"protocol\":\"tcp\",\"count\":2}"),
                     0);
    assert_string_equal(mig_mock_elements(mock),
                        "{\"latencies\":[-1,-1],\"protocol\":\"tcp\",\"resolvedhost\":"
                        "\"127.0.0.1:1 (127.0.0.1)\",\"failures\":null}");
    assert_int_equal(mig_mock_found(mock), 0);
    assert_null(mig_mock_undeclared(mock, ping));
}

static void
test_ping_print(void **state)
{
    (void)state;
    assert_int_equal(
        mig_mock_print(mock, ping,
                       "{\"foundanything\":true,\"elements\":{\"latencies\":[12.6,-1,0,9999999],"
                       "\"protocol\":\"icmp\",\"resolvedhost\":\"h (1.2.3.4)\",\"failures\":["
                       "\"ping #3 failed with error: why\"]}}",
                       0),
        0);
    assert_string_equal(mig_mock_output(mock),
                        "icmp ping of h (1.2.3.4) succeeded. Target is reachable.\n"
                        "ping #1 succeeded in 13ms\n"
                        "ping #2 failed, target was unreachable\n"
                        "ping #3 failed, reason unknown\n"
                        "ping #4 failed, connection timed out\n"
                        "ping #3 failed with error: why\n");
    assert_int_equal(mig_mock_print(mock, ping,
                                    "{\"foundanything\":false,\"elements\":{\"latencies\":[],"
                                    "\"protocol\":\"tcp\",\"resolvedhost\":\"h\"}}",
                                    MIG_PRINT_FOUND_ONLY),
                     0);
    assert_string_equal(mig_mock_output(mock), "");
}

static int
setup(void **state)
{
    (void)state;
    netstat = mig_mock_load("plugins/netstat/.libs/netstat.so");
    ping = mig_mock_load("plugins/ping/.libs/ping.so");
    mock = mig_mock_new();
    return netstat != NULL && ping != NULL && mock != NULL ? 0 : -1;
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
        cmocka_unit_test(test_netstat_refusals),  cmocka_unit_test(test_netstat_results),
        cmocka_unit_test(test_netstat_cancelled), cmocka_unit_test(test_netstat_print),
        cmocka_unit_test(test_ping_refusals),     cmocka_unit_test(test_ping_results),
        cmocka_unit_test(test_ping_print),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
