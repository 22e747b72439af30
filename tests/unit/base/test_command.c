/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "unit.h"

#include <json-c/json.h>

#include "base/buf.h"
#include "document/command.h"

#define ACTION                                                                                     \
    "{\"name\":\"n\",\"target\":\"t\",\"validfrom\":\"2026-11-24T08:00:00Z\","                     \
    "\"expireafter\":\"2026-11-24T08:10:00Z\",\"operations\":[{\"module\":\"m\","                  \
    "\"parameters\":{\"B\":1,\"b\":2.0}}],\"syntaxversion\":2}"
#define AGENT "{\"id\":7, \"name\":\"host\",\"queueloc\":\"linux.host.abc\",\"extra\":1.50}"

static void
command_is_read_and_written(void **state)
{
    static const char json[] =
        "{\"id\":1.234567e+15,\"action\":" ACTION ",\"agent\":" AGENT ",\"status\":\"success\","
        "\"results\":[{\"foundanything\":true,\"success\":true,\"elements\":{\"A\":1,\"a\":2},"
        "\"statistics\":null,\"errors\":[\"e\"]}],\"starttime\":\"2026-11-24T08:00:01Z\","
        "\"finishtime\":\"2026-11-24T08:00:02.5Z\"}";
    struct mig_command *command = NULL;
    struct mig_command *again = NULL;
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_buf second = MIG_BUF_INIT;
    struct mig_err err = {0};

    (void)state;
    assert_done(mig_command_parse(json, strlen(json), &command, &err), &err);
    assert_int_equal(command->id, 1234567000000000);
    assert_int_equal(command->agent.id, 7);
    assert_string_equal(command->agent.name, "host");
    assert_string_equal(command->agent.queueloc, "linux.host.abc");
    assert_string_equal(command->agent.raw, AGENT);
    assert_string_equal(command->status, "success");
    assert_string_equal(command->action->operations[0].parameters, "{\"B\":1,\"b\":2}");
    assert_int_equal(json_object_array_length(command->results), 1);
    assert_int_equal(mig_command_json(command, &out), 0);
    assert_holds(out.data, "\"agent\":" AGENT ",\"status\":\"success\",\"results\":[{");
    assert_holds(out.data, "\"starttime\":\"2026-11-24T08:00:01Z\","
                           "\"finishtime\":\"2026-11-24T08:00:02.5Z\"}");
    assert_done(mig_command_parse(out.data, out.len, &again, &err), &err);
    assert_int_equal(mig_command_json(again, &second), 0);
    assert_string_equal(second.data, out.data);
    mig_command_free(command);
    mig_command_free(again);
    mig_buf_fini(&out);
    mig_buf_fini(&second);
}

static void
open_command_is_written(void **state)
{
    static const char json[] = "{\"id\":5,\"action\":" ACTION ",\"agent\":{\"name\":\"h\"}}";
    struct mig_command *command = NULL;
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};

    (void)state;
    assert_done(mig_command_parse(json, strlen(json), &command, &err), &err);
    assert_null(command->results);
    free(command->agent.raw);
    command->agent.raw = NULL;
    assert_int_equal(mig_command_json(command, &out), 0);
    assert_holds(out.data, "\"agent\":{\"id\":0,\"name\":\"h\",\"queueloc\":\"\"},\"status\":\"\","
                           "\"results\":null,\"starttime\":\"0001-01-01T00:00:00Z\","
                           "\"finishtime\":\"0001-01-01T00:00:00Z\"}");
    mig_command_free(command);
    mig_buf_fini(&out);
}

