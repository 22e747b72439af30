/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "unit.h"

#include <json-c/json.h>

#include "base/buf.h"
#include "document/agent.h"

#define NOW 1795507500 /* 2026-11-24T08:05:00Z */
#define FIELDS                                                                                     \
    "\"name\":\"h\",\"mode\":\"daemon\",\"version\":\"1\",\"pid\":12,"                             \
    "\"queueLoc\":\"linux.h.x\",\"startTime\":\"2026-11-24T08:05:00Z\","                           \
    "\"refreshTime\":\"2026-11-24T08:00:00Z\""
#define NEEDED                                                                                     \
    "\"init\":\"systemd\",\"ident\":\"Debian\",\"os\":\"linux\",\"arch\":\"amd64\","               \
    "\"publicIP\":\"192.0.2.1\""
#define ENV ",\"environment\":{" NEEDED "}"

static const struct mig_time now = {NOW, 0};

static void
beat_is_read_and_written(void **state)
{
    static const char json[] =
        "{" FIELDS ",\"environment\":{" NEEDED ",\"isProxied\":true,\"proxy\":\"p:3128\","
        "\"addresses\":[\"10.0.0.1/8\"],\"modules\":[\"file\"],\"kernelVersion\":\"6.1\"},"
        "\"tags\":[{\"name\":\"b\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"2\"}]}";
    struct mig_heartbeat *beat = NULL;
    struct mig_heartbeat *again = NULL;
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};

    (void)state;
    assert_done(mig_heartbeat_parse(json, strlen(json), now, &beat, &err), &err);
    assert_string_equal(beat->name, "h");
    assert_string_equal(beat->mode, "daemon");
    assert_string_equal(beat->queueloc, "linux.h.x");
    assert_int_equal(beat->pid, 12);
    assert_int_equal(beat->starttime.sec, NOW);
    assert_int_equal(beat->refreshtime.sec, NOW - 300);
    assert_string_equal(
        json_object_to_json_string_ext(beat->environment,
                                       JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
        "{\"init\":\"systemd\",\"ident\":\"Debian\",\"os\":\"linux\",\"arch\":\"amd64\","
        "\"publicip\":\"192.0.2.1\",\"isproxied\":true,\"proxy\":\"p:3128\","
        "\"addresses\":[\"10.0.0.1/8\"],\"modules\":[\"file\"],\"kernelversion\":\"6.1\"}");
    assert_string_equal(json_object_to_json_string_ext(beat->tags, JSON_C_TO_STRING_PLAIN),
                        "{\"b\":\"1\",\"B\":\"2\"}");
    assert_int_equal(mig_heartbeat_json(beat, &out), 0);
    assert_string_equal(
        out.data,
        "{" FIELDS ",\"environment\":{" NEEDED ",\"isProxied\":true,\"proxy\":\"p:3128\","
        "\"addresses\":[\"10.0.0.1/8\"],\"modules\":[\"file\"],\"kernelversion\":\"6.1\"},"
        "\"tags\":[{\"name\":\"b\",\"value\":\"1\"},{\"name\":\"B\",\"value\":\"2\"}]}");
    assert_done(mig_heartbeat_parse(out.data, out.len, now, &again, &err), &err);
    mig_buf_reset(&out);
    assert_int_equal(mig_heartbeat_record_json(beat, &out), 0);
    assert_non_null(strstr(out.data, ",\"queueloc\":\"linux.h.x\",\"starttime\":\""));
    assert_non_null(strstr(out.data, ",\"heartbeatts\":\""));
    assert_non_null(strstr(out.data, ",\"refreshts\":\""));
    assert_non_null(strstr(out.data, "\"publicip\":\"192.0.2.1\",\"isproxied\":true,"));
    assert_non_null(strstr(out.data, ",\"tags\":{\"b\":\"1\",\"B\":\"2\"}}"));
    mig_heartbeat_free(beat);
    mig_heartbeat_free(again);
    mig_buf_fini(&out);
}

static void
little_is_enough(void **state)
{
    static const char json[] = "{" FIELDS ENV ",\"tags\":null,\"unknown\":1}";
    struct mig_heartbeat *beat = NULL;
    struct mig_err err = {0};
    struct json_object *flag = NULL;

    (void)state;
    assert_done(
        mig_heartbeat_parse(json, strlen(json), (struct mig_time){NOW + 300, 0}, &beat, &err),
        &err);
    assert_true(json_object_object_get_ex(beat->environment, "isproxied", &flag));
    assert_false(json_object_get_boolean(flag));
    assert_int_equal(json_object_object_length(beat->tags), 0);
    mig_heartbeat_free(beat);
}

