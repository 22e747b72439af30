/* SPDX-License-Identifier: MPL-2.0 */
/* The persistent plugin to copy, and how an author tests one: its instance, its restarts, and what
 * `mig examplepersist` asks it. */
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

#define CONFIGURATION                                                                              \
    "{\"hostname\":\"h\",\"environment\":{},\"tags\":{},\"config\":{\"interval\":30}}"
#define ALERT(n) "{\"severity\":\"low\",\"alert\":\"examplepersist alert " n "\"}"

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
test_alerts_across_restarts(void **state)
{
    (void)state;
    mig_mock_then_time(mock, 2);
    assert_int_equal(mig_mock_persist(mock, plugin, CONFIGURATION), 0);
    assert_string_equal(mig_mock_alerts(mock), "[" ALERT("1") "," ALERT("2") "]");
    mig_mock_then_time(mock, 1);
    assert_int_equal(mig_mock_persist(mock, plugin, CONFIGURATION), 0);
    assert_string_equal(mig_mock_alerts(mock), "[" ALERT("3") "]");
}

static void
test_lost_alerts(void **state)
{
    (void)state;
    mig_mock_alerts_give(mock, -ENOSPC);
    mig_mock_then_time(mock, 2);
    assert_int_equal(mig_mock_persist(mock, plugin, CONFIGURATION), 0);
    assert_string_equal(mig_mock_alerts(mock), "[]");
}

static void
test_questions(void **state)
{
    (void)state;
    mig_mock_then_question(mock, "{\"string\":\"a\"}");
    mig_mock_then_question(mock, "[]");
    mig_mock_then_delivery(mock, "{\"id\":1}");
    assert_int_equal(mig_mock_persist(mock, plugin, CONFIGURATION), 0);
    assert_non_null(strstr(mig_mock_answers(mock), "[\"{\\\"echo\\\":\\\"a\\\",\\\"count\\\":"));
    assert_non_null(strstr(mig_mock_answers(mock), "must be a JSON object, not array\"]"));
    assert_string_equal(mig_mock_deliveries(mock), "[-38]"); /* it has no deliver() */
}

static void
test_configure(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_configure(mock, plugin, "{\"config\":{\"interval\":1}}"), 0);
    assert_int_equal(mig_mock_configure(mock, plugin, "{\"config\":{\"interval\":0}}"), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock), "interval: expected 1 to 86400 seconds");
    assert_int_equal(mig_mock_persist(mock, plugin, "{\"config\":{\"interval\":true}}"), -EINVAL);
}

static void
test_ask(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_run(mock, plugin, "{\"string\":\"b\"}"), -ENOENT);
    assert_string_equal(mig_mock_refusal(mock), "no instance runs here");
    mig_mock_instance(mock, plugin);
    assert_int_equal(mig_mock_run(mock, plugin, "{\"string\":\"b\"}"), 0);
    assert_non_null(strstr(mig_mock_elements(mock), "{\"echo\":\"b\",\"count\":"));
    assert_int_equal(mig_mock_found(mock), 1);
    assert_null(mig_mock_undeclared(mock, plugin));
}

/* What a plugin that has not asked for it does not get. */
static void
test_descriptors(void **state)
{
    const struct mig_host *host = mig_mock_host(mock);

    (void)state;
    assert_int_equal(host->descriptor(host, MIG_DESCRIPTOR_STATE), -EPERM);
    assert_int_equal(mig_mock_persist(mock, plugin, CONFIGURATION), 0);
    assert_true(host->descriptor(host, MIG_DESCRIPTOR_STATE) >= 0);
    assert_int_equal(host->descriptor(host, MIG_DESCRIPTOR_AUDIT), -EPERM);
    assert_int_equal(host->descriptor(host, 1000), -EPERM);
    assert_int_equal(host->alert(host, "[]", 2), -EINVAL);
    assert_int_equal(host->alert(host, "{", 1), -EINVAL);
    assert_int_equal(host->alert(host, "{}", MIG_ALERT_MAX + 1), -EMSGSIZE);
    assert_int_equal(host->cancelled(host), 1);
}

int
main(void)
{
    /* The first one counts from 0: the count is the process's. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_alerts_across_restarts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_alerts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_questions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_configure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ask, setup, teardown),
        cmocka_unit_test_setup_teardown(test_descriptors, setup, teardown),
    };
    const char *build = getenv("top_builddir");
    char path[4096];

    snprintf(path, sizeof(path), "%s/plugins/examplepersist/.libs/examplepersist.so",
             build != NULL ? build : ".");
    plugin = mig_mock_load(path);
    if (plugin == NULL) {
        puts("1..0 # SKIP the examplepersist plugin is not built");
        return 0;
    }
    return cmocka_run_group_tests_name("examplepersist", tests, NULL, NULL);
}
