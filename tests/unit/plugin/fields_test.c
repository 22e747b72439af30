/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/json.h"
#include "plugin/fields.h"

static const struct mig_field table[] = {
    {"host", NULL, MIG_FIELD_STRING, 0, 4},
    {"count", NULL, MIG_FIELD_NUMBER, 0, 0},
    {"yes", NULL, MIG_FIELD_BOOL, MIG_FIELD_NULLABLE, 0},
    {"addresses[]", NULL, MIG_FIELD_STRING, MIG_FIELD_NULLABLE, 0},
    {"secret", NULL, MIG_FIELD_STRING, MIG_FIELD_PRIVATE, 0},
    {"*[].file", NULL, MIG_FIELD_STRING, MIG_FIELD_PRIVATE, 0},
    {"*[].info.size", NULL, MIG_FIELD_NUMBER, 0, 0},
    {"*[].search", NULL, MIG_FIELD_ECHO, 0, 0},
    {"matrix[][]", NULL, MIG_FIELD_NUMBER, 0, 0},
    {"hits", NULL, MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
};
static const struct mig_plugin plugin = {
    .fields = table, .fields_count = MIG_COUNT(table), .field_size = sizeof(table[0])};

struct expected {
    struct mig_fields_place place;
    const char *in;
    const char *out; /* NULL: dropped */
    size_t undeclared, mistyped, cut;
    const char *first;
};

static const struct expected cases[] = {
    {{0}, "{}", "{}", 0, 0, 0, ""},
    {{0},
     "{\"host\":\"abcd\",\"count\":-1.5e3,\"yes\":false}",
     "{\"host\":\"abcd\",\"count\":-1.5e3,\"yes\":false}",
     0,
     0,
     0,
     ""},
    {{0},
     " { \"host\" : \"ab\" ,\n \"count\" : 1 } ",
     "{\"host\":\"ab\",\"count\":1}",
     0,
     0,
     0,
     ""},
    {{0}, "{\"host\":\"abcde\"}", "{\"host\":\"abcd\"}", 0, 0, 1, "host"},
    {{0}, "{\"host\":\"abc\xc3\xa9\"}", "{\"host\":\"abc\"}", 0, 0, 1, "host"},
    {{0}, "{\"host\":\"\\u00e9\\u00e9\"}", "{\"host\":\"\\u00e9\\u00e9\"}", 0, 0, 0, ""},
    {{0}, "{\"host\":\"a\\ud83d\\ude00\"}", "{\"host\":\"a\"}", 0, 0, 1, "host"},
    {{0}, "{\"host\":\"\\n\\n\\n\\n\\n\"}", "{\"host\":\"\\n\\n\\n\\n\"}", 0, 0, 1, "host"},
    {{0}, "{\"host\":1,\"count\":\"1\",\"yes\":0}", "{}", 0, 3, 0, "host"},
    {{0}, "{\"host\":{\"a\":1},\"count\":[1]}", "{}", 0, 2, 0, "host"},
    {{0}, "{\"host\":null,\"yes\":null}", "{\"yes\":null}", 0, 1, 0, "host"},
    {{0}, "{\"addresses\":null}", "{\"addresses\":null}", 0, 0, 0, ""},
    {{0},
     "{\"addresses\":[\"a\",1,null,\"b\"]}",
     "{\"addresses\":[\"a\",null,\"b\"]}",
     0,
     1,
     0,
     "addresses[]"},
    {{0}, "{\"addresses\":[1,\"a\"]}", "{\"addresses\":[\"a\"]}", 0, 1, 0, "addresses[]"},
    {{0}, "{\"addresses\":[]}", "{\"addresses\":[]}", 0, 0, 0, ""},
    {{0},
     "{\"matrix\":[[1,2],[],[3,\"x\"]]}",
     "{\"matrix\":[[1,2],[],[3]]}",
     0,
     1,
     0,
     "matrix[][]"},
    {{0}, "{\"hits\":1}", "{}", 0, 1, 0, "hits"}, /* '*' takes the name, not the number */
    {{0},
     "{\"s1\":[{\"file\":\"/a\",\"contents\":\"}]\\\"\",\"info\":{\"size\":1,\"x\":[{}]}}]}",
     "{\"s1\":[{\"file\":\"/a\",\"info\":{\"size\":1}}]}",
     2,
     0,
     0,
     "s1[].contents"},
    {{0},
     "{\"s1\":[{\"search\":{\"any\":[1,{\"x\":null}]}}]}",
     "{\"s1\":[{\"search\":{\"any\":[1,{\"x\":null}]}}]}",
     0,
     0,
     0,
     ""},
    {{0}, "{\"s1\":[{\"info\":{}}]}", "{\"s1\":[{\"info\":{}}]}", 0, 0, 0, ""},
    {{0}, "[1]", NULL, 0, 1, 0, "(all)"},
    {{0}, "null", NULL, 0, 1, 0, "(all)"},
    {{.private_mode = true},
     "{\"secret\":\"x\",\"host\":\"h\"}",
     "{\"secret\":\"masked\",\"host\":\"h\"}",
     0,
     0,
     0,
     ""},
    {{.private_mode = true}, "{\"secret\":\"\"}", "{\"secret\":\"\"}", 0, 0, 0, ""},
    {{.key = "s1", .element = true},
     "{\"file\":\"/a\",\"y\":1}",
     "{\"file\":\"/a\"}",
     1,
     0,
     0,
     "s1[].y"},
    {{.key = "s1", .element = true, .private_mode = true},
     "{\"file\":\"/a\"}",
     "{\"file\":\"masked\"}",
     0,
     0,
     0,
     ""},
    {{.key = "host"}, "\"abc\"", "\"abc\"", 0, 0, 0, ""},
    {{.key = "host", .element = true}, "\"abc\"", NULL, 1, 0, 0, "host[]"},
    {{.key = "addresses", .element = true}, "\"::1\"", "\"::1\"", 0, 0, 0, ""},
    {{.statistics = true, .key = "hits"}, "12", "12", 0, 0, 0, ""},
    {{.statistics = true, .key = "host"}, "\"a\"", NULL, 1, 0, 0, "host"},
};

static const char *
first_of(const struct mig_fields_report *report)
{
    return report->undeclared > 0 ? report->first_undeclared
           : report->mistyped > 0 ? report->first_mistyped
                                  : report->first_cut;
}

static void
filters(void **state)
{
    struct mig_fields *fields = NULL;
    (void)state;
    assert_int_equal(mig_fields_new(&plugin, &fields, NULL), 0);
    for (size_t i = 0; i < MIG_COUNT(cases); i++) {
        const struct expected *c = &cases[i];
        struct mig_buf out = MIG_BUF_INIT;
        struct mig_fields_report report = {0};
        mig_buf_adds(&out, "#");
        int rc = mig_fields_filter(fields, &c->place, c->in, strlen(c->in), &out, &report);
        assert_string_equal(out.data + 1, c->out != NULL ? c->out : "");
        assert_int_equal(rc, c->out != NULL);
        assert_int_equal(report.undeclared, c->undeclared);
        assert_int_equal(report.mistyped, c->mistyped);
        assert_int_equal(report.cut, c->cut);
        assert_string_equal(first_of(&report), c->first);
        mig_buf_fini(&out);
    }
    mig_fields_free(fields);
}

/* A member name that '*' stands for is no way to carry contents out. */
static void
bounds_names(void **state)
{
    struct mig_fields *fields = NULL;
    struct mig_buf in = MIG_BUF_INIT, out = MIG_BUF_INIT;
    struct mig_fields_report report = {0};
    struct mig_fields_place place = {0};
    (void)state;
    assert_int_equal(mig_fields_new(&plugin, &fields, NULL), 0);
    mig_buf_adds(&in, "{\"");
    for (size_t i = 0; i < MIG_FIELDS_NAME_MAX + 1; i++)
        mig_buf_addc(&in, 'n');
    mig_buf_adds(&in, "\":[]}");
    assert_int_equal(mig_fields_filter(fields, &place, in.data, in.len, &out, &report), 1);
    assert_string_equal(out.data, "{}");
    assert_int_equal(report.undeclared, 1);
    assert_int_equal(strlen(report.first_undeclared), 64);
    mig_buf_fini(&in);
    mig_buf_fini(&out);
    mig_fields_free(fields);
}

/* Every cut of a text: the walk must stay inside whatever it is given. */
static void
stays_inside(void **state)
{
    static const char text[] =
        "{\"s1\":[{\"file\":\"/"
        "a\\u00e9\\ud83d\\ude00\",\"z\":[{},[\"\\\"\"]],\"info\":{\"size\":1}}],"
        "\"host\":\"abcdefgh\",\"yes\":null}";
    struct mig_fields *fields = NULL;
    struct mig_fields_place place = {0};
    (void)state;
    assert_int_equal(mig_fields_new(&plugin, &fields, NULL), 0);
    for (size_t len = 0; len < sizeof(text); len++) {
        struct mig_buf in = MIG_BUF_INIT, out = MIG_BUF_INIT;
        struct mig_fields_report report = {0};
        mig_buf_add(&in, text, len);
        if (mig_json_check(text, len, NULL, NULL) == 0)
            mig_fields_filter(fields, &place, in.data, in.len, &out, &report);
        mig_buf_fini(&in);
        mig_buf_fini(&out);
    }
    mig_fields_free(fields);
}

static void
refused(const char *path, uint32_t type, const char *message)
{
    struct mig_field rows[2] = {{"ok", NULL, MIG_FIELD_STRING, 0, 0}, {path, NULL, type, 0, 0}};
    struct mig_plugin wrong = {
        .fields = rows, .fields_count = 2, .field_size = sizeof(struct mig_field)};
    struct mig_fields *fields = NULL;
    struct mig_err err = {0};
    assert_int_equal(mig_fields_new(&wrong, &fields, &err), MIG_E_PLUGIN);
    assert_string_equal(err.text, message);
    assert_null(fields);
}

static void
refuses_tables(void **state)
{
    (void)state;
    refused("", MIG_FIELD_STRING, "a field without a path");
    refused("a..b", MIG_FIELD_STRING, "field path 'a..b' is malformed at '..b'");
    refused("a[x]", MIG_FIELD_STRING, "field path 'a[x]' is malformed at '[x]'");
    refused("[]a", MIG_FIELD_STRING, "field path '[]a' is malformed at 'a'");
    refused("a.", MIG_FIELD_STRING, "field path 'a.' is malformed at '.'");
    refused(".a", MIG_FIELD_STRING, "field path '.a' is malformed at '.a'");
    refused("ok", MIG_FIELD_NUMBER, "field 'ok' is declared twice");
    refused("b", 9, "field 'b' has the unknown type 9");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters),
        cmocka_unit_test(bounds_names),
        cmocka_unit_test(stays_inside),
        cmocka_unit_test(refuses_tables),
    };
    return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
