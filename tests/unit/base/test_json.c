/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "unit.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <locale.h>

#include "base/buf.h"
#include "base/json.h"

/* Text with embedded bytes that strlen() would miss. */
#define BYTES(literal) literal, sizeof(literal) - 1

static void
canonical_forms(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } table[] = {
        {"null", "null"},
        {" true ", "true"},
        {"\t\r\nfalse", "false"},
        {"\"\"", "\"\""},
        {"{}", "{}"},
        {"[ ]", "[]"},
        {"{ \"b\" : 1 , \"a\" : [ 1 , { } ] }", "{\"a\":[1,{}],\"b\":1}"},
        {"{\"b\":1,\"a\":2,\"aa\":3,\"B\":4,\"_\":5}",
         "{\"B\":4,\"_\":5,\"a\":2,\"aa\":3,\"b\":1}"},
        {"{\"\\u0062\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
        {"{\"z\":{\"b\":1,\"a\":2},\"y\":[{\"d\":1,\"c\":2}]}",
         "{\"y\":[{\"c\":2,\"d\":1}],\"z\":{\"a\":2,\"b\":1}}"},
        {"\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"", "\"/\\u0008\\u000c\\n\\r\\t\\\"\\\\\""},
        {"\"<>&\\u2028\\u2029\\u007f\"", "\"\\u003c\\u003e\\u0026\\u2028\\u2029\x7f\""},
        {"\"\\ud83e\\udd80\"", "\"\xf0\x9f\xa6\x80\""},
        {"\"\\ud800\\u0041\"", "\"\xef\xbf\xbd"
                               "A\""},
        {"\"\\ud800\\ud83e\\udd80\"", "\"\xef\xbf\xbd\xf0\x9f\xa6\x80\""},
        {"\"\\udc00\\ud800\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\"\\u00e9\\u6f22\"", "\"\xc3\xa9\xe6\xbc\xa2\""},
        {"\"\\u0000\"", "\"\\u0000\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_buf out = MIG_BUF_INIT;
        struct mig_err err = {0};
        assert_done(mig_json_canonical(table[i].text, strlen(table[i].text), NULL, &out, &err),
                    &err);
        assert_string_equal(out.data, table[i].expected);
        mig_buf_fini(&out);
    }
}

static void
canonical_numbers(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } table[] = {
        {"0", "0"},
        {"-0", "-0"},
        {"-0.0", "-0"},
        {"0e5", "0"},
        {"1.0", "1"},
        {"1e3", "1000"},
        {"1E+3", "1000"},
        {"-1.50", "-1.5"},
        {"123456789012345", "123456789012345"},
        {"1234567890123456", "1234567890123456"},
        {"123456789012345678", "123456789012345680"},
        {"9007199254740993", "9007199254740992"},
        {"18446744073709551616", "18446744073709552000"},
        {"1e20", "100000000000000000000"},
        {"123456789012345678901", "123456789012345680000"},
        {"999999999999999999999", "1e+21"},
        {"1e21", "1e+21"},
        {"1.5e300", "1.5e+300"},
        {"0.000001", "0.000001"},
        {"0.00000123", "0.00000123"},
        {"0.000000999", "9.99e-7"},
        {"1e-7", "1e-7"},
        {"1e-10", "1e-10"},
        {"-2.5e-09", "-2.5e-9"},
        {"0.1", "0.1"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"5e-324", "5e-324"},
        {"4.9406564584124654e-324", "5e-324"},
        {"1e-400", "0"},
        {"-1e-400", "-0"},
        {"2.2250738585072014e-308", "2.2250738585072014e-308"},
        {"2.225073858507201e-308", "2.225073858507201e-308"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"5.684341886080802e-14", "5.684341886080802e-14"},
        {"9.5367431640625e-07", "9.5367431640625e-7"},
        {"1.1754943508222875e-38", "1.1754943508222875e-38"},
        /* Powers of two whose nearest 16 digits read back as the neighbour below. */
        {"7.1202363472230444e-307", "7.120236347223045e-307"},
        {"9.8079714615416887e+290", "9.807971461541689e+290"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_buf out = MIG_BUF_INIT;
        struct mig_err err = {0};
        assert_done(mig_json_canonical(table[i].text, strlen(table[i].text), NULL, &out, &err),
                    &err);
        assert_string_equal(out.data, table[i].expected);
        mig_buf_fini(&out);
    }
}

/* Every double that a random pattern of bits gives reads back as itself, in at most 17 digits. */
static void
doubles_read_back(void **state)
{
    uint64_t bits = 0x9e3779b97f4a7c15u;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct mig_buf out = MIG_BUF_INIT;
        double value;
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        assert_int_equal(mig_json_add_double(&out, value), 0);
        assert_true(strtod(out.data, NULL) == value);
        mig_buf_fini(&out);
    }
}

