/* SPDX-License-Identifier: MPL-2.0 */
/* Records as kernels and programs have written them, and what the audit plugin makes of them. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <mig/mock_host.h>

#include "audit.h"

#define STAMP "audit(1364481363.243:24287): "

static const char *
data_of(uint16_t type, const char *text)
{
    static char out[8192];
    struct audit_record record;

    assert_int_equal(audit_record_parse(type, text, strlen(text), &record), 0);
    snprintf(out, sizeof(out), "%s",
             json_object_to_json_string_ext(record.data, JSON_C_TO_STRING_PLAIN |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(record.data);
    return out;
}

static void
test_head(void **state)
{
    static const char *const wrong[] = {
        "",
        "audit(",
        "audit(1.2:3)",
        "audit(1.2): a=b",
        "audit(x.243:1): a=b",
        "audit(1.2431:1): a=b",
        "type=SYSCALL msg=audit(1.2:3): a=b",
    };
    struct audit_record record;

    (void)state;
    assert_int_equal(audit_record_parse(1300, STAMP, strlen(STAMP), &record), 0);
    assert_string_equal(record.stamp, "1364481363.243");
    assert_int_equal(record.serial, 24287);
    assert_string_equal(record.name, "SYSCALL");
    json_object_put(record.data);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(audit_record_parse(1300, wrong[i], strlen(wrong[i]), &record), -EBADMSG);
}

static void
test_fields(void **state)
{
    (void)state;
    assert_string_equal(
        data_of(1300,
                STAMP "arch=c000003e syscall=2 success=no exit=-13 a0=7fffd19c5592 comm=\"cat\" "
                      "exe=\"/bin/cat\" key=(null)"),
        "{\"arch\":\"c000003e\",\"syscall\":\"2\",\"success\":\"no\",\"exit\":\"-13\",\"a0\":"
        "\"7fffd19c5592\",\"comm\":\"cat\",\"exe\":\"/bin/cat\",\"key\":\"(null)\"}");
    /* In EXECVE the same member is a text. */
    assert_string_equal(data_of(1309, STAMP "argc=2 a0=\"cat\" a1=2F746D702F612062"),
                        "{\"argc\":\"2\",\"a0\":\"cat\",\"a1\":\"/tmp/a b\"}");
    assert_string_equal(data_of(1327, STAMP "proctitle=636174002F6574632F706173737764"),
                        "{\"proctitle\":\"cat /etc/passwd\"}");
    /* What is no UTF-8 is shown, not passed on. */
    assert_string_equal(data_of(1302, STAMP "item=0 name=2FFF0A"),
                        "{\"item\":\"0\",\"name\":\"/\\\\xff\\\\x0a\"}");
    assert_string_equal(data_of(1302, STAMP "name=abc"), "{\"name\":\"abc\"}");
}

static void
test_messages_of_programs(void **state)
{
    (void)state;
    assert_string_equal(
        data_of(1112, STAMP "pid=3280 uid=0 msg='op=login acct=\"root\" exe=\"/usr/sbin/sshd\" "
                            "addr=10.0.0.1 res=success'"),
        "{\"pid\":\"3280\",\"uid\":\"0\",\"op\":\"login\",\"acct\":\"root\",\"exe\":\"/usr/sbin/"
        "sshd\",\"addr\":\"10.0.0.1\",\"res\":\"success\"}");
    assert_string_equal(data_of(1107, STAMP "pid=1 msg='hello mig'"),
                        "{\"pid\":\"1\",\"msg\":\"hello mig\"}");
    /* A program can not say that it is another: the first pid is the kernel's word. */
    assert_string_equal(data_of(1112, STAMP "pid=1 uid=1000 msg='uid=0 pid=2 op=x'"),
                        "{\"pid\":\"1\",\"uid\":\"1000\",\"op\":\"x\"}");
    assert_string_equal(data_of(1400, STAMP "avc:  denied  { read } for  pid=2465 comm=\"httpd\""),
                        "{\"pid\":\"2465\",\"comm\":\"httpd\"}");
}

static void
add(struct audit_events *events, uint16_t type, const char *text)
{
    struct audit_record record;

    assert_int_equal(audit_record_parse(type, text, strlen(text), &record), 0);
    assert_int_equal(audit_events_add(events, &record, 1000), 0);
}

