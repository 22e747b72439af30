/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/json.h"
#include "plugin/options.h"

static const struct mig_option table[] = {
    {"name", "searches.s1.names", "a name", "regex", NULL, MIG_OPTION_STRING, MIG_OPTION_REPEATABLE,
     8},
    {"path", "searches.s1.paths", "where", NULL, NULL, MIG_OPTION_STRING,
     MIG_OPTION_REPEATABLE | MIG_OPTION_REQUIRED, 0},
    {"limit", "searches.s1.options.limit", "how many", NULL, "1000", MIG_OPTION_NUMBER,
     MIG_OPTION_ALWAYS, 5000},
    {"deep", "deep", "go deep", NULL, NULL, MIG_OPTION_BOOL, 0, 0},
    {"hash", "hash", "a hash", NULL, NULL, MIG_OPTION_HEX, 0, 0},
    {"any", "mode", "any of them", NULL, "\"any\"", MIG_OPTION_CONST, 0, 0},
    {"all", "mode", "all of them", NULL, "\"all\"", MIG_OPTION_CONST, 0, 0},
};
static const struct mig_plugin plugin = {
    .magic = MIG_PLUGIN_MAGIC,
    .abi_major = 1,
    .needs = MIG_NEED_READ_FILES | MIG_NEED_NETLINK,
    .name = "demo",
    .version = "1.2.3",
    .summary = "shows options",
    .options = table,
    .options_count = MIG_COUNT(table),
    .option_size = sizeof(table[0]),
    .examples = "mig demo -path /\nmig demo -path /etc -any",
};

#define LIMIT "{\"searches\":{\"s1\":{\"options\":{\"limit\":1000}"

static const struct {
    const char *arguments;  /* joined by '|' */
    const char *parameters; /* or NULL */
    const char *message;
} parses[] = {
    {"-path|/", LIMIT ",\"paths\":[\"/\"]}}}", NULL},
    {"--path|/", LIMIT ",\"paths\":[\"/\"]}}}", NULL},
    {"-path=/", LIMIT ",\"paths\":[\"/\"]}}}", NULL},
    {"-path=", LIMIT ",\"paths\":[\"\"]}}}", NULL},
    {"-path=a=b", LIMIT ",\"paths\":[\"a=b\"]}}}", NULL},
    {"-path|-name", LIMIT ",\"paths\":[\"-name\"]}}}", NULL},
    {"-path|/|-path|/b|--", LIMIT ",\"paths\":[\"/\",\"/b\"]}}}", NULL},
    {"-path|/|-limit|7|-limit=8",
     "{\"searches\":{\"s1\":{\"options\":{\"limit\":8},\"paths\":[\"/\"]}}}", NULL},
    {"-path|/|-deep", LIMIT ",\"paths\":[\"/\"]}},\"deep\":true}", NULL},
    {"-path|/|-deep=false", LIMIT ",\"paths\":[\"/\"]}},\"deep\":false}", NULL},
    {"-path|/|-deep=T", LIMIT ",\"paths\":[\"/\"]}},\"deep\":true}", NULL},
    {"-path|/|-any|-all", LIMIT ",\"paths\":[\"/\"]}},\"mode\":\"all\"}", NULL},
    {"-path|/|-hash|00fF", LIMIT ",\"paths\":[\"/\"]}},\"hash\":\"00fF\"}", NULL},
    {"", NULL, "demo needs the option -path (where)"},
    {"-path", NULL, "-path needs a value"},
    {"-path|/|x", NULL, "demo takes options only, 'x' is none of them"},
    {"-path|/|-", NULL, "demo takes options only, '-' is none of them"},
    {"-path|/|--|x", NULL, "demo takes options only, '--' is none of them"},
    {"-path|/|-deep|false", NULL, "demo takes options only, 'false' is none of them"},
    {"-deep=maybe", NULL, "-deep takes true or false, not 'maybe'"},
    {"-nme|x", NULL, "demo has no option -nme; did you mean -name?"},
    {"-paht|x", NULL, "demo has no option -paht; did you mean -path?"},
    {"-whatever|x", NULL, "demo has no option -whatever; 'mig demo help' lists them"},
    {"---path|x", NULL, "'---path' is not an option"},
    {"-=x", NULL, "'-=x' is not an option"},
    {"-limit|-1", NULL, "-limit takes a whole number, not '-1'"},
    {"-limit|1k", NULL, "-limit takes a whole number, not '1k'"},
    {"-limit| 1", NULL, "-limit takes a whole number, not ' 1'"},
    {"-limit|5001", NULL, "-limit takes a number up to 5000, not 5001"},
    {"-limit|99999999999999999999", NULL,
     "-limit takes a whole number, not '99999999999999999999'"},
    {"-hash|0g", NULL, "-hash takes hexadecimal digits, not '0g'"},
    {"-hash=", NULL, "-hash takes hexadecimal digits, not ''"},
    {"-any=1", NULL, "-any takes no value"},
    {"-name|123456789", NULL, "-name takes up to 8 bytes, 9 are given"},
    {"-name|\xff", NULL, "-name takes text in UTF-8"},
};

