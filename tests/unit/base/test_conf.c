/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "unit.h"

#include <errno.h>

#include "base/conf.h"

static struct mig_conf *
parse(const char *text)
{
    struct mig_conf *conf = NULL;
    struct mig_err err = {0};

    assert_done(mig_conf_parse("f.cfg", text, strlen(text), &conf, &err), &err);
    return conf;
}

static void
values_are_read(void **state)
{
    static const struct {
        const char *text;
        const char *expected; /* of a.k */
    } table[] = {
        {"[a]\nk = v", "v"},
        {"[a]\nk=v\n", "v"},
        {"  [ A ]  ; c\r\n  K =  v w  \r\n", "v w"},
        {"; c\n# c\n\n[a] # c\nk = v ; c\n", "v"},
        {"[a]\nk = v#c\n", "v"},
        {"[a]\nk = \"v ; # w \" ; c\n", "v ; # w "},
        {"[a]\nk = x\"  \"y\n", "x  y"},
        {"[a]\nk = \"\"\n", ""},
        {"[a]\nk =\n", ""},
        {"[a]\nk\n", "true"},
        {"[a]\nk = a\\\\b\\\"c\\td\\ne\n", "a\\b\"c\td\ne"},
        {"[a]\nk = one \\\ntwo\n", "one two"},
        {"[a]\nk = 1\n[b]\nk = 2\n", "1"},
        {"[a]\nk = 1\n[b]\nk = 2\n[A]\nK = 3\n", "3"},
        {"[a]\nk = amqp://u:p@h:5672/?x=y\n", "amqp://u:p@h:5672/?x=y"},
        {"[a]\nk = \xc3\xa9\n", "\xc3\xa9"},
        {"[b]\nk = v\n", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_conf *conf = parse(table[i].text);
        const char *value = mig_conf_get(conf, "a.k", NULL);
        if (table[i].expected == NULL)
            assert_null(value);
        else
            assert_string_equal(value != NULL ? value : "(absent)", table[i].expected);
        mig_conf_free(conf);
    }
}

static void
wrong_files_are_refused(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *part;
    } table[] = {
        {"[a\n", 3, "f.cfg:1: expected ']'"},
        {"[]\n", 3, "f.cfg:1: expected [section]"},
        {"[a \"b\"]\n", 8, "f.cfg:1: expected ']'"},
        {"[a] k=v\n", 8, "f.cfg:1: unexpected text after [section]"},
        {"\nk = v\n", 7, "f.cfg:2: a key stands before the first [section]"},
        {"[a]\n= v\n", 8, "f.cfg:2: expected [section] or key = value"},
        {"[a]\nk v\n", 8, "f.cfg:2: expected '=' after the key"},
        {"[a]\n\n\nk = \"v\n", 13, "f.cfg:4: a value has no closing double quote"},
        {"[a]\nk = \\x\n", 11, "f.cfg:2: unknown escape"},
        {"[a]\nk = v\\", 10, "f.cfg:2: unknown escape"},
        {"[a]\nk = 1\\\n2\nx y\n", 17, "f.cfg:4: expected '='"},
        {"[a]\nk = \0\n", 10, "f.cfg: not a text file in UTF-8"},
        {"[a]\nk = \xff\n", 10, "f.cfg: not a text file in UTF-8"},
        {"[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]", 74,
         "f.cfg:1: a name is too long"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_conf *conf = NULL;
        struct mig_err err = {0};
        int rc = mig_conf_parse("f.cfg", table[i].text, table[i].len, &conf, &err);
        assert_refused(rc, &err, MIG_E_CONFIG, table[i].part);
        assert_null(conf);
    }
}

static void
keys_may_repeat(void **state)
{
    struct mig_conf *conf = parse("[agent]\ntags = a:b\nTags = \"c:d\"\n[x]\ntags = e\n");

    (void)state;
    assert_string_equal(mig_conf_get_nth(conf, "agent.tags", 0), "a:b");
    assert_string_equal(mig_conf_get_nth(conf, "agent.tags", 1), "c:d");
    assert_null(mig_conf_get_nth(conf, "agent.tags", 2));
    assert_string_equal(mig_conf_get(conf, "agent.tags", "none"), "c:d");
    assert_string_equal(mig_conf_get(conf, "agent.other", "none"), "none");
    mig_conf_free(conf);
}

static void
types_are_checked(void **state)
{
    struct mig_conf *conf =
        parse("[a]\nyes = On\nno = FALSE\nbare\nodd = maybe\nn = 42\nm = -1\n"
              "x = 42a\nempty =\nd = 1h30m\nneg = -5m\nhuge = 99999999999999999999");
    struct mig_err err = {0};
    int64_t n = 0;
    int flag = -1;

    (void)state;
    assert_int_equal(mig_conf_get_bool(conf, "a.yes", 0, &flag, &err), 0);
    assert_int_equal(flag, 1);
    assert_int_equal(mig_conf_get_bool(conf, "a.no", 1, &flag, &err), 0);
    assert_int_equal(flag, 0);
    assert_int_equal(mig_conf_get_bool(conf, "a.bare", 0, &flag, &err), 0);
    assert_int_equal(flag, 1);
    assert_int_equal(mig_conf_get_bool(conf, "a.none", 0, &flag, &err), 0);
    assert_int_equal(flag, 0);
    assert_refused(
        mig_conf_get_bool(conf, "a.odd", 0, &flag, &err), &err, MIG_E_CONFIG,
        "f.cfg:5: a.odd: expected on or off (also yes, no, true, false), found \"maybe\"");
    assert_int_equal(mig_conf_get_number(conf, "a.n", 0, 100, 5, &n, &err), 0);
    assert_int_equal(n, 42);
    assert_int_equal(mig_conf_get_number(conf, "a.none", 0, 100, 5, &n, &err), 0);
    assert_int_equal(n, 5);
    assert_refused(mig_conf_get_number(conf, "a.m", 0, 100, 5, &n, &err), &err, MIG_E_CONFIG,
                   "f.cfg:7: a.m: expected a whole number from 0 to 100, found \"-1\"");
    assert_refused(mig_conf_get_number(conf, "a.x", 0, 100, 5, &n, &err), &err, MIG_E_CONFIG,
                   "\"42a\"");
    assert_refused(mig_conf_get_number(conf, "a.empty", 0, 100, 5, &n, &err), &err, MIG_E_CONFIG,
                   "a whole number");
    assert_refused(mig_conf_get_number(conf, "a.huge", 0, INT64_MAX, 5, &n, &err), &err,
                   MIG_E_CONFIG, "a whole number");
    assert_int_equal(mig_conf_get_duration(conf, "a.d", "5m", &n, &err), 0);
    assert_int_equal(n, 5400000);
    assert_int_equal(mig_conf_get_duration(conf, "a.none", "5m", &n, &err), 0);
    assert_int_equal(n, 300000);
    assert_refused(mig_conf_get_duration(conf, "a.neg", "5m", &n, &err), &err, MIG_E_CONFIG,
                   "f.cfg:11: a.neg: expected a duration such as 300s, 5m or 1h30m, found \"-5m\"");
    mig_conf_free(conf);
}

static void
unknown_keys_are_named(void **state)
{
    static const char *const all[] = {"a.k", "B.X", NULL};
    static const char *const some[] = {"a.k", NULL};
    struct mig_conf *conf = parse("[a]\nk = 1\n[b]\n\nx = 2\n");
    struct mig_err err = {0};

    (void)state;
    assert_done(mig_conf_only(conf, all, &err), &err);
    assert_refused(mig_conf_only(conf, some, &err), &err, MIG_E_CONFIG, "f.cfg:5: unknown key b.x");
    mig_conf_free(conf);
}

static void
missing_files_are_named(void **state)
{
    struct mig_conf *conf = NULL;
    struct mig_err err = {0};

    (void)state;
    assert_refused(mig_conf_load("/no/such.cfg", &conf, &err), &err, -ENOENT,
                   "cannot open /no/such.cfg: No such file or directory");
}

static void
parts_of_values_are_trimmed(void **state)
{
    static const char *const cases[][2] = {
        {"a b", "a b"}, {" \t a b\n ", "a b"}, {"a ", "a"}, {" a", "a"}, {" \t\n", ""}, {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *got = mig_conf_trimmed(cases[i][0], cases[i][0] + strlen(cases[i][0]));
        assert_non_null(got);
        assert_string_equal(got, cases[i][1]);
        free(got);
    }
}

static void
only_the_part_is_trimmed(void **state)
{
    static const char value[] = " a :b";
    char *got = mig_conf_trimmed(value, value + 3);

    (void)state;
    assert_non_null(got);
    assert_string_equal(got, "a");
    free(got);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read),
        cmocka_unit_test(wrong_files_are_refused),
        cmocka_unit_test(keys_may_repeat),
        cmocka_unit_test(types_are_checked),
        cmocka_unit_test(unknown_keys_are_named),
        cmocka_unit_test(missing_files_are_named),
        cmocka_unit_test(parts_of_values_are_trimmed),
        cmocka_unit_test(only_the_part_is_trimmed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
