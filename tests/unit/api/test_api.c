/* SPDX-License-Identifier: MPL-2.0 */
/* The parts of mig-api that need no server: forms, tokens, envelopes, links, routes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/envelope.h"
#include "api/links.h"
#include "api/query.h"
#include "api/router.h"
#include "api/token.h"
#include "base/buf.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
query_decodes(void **state)
{
    static const char text[] = "a=1&b=x+y%21&&c=&d&%65=%e2%88%9e&f=a=b";
    struct mig_query *query = NULL;
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_query_parse(text, sizeof text - 1, &query, &err), 0);
    assert_string_equal(mig_query_get(query, "a"), "1");
    assert_string_equal(mig_query_get(query, "b"), "x y!");
    assert_string_equal(mig_query_get(query, "c"), "");
    assert_string_equal(mig_query_get(query, "d"), "");
    assert_string_equal(mig_query_get(query, "e"), "\xe2\x88\x9e");
    assert_string_equal(mig_query_get(query, "f"), "a=b");
    assert_null(mig_query_get(query, "g"));
    mig_query_free(query);
}

static void
query_refuses(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"a=%", "'%' must be followed by two hexadecimal digits (byte 0)"},
        {"a=%4", "'%' must be followed by two hexadecimal digits (byte 0)"},
        {"a=12%4g", "'%' must be followed by two hexadecimal digits (byte 2)"},
        {"a=%00", "a NUL byte is not allowed (byte 2)"},
        {"a=%ff", "parameter 'a': not UTF-8"},
        {"a=%c0%80", "not UTF-8"},
        {"a=1&b=2&a=3", "parameter 'a' is given twice"},
        {"a=1&%61=3", "parameter 'a' is given twice"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mig_query *query = NULL;
        struct mig_err err = {0};

        assert_int_equal(mig_query_parse(cases[i].text, strlen(cases[i].text), &query, &err),
                         MIG_E_INVALID);
        if (strstr(err.text, cases[i].message) == NULL)
            fail_msg("%s: expected '%s', found '%s'", cases[i].text, cases[i].message, err.text);
        assert_null(query);
    }
}

static void
query_counts_fields(void **state)
{
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_query *query = NULL;
    struct mig_err err = {0};

    (void)state;
    for (unsigned i = 0; i < MIG_QUERY_MAX_FIELDS; i++)
        mig_buf_addf(&text, "&f%u=", i);
    assert_int_equal(mig_query_parse(text.data, text.len, &query, &err), 0);
    mig_query_free(query);
    mig_buf_adds(&text, "&more");
    assert_int_equal(mig_query_parse(text.data, text.len, &query, &err), MIG_E_INVALID);
    assert_string_equal(err.text, "more than 64 parameters");
    mig_buf_fini(&text);
}

static void
query_numbers(void **state)
{
    static const char text[] = "n=7&empty=&low=-1&word=7x&huge=99999999999999999999&plus=%2B7";
    static const char *const wrong[] = {"low", "word", "huge", "plus"};
    struct mig_query *query = NULL;
    struct mig_err err = {0};
    int64_t value = 0;

    (void)state;
    assert_int_equal(mig_query_parse(text, sizeof text - 1, &query, &err), 0);
    assert_int_equal(mig_query_number(query, "n", 0, 9, 1, &value, &err), 0);
    assert_int_equal(value, 7);
    assert_int_equal(mig_query_number(query, "empty", 0, 9, 3, &value, &err), 0);
    assert_int_equal(value, 3);
    assert_int_equal(mig_query_number(query, "absent", 0, 9, 4, &value, &err), 0);
    assert_int_equal(value, 4);
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(mig_query_number(query, wrong[i], 0, 9, 1, &value, &err), MIG_E_INVALID);
    assert_string_equal(err.text,
                        "Wrong parameters 'plus': expected a number from 0 to 9, found '+7'");
    assert_int_equal(value, 4);
    mig_query_free(query);
}

static void
query_ids(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "Wrong parameters 'actionid': it is missing"},
        {"actionid=", "Wrong parameters 'actionid': it is missing"},
        {"actionid=1.5", "Wrong parameters 'actionid': expected a decimal number, found '1.5'"},
        {"actionid=0", "Invalid Action ID '0'"},
        {"actionid=-3", "Invalid Action ID '-3'"},
        {"actionid=9007199254740993", "Invalid Action ID '9007199254740993'"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mig_query *query = NULL;
        struct mig_err err = {0};
        int64_t id = 5;

        assert_int_equal(mig_query_parse(cases[i].text, strlen(cases[i].text), &query, &err), 0);
        assert_int_equal(mig_query_id(query, "actionid", "Action", &id, &err), MIG_E_INVALID);
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(id, 5);
        mig_query_free(query);
    }
}

/* 2026-11-24T06:50:00Z */
static const struct mig_time now = {1795503000, 0};