static void
powers_of_two_read_back(void **state)
{
    (void)state;
    for (int e = -1074; e < 1024; e++) {
        struct mig_buf out = MIG_BUF_INIT;
        assert_int_equal(mig_json_add_double(&out, ldexp(1, e)), 0);
        assert_true(strtod(out.data, NULL) == ldexp(1, e));
        mig_buf_fini(&out);
    }
}

static void
not_finite_is_null(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;

    (void)state;
    mig_json_add_double(&out, NAN);
    mig_json_add_double(&out, INFINITY);
    assert_string_equal(out.data, "nullnull");
    mig_buf_fini(&out);
}

/* A comma locale must not change what is signed. Says nothing where none is installed. */
static void
locale_plays_no_part(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};

    (void)state;
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
        return;
    assert_done(mig_json_canonical(BYTES("[1.5,2.50e-3]"), NULL, &out, &err), &err);
    setlocale(LC_NUMERIC, "C");
    assert_string_equal(out.data, "[1.5,0.0025]");
    mig_buf_fini(&out);
}

static void
refusals(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *part;
    } table[] = {
        {BYTES(""), "the document ends where a value is expected"},
        {BYTES("  "), "JSON at byte 2"},
        {BYTES("{"), "expected a member name"},
        {BYTES("["), "ends where a value is expected"},
        {BYTES("[1,]"), "expected a value"},
        {BYTES("[1 2]"), "expected ',' or ']'"},
        {BYTES("{\"a\"}"), "expected ':'"},
        {BYTES("{\"a\":1,}"), "expected a member name"},
        {BYTES("{\"a\":1 \"b\":2}"), "expected ',' or '}'"},
        {BYTES("{a:1}"), "expected a member name"},
        {BYTES("{} x"), "more text after the end"},
        {BYTES("[]]"), "JSON at byte 2: more text after the end"},
        {BYTES("\xef\xbb\xbf{}"), "expected a value"},
        {BYTES("\"abc"), "JSON at byte 0: string without an end"},
        {BYTES("\"a\nb\""), "JSON at byte 2: control character"},
        {BYTES("\"a\0b\""), "control character"},
        {BYTES("\"\\x41\""), "unknown escape"},
        {BYTES("\"\\u12g4\""), "unknown escape"},
        {BYTES("\"\\"), "unknown escape"},
        {BYTES("\"\\u12"), "unknown escape"},
        {BYTES("\"\x80\""), "not UTF-8"},
        {BYTES("\"\xc0\xaf\""), "not UTF-8"},
        {BYTES("\"\xed\xa0\x80\""), "not UTF-8"},
        {BYTES("\"\xf4\x90\x80\x80\""), "not UTF-8"},
        {BYTES("\"\xe2\x82"), "not UTF-8"},
        {BYTES("nul"), "unknown word"},
        {BYTES("True"), "expected a value"},
        {BYTES("NaN"), "expected a value"},
        {BYTES("01"), "more text after the end"},
        {BYTES("-"), "'-' without a number"},
        {BYTES("-a"), "'-' without a number"},
        {BYTES("+1"), "expected a value"},
        {BYTES(".5"), "expected a value"},
        {BYTES("1."), "without digits after its point"},
        {BYTES("1e"), "without digits in its exponent"},
        {BYTES("1e+"), "without digits in its exponent"},
        {BYTES("0x10"), "more text after the end"},
        {BYTES("1e309"), "out of the range of a double"},
        {BYTES("[-1e400]"), "JSON at byte 1: number out of the range"},
        {BYTES("'a'"), "expected a value"},
        {BYTES("[1]/**/"), "more text after the end"},
        {BYTES("{\"a\":1,\"a\":2}"), "JSON at byte 7: duplicate key \"a\""},
        {BYTES("{\"b\":1,\"a\":1,\"\\u0061\":2}"), "JSON at byte 13: duplicate key \"a\""},
        {BYTES("{\"\\ud800\":1,\"\\ud801\":2}"), "duplicate key"},
        {BYTES("[[{\"x\":{\"\":1,\"\":1}}]]"), "duplicate key \"\""},
        {BYTES("{\"a\\u0000b\":1}"), "member name with a NUL"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_buf out = MIG_BUF_INIT;
        struct mig_err err = {0};
        /* A copy without a NUL behind it: reading on shows under ASan. */
        char *copy = malloc(table[i].len + 1);
        memmove(copy + 1, table[i].text, table[i].len);
        assert_refused(mig_json_check(copy + 1, table[i].len, NULL, &err), &err, MIG_E_SYNTAX,
                       table[i].part);
        assert_int_equal(mig_json_canonical(copy + 1, table[i].len, NULL, &out, NULL),
                         MIG_E_SYNTAX);
        assert_int_equal(out.len, 0);
        mig_buf_fini(&out);
        free(copy);
    }
}

