/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <zlib.h>

#include "base/base64.h"
#include "base/buf.h"
#include "document/action.h"

#define HEAD                                                                                       \
    "\"name\":\"n\",\"target\":\"t\",\"validfrom\":\"2026-11-24T08:00:00Z\","                      \
    "\"expireafter\":\"2026-11-24T08:10:00Z\",\"syntaxversion\":2,"
#define OPS "\"operations\":[{\"module\":\"m\",\"parameters\":{}}]"
#define VALID_FROM 1795507200
#define EXPIRE_AFTER 1795507800

static struct mig_action *
parse(const char *json)
{
    struct mig_action *action = NULL;
    struct mig_err err = {0};

    assert_done(mig_action_parse(json, strlen(json), &action, &err), &err);
    return action;
}

static void
refused_forms(void **state)
{
    static const struct {
        const char *json;
        int code;
        const char *part;
    } table[] = {
        {"", MIG_E_SYNTAX, "action: JSON at byte 0"},
        {"null", MIG_E_SYNTAX, "expected an object"},
        {"[]", MIG_E_INVALID, "expected an object, found an array"},
        {"{" HEAD "\"operations\":null}", MIG_E_INVALID, "no operation"},
        {"{" HEAD "\"operations\":[]}", MIG_E_INVALID, "action operations is empty"},
        {"{" HEAD "\"x\":1}", MIG_E_INVALID, "no operation"},
        {"{" HEAD "\"operations\":{}}", MIG_E_INVALID, "\"operations\": expected an array"},
        {"{" HEAD "\"operations\":[1]}", MIG_E_INVALID,
         "operation 1: expected an object, found int"},
        {"{" HEAD "\"operations\":[{\"module\":\"m\"},null]}", MIG_E_INVALID,
         "operation 2: expected an object, found null"},
        {"{" HEAD "\"operations\":[{\"module\":1}]}", MIG_E_INVALID,
         "operation 1: field \"module\": expected a string"},
        {"{" HEAD "\"operations\":[{\"module\":\"m\",\"is_compressed\":1}]}", MIG_E_INVALID,
         "\"is_compressed\": expected true or false"},
        {"{" HEAD "\"operations\":[{\"module\":\"m\",\"is_compressed\":true,\"parameters\":{}}]}",
         MIG_E_INVALID, "the parameters are not a string"},
        {"{" HEAD "\"operations\":[{\"module\":\"m\\u0000x\"}]}", MIG_E_INVALID, "NUL"},
        {"{" HEAD "\"operations\":[{\"Module\":\"m\"}]}", MIG_E_INVALID,
         "unknown field \"Module\": field names are matched exactly, write \"module\""},
        {"{" HEAD "\"operations\":[{\"module\":\"m\",\"MODULE\":\"x\"}]}", MIG_E_SYNTAX,
         "duplicate key"},
        {"{" HEAD OPS ",\"TARGET\":\"x\"}", MIG_E_SYNTAX, "duplicate key \"TARGET\""},
        {"{" HEAD OPS ",\"\xc5\xbftatus\":\"x\"}", MIG_E_INVALID, "write \"status\""},
        {"{" HEAD "\"operation\\u017f\":[]," OPS "}", MIG_E_INVALID, "write \"operations\""},
        {"{" HEAD OPS ",\"Status\":\"x\"}", MIG_E_INVALID, "field names are matched exactly"},
        {"{" HEAD OPS ",\"name\":\"x\"}", MIG_E_SYNTAX, "duplicate key \"name\""},
        {"{\"name\":\"a\\u0000b\"," OPS "}", MIG_E_INVALID, "field \"name\": a NUL"},
        {"{\"target\":\"a\\u0000b\"," OPS "}", MIG_E_INVALID, "field \"target\": a NUL"},
        {"{\"name\":1," OPS "}", MIG_E_INVALID, "field \"name\": expected a string, found int"},
        {"{\"validfrom\":\"yesterday\"," OPS "}", MIG_E_INVALID,
         "field \"validfrom\": expected a time such as 2006-01-02T15:04:05Z, found \"yesterday\""},
        {"{\"expireafter\":5," OPS "}", MIG_E_INVALID, "\"expireafter\": expected a string"},
        {"{\"id\":-1," OPS "}", MIG_E_INVALID, "\"id\": expected 0 to 2^53"},
        {"{\"id\":1e16," OPS "}", MIG_E_INVALID, "\"id\": expected 0 to 2^53"},
        {"{\"id\":\"5\"," OPS "}", MIG_E_INVALID, "\"id\": expected a whole number"},
        {"{\"syntaxversion\":\"2\"," OPS "}", MIG_E_INVALID, "\"syntaxversion\": expected a whole"},
        {"{\"description\":[]," OPS "}", MIG_E_INVALID, "\"description\": expected an object"},
        {"{\"counters\":1," OPS "}", MIG_E_INVALID, "\"counters\": expected an object"},
        {"{\"investigators\":{}," OPS "}", MIG_E_INVALID, "\"investigators\": expected an array"},
        {"{\"pgpsignatures\":\"x\"," OPS "}", MIG_E_INVALID,
         "\"pgpsignatures\": expected an array"},
        {"{\"pgpsignatures\":[1]," OPS "}", MIG_E_INVALID, "signature 1: expected a line of armor"},
        {"{\"pgpsignatures\":[\"a\\u0000\"]," OPS "}", MIG_E_INVALID, "signature 1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_action *action = NULL;
        struct mig_err err = {0};
        int rc = mig_action_parse(table[i].json, strlen(table[i].json), &action, &err);
        assert_refused(rc, &err, table[i].code, table[i].part);
        assert_null(action);
    }
}

static void
sizes_are_limited(void **state)
{
    struct mig_buf json = MIG_BUF_INIT;
    struct mig_action *action = NULL;
    struct mig_err err = {0};

    (void)state;
    mig_buf_addf(&json, "{\"name\":\"%02049d\"," OPS "}", 1);
    assert_refused(mig_action_parse(json.data, json.len, &action, &err), &err, MIG_E_LIMIT,
                   "field \"name\" has 2049 bytes, at most 2048 are allowed");
    mig_buf_reset(&json);
    mig_buf_addf(&json, "{" HEAD "\"operations\":[{}");
    for (int i = 0; i < 1000; i++)
        mig_buf_adds(&json, ",{}");
    mig_buf_adds(&json, "]}");
    assert_refused(mig_action_parse(json.data, json.len, &action, &err), &err, MIG_E_LIMIT,
                   "action has 1001 operations, at most 1000 are allowed");
    mig_buf_reset(&json);
    mig_buf_addf(&json, "{" HEAD OPS ",\"pgpsignatures\":[\"\"");
    for (int i = 0; i < 64; i++)
        mig_buf_adds(&json, ",\"\"");
    mig_buf_adds(&json, "]}");
    assert_refused(mig_action_parse(json.data, json.len, &action, &err), &err, MIG_E_LIMIT,
                   "action has 65 signatures, at most 64 are allowed");
    mig_buf_fini(&json);
}

/* A thousand operations in one document, each looked at once. */
static void
many_operations_are_cheap(void **state)
{
    struct mig_buf json = MIG_BUF_INIT;
    struct mig_action *action;

    (void)state;
    mig_buf_addf(&json, "{" HEAD "\"operations\":[{\"module\":\"m0\"}");
    for (int i = 1; i < 1000; i++)
        mig_buf_addf(&json, ",{\"module\":\"m%d\",\"parameters\":\"%01000d\"}", i, i);
    mig_buf_adds(&json, "]}");
    action = parse(json.data);
    assert_int_equal(action->operations_count, 1000);
    assert_string_equal(action->operations[0].parameters, "null");
    assert_string_equal(action->operations[999].module, "m999");
    assert_int_equal(action->operations[999].parameters_len, 1002);
    mig_action_free(action);
    mig_buf_fini(&json);
}

static void
whole_document_is_written(void **state)
{
    static const char json[] =
        "{\"id\":6.115472867328e+15,\"name\":\"n\",\"target\":\"t\","
        "\"description\":{\"author\":\"a\",\"revision\":201503121200},\"threat\":null,"
        "\"validfrom\":\"2026-11-24T08:00:00.5Z\",\"expireafter\":\"2026-11-24T09:10:00+01:00\","
        "\"operations\":[{\"module\":\"m\",\"parameters\":{\"b\":1.0,\"a\":\"<\"},"
        "\"want_compressed\":true}],\"pgpsignatures\":[\"abc=def\"],"
        "\"investigators\":[{\"name\":\"i\"}],\"status\":\"pending\","
        "\"starttime\":\"0011-01-11T11:11:11.000000011Z\",\"counters\":{\"sent\":3},"
        "\"syntaxversion\":2,\"unknown\":{}}";
    static const char expected[] =
        "{\"id\":6115472867328000,\"name\":\"n\",\"target\":\"t\","
        "\"description\":{\"author\":\"a\",\"revision\":201503121200},\"threat\":{},"
        "\"validfrom\":\"2026-11-24T08:00:00.5Z\",\"expireafter\":\"2026-11-24T08:10:00Z\","
        "\"operations\":[{\"module\":\"m\",\"parameters\":{\"a\":\"\\u003c\",\"b\":1},"
        "\"want_compressed\":true}],\"pgpsignatures\":[\"abc=def\"],"
        "\"investigators\":[{\"name\":\"i\"}],\"status\":\"pending\","
        "\"starttime\":\"0011-01-11T11:11:11.000000011Z\","
        "\"finishtime\":\"0001-01-01T00:00:00Z\",\"lastupdatetime\":\"0001-01-01T00:00:00Z\","
        "\"counters\":{\"sent\":3},\"syntaxversion\":2}";
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_action *action = parse(json);

    (void)state;
    assert_int_equal(action->id, 6115472867328000);
    assert_int_equal(mig_action_json(action, &out), 0);
    assert_string_equal(out.data, expected);
    mig_action_free(action);
    mig_buf_fini(&out);
}

static void
new_action_is_written(void **state)
{
    static const char parameters[] = "{ \"b\":1, \"a\":2.50 }";
    struct mig_action *action = mig_action_new("n", "t", (struct mig_time){VALID_FROM, 0},
                                               (struct mig_time){EXPIRE_AFTER, 0});
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};

    (void)state;
    assert_done(mig_action_add_operation(action, "file", parameters, strlen(parameters), &err),
                &err);
    assert_refused(mig_action_add_operation(action, "file", "{]", 2, &err), &err, MIG_E_SYNTAX,
                   "expected a member name");
    assert_int_equal(action->operations_count, 1);
    assert_int_equal(mig_action_json(action, &out), 0);
    assert_string_equal(
        out.data, "{\"id\":0,\"name\":\"n\",\"target\":\"t\",\"description\":{},\"threat\":{},"
                  "\"validfrom\":\"2026-11-24T08:00:00Z\","
                  "\"expireafter\":\"2026-11-24T08:10:00Z\","
                  "\"operations\":[{\"module\":\"file\",\"parameters\":{\"a\":2.5,\"b\":1}}],"
                  "\"pgpsignatures\":null,\"starttime\":\"0001-01-01T00:00:00Z\","
                  "\"finishtime\":\"0001-01-01T00:00:00Z\","
                  "\"lastupdatetime\":\"0001-01-01T00:00:00Z\",\"counters\":{},"
                  "\"syntaxversion\":2}");
    for (unsigned i = 0; i < MIG_ACTION_MAX_SIGNATURES; i++)
        assert_int_equal(mig_action_add_signature(action, "sig"), 0);
    assert_int_equal(mig_action_add_signature(action, "sig"), MIG_E_LIMIT);
    mig_action_free(action);
    mig_buf_fini(&out);
}

