/* SPDX-License-Identifier: MPL-2.0 */
/* A search written as the file module's arguments. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mig/mock_host.h>
#include <mig/search.h>

/* Every word becomes a value, whatever its quotes: names are checks with the values as given. */
static void
test_words(void **state)
{
    static const struct {
        const char *text;
        const char *value;
    } cases[] = {
        {"-path / -name x", "x"},
        {"  -path\t/\n-name   x  ", "x"},
        {"--path / --name=x", "x"},
        {"-path / -name 'a b'", "a b"},
        {"-path / -name \"a b\"", "a b"},
        {"-path / -name=\"a b\"", "a b"},
        {"-path / -name 'a\"b'", "a\"b"},
        {"-path / -name a'\"'b\"'\"c", "a\"b'c"},
        {"-path / -name '\\.so$'", "\\.so$"},
        {"-path / -name \\.so$", "\\.so$"},
        {"-path / -name -x", "-x"},
        {"-path / -name a=b", "a=b"},
    };
    char message[512];

    (void)state;
    for (size_t i = 0; i < MIG_COUNT(cases); i++) {
        struct mig_search_set *set = mig_search_set_new();

        assert_int_equal(
            mig_search_add_arguments(set, "s", cases[i].text, message, sizeof(message)), 0);
        assert_int_equal(mig_search_check_count(set, 0), 1);
        assert_string_equal(mig_search_check_value(set, 0, 0), cases[i].value);
        assert_true(mig_search_match_all(set, 0));
        mig_search_set_free(set);
    }
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"/usr", "'/usr' is not an argument of the file module, as in '-path /usr'"},
        {"-path / x", "'x' is not an argument of the file module, as in '-path /usr'"},
        {"-path / -nam x", "the file module has no argument -nam"},
        {"-path / -", "the file module has no argument -"},
        {"-path", "-path wants a value"},
        {"-path '/", "a quote ' is not closed"},
        {"-path \"/", "a quote \" is not closed"},
        {"-path / -maxdepth", "-maxdepth wants a value"},
        {"-path / -maxdepth -1", "-maxdepth wants a number, not '-1'"},
        {"-path / -maxdepth 1x", "-maxdepth wants a number, not '1x'"},
        {"-path / -maxdepth ''", "-maxdepth wants a number, not ''"},
        {"-path / -maxdepth 99999999999999999999",
         "-maxdepth wants a number, not '99999999999999999999'"},
        {"-path / -matchall=no", "-matchall is true or false, not 'no'"},
        {"-path / -matchany=true", "-matchany takes no value"},
    };
    char message[512];

    (void)state;
    for (size_t i = 0; i < MIG_COUNT(cases); i++) {
        struct mig_search_set *set = mig_search_set_new();

        assert_int_equal(
            mig_search_add_arguments(set, "s", cases[i].text, message, sizeof(message)), -EINVAL);
        assert_string_equal(message, cases[i].message);
        assert_int_equal(mig_search_count(set), 0);
        mig_search_set_free(set);
    }
}

/* What the engine refuses, it refuses here too. */
static void
test_engine(void **state)
{
    struct mig_search_set *set = mig_search_set_new();
    char message[512];

    (void)state;
    assert_int_equal(mig_search_add_arguments(set, "s", "-name x", message, sizeof(message)),
                     -EINVAL);
    assert_non_null(strstr(message, "path"));
    assert_int_equal(
        mig_search_add_arguments(set, "s", "-path / -size x", message, sizeof(message)), -EINVAL);
    assert_non_null(strstr(message, "'x'"));
    mig_search_set_free(set);
}

/* Each option of the file module is known, with a value of its type. */
static void
test_file_options(void **state)
{
    const char *build = getenv("top_builddir");
    const struct mig_plugin *plugin;
    char path[4096], text[256], message[512];

    (void)state;
    snprintf(path, sizeof(path), "%s/plugins/file/.libs/file.so", build != NULL ? build : ".");
    plugin = mig_mock_load(path);
    if (plugin == NULL)
        skip();
    for (size_t i = 0; i < plugin->options_count; i++) {
        const struct mig_option *option = &plugin->options[i];
        struct mig_search_set *set = mig_search_set_new();
        const char *value = option->type == MIG_OPTION_BOOL     ? "=false"
                            : option->type == MIG_OPTION_CONST  ? ""
                            : option->type == MIG_OPTION_NUMBER ? " 1"
                                                                : " x";

        snprintf(text, sizeof(text), "-path / -%s%s", option->name, value);
        if (mig_search_add_arguments(set, "s", text, message, sizeof(message)) < 0)
            assert_null(strstr(message, "the file module has no argument"));
        mig_search_set_free(set);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_engine),
        cmocka_unit_test(test_file_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
