/* SPDX-License-Identifier: MPL-2.0 */
/* The yara module with a host that a test drives: parameters, lines, limits. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <mig/mock_host.h>

#include "module.h"

#define SCAN "\"filesearch\":\"-path %s\""

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
test_refusals(void **state)
{
    static const struct {
        const char *parameters;
        const char *refusal;
    } cases[] = {
        {"{}", "nothing to scan: expected filesearch, pids or names"},
        {"{\"yara\":\"rule a { condition: true }\",\"filesearch\":\" \"}",
         "nothing to scan: expected filesearch, pids or names"},
        {"{\"filesearch\":\"-path /\"}", "no yara rules: expected their text in 'yara'"},
        {"{\"yara\":\"rule a { condition: true }\",\"files\":\"-path /\"}",
         "unknown parameter 'files', expected defines, filesearch, names, pids, threads, timeout "
         "and "
         "yara"},
        {"{\"yara\":\"rule a {\\n condition: x }\",\"filesearch\":\"-path /\"}",
         "yara rules: line 2, rule a: undefined identifier \"x\""},
        {"{\"yara\":\"include \\\"/etc/passwd\\\"\",\"filesearch\":\"-path /\"}",
         "yara rules: line 1: includes are disabled"},
        {"{\"yara\":\"x\",\"pids\":1}", "pids must be an array of numbers"},
        {"{\"yara\":\"x\",\"pids\":[0]}", "pids must be numbers from 1 to 2147483647"},
        {"{\"yara\":\"x\",\"pids\":[\"1\"]}", "pids must be numbers from 1 to 2147483647"},
        {"{\"yara\":\"x\",\"pids\":[1],\"timeout\":3601}", "timeout must be at most 3600 seconds"},
        {"{\"yara\":\"x\",\"filesearch\":\"/usr\"}",
         "filesearch: '/usr' is not an argument of the file module, as in '-path /usr'"},
    };

    for (size_t i = 0; i < MIG_COUNT(cases); i++) {
        assert_int_equal(mig_mock_validate(*state, plugin, cases[i].parameters), -EINVAL);
        assert_string_equal(mig_mock_refusal(*state), cases[i].refusal);
        assert_int_equal(mig_mock_run(*state, plugin, cases[i].parameters), -EINVAL);
        assert_string_equal(mig_mock_refusal(*state), cases[i].refusal);
    }
}

/* The names of the rules and their tags, and nothing of what matched. */
static void
test_result(void **state)
{
    static const char rules[] =
        "{\"yara\":\"rule a : x y { meta: m = \\\"s\\\" strings: $a = "
        "\\\"secret\\\" condition: $a } rule b { condition: true }\"," SCAN "}";
    char path[] = "/tmp/test_yara.XXXXXX";
    char parameters[1024], expected[1024];
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a secret", 8), 8);
    close(fd);
    snprintf(parameters, sizeof(parameters), rules, path);
    snprintf(expected, sizeof(expected),
             "{\"Matches\":[{\"Object\":\"%s\",\"MatchedRules\":[\"a\",\"b\"],"
             "\"Tagged\":[{\"Rule\":\"a\",\"Tags\":[\"x\",\"y\"]}]}]}",
             path);
    assert_int_equal(mig_mock_run(*state, plugin, parameters), 0);
    assert_string_equal(mig_mock_elements(*state), expected);
    assert_string_equal(mig_mock_errors(*state), "[]");
    assert_int_equal(mig_mock_found(*state), 1);
    assert_null(mig_mock_undeclared(*state, plugin));
    mig_mock_fill_at(*state, 0);
    assert_int_equal(mig_mock_run(*state, plugin, parameters), 0);
    assert_non_null(strstr(mig_mock_errors(*state), "the limit of the output was reached"));
    unlink(path);
}

static void
test_print(void **state)
{
    static const char result[] =
        "{\"foundanything\":true,\"success\":true,\"elements\":{\"Matches\":[{\"Object\":\"/a\","
        "\"MatchedRules\":[\"r1\",\"r2\"]},{\"Object\":\"/b\\n\",\"MatchedRules\":[\"r1\"],"
        "\"Pid\":7}]},\"statistics\":{},\"errors\":[\"/c: bad\"]}";

    assert_int_equal(mig_mock_print(*state, plugin, result, 0), 0);
    assert_string_equal(mig_mock_output(*state), "/a [r1,r2]\n/b\\x0a pid=7 [r1]\n/c: bad\n");
    assert_int_equal(mig_mock_print(*state, plugin, result, MIG_PRINT_FOUND_ONLY), 0);
    assert_string_equal(mig_mock_output(*state), "/a [r1,r2]\n/b\\x0a pid=7 [r1]\n");
    assert_int_equal(mig_mock_print(*state, plugin, "{\"elements\":{\"Matches\":null}}", 0), 0);
    assert_string_equal(mig_mock_output(*state), "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_result, setup, teardown),
        cmocka_unit_test_setup_teardown(test_print, setup, teardown),
    };

    plugin = module_load("yara");
    if (plugin == NULL)
        return 0;
    return cmocka_run_group_tests_name("yara", tests, NULL, NULL);
}