static void
parses_arguments(void **state)
{
    (void)state;
    for (size_t i = 0; i < MIG_COUNT(parses); i++) {
        struct mig_buf out = MIG_BUF_INIT;
        struct mig_err err = {0};
        size_t len = strlen(parses[i].arguments);
        char *arguments = strdup(parses[i].arguments);
        for (size_t j = 0; j < len; j++)
            if (arguments[j] == '|')
                arguments[j] = '\0';
        int rc = mig_options_parse(&plugin, arguments, len > 0 ? len + 1 : 0, &out, &err);
        if (parses[i].parameters != NULL) {
            assert_string_equal(err.text, "");
            assert_int_equal(rc, 0);
            assert_string_equal(out.data, parses[i].parameters);
            assert_int_equal(mig_options_validate(&plugin, out.data, out.len, &err), 0);
        } else {
            assert_int_equal(rc, MIG_E_INVALID);
            assert_string_equal(err.text, parses[i].message);
        }
        free(arguments);
        mig_buf_fini(&out);
    }
}

#define PATHS "{\"searches\":{\"s1\":{\"paths\":[\"/\"]"

static const struct {
    const char *parameters;
    const char *message; /* NULL: good */
} validations[] = {
    {PATHS "}}}", NULL},
    {PATHS ",\"names\":null}}}", NULL},
    {PATHS "}},\"mode\":\"any\",\"deep\":true,\"hash\":\"ab\"}", NULL},
    {PATHS ",\"options\":{\"limit\":1e3}}}}", NULL},
    {PATHS ",\"options\":null}}}", NULL},
    {"null", "demo needs the parameter 'searches.s1.paths'"},
    {" null\n", "demo needs the parameter 'searches.s1.paths'"},
    {"{}", "demo needs the parameter 'searches.s1.paths'"},
    {"[]", "the parameters of demo must be an object"},
    {PATHS "}},\"more\":1}", "demo has no parameter 'more'"},
    {PATHS ",\"x\":1}}}", "demo has no parameter 'searches.s1.x'"},
    {"{\"searches\":1}", "parameter 'searches' must be an object"},
    {"{\"searches\":{\"s1\":{\"paths\":\"/\"}}}", "parameter 'searches.s1.paths' must be an array"},
    {"{\"searches\":{\"s1\":{\"paths\":[1]}}}", "parameter 'searches.s1.paths' must be a text"},
    {PATHS "}},\"deep\":1}", "parameter 'deep' must be true or false"},
    {PATHS "}},\"mode\":\"some\"}", "parameter 'mode' must be \"all\""},
    {PATHS "}},\"hash\":\"xyz\"}", "-hash takes hexadecimal digits, not 'xyz'"},
    {PATHS ",\"options\":{\"limit\":\"1\"}}}}",
     "parameter 'searches.s1.options.limit' must be a whole number"},
    {PATHS ",\"options\":{\"limit\":-1}}}}",
     "parameter 'searches.s1.options.limit' must be a whole number of 0 or more"},
    {PATHS ",\"options\":{\"limit\":1.5}}}}",
     "parameter 'searches.s1.options.limit' must be a whole number of 0 or more"},
    {PATHS ",\"options\":{\"limit\":5001}}}}",
     "parameter 'searches.s1.options.limit' is at most 5000, not 5001"},
};

static void
validates_parameters(void **state)
{
    (void)state;
    for (size_t i = 0; i < MIG_COUNT(validations); i++) {
        struct mig_err err = {0};
        const char *text = validations[i].parameters;
        int rc = mig_options_validate(&plugin, text, strlen(text), &err);
        assert_string_equal(err.text, validations[i].message != NULL ? validations[i].message : "");
        assert_int_equal(rc, validations[i].message != NULL ? MIG_E_INVALID : 0);
    }
}

static void
helps(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;
    (void)state;
    assert_int_equal(mig_options_help(&plugin, &out), 0);
    assert_string_equal(out.data, "demo 1.2.3 - shows options\n"
                                  "\n"
                                  "Usage: mig demo [options]\n"
                                  "\n"
                                  "Options:\n"
                                  "  -name regex    a name (may be given several times)\n"
                                  "  -path text     where (required) (may be given several times)\n"
                                  "  -limit number  how many (default 1000)\n"
                                  "  -deep          go deep\n"
                                  "  -hash hex      a hash\n"
                                  "  -any           any of them\n"
                                  "  -all           all of them\n"
                                  "\n"
                                  "Examples:\n"
                                  "  mig demo -path /\n"
                                  "  mig demo -path /etc -any\n");
    mig_buf_fini(&out);
}

static void
describes(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;
    const char *text;
    size_t len;
    (void)state;
    assert_int_equal(mig_options_describe(&plugin, "00ff", &out), 0);
    assert_int_equal(mig_json_check(out.data, out.len, NULL, NULL), 0);
    assert_int_equal(mig_json_raw_member(out.data, out.len, "needs", &text, &len), 0);
    assert_int_equal(strncmp(text, "[\"read files\",\"netlink\"]", len), 0);
    assert_int_equal(mig_json_raw_member(out.data, out.len, "abi", &text, &len), 0);
    assert_int_equal(strncmp(text, "\"1.0\"", len), 0);
    assert_int_equal(mig_json_raw_member(out.data, out.len, "options", &text, &len), 0);
    assert_int_equal(mig_json_raw_element(text, len, 3, &text, &len), 0);
    const char *deep =
        "{\"name\":\"deep\",\"path\":\"deep\",\"type\":\"bool\",\"help\":\"go deep\","
        "\"value\":\"\",\"preset\":null,\"repeatable\":false,\"required\":false,"
        "\"always\":false,\"max\":0}";
    assert_int_equal(len, strlen(deep));
    assert_memory_equal(text, deep, len);
    mig_buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_arguments),
        cmocka_unit_test(validates_parameters),
        cmocka_unit_test(helps),
        cmocka_unit_test(describes),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