static void
test_events(void **state)
{
    struct audit_events events = {0};
    struct audit_event *event;
    struct json_object *json;

    (void)state;
    add(&events, 1300, "audit(1.100:7): syscall=59 exe=\"/bin/a\" key=7061737377640161646D696E");
    add(&events, 1300, "audit(1.100:8): syscall=2");
    add(&events, 1302, "audit(1.100:7): item=0 name=\"/etc/passwd\"");
    assert_null(audit_events_take(&events, 1000, false));
    add(&events, 1320, "audit(1.100:7): ");
    event = audit_events_take(&events, 1000, false);
    assert_non_null(event);
    json = audit_event_json(event, false, 16000);
    assert_string_equal(
        json_object_to_json_string_ext(json,
                                       JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
        "{\"Serial\":\"7\",\"Timestamp\":\"1.100\",\"Type\":\"SYSCALL\",\"Data\":{\"syscall\":"
        "\"59\",\"exe\":\"/bin/a\",\"key\":\"passwd\\\\x01admin\"},\"Raw\":\"\",\"Records\":[{"
        "\"Type\":\"PATH\",\"Data\":{\"item\":\"0\",\"name\":\"/etc/passwd\"}}]}");
    json_object_put(json);
    audit_event_free(event);

    /* One without an end is complete when nothing has come for two seconds. */
    assert_int_equal(audit_events_due(&events), 3000);
    assert_null(audit_events_take(&events, 2999, false));
    event = audit_events_take(&events, 3000, false);
    assert_non_null(event);
    assert_int_equal(event->serial, 8);
    audit_event_free(event);

    /* One of a program is complete at once. */
    add(&events, 1112, "audit(2.000:9): pid=1 msg='op=login'");
    event = audit_events_take(&events, 1000, false);
    assert_non_null(event);
    audit_event_free(event);
    assert_int_equal(events.count, 0);
}

static void
test_bounds(void **state)
{
    struct audit_events events = {.raw = true};
    struct audit_event *event;
    struct json_object *json;
    char text[8000];

    (void)state;
    for (int i = 0; i < 100; i++) {
        int head = snprintf(text, sizeof(text), "audit(1.100:7): item=%d name=\"", i);

        memset(text + head, 'x', 2000);
        text[head + 2000] = '\0';
        add(&events, 1302, text);
    }
    event = audit_events_take(&events, 0, true);
    assert_int_equal(event->count, AUDIT_RECORDS_MAX);
    json = audit_event_json(event, true, 15000);
    assert_in_range(strlen(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN)), 8000,
                    15000);
    assert_true(json_object_get_boolean(json_object_object_get(json, "Cut")));
    json_object_put(json);
    audit_event_free(event);

    for (uint64_t i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "audit(1.100:%u): a=b", (unsigned)i);
        add(&events, 1300, text);
        while ((event = audit_events_take(&events, 1000, false)) != NULL)
            audit_event_free(event);
    }
    assert_in_range(events.count, 1, 128);
    while ((event = audit_events_take(&events, 0, true)) != NULL)
        audit_event_free(event);
}

static void
test_rules(void **state)
{
    static const char config[] =
        "{\"rules\":[{\"fields\":{\"exe\":\"/bin/b\"},\"drop\":true},{\"types\":[\"SYSCALL\"],"
        "\"keys\":[\"admin\"],\"severity\":\"high\"},{\"types\":[\"USER_LOGIN\"]}]}";
    static const struct {
        uint16_t type;
        const char *text, *severity;
    } cases[] = {
        {1300, "audit(1.100:7): exe=\"/bin/a\" key=7061737377640161646D696E", "high"},
        {1300, "audit(1.100:7): exe=\"/bin/b\" key=\"admin\"", NULL},
        {1300, "audit(1.100:7): exe=\"/bin/a\" key=\"administrator\"", NULL},
        {1112, "audit(1.100:7): pid=1 msg='op=login'", "low"},
        {1113, "audit(1.100:7): pid=1 msg='op=logout'", NULL},
    };
    struct mig_mock *mock = mig_mock_new();
    struct json_object *object = json_tokener_parse(config);
    struct audit_settings settings;

    (void)state;
    assert_int_equal(audit_settings_read(mig_mock_host(mock), object, &settings), 0);
    assert_int_equal(settings.rate, 500);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct audit_events events = {0};
        struct audit_event *event;
        const char *severity;

        add(&events, cases[i].type, cases[i].text);
        event = audit_events_take(&events, 0, true);
        severity = audit_rules_decide(&settings, event);
        if (cases[i].severity == NULL)
            assert_null(severity);
        else
            assert_string_equal(severity, cases[i].severity);
        audit_event_free(event);
    }
    audit_settings_free(&settings);
    json_object_put(object);
    mig_mock_free(mock);
}