static void
rules_are_checked(void **state)
{
    static const struct {
        const char *json;
        int64_t now;
        unsigned flags;
        int code;
        const char *part;
    } table[] = {
        {"{\"target\":\"t\"," OPS "}", VALID_FROM, 0, MIG_E_INVALID, "action name is empty"},
        {"{\"name\":\"n\"," OPS "}", VALID_FROM, 0, MIG_E_INVALID, "action target is empty"},
        {"{\"name\":\"a;target=b\",\"target\":\"t\"," OPS "}", VALID_FROM, 0, MIG_E_INVALID,
         "action name holds ';target='"},
        {"{\"name\":\"n\",\"target\":\"t;target=u\"," OPS "}", VALID_FROM, 0, MIG_E_INVALID,
         "action target holds ';target='"},
        {"{\"name\":\"n\",\"target\":\"t;validfrom=1\"," OPS "}", VALID_FROM, 0, MIG_E_INVALID,
         "action target holds ';validfrom='"},
        {"{\"name\":\"n\",\"target\":\"t\"," OPS "}", VALID_FROM, 0, MIG_E_INVALID,
         "wring syntax version, expected 2"},
        {"{\"name\":\"n\",\"target\":\"t\",\"syntaxversion\":1," OPS "}", VALID_FROM, 0,
         MIG_E_INVALID, "wring syntax version, expected 2"},
        {"{" HEAD "\"operations\":[{\"module\":\"m\"},{}]}", VALID_FROM, 0, MIG_E_INVALID,
         "operation 2: module is empty"},
        {"{\"name\":\"n\",\"target\":\"t\",\"syntaxversion\":2,\"validfrom\":\"2026-11-24T08:00:"
         "01Z\","
         "\"expireafter\":\"2026-11-24T08:00:00Z\"," OPS "}",
         VALID_FROM, 0, MIG_E_INVALID, "action expireafter is set before action validfrom"},
        {"{" HEAD OPS "}", VALID_FROM, MIG_ACTION_CHECK_SIGNATURES, MIG_E_INVALID,
         "action pgpsignatures is empty"},
        {"{" HEAD OPS "}", EXPIRE_AFTER + 1, 0, MIG_E_WINDOW, "action expireafter is in the past"},
        {"{" HEAD OPS "}", VALID_FROM - 1, MIG_ACTION_CHECK_STARTED, MIG_E_WINDOW,
         "Action ValidFrom date is in the future"},
        {"{\"name\":\"n\",\"target\":\"t\",\"syntaxversion\":2," OPS "}", VALID_FROM, 0,
         MIG_E_WINDOW, "action expireafter is in the past"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_action *action = parse(table[i].json);
        struct mig_err err = {0};
        int rc = mig_action_check(action, (struct mig_time){table[i].now, 0}, table[i].flags, &err);
        assert_refused(rc, &err, table[i].code, table[i].part);
        mig_action_free(action);
    }
}

static void
valid_actions_pass(void **state)
{
    struct mig_action *action = parse("{" HEAD OPS ",\"pgpsignatures\":[\"x\"]}");
    struct mig_err err = {0};
    const unsigned all = MIG_ACTION_CHECK_STARTED | MIG_ACTION_CHECK_SIGNATURES;

    (void)state;
    assert_done(mig_action_check(action, (struct mig_time){VALID_FROM, 0}, all, &err), &err);
    assert_done(mig_action_check(action, (struct mig_time){EXPIRE_AFTER, 0}, all, &err), &err);
    assert_done(mig_action_check(action, (struct mig_time){VALID_FROM - 60, 0}, 0, &err), &err);
    mig_action_free(action);
}

static void
parameters_come_plain(void **state)
{
    static const struct {
        const char *parameters;
        const char *plain;
    } table[] = {
        {"H4sIAAAAAAAA/6pWSlSyUkpSqgUEAAD//5xc9msJAAAA", "{\"a\":\"b\"}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char text[256];
        struct mig_operation op = {
            .module = (char *)"m", .parameters = text, .is_compressed = true};
        struct mig_buf out = MIG_BUF_INIT;
        struct mig_err err = {0};
        op.parameters_len = (size_t)snprintf(text, sizeof text, "\"%s\"", table[i].parameters);
        assert_done(mig_operation_plain(&op, &out, &err), &err);
        assert_string_equal(out.data, table[i].plain);
        mig_buf_fini(&out);
    }
}

static void
damaged_compression_is_refused(void **state)
{
    static const struct {
        const char *parameters;
        const char *part;
    } table[] = {
        {"{}", "expected a string"},
        {"\"abc\"", "not base64"},
        {"\"a b=\"", "not base64"},
        {"\"\\u003c\\n\"", "not base64"},
        {"\"\"", "cut short"},
        {"\"AAAA\"", "damaged"},
        /* Without the trailer, and with one bit of the checksum changed. */
        {"\"H4sIAAAAAAAA/6pWKk5NLErOSC1WsqpWKjZUsiopKk2trQUEAAD//w==\"", "cut short"},
        {"\"H4sIAAAAAAAA/6pWSlSyUkpSqgUEAAD//5xd9msJAAAA\"", "damaged"},
        {"\"H4sIAAAAAAAA/6pWSlSyUkpSqgUEAAD//5xc9msJAAAAAAAA\"", "more data after the end"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_operation op = {.module = (char *)"m",
                                   .parameters = (char *)(uintptr_t)table[i].parameters,
                                   .parameters_len = strlen(table[i].parameters),
                                   .is_compressed = true};
        struct mig_buf out = MIG_BUF_INIT;
        struct mig_err err = {0};
        assert_refused(mig_operation_plain(&op, &out, &err), &err, MIG_E_INVALID, table[i].part);
        assert_int_equal(out.len, 0);
        mig_buf_fini(&out);
    }
}

static void
compression_comes_back(void **state)
{
    struct mig_action *action = parse("{" HEAD "\"operations\":[{\"module\":\"m\","
                                      "\"parameters\":{\"b\":\"<\",\"a\":[1,2]}}]}");
    struct mig_operation *op = &action->operations[0];
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_buf json = MIG_BUF_INIT;
    struct mig_action *again;
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_operation_compress(op), 0);
    assert_true(op->is_compressed);
    assert_int_equal(mig_operation_compress(op), 0);
    assert_int_equal(mig_action_json(action, &json), 0);
    again = parse(json.data);
    assert_done(mig_operation_plain(&again->operations[0], &out, &err), &err);
    assert_string_equal(out.data, "{\"a\":[1,2],\"b\":\"\\u003c\"}");
    mig_action_free(action);
    mig_action_free(again);
    mig_buf_fini(&out);
    mig_buf_fini(&json);
}

/* The JSON text of `size` bytes, most of them blanks, as compressed parameters. */
static void
make_bomb(size_t size, struct mig_buf *text)
{
    struct mig_buf big = MIG_BUF_INIT;
    struct mig_buf packed = MIG_BUF_INIT;
    z_stream z = {0};

    assert_int_equal(mig_buf_reserve(&big, size), 0);
    memset(big.data, ' ', size);
    memcpy(big.data, "{}", 2);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(mig_buf_reserve(&packed, deflateBound(&z, size)), 0);
    z.next_in = (unsigned char *)big.data;
    z.avail_in = (unsigned)size;
    z.next_out = (unsigned char *)packed.data;
    z.avail_out = (unsigned)packed.cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    mig_buf_addc(text, '"');
    assert_int_equal(mig_base64_encode(packed.data, z.total_out, text), 0);
    mig_buf_addc(text, '"');
    deflateEnd(&z);
    mig_buf_fini(&packed);
    mig_buf_fini(&big);
}

static void
bombs_are_refused(void **state)
{
    struct mig_operation op = {.module = (char *)"m", .is_compressed = true};
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};

    (void)state;
    make_bomb(MIG_PARAMETERS_MAX, &text);
    assert_true(text.len < 65536);
    op.parameters = text.data;
    op.parameters_len = text.len;
    assert_done(mig_operation_plain(&op, &out, &err), &err);
    assert_string_equal(out.data, "{}");
    mig_buf_reset(&text);
    make_bomb(MIG_PARAMETERS_MAX + 1, &text);
    op.parameters = text.data;
    op.parameters_len = text.len;
    assert_refused(mig_operation_plain(&op, &out, &err), &err, MIG_E_LIMIT,
                   "more than the 16777216 bytes that are allowed");
    mig_buf_fini(&text);
    mig_buf_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_forms),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(many_operations_are_cheap),
        cmocka_unit_test(whole_document_is_written),
        cmocka_unit_test(new_action_is_written),
        cmocka_unit_test(rules_are_checked),
        cmocka_unit_test(valid_actions_pass),
        cmocka_unit_test(parameters_come_plain),
        cmocka_unit_test(damaged_compression_is_refused),
        cmocka_unit_test(compression_comes_back),
        cmocka_unit_test(bombs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