static void
wrong_commands_are_refused(void **state)
{
    static const struct {
        const char *json;
        int code;
        const char *part;
    } table[] = {
        {"[]", MIG_E_INVALID, "command: expected an object, found an array"},
        {"{}", MIG_E_INVALID, "command: field \"agent\": expected an object"},
        {"{\"agent\":{}}", MIG_E_INVALID, "command: field \"action\" is missing"},
        {"{\"agent\":{},\"action\":null}", MIG_E_SYNTAX, "command: action: JSON"},
        {"{\"agent\":{},\"action\":{}}", MIG_E_INVALID,
         "command: action: action operations is empty"},
        {"{\"agent\":{},\"action\":{\"operations\":[{\"module\":\"a\",\"Module\":\"b\"}]}}",
         MIG_E_SYNTAX, "command: action: JSON at byte 29: duplicate key \"Module\""},
        {"{\"agent\":[],\"action\":" ACTION "}", MIG_E_INVALID,
         "field \"agent\": expected an object"},
        {"{\"agent\":{\"queueLoc\":\"x\"},\"action\":" ACTION "}", MIG_E_INVALID,
         "command: agent: unknown field \"queueLoc\": field names are matched exactly"},
        {"{\"agent\":{\"name\":4},\"action\":" ACTION "}", MIG_E_INVALID,
         "command: agent: field \"name\": expected a string"},
        {"{\"agent\":{},\"Action\":" ACTION "}", MIG_E_INVALID, "write \"action\""},
        {"{\"agent\":{},\"action\":" ACTION ",\"ID\":1}", MIG_E_INVALID, "write \"id\""},
        {"{\"agent\":{},\"action\":" ACTION ",\"id\":\"1\"}", MIG_E_INVALID, "a whole number"},
        {"{\"agent\":{},\"action\":" ACTION ",\"status\":1}", MIG_E_INVALID, "\"status\""},
        {"{\"agent\":{},\"action\":" ACTION ",\"starttime\":\"x\"}", MIG_E_INVALID,
         "\"starttime\""},
        {"{\"agent\":{},\"action\":" ACTION ",\"results\":{}}", MIG_E_INVALID,
         "\"results\": expected an array"},
        {"{\"agent\":{},\"action\":" ACTION ",\"results\":[null]}", MIG_E_INVALID,
         "command: result 1: expected an object, found null"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_command *command = NULL;
        struct mig_err err = {0};
        int rc = mig_command_parse(table[i].json, strlen(table[i].json), &command, &err);
        assert_refused(rc, &err, table[i].code, table[i].part);
        assert_null(command);
    }
}

static void
results_are_written(void **state)
{
    static const char *const errors[] = {"a \"b\"", "<c>", NULL};
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_result_json(&out, false, true, NULL, NULL, NULL), 0);
    assert_string_equal(out.data, "{\"foundanything\":false,\"success\":true,\"elements\":{},"
                                  "\"statistics\":{},\"errors\":null}");
    assert_done(mig_result_check(out.data, out.len, &err), &err);
    mig_buf_reset(&out);
    assert_int_equal(mig_result_json(&out, true, false, "[1]", "{\"x\":1}", errors), 0);
    assert_string_equal(out.data, "{\"foundanything\":true,\"success\":false,\"elements\":[1],"
                                  "\"statistics\":{\"x\":1},"
                                  "\"errors\":[\"a \\\"b\\\"\",\"\\u003cc\\u003e\"]}");
    assert_done(mig_result_check(out.data, out.len, &err), &err);
    mig_buf_fini(&out);
}

static void
wrong_results_are_refused(void **state)
{
    static const struct {
        const char *json;
        int code;
        const char *part;
    } table[] = {
        {"", MIG_E_SYNTAX, "module result: JSON at byte 0"},
        {"[]", MIG_E_INVALID, "module result: expected an object, found array"},
        {"{\"success\":true}", MIG_E_INVALID, "field \"foundanything\" is missing"},
        {"{\"foundanything\":true}", MIG_E_INVALID, "field \"success\" is missing"},
        {"{\"foundanything\":1,\"success\":true}", MIG_E_INVALID, "expected true or false"},
        {"{\"FoundAnything\":true,\"success\":true}", MIG_E_INVALID, "matched exactly"},
        {"{\"foundanything\":true,\"success\":true,\"errors\":\"x\"}", MIG_E_INVALID,
         "\"errors\": expected an array"},
        {"{\"foundanything\":true,\"success\":true,\"errors\":[\"a\",1]}", MIG_E_INVALID,
         "entry 2 is not a string"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_err err = {0};
        assert_refused(mig_result_check(table[i].json, strlen(table[i].json), &err), &err,
                       table[i].code, table[i].part);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_is_read_and_written), cmocka_unit_test(open_command_is_written),
        cmocka_unit_test(wrong_commands_are_refused),  cmocka_unit_test(results_are_written),
        cmocka_unit_test(wrong_results_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
