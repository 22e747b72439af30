/* SPDX-License-Identifier: MPL-2.0 */
/* The pkg module with a host that a test drives: parameters, lines, limits. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <mig/mock_host.h>

#include "module.h"

static const struct mig_plugin *plugin;

static int
setup(void **state)
{
    *state = mig_mock_new();
    return *state != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    mig_mock_free(*state);
    return 0;
}

static void
test_parameters(void **state)
{
    static const char *const taken[] = {
        "{\"pkgmatch\":{\"matches\":[\"test\"]},\"vermatch\":\"\"}",
        "{\"pkgmatch\":{\"matches\":[\"\"]}}",
        "{\"pkgmatch\":{\"matches\":[\"a\",\"b\"]},\"vermatch\":\"!^1\",\"containers\":true}",
        "{\"pkgmatch\":{\"matches\":[\"a\"]},\"vermatch\":\">=1:1.2~rc1, <2\"}",
    };

    for (size_t i = 0; i < MIG_COUNT(taken); i++)
        assert_int_equal(mig_mock_validate(*state, plugin, taken[i]), 0);
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *parameters;
        const char *refusal;
    } cases[] = {
        {"{}", "must specify at least one package to match"},
        {"{\"pkgmatch\":{}}", "must specify at least one package to match"},
        {"{\"pkgmatch\":{\"matches\":[]}}", "must specify at least one package to match"},
        {"{\"pkgmatch\":{\"matches\":null},\"vermatch\":\"1\"}",
         "must specify at least one package to match"},
        {"{\"pkgmatch\":[]}", "pkgmatch must be an object"},
        {"{\"pkgmatch\":{\"match\":[\"a\"]}}",
         "pkgmatch: unknown member 'match', expected matches"},
        {"{\"pkgmatch\":{\"matches\":[\"a\"]},\"version\":\"1\"}",
         "unknown parameter 'version', expected containers, pkgmatch and vermatch"},
    };

    for (size_t i = 0; i < MIG_COUNT(cases); i++) {
        assert_int_equal(mig_mock_validate(*state, plugin, cases[i].parameters), -EINVAL);
        assert_string_equal(mig_mock_refusal(*state), cases[i].refusal);
        assert_int_equal(mig_mock_run(*state, plugin, cases[i].parameters), -EINVAL);
        assert_string_equal(mig_mock_refusal(*state), cases[i].refusal);
    }
}

/* Of the wrong type, and expressions and ranges that are none: what is wrong is in the message. */
static void
test_values(void **state)
{
    static const struct {
        const char *parameters;
        const char *part;
    } cases[] = {
        {"{\"pkgmatch\":{\"matches\":\"a\"}}", "matches"},
        {"{\"pkgmatch\":{\"matches\":[1]}}", "matches"},
        {"{\"pkgmatch\":{\"matches\":[\"(\"]}}", "("},
        {"{\"pkgmatch\":{\"matches\":[\"a\"]},\"vermatch\":1}", "vermatch"},
        {"{\"pkgmatch\":{\"matches\":[\"a\"]},\"vermatch\":\"[\"}", "["},
        {"{\"pkgmatch\":{\"matches\":[\"a\"]},\"vermatch\":\"<\"}", "<"},
        {"{\"pkgmatch\":{\"matches\":[\"a\"]},\"containers\":1}", "containers"},
    };

    for (size_t i = 0; i < MIG_COUNT(cases); i++) {
        assert_int_equal(mig_mock_validate(*state, plugin, cases[i].parameters), -EINVAL);
        assert_non_null(strstr(mig_mock_refusal(*state), cases[i].part));
    }
}

static void
test_print(void **state)
{
    static const char result[] =
        "{\"foundanything\":true,\"success\":true,\"elements\":{\"packages\":[{\"name\":\"a\","
        "\"version\":\"1\",\"type\":\"rpm\",\"arch\":\"(none)\"},{\"name\":\"b\\u001b[1m\","
        "\"version\":\"2\",\"type\":\"apk\",\"arch\":\"x86_64\",\"root\":\"/proc/7/root\","
        "\"cgroup\":\"/pod\"}]},\"statistics\":{\"execruntime\":\"1.5ms\"},\"errors\":[\"bad\"]}";

    assert_int_equal(mig_mock_print(*state, plugin, result, 0), 0);
    assert_string_equal(mig_mock_output(*state),
                        "pkgmatch name=a version=1 type=rpm arch=(none)\n"
                        "pkgmatch name=b\\x1b[1m version=2 type=apk arch=x86_64 root=/proc/7/root "
                        "cgroup=/pod\nbad\nStatistics: runtime 1.5ms\n");
    assert_int_equal(mig_mock_print(*state, plugin, result, MIG_PRINT_FOUND_ONLY), 0);
    assert_null(strstr(mig_mock_output(*state), "Statistics"));
    assert_int_equal(mig_mock_print(*state, plugin, "{\"elements\":null,\"errors\":null}", 0), 0);
    assert_string_equal(mig_mock_output(*state), "Statistics: runtime \n");
    assert_int_equal(mig_mock_print(*state, plugin, "{\"elements\":{\"packages\":[1,null]}}",
                                    MIG_PRINT_FOUND_ONLY),
                     0);
}

/* This system's databases, whatever they are. */
static void
test_run(void **state)
{
    static const char all[] = "{\"pkgmatch\":{\"matches\":[\".\"]},\"vermatch\":\"\"}";
    struct json_object *packages;

    assert_int_equal(mig_mock_run(*state, plugin, all), 0);
    packages = json_object_object_get(mig_mock_elements_object(*state), "packages");
    assert_true(json_object_is_type(packages, json_type_array));
    assert_null(mig_mock_undeclared(*state, plugin));
    assert_int_equal(mig_mock_found(*state), json_object_array_length(packages) > 0);
    assert_non_null(strstr(mig_mock_statistics(*state), "\"execruntime\":\""));
    if (json_object_array_length(packages) < 2)
        skip();
    mig_mock_fill_at(*state, 3);
    assert_int_equal(mig_mock_run(*state, plugin, all), 0);
    assert_non_null(strstr(mig_mock_errors(*state), "the limit of the output was reached"));
    mig_mock_fill_at(*state, -1);
    mig_mock_cancel_at(*state, 1);
    assert_int_equal(mig_mock_run(*state, plugin, all), 0);
    assert_non_null(strstr(mig_mock_errors(*state), "it was cancelled or out of time"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parameters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print, setup, teardown),
        cmocka_unit_test_setup_teardown(test_run, setup, teardown),
    };

    plugin = module_load("pkg");
    if (plugin == NULL)
        return 0;
    return cmocka_run_group_tests_name("pkg", tests, NULL, NULL);
}