static void
token_parses(void **state)
{
    static const char text[] = "1;2026-11-24T06:45:00Z;42;c2lnbmF0dXJl=abcd";
    struct mig_token token;
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_token_parse(text, now, 300000, &token, &err), 0);
    assert_string_equal(token.signed_text, "1;2026-11-24T06:45:00Z;42\n");
    assert_int_equal(token.signed_len, strlen(token.signed_text));
    assert_string_equal(token.signature, "c2lnbmF0dXJl=abcd");
    assert_int_equal(token.time.sec, now.sec - 300);
    mig_token_fini(&token);
}

static void
token_refuses(void **state)
{
    static const char format[] = "invalid token format";
    static const char late[] = "token timestamp is not within acceptable time limits";
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", format},
        {"1", format},
        {";;;", format},
        {"1;2026-11-24T06:50:00Z;42", format},
        {"1;2026-11-24T06:50:00Z;42;", format},
        {"1;2026-11-24T06:50:00Z;;c2ln", format},
        {"1;2026-11-24T06:50:00Z;42;c2ln;", format},
        {"1;2026-11-24T06:50:00Z;42;c2ln;x", format},
        {"1;2026-11-24 06:50:00;42;c2ln", format},
        {"1;2026-11-24T06:50:00+00:00;42;c2ln", format},
        {"1;2026-13-24T06:50:00Z;42;c2ln", format},
        {"2;2026-11-24T06:50:00Z;42;c2ln", "invalid token version, must be 1"},
        {"01;2026-11-24T06:50:00Z;42;c2ln", "invalid token version, must be 1"},
        {"1;2026-11-24T06:44:59Z;42;c2ln", late},
        {"1;2026-11-24T06:55:01Z;42;c2ln", late},
        {"1;0000-01-01T00:00:00Z;42;c2ln", late},
        {"1;9999-12-31T23:59:59Z;42;c2ln", late},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mig_token token = {0};
        struct mig_err err = {0};
        int rc = mig_token_parse(cases[i].text, now, 300000, &token, &err);

        if (rc >= 0 || strcmp(err.text, cases[i].message) != 0)
            fail_msg("'%s': expected '%s', found %d '%s'", cases[i].text, cases[i].message, rc,
                     err.text);
        assert_null(token.signed_text);
    }
}

static void
token_is_bounded(void **state)
{
    char *text = malloc(MIG_TOKEN_MAX + 2);
    struct mig_token token = {0};
    struct mig_err err = {0};

    (void)state;
    assert_non_null(text);
    memset(text, 'A', MIG_TOKEN_MAX + 1);
    memcpy(text, "1;2026-11-24T06:50:00Z;42;", 26);
    text[MIG_TOKEN_MAX + 1] = '\0';
    assert_int_equal(mig_token_parse(text, now, 300000, &token, &err), MIG_E_SYNTAX);
    text[MIG_TOKEN_MAX] = '\0';
    assert_int_equal(mig_token_parse(text, now, 300000, &token, &err), 0);
    mig_token_fini(&token);
    free(text);
}

