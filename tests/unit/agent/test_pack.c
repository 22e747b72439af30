/* SPDX-License-Identifier: MPL-2.0 */
/* The records that the privileged process reads, and the answers made of what workers leave. */
#include "config.h"

#include "../base/unit.h"

#include <json-c/json.h>

#include "agent/assemble.h"
#include "agent/pack.h"
#include "agent/verdict.h"
#include "base/buf.h"
#include "base/json.h"

static struct mig_verdict_operation operations[] = {
    {(char *)(uintptr_t) "example", (char *)(uintptr_t) "{\"a\":1}", 7, {0}},
    {(char *)(uintptr_t) "file", (char *)(uintptr_t) "null", 4, {0}},
};

static struct mig_buf
sample(void)
{
    struct mig_verdict v = {.kind = MIG_VERDICT_ACCEPTED,
                            .command_id = -5,
                            .action_id = 1ll << 52,
                            .expires = 1800000000,
                            .digest = {1, 2, 3},
                            .name = (char *)(uintptr_t) "a name",
                            .signers = (char *)(uintptr_t) "AB CD",
                            .operations = operations,
                            .count = 2};
    struct mig_buf out = MIG_BUF_INIT;

    assert_int_equal(mig_verdict_pack(&v, &out), 0);
    return out;
}

static void
test_verdict_round_trip(void **state)
{
    struct mig_buf packed = sample();
    struct mig_verdict v = {0};

    (void)state;
    assert_int_equal(mig_verdict_unpack(packed.data, packed.len, &v), 0);
    assert_int_equal(v.command_id, -5);
    assert_int_equal(v.action_id, 1ll << 52);
    assert_int_equal(v.digest[2], 3);
    assert_string_equal(v.name, "a name");
    assert_string_equal(v.signers, "AB CD");
    assert_string_equal(v.reason, "");
    assert_int_equal(v.count, 2);
    assert_string_equal(v.operations[0].parameters, "{\"a\":1}");
    assert_string_equal(v.operations[1].module, "file");
    mig_verdict_fini(&v);
    mig_buf_fini(&packed);
}

/* Cut anywhere, or with any byte changed, it is refused or read; never read beyond. */
static void
test_verdict_hostile(void **state)
{
    struct mig_buf packed = sample();
    struct mig_verdict v = {0};

    (void)state;
    for (size_t len = 0; len < packed.len; len++) {
        char *copy = malloc(len + 1);

        memcpy(copy, packed.data, len);
        assert_int_equal(mig_verdict_unpack(copy, len, &v), MIG_E_PROTOCOL);
        free(copy);
    }
    for (size_t i = 0; i < packed.len; i++) {
        packed.data[i] = (char)(packed.data[i] ^ 0xff);
        if (mig_verdict_unpack(packed.data, packed.len, &v) == 0)
            mig_verdict_fini(&v);
        packed.data[i] = (char)(packed.data[i] ^ 0xff);
    }
    mig_buf_fini(&packed);
}

static void
test_unpack_huge_length(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_unpack in;
    size_t len = 9;

    (void)state;
    mig_pack_number(&out, UINT64_MAX);
    mig_unpack_init(&in, out.data, out.len);
    assert_string_equal(mig_unpack_bytes(&in, &len), "");
    assert_int_equal(len, 0);
    assert_true(in.bad);
    mig_unpack_init(&in, out.data, out.len);
    assert_int_equal(mig_unpack_count(&in, 16), 0);
    assert_true(in.bad);
    mig_buf_fini(&out);
}

/* ---- answers ---- */

static const char raw[] =
    "{\"id\":9,\"action\":{\"id\":3,\"name\":\"n\",\"target\":\"t\","
    "\"validfrom\":\"2026-01-01T00:00:00Z\",\"expireafter\":\"2036-01-01T00:00:00Z\","
    "\"operations\":[{\"module\":\"a\",\"parameters\":{}},{\"module\":\"b\",\"parameters\":{}}],"
    "\"pgpsignatures\":[\"x\"],\"syntaxversion\":2},"
    "\"agent\":{\"id\":1,\"name\":\"here\",\"queueloc\":\"linux.here\"},\"status\":\"sent\","
    "\"results\":null,\"starttime\":\"2026-01-01T00:00:00Z\",\"finishtime\":\"2026-01-01T00:00:"
    "00Z\"}";

#define OK_RESULT                                                                                  \
    "{\"foundanything\":true,\"success\":true,\"elements\":{},\"statistics\":{},\"errors\":null}"