static void
limits_hold(void **state)
{
    const struct mig_json_limits small = {.max_bytes = 8, .max_depth = 2};
    struct mig_err err = {0};
    char deep[2 * 65 + 1];

    (void)state;
    assert_int_equal(mig_json_check(BYTES("[[1,2]]"), &small, &err), 0);
    assert_refused(mig_json_check(BYTES("[[[]]]"), &small, &err), &err, MIG_E_LIMIT,
                   "nested deeper than 2 levels");
    assert_refused(mig_json_check(BYTES("[1,2,3,4]"), &small, &err), &err, MIG_E_LIMIT,
                   "JSON of 9 bytes, at most 8 are allowed");
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    assert_refused(mig_json_check(deep, 130, NULL, &err), &err, MIG_E_LIMIT, "deeper than 64");
    assert_int_equal(mig_json_check(deep + 1, 128, NULL, &err), 0);
}

/* However deep a caller allows, the stack is not at the mercy of the document. */
static void
depth_is_capped(void **state)
{
    const struct mig_json_limits wide = {.max_depth = 1000000};
    size_t half = 100000;
    char *text = malloc(2 * half);
    struct mig_err err = {0};

    (void)state;
    memset(text, '[', half);
    memset(text + half, ']', half);
    assert_refused(mig_json_check(text, 2 * half, &wide, &err), &err, MIG_E_LIMIT,
                   "nested deeper than 512 levels");
    free(text);
}

static void
case_tells_keys_apart_only_in_maps(void **state)
{
    const struct mig_json_limits fields = {.fold_depth = 1};
    struct mig_err err = {0};

    (void)state;
    assert_done(mig_json_check(BYTES("{\"Alpha\":1,\"alpha\":2}"), NULL, &err), &err);
    assert_done(mig_json_check(BYTES("{\"a\":{\"B\":1,\"b\":2}}"), &fields, &err), &err);
    assert_refused(mig_json_check(BYTES("{\"Name\":1,\"x\":0,\"naME\":2}"), &fields, &err), &err,
                   MIG_E_SYNTAX, "duplicate key \"naME\" (case does not tell keys apart here)");
    /* Only ASCII folds. */
    assert_done(mig_json_check(BYTES("{\"\xc3\xa9\":1,\"\xc3\x89\":2}"), &fields, &err), &err);
}

/* 100,000 keys in the worst order: seconds would show a quadratic search. */
static void
many_keys_are_cheap(void **state)
{
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};

    (void)state;
    mig_buf_addc(&text, '{');
    for (int i = 100000; i > 0; i--)
        mig_buf_addf(&text, "%s\"key%06d\":%d", i < 100000 ? "," : "", i, i);
    mig_buf_addc(&text, '}');
    assert_done(mig_json_canonical(text.data, text.len, NULL, &out, &err), &err);
    assert_int_equal(out.len, text.len);
    assert_memory_equal(out.data, "{\"key000001\":1,\"key000002\":2,", 29);
    text.data[text.len - 1] = ',';
    mig_buf_adds(&text, "\"key050000\":0}");
    assert_refused(mig_json_check(text.data, text.len, NULL, &err), &err, MIG_E_SYNTAX,
                   "duplicate key \"key050000\"");
    mig_buf_fini(&text);
    mig_buf_fini(&out);
}