static void
envelope_writes(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_envelope env;

    (void)state;
    mig_envelope_open(&env, &out, "http://h/x?a=\"b\"");
    mig_envelope_item(&env, "http://h/1");
    mig_envelope_data(&env, "one");
    mig_buf_adds(&out, "{\"id\":1}");
    mig_envelope_data(&env, "two");
    mig_buf_adds(&out, "2");
    mig_envelope_link(&env, "up", "http://h/2");
    mig_envelope_link(&env, "down", "http://h/3");
    mig_envelope_item(&env, "http://h/4");
    mig_envelope_item(&env, "http://h/5");
    mig_envelope_data(&env, "three");
    mig_buf_adds(&out, "null");
    mig_envelope_close(&env, NULL, NULL);
    assert_string_equal(
        out.data,
        "{\"collection\":{\"version\":\"1.0\",\"href\":\"http://h/x?a=\\\"b\\\"\",\"items\":["
        "{\"href\":\"http://h/1\",\"data\":[{\"name\":\"one\",\"value\":{\"id\":1}},"
        "{\"name\":\"two\",\"value\":2}],\"links\":[{\"rel\":\"up\",\"href\":\"http://h/2\"},"
        "{\"rel\":\"down\",\"href\":\"http://h/3\"}]},"
        "{\"href\":\"http://h/4\",\"data\":[],\"links\":[]},"
        "{\"href\":\"http://h/5\",\"data\":[{\"name\":\"three\",\"value\":null}],\"links\":[]}],"
        "\"template\":{},\"error\":{}}}");
    mig_buf_fini(&out);
}

static void
envelope_reports(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_envelope env;

    (void)state;
    mig_envelope_open(&env, &out, "h");
    mig_envelope_close(&env, "12", "a \"b\"\n");
    assert_string_equal(out.data,
                        "{\"collection\":{\"version\":\"1.0\",\"href\":\"h\",\"items\":[],"
                        "\"template\":{},\"error\":{\"code\":\"12\",\"message\":\"a "
                        "\\\"b\\\"\\n\"}}}");
    mig_buf_fini(&out);
}

static void
links_escape(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;

    (void)state;
    mig_link_escape(&out, "aZ09-._~ %&=+*\xe2\x88\x9e");
    assert_string_equal(out.data, "aZ09-._~%20%25%26%3D%2B%2A%E2%88%9E");
    mig_buf_fini(&out);
}

static void
router_finds(void **state)
{
    static const struct {
        const char *method, *path, *found, *allow;
    } cases[] = {
        {"GET", "/action", "/action", NULL},
        {"POST", "/action/create/", "/action/create", NULL},
        {"POST", "/action/create", "/action/create", NULL},
        {"POST", "/action", NULL, "GET"},
        {"GET", "/action/create/", NULL, "POST"},
        {"GET", "/heartbeat", "/heartbeat", NULL},
        {"PUT", "/heartbeat", NULL, "GET, POST"},
        {"GET", "/publickey/ABC", "/publickey/", NULL},
        {"GET", "/publickey/", NULL, NULL},
        {"GET", "/publickey/a/b", NULL, NULL},
        {"GET", "/actions", NULL, NULL},
        {"GET", "/action//", NULL, NULL},
        {"GET", "/", NULL, NULL},
        {"GET", "", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *allow = NULL;
        const struct mig_route *route = mig_router_find(cases[i].method, cases[i].path, &allow);

        assert_int_equal(route != NULL, cases[i].found != NULL);
        if (route != NULL)
            assert_string_equal(route->path, cases[i].found);
        else if (cases[i].allow == NULL)
            assert_null(allow);
        else
            assert_string_equal(allow, cases[i].allow);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(query_decodes),       cmocka_unit_test(query_refuses),
        cmocka_unit_test(query_counts_fields), cmocka_unit_test(query_numbers),
        cmocka_unit_test(query_ids),           cmocka_unit_test(token_parses),
        cmocka_unit_test(token_refuses),       cmocka_unit_test(token_is_bounded),
        cmocka_unit_test(envelope_writes),     cmocka_unit_test(envelope_reports),
        cmocka_unit_test(links_escape),        cmocka_unit_test(router_finds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