static struct json_object *
assemble(struct mig_answer_part *parts, size_t count, struct mig_err *err)
{
    struct mig_buf request = MIG_BUF_INIT, out = MIG_BUF_INIT;
    struct json_object *answer = NULL;

    assert_int_equal(mig_assemble_pack(&request, raw, sizeof(raw) - 1, NULL, parts, count), 0);
    if (mig_assemble_serve(request.data, request.len, (struct mig_time){1800000000, 0}, &out,
                           err) == 0)
        assert_done(mig_json_parse(out.data, out.len, NULL, &answer, err), err);
    mig_buf_fini(&request);
    mig_buf_fini(&out);
    return answer;
}

static struct mig_answer_part
part(enum mig_answer_status status, const char *output, const char *reason)
{
    return (struct mig_answer_part){status, (char *)(uintptr_t)output, output ? strlen(output) : 0,
                                    (char *)(uintptr_t)reason};
}

static const char *
text_at(struct json_object *answer, size_t i, const char *key)
{
    struct json_object *results = json_object_object_get(answer, "results");

    return json_object_get_string(
        json_object_object_get(json_object_array_get_idx(results, i), key));
}

static void
test_answer_status(void **state)
{
    static const struct {
        struct mig_answer_part parts[2];
        const char *status;
    } table[] = {
        {{{MIG_ANSWER_SUCCESS, NULL, 0, NULL}, {MIG_ANSWER_SUCCESS, NULL, 0, NULL}}, "success"},
        {{{MIG_ANSWER_SUCCESS, NULL, 0, NULL}, {MIG_ANSWER_TIMEOUT, NULL, 0, NULL}}, "timeout"},
        {{{MIG_ANSWER_TIMEOUT, NULL, 0, NULL}, {MIG_ANSWER_FAILED, NULL, 0, NULL}}, "timeout"},
        {{{MIG_ANSWER_FAILED, NULL, 0, NULL}, {MIG_ANSWER_TIMEOUT, NULL, 0, NULL}}, "failed"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_answer_part parts[2] = {part(table[i].parts[0].status, OK_RESULT, NULL),
                                           part(table[i].parts[1].status, OK_RESULT, NULL)};
        struct mig_err err = {0};
        struct json_object *answer = assemble(parts, 2, &err);

        assert_non_null(answer);
        assert_string_equal(json_object_get_string(json_object_object_get(answer, "status")),
                            table[i].status);
        assert_string_equal(json_object_get_string(json_object_object_get(answer, "finishtime")),
                            "2027-01-15T08:00:00Z");
        json_object_put(answer);
    }
}

/* What a plugin's process leaves is not to be believed. */
static void
test_answer_malformed_output(void **state)
{
    struct mig_answer_part parts[2] = {part(MIG_ANSWER_SUCCESS, "{\"foundanything\":", NULL),
                                       part(MIG_ANSWER_SUCCESS, OK_RESULT, NULL)};
    struct mig_err err = {0};
    struct json_object *answer = assemble(parts, 2, &err);

    (void)state;
    assert_non_null(answer);
    assert_string_equal(json_object_get_string(json_object_object_get(answer, "status")), "failed");
    assert_holds(text_at(answer, 0, "errors"), "the module's result is malformed: ");
    assert_string_equal(text_at(answer, 0, "success"), "false");
    assert_string_equal(text_at(answer, 1, "success"), "true");
    json_object_put(answer);
}

static void
test_answer_partial_output(void **state)
{
    struct mig_answer_part parts[2] = {
        part(MIG_ANSWER_TIMEOUT, OK_RESULT, "killed after 1s"),
        part(MIG_ANSWER_FAILED, NULL, "module 'b' is not available: no file")};
    struct mig_err err = {0};
    struct json_object *answer = assemble(parts, 2, &err);

    (void)state;
    assert_non_null(answer);
    assert_string_equal(text_at(answer, 0, "foundanything"), "true");
    assert_string_equal(text_at(answer, 0, "errors"), "[ \"killed after 1s\" ]");
    assert_string_equal(text_at(answer, 1, "errors"),
                        "[ \"module 'b' is not available: no file\" ]");
    json_object_put(answer);
}

static void
test_answer_wrong_count(void **state)
{
    struct mig_answer_part parts[1] = {part(MIG_ANSWER_SUCCESS, OK_RESULT, NULL)};
    struct mig_err err = {0};

    (void)state;
    assert_null(assemble(parts, 1, &err));
    assert_string_equal(err.text, "expected 2 results, found 1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_round_trip),
        cmocka_unit_test(test_verdict_hostile),
        cmocka_unit_test(test_unpack_huge_length),
        cmocka_unit_test(test_answer_status),
        cmocka_unit_test(test_answer_malformed_output),
        cmocka_unit_test(test_answer_partial_output),
        cmocka_unit_test(test_answer_wrong_count),
    };

    return cmocka_run_group_tests_name("agent records", tests, NULL, NULL);
}
