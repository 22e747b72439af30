/* SPDX-License-Identifier: MPL-2.0 */
/* dispatch: what of its configuration is refused, and what becomes of alerts while the outputs can
 * not be reached. That they arrive is held by tests/integration/09-dispatch.sh. */
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

#include "module.h"

#define HTTP "expected url, token, ca, cert and key"
/* Port 1 of this machine: nobody listens. */
#define NOWHERE                                                                                    \
    "{\"hostname\":\"h\",\"environment\":{\"os\":\"linux\"},\"tags\":{\"a\":\"b\"},"               \
    "\"config\":{\"http\":{\"url\":\"https://127.0.0.1:1/\"},"                                     \
    "\"syslog\":{\"host\":\"127.0.0.1\",\"port\":1},\"queue\":65536}}"

static const struct mig_plugin *plugin;
static struct mig_mock *mock;

static int
setup(void **state)
{
    (void)state;
    mock = mig_mock_new();
    return mock == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void)state;
    mig_mock_free(mock);
    return 0;
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *config, *message;
    } cases[] = {
        {"[]", "config: expected an object"},
        {"{}", "expected http or syslog in the configuration of dispatch"},
        {"{\"htpp\":{}}", "dispatch: unknown member 'htpp', expected http, syslog and queue"},
        {"{\"queue\":1,\"syslog\":{\"host\":\"h\"}}", "queue: expected 65536 to 1073741824 bytes"},
        {"{\"queue\":\"1\"}", "parameter 'queue' must be a number, not string"},
        {"{\"http\":\"https://x/\"}", "http: expected an object"},
        {"{\"http\":{\"uri\":\"https://x/\"}}", "http: unknown member 'uri', " HTTP},
        {"{\"http\":{}}", "http.url: expected an address that starts with https://, found ''"},
        {"{\"http\":{\"url\":\"http://x/\"}}",
         "http.url: expected an address that starts with https://, found 'http://x/'"},
        {"{\"http\":{\"url\":\"https://x/\",\"token\":\"a\\r\\nb: c\"}}",
         "http.token: expected one line of 1000 bytes at most"},
        {"{\"http\":{\"url\":\"https://x/\",\"ca\":\"/etc/ca.pem\"}}",
         "http.ca: expected PEM text (-----BEGIN ...)"},
        {"{\"http\":{\"url\":\"https://x/\",\"cert\":\"-----BEGIN X\"}}",
         "http: expected both of cert and key, or none"},
        {"{\"syslog\":[]}", "syslog: expected an object"},
        {"{\"syslog\":{\"hots\":\"h\"}}",
         "syslog: unknown member 'hots', expected path, host, protocol, port, ca, cert and key"},
        {"{\"syslog\":{}}", "syslog: expected one of path and host"},
        {"{\"syslog\":{\"path\":\"/dev/log\",\"host\":\"h\"}}",
         "syslog: expected one of path and host"},
        {"{\"syslog\":{\"path\":\"/dev/log\",\"protocol\":\"tls\"}}",
         "syslog: protocol, port, ca, cert and key are for a host, not for a path"},
        {"{\"syslog\":{\"path\":\"log\"}}", "syslog.path: expected the path of a socket"},
        {"{\"syslog\":{\"host\":\"a b\"}}",
         "syslog.host: expected a name or an address, found 'a b'"},
        {"{\"syslog\":{\"host\":\"h\",\"protocol\":\"sctp\"}}",
         "syslog: expected protocol tls, tcp or udp, and a port from 1 to 65535"},
        {"{\"syslog\":{\"host\":\"h\",\"port\":65536}}",
         "syslog: expected protocol tls, tcp or udp, and a port from 1 to 65535"},
        {"{\"syslog\":{\"host\":\"h\",\"ca\":\"-----BEGIN X\"}}",
         "syslog: ca, cert and key are for protocol tls"},
    };
    char text[1024];
    size_t i;

    (void)state;
    for (i = 0; i < MIG_COUNT(cases); i++) {
        snprintf(text, sizeof(text), "{\"hostname\":\"h\",\"config\":%s}", cases[i].config);
        assert_int_equal(mig_mock_configure(mock, plugin, text), -EINVAL);
        assert_string_equal(mig_mock_refusal(mock), cases[i].message);
        assert_int_equal(mig_mock_persist(mock, plugin, text), -EINVAL);
        assert_string_equal(mig_mock_refusal(mock), cases[i].message);
    }
    assert_int_equal(mig_mock_configure(mock, plugin, "{\"hostname\":\"h\"}"), -EINVAL);
    assert_int_equal(mig_mock_configure(mock, plugin, NOWHERE), 0);
}