static void
hostile_keys_stay_one_line(void **state)
{
    struct mig_err err = {0};

    (void)state;
    assert_refused(mig_json_check(BYTES("{\"\\n\\u001b[31m\":1,\"\\n\\u001b[31m\":2}"), NULL, &err),
                   &err, MIG_E_SYNTAX, "duplicate key \"??[31m\"");
}

static void
parse_takes_objects_and_arrays(void **state)
{
    static const char *const others[] = {"null", "1", "\"x\"", "true"};
    struct json_object *obj = NULL;
    struct mig_err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++)
        assert_refused(mig_json_parse(others[i], strlen(others[i]), NULL, &obj, &err), &err,
                       MIG_E_SYNTAX, "expected an object or an array");
    assert_null(obj);
    assert_done(mig_json_parse(BYTES(" {\"a\":[1,2]} "), NULL, &obj, &err), &err);
    assert_string_equal(json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN),
                        "{\"a\":[1,2]}");
    json_object_put(obj);
}

static void
parse_takes_the_greatest_depth(void **state)
{
    struct json_object *obj = NULL;
    struct mig_err err = {0};
    char deep[128];

    (void)state;
    memset(deep, '[', 64);
    memset(deep + 64, ']', 64);
    assert_done(mig_json_parse(deep, sizeof deep, NULL, &obj, &err), &err);
    json_object_put(obj);
}

static void
members_are_read(void **state)
{
    struct json_object *obj = NULL;
    struct mig_err err = {0};
    const char *text = "untouched";
    int64_t number = 7;
    int flag = 7;

    (void)state;
    assert_done(
        mig_json_parse(BYTES("{\"s\":\"x\",\"i\":12,\"f\":1.234567e+15,\"b\":true,\"n\":null,"
                             "\"nul\":\"a\\u0000b\",\"half\":1.5,\"huge\":1e300,"
                             "\"big\":99999999999999999999,\"neg\":-3}"),
                       NULL, &obj, &err),
        &err);
    assert_int_equal(mig_json_get_string(obj, "absent", 0, &text, &err), 0);
    assert_int_equal(mig_json_get_string(obj, "n", 0, &text, &err), 0);
    assert_string_equal(text, "untouched");
    assert_int_equal(mig_json_get_string(obj, "s", 1, &text, &err), 0);
    assert_string_equal(text, "x");
    assert_int_equal(mig_json_get_int64(obj, "absent", 0, &number, &err), 0);
    assert_int_equal(number, 7);
    assert_int_equal(mig_json_get_int64(obj, "i", 1, &number, &err), 0);
    assert_int_equal(number, 12);
    assert_int_equal(mig_json_get_int64(obj, "neg", 1, &number, &err), 0);
    assert_int_equal(number, -3);
    assert_int_equal(mig_json_get_int64(obj, "f", 1, &number, &err), 0);
    assert_int_equal(number, 1234567000000000);
    assert_int_equal(mig_json_get_bool(obj, "b", 1, &flag, &err), 0);
    assert_int_equal(flag, 1);
    assert_refused(mig_json_get_string(obj, "absent", 1, &text, &err), &err, MIG_E_INVALID,
                   "field \"absent\" is missing");
    assert_refused(mig_json_get_string(obj, "n", 1, &text, &err), &err, MIG_E_INVALID,
                   "field \"n\" is missing");
    assert_refused(mig_json_get_string(obj, "i", 0, &text, &err), &err, MIG_E_INVALID,
                   "field \"i\": expected a string, found int");
    assert_refused(mig_json_get_string(obj, "nul", 0, &text, &err), &err, MIG_E_INVALID,
                   "a NUL character is not allowed");
    assert_refused(mig_json_get_int64(obj, "s", 0, &number, &err), &err, MIG_E_INVALID,
                   "expected a whole number, found string");
    assert_refused(mig_json_get_int64(obj, "half", 0, &number, &err), &err, MIG_E_INVALID,
                   "expected a whole number, found 1.5");
    assert_refused(mig_json_get_int64(obj, "huge", 0, &number, &err), &err, MIG_E_INVALID,
                   "the number is too large");
    assert_refused(mig_json_get_int64(obj, "big", 0, &number, &err), &err, MIG_E_INVALID,
                   "the number is too large");
    assert_refused(mig_json_get_bool(obj, "s", 0, &flag, &err), &err, MIG_E_INVALID,
                   "expected true or false, found string");
    json_object_put(obj);
}