/* Rules may be left out, as their members may. */
static void
test_optional_rules(void **state)
{
    static const struct {
        const char *config, *severity;
    } cases[] = {
        {"null", "low"},
        {"{}", "low"},
        {"{\"rules\":[]}", NULL},
        {"{\"rules\":[{}]}", "low"},
        {"{\"rules\":[{\"types\":null,\"keys\":null,\"severity\":\"high\"}]}", "high"},
    };
    struct mig_mock *mock = mig_mock_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_object *object = json_tokener_parse(cases[i].config);
        struct audit_settings settings;
        struct audit_events events = {0};
        struct audit_event *event;
        const char *severity;

        assert_int_equal(audit_settings_read(mig_mock_host(mock), object, &settings), 0);
        add(&events, 1300, "audit(1.100:7): exe=\"/bin/a\" key=\"admin\"");
        event = audit_events_take(&events, 0, true);
        severity = audit_rules_decide(&settings, event);
        if (cases[i].severity == NULL)
            assert_null(severity);
        else
            assert_string_equal(severity, cases[i].severity);
        audit_event_free(event);
        audit_settings_free(&settings);
        json_object_put(object);
    }
    mig_mock_free(mock);
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *config, *message;
    } cases[] = {
        {"{\"rulespath\":\"/etc/x\"}",
         "rulespath: this module does not change what the kernel audits, so that it can run beside "
         "auditd: leave that to auditctl(8) and remove it"},
        {"{\"x\":1}", "audit: unknown member 'x', expected rules, ratelimit and includeraw"},
        {"{\"ratelimit\":0}", "ratelimit: expected 1 to 100000 alerts a second"},
        {"{\"rules\":{}}", "rules: expected an array of 1000 objects at most"},
        {"{\"rules\":[1]}", "rules[0]: expected an object"},
        {"{\"rules\":[{\"type\":[]}]}",
         "rules[0]: unknown member 'type', expected types, keys, fields, severity and drop"},
        {"{\"rules\":[{\"types\":[\"SYSCALLS\"]}]}",
         "rules[0]: expected the name of a record type such as SYSCALL or USER_LOGIN, found "
         "'SYSCALLS'"},
        {"{\"rules\":[{},{\"severity\":\"huge\"}]}",
         "rules[1]: severity: expected critical, high, medium or low, found 'huge'"},
        {"{\"rules\":[{\"fields\":{\"pid\":1}}]}", "rules[0]: fields: expected an object of texts"},
        {"{\"includeraw\":1}", "parameter 'includeraw' must be true or false, not int"},
    };
    struct mig_mock *mock = mig_mock_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_object *object = json_tokener_parse(cases[i].config);
        struct audit_settings settings;

        assert_int_equal(audit_settings_read(mig_mock_host(mock), object, &settings), -EINVAL);
        assert_string_equal(mig_mock_refusal(mock), cases[i].message);
        json_object_put(object);
    }
    mig_mock_free(mock);
}

static void
test_names(void **state)
{
    char name[AUDIT_NAME_SIZE];

    (void)state;
    audit_type_name(1100, name);
    assert_string_equal(name, "USER_AUTH");
    audit_type_name(1420, name);
    assert_true(strlen(name) > 0);
    audit_type_name(65535, name);
    assert_string_equal(name, "UNKNOWN[65535]");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),           cmocka_unit_test(test_fields),
        cmocka_unit_test(test_events),         cmocka_unit_test(test_messages_of_programs),
        cmocka_unit_test(test_bounds),         cmocka_unit_test(test_rules),
        cmocka_unit_test(test_names),          cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_optional_rules),
    };

    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