static void
test_alerts_wait_on_disk(void **state)
{
    const char *answers;

    (void)state;
    mig_mock_then_delivery(mock, "{\"id\":1,\"module\":\"m\",\"alert\":\"first\"}");
    mig_mock_then_delivery(mock, "{\"id\":2,\"module\":\"m\",\"alert\":\"second\"}");
    mig_mock_then_delivery(mock, "[]");
    mig_mock_then_time(mock, 3);
    mig_mock_then_question(mock, "{}");
    assert_int_equal(mig_mock_persist(mock, plugin, NOWHERE), 0);
    assert_string_equal(mig_mock_deliveries(mock), "[0,0,-22]");
    answers = mig_mock_answers(mock);
    assert_non_null(strstr(answers, "{\\\"name\\\":\\\"http\\\",\\\"queued\\\":2,\\\"sent\\\":0,"
                                    "\\\"failures\\\":1,\\\"error\\\":\\\"Failed to connect to "));
    assert_non_null(strstr(answers, "{\\\"name\\\":\\\"syslog\\\",\\\"queued\\\":2,\\\"sent\\\":0,"
                                    "\\\"failures\\\":1,\\\"error\\\":\\\""));
    /* A restart finds them again. */
    mig_mock_then_question(mock, "{}");
    assert_int_equal(mig_mock_persist(mock, plugin, NOWHERE), 0);
    answers = mig_mock_answers(mock);
    assert_non_null(strstr(answers, "{\\\"name\\\":\\\"http\\\",\\\"queued\\\":2,"));
    assert_non_null(strstr(answers, "{\\\"name\\\":\\\"syslog\\\",\\\"queued\\\":2,"));
}

/* When all queues are full, the agent keeps the alert. */
static void
test_full_queues(void **state)
{
    char alert[9000];
    const char *codes;
    int i;

    (void)state;
    snprintf(alert, sizeof(alert), "{\"id\":1,\"module\":\"m\",\"alert\":\"%08000d\"}", 0);
    for (i = 0; i < 9; i++)
        mig_mock_then_delivery(mock, alert);
    mig_mock_then_time(mock, 1);
    assert_int_equal(mig_mock_persist(mock, plugin, NOWHERE), 0);
    codes = mig_mock_deliveries(mock);
    assert_memory_equal(codes, "[0,0,0,0,0,0,0,", 15);
    assert_non_null(strstr(codes, ",-28]"));
}

static void
test_ask(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_run(mock, plugin, "{}"), -ENOENT);
    assert_string_equal(mig_mock_refusal(mock), "no instance runs here");
    mig_mock_instance(mock, plugin);
    assert_int_equal(mig_mock_run(mock, plugin, "{}"), 0);
    assert_string_equal(mig_mock_elements(mock), "{\"ok\":true,\"outputs\":[]}");
    assert_null(mig_mock_undeclared(mock, plugin));
    assert_int_equal(mig_mock_print(mock, plugin,
                                    "{\"elements\":{\"ok\":true,\"outputs\":[{\"name\":\"http\","
                                    "\"queued\":2,\"sent\":3,\"failures\":1,\"error\":\"e\"}]}}",
                                    0),
                     0);
    assert_non_null(
        strstr(mig_mock_output(mock), "http: 2 queued, 3 sent, 1 failures, the last: e\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_alerts_wait_on_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_queues, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ask, setup, teardown),
    };

    plugin = module_load("dispatch");
    if (plugin == NULL)
        return 0;
    return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