static void
wrong_beats_are_refused(void **state)
{
    static const struct {
        const char *json;
        int code;
        const char *part;
    } table[] = {
        {"x", MIG_E_SYNTAX, "JSON at byte 0"},
        {"[]", MIG_E_SYNTAX, "expected an object"},
        {"{}", MIG_E_INVALID,
         "missing field(s): name, mode, version, queueLoc, pid, environment.init, "
         "environment.ident, environment.os, environment.arch, environment.publicIP"},
        {"{" FIELDS "}", MIG_E_INVALID,
         "missing field(s): environment.init, environment.ident, environment.os, "
         "environment.arch, environment.publicIP"},
        {"{\"name\":\"h\",\"mode\":\"daemon\",\"version\":\"1\",\"pid\":0,\"queueLoc\":\"\"" ENV
         "}",
         MIG_E_INVALID, "missing field(s): queueLoc, pid"},
        {"{\"name\":\"h\",\"mode\":\"daemon\",\"version\":\"1\",\"pid\":1,\"queueLoc\":\"q\"" ENV
         "}",
         MIG_E_WINDOW, "heartbeat expired"},
        {"{\"name\":\"h\",\"mode\":\"x\",\"version\":\"1\",\"pid\":1,\"queueLoc\":\"q\","
         "\"startTime\":\"2026-11-24T08:05:00Z\"" ENV "}",
         MIG_E_INVALID, "agent reported an invalid mode"},
        {"{" FIELDS ENV ",\"PID\":1}", MIG_E_SYNTAX, "duplicate key \"PID\""},
        {"{\"queueloc\":\"q\"" ENV "}", MIG_E_SYNTAX,
         "unknown field \"queueloc\": field names are matched exactly, write \"queueLoc\""},
        {"{" FIELDS ",\"environment\":{\"publicip\":\"x\"}}", MIG_E_SYNTAX, "write \"publicIP\""},
        {"{" FIELDS ",\"environment\":{\"x\":1,\"X\":2}}", MIG_E_SYNTAX, "duplicate key \"X\""},
        {"{" FIELDS ",\"environment\":[]}", MIG_E_SYNTAX, "\"environment\": expected an object"},
        {"{" FIELDS ",\"environment\":{\"os\":1}}", MIG_E_SYNTAX, "\"os\": expected a string"},
        {"{" FIELDS ",\"environment\":{\"isProxied\":1}}", MIG_E_SYNTAX, "expected true or false"},
        {"{" FIELDS ",\"environment\":{\"modules\":[1]}}", MIG_E_SYNTAX, "entry 1 is not a string"},
        {"{" FIELDS ENV ",\"tags\":{}}", MIG_E_SYNTAX, "\"tags\": expected an array"},
        {"{" FIELDS ENV ",\"tags\":[1]}", MIG_E_SYNTAX, "tag 1: expected an object"},
        {"{" FIELDS ENV ",\"tags\":[{\"value\":\"x\"}]}", MIG_E_SYNTAX, "\"name\" is missing"},
        {"{" FIELDS ENV ",\"tags\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", MIG_E_SYNTAX,
         "tag 2: tag \"a\" is there twice"},
        {"{\"pid\":-1}", MIG_E_SYNTAX, "\"pid\""},
        {"{\"pid\":\"1\"}", MIG_E_SYNTAX, "\"pid\": expected a whole number"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_heartbeat *beat = NULL;
        struct mig_err err = {0};
        int rc = mig_heartbeat_parse(table[i].json, strlen(table[i].json), now, &beat, &err);
        assert_refused(rc, &err, table[i].code, table[i].part);
        assert_null(beat);
    }
}

static void
long_names_are_refused(void **state)
{
    struct mig_heartbeat *beat = NULL;
    struct mig_buf json = MIG_BUF_INIT;
    struct mig_err err = {0};
    static const char rest[] = "\"mode\":\"checkin\",\"pid\":1,\"queueLoc\":\"q\","
                               "\"startTime\":\"2026-11-24T08:05:00Z\"" ENV "}";

    (void)state;
    mig_buf_addf(&json, "{\"name\":\"%01025d\",\"version\":\"1\",%s", 1, rest);
    assert_refused(mig_heartbeat_parse(json.data, json.len, now, &beat, &err), &err, MIG_E_INVALID,
                   "agent reported a name that is too long");
    mig_buf_reset(&json);
    mig_buf_addf(&json, "{\"name\":\"%01024d\",\"version\":\"%0129d\",%s", 1, 1, rest);
    assert_refused(mig_heartbeat_parse(json.data, json.len, now, &beat, &err), &err, MIG_E_INVALID,
                   "agent reported a version string that is too long");
    mig_buf_reset(&json);
    mig_buf_addf(&json, "{\"name\":\"%01024d\",\"version\":\"%0128d\",%s", 1, 1, rest);
    assert_done(mig_heartbeat_parse(json.data, json.len, now, &beat, &err), &err);
    mig_heartbeat_free(beat);
    mig_buf_fini(&json);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beat_is_read_and_written),
        cmocka_unit_test(little_is_enough),
        cmocka_unit_test(wrong_beats_are_refused),
        cmocka_unit_test(long_names_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