static void
raw_pieces(void **state)
{
    static const char text[] = " { \"a\" : 1 , \"\\u0062\" : [ 1.50 , \"x]\\\"\" , {\"c\":[{}]} ] ,"
                               " \"s\" : \"}\" ,\"z\":-0}";
    static const struct {
        const char *key;
        const char *expected; /* NULL: not there */
    } members[] = {{"a", "1"},     {"b", "[ 1.50 , \"x]\\\"\" , {\"c\":[{}]} ]"},
                   {"s", "\"}\""}, {"z", "-0"},
                   {"c", NULL},    {"", NULL}};
    static const char *const elements[] = {"1.50", "\"x]\\\"\"", "{\"c\":[{}]}"};
    const char *at;
    size_t len;
    const char *list = NULL;
    size_t list_len = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(members); i++) {
        int rc = mig_json_raw_member(BYTES(text), members[i].key, &at, &len);
        if (members[i].expected == NULL) {
            assert_int_equal(rc, MIG_E_NOT_FOUND);
            continue;
        }
        assert_int_equal(rc, 0);
        assert_int_equal(len, strlen(members[i].expected));
        assert_memory_equal(at, members[i].expected, len);
    }
    assert_int_equal(mig_json_raw_member(BYTES(text), "b", &list, &list_len), 0);
    for (size_t i = 0; i < COUNT(elements); i++) {
        assert_int_equal(mig_json_raw_element(list, list_len, i, &at, &len), 0);
        assert_int_equal(len, strlen(elements[i]));
        assert_memory_equal(at, elements[i], len);
    }
    assert_int_equal(mig_json_raw_element(list, list_len, 3, &at, &len), MIG_E_NOT_FOUND);
    assert_int_equal(mig_json_raw_element(BYTES("[]"), 0, &at, &len), MIG_E_NOT_FOUND);
    assert_int_equal(mig_json_raw_element(BYTES("{}"), 0, &at, &len), MIG_E_NOT_FOUND);
    assert_int_equal(mig_json_raw_member(BYTES("{}"), "a", &at, &len), MIG_E_NOT_FOUND);
    assert_int_equal(mig_json_raw_member(BYTES("[]"), "a", &at, &len), MIG_E_NOT_FOUND);
}

static void
strings_are_escaped(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(mig_json_add_string(&out, BYTES("a\0<\x80\xc3\xa9\xe2\x80\xa8\"")), 0);
    assert_string_equal(out.data, "\"a\\u0000\\u003c\xef\xbf\xbd\xc3\xa9\\u2028\\\"\"");
    mig_buf_fini(&out);
}

static void
utf8_is_judged(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        int valid;
    } table[] = {
        {BYTES(""), 1},
        {BYTES("abc\0"), 1},
        {BYTES("\xc2\x80\xdf\xbf"), 1},
        {BYTES("\xe0\xa0\x80\xef\xbf\xbf"), 1},
        {BYTES("\xed\x9f\xbf\xee\x80\x80"), 1},
        {BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), 1},
        {BYTES("\xc1\xbf"), 0},
        {BYTES("\xe0\x9f\xbf"), 0},
        {BYTES("\xed\xa0\x80"), 0},
        {BYTES("\xf0\x8f\xbf\xbf"), 0},
        {BYTES("\xf5\x80\x80\x80"), 0},
        {BYTES("\xff"), 0},
        {BYTES("\xc3"), 0},
        {BYTES("\xe2\x82"), 0},
        {BYTES("\xf0\x9f\xa6"), 0},
        {BYTES("a\xbf"), 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        assert_int_equal(mig_utf8_valid(table[i].text, table[i].len), table[i].valid);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_forms),
        cmocka_unit_test(canonical_numbers),
        cmocka_unit_test(doubles_read_back),
        cmocka_unit_test(powers_of_two_read_back),
        cmocka_unit_test(not_finite_is_null),
        cmocka_unit_test(locale_plays_no_part),
        cmocka_unit_test(refusals),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(depth_is_capped),
        cmocka_unit_test(case_tells_keys_apart_only_in_maps),
        cmocka_unit_test(many_keys_are_cheap),
        cmocka_unit_test(hostile_keys_stay_one_line),
        cmocka_unit_test(parse_takes_objects_and_arrays),
        cmocka_unit_test(parse_takes_the_greatest_depth),
        cmocka_unit_test(members_are_read),
        cmocka_unit_test(raw_pieces),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(utf8_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
