/* SPDX-License-Identifier: MPL-2.0 */
/* The example plugin as it is built, and how an author tests a plugin. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <mig/mock_host.h>

static const struct mig_plugin *plugin;
static struct mig_mock *mock;

static void
test_host_name(void **state)
{
    char name[256] = "";
    char expected[512];

    (void)state;
    gethostname(name, sizeof(name) - 1);
    snprintf(expected, sizeof(expected), "{\"hostname\":\"%s\"}", name);
    assert_int_equal(mig_mock_run(mock, plugin, "{\"gethostname\":true}"), 0);
    assert_string_equal(mig_mock_elements(mock), expected);
    assert_string_equal(mig_mock_statistics(mock), "{\"stufffound\":1}");
    assert_int_equal(mig_mock_found(mock), 1);
    assert_null(mig_mock_undeclared(mock, plugin));
}

static void
test_addresses_and_look_up(void **state)
{
    (void)state;
    assert_int_equal(
        mig_mock_run(mock, plugin, "{\"getaddresses\":true,\"lookuphost\":[\"127.0.0.1\"]}"), 0);
    assert_non_null(
        strstr(mig_mock_elements(mock), "\"lookeduphost\":{\"127.0.0.1\":[\"127.0.0.1\"]}"));
    assert_non_null(strstr(mig_mock_elements(mock), "\"addresses\":["));
    assert_null(mig_mock_undeclared(mock, plugin));
}

static void
test_nothing_asked(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_run(mock, plugin, "{}"), 0);
    assert_string_equal(mig_mock_elements(mock), "{}");
    assert_int_equal(mig_mock_found(mock), 0);
}

static void
test_refusals(void **state)
{
    (void)state;
    assert_int_equal(mig_mock_run(mock, plugin, "{\"gethostname\":1}"), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock),
                        "parameter 'gethostname' must be true or false, not int");
    assert_int_equal(mig_mock_run(mock, plugin, "{\"lookuphost\":\"a\"}"), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock),
                        "parameter 'lookuphost' must be an array of strings, not string");
    assert_int_equal(mig_mock_run(mock, plugin, "{\"lookuphost\":[1]}"), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock),
                        "parameter 'lookuphost[0]' must be a string, not int");
    assert_int_equal(mig_mock_run(mock, plugin, "{\"lookuphost\":[\"a\\u0000b\"]}"), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock), "parameter 'lookuphost[0]' holds a NUL character");
    assert_int_equal(mig_mock_run(mock, plugin, "[]"), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock), "parameters must be a JSON object, not array");
}

static void
test_print(void **state)
{
    static const char result[] =
        "{\"elements\":{\"hostname\":\"h\",\"addresses\":[\"192.0.2.1\"],\"lookeduphost\":"
        "{\"a\":[\"192.0.2.2\"]}},\"statistics\":{\"stufffound\":3},\"errors\":[\"e\"]}";

    (void)state;
    assert_int_equal(mig_mock_print(mock, plugin, result, 0), 0);
    assert_string_equal(mig_mock_output(mock),
                        "hostname is h\naddress is 192.0.2.1\nlookedup host a has IP 192.0.2.2\n"
                        "error: e\nstat: 3 stuff found\n");
    assert_int_equal(mig_mock_print(mock, plugin, result, MIG_PRINT_FOUND_ONLY), 0);
    assert_string_equal(mig_mock_output(mock),
                        "hostname is h\naddress is 192.0.2.1\nlookedup host a has IP 192.0.2.2\n");
    assert_int_equal(
        mig_mock_print(mock, plugin, "{\"elements\":null,\"statistics\":{\"stufffound\":0}}", 0),
        0);
    assert_string_equal(mig_mock_output(mock), "stat: 0 stuff found\n");
    assert_int_equal(mig_mock_print(mock, plugin, "[]", 0), -EINVAL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_name),     cmocka_unit_test(test_addresses_and_look_up),
        cmocka_unit_test(test_nothing_asked), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_print),
    };
    const char *build = getenv("top_builddir");
    char path[4096];
    int code;

    snprintf(path, sizeof(path), "%s/plugins/example/.libs/example.so",
             build != NULL ? build : ".");
    plugin = mig_mock_load(path);
    mock = mig_mock_new();
    if (plugin == NULL || mock == NULL) {
        puts("1..0 # SKIP the example plugin is not built");
        return 0;
    }
    code = cmocka_run_group_tests_name("example", tests, NULL, NULL);
    mig_mock_free(mock);
    return code;
}
