/* SPDX-License-Identifier: MPL-2.0 */
/* What the store and the lanes do with texts, without a database. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/time.h"
#include "lanes/record.h"
#include "lanes/settings.h"
#include "store/array.h"
#include "store/investigators.h"
#include "store/target.h"
#include "store/whitelist.h"

static void
test_target_form(void **state)
{
    static const struct {
        const char *target;
        const char *message; /* NULL: taken */
    } cases[] = {
        {"true", NULL},
        {"name LIKE '%mysql%'", NULL},
        {"tags#>>'{operator}'='IT' AND (id > 1 OR (id < 0))", NULL},
        {"name = 'a;b)' -- why ) ;", NULL},
        {"name = \"a;)\"", NULL},
        {"name = $x$ ;) $x$ AND id = 1", NULL},
        {"a$b$c = 1", NULL},
        {"name = E'\\')' OR true", NULL},
        {"name = 'it''s )'", NULL},
        {"true /* ) /* ; */ ( */", NULL},
        {"", "action target is empty"},
        {" \n\t", "action target is empty"},
        {"true; DROP TABLE agents",
         "action target: ';' at byte 4: expected one boolean expression"},
        {"true) OR (true", "action target: ')' at byte 4 closes nothing"},
        {"true) UNION SELECT id FROM agents WHERE (true",
         "action target: ')' at byte 4 closes nothing"},
        {"((true)", "action target: 1 '(' not closed"},
        {"name = 'open", "action target: what starts at byte 7 with ' does not end"},
        {"name = \"open", "action target: what starts at byte 7 with \" does not end"},
        {"name = $q$open", "action target: what starts at byte 7 with $ does not end"},
        {"true /* /* */", "action target: what starts at byte 5 with / does not end"},
        {"'\\' ) OR (true", "action target: ')' at byte 4 closes nothing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_err err = {0};
        int r = mig_target_check(cases[i].target, &err);
        assert_int_equal(r, cases[i].message ? MIG_E_INVALID : 0);
        assert_string_equal(err.text, cases[i].message ? cases[i].message : "");
    }
}

static void
test_target_length(void **state)
{
    char target[MIG_TARGET_MAX + 2];
    struct mig_err err = {0};

    (void)state;
    memset(target, '1', sizeof(target));
    target[MIG_TARGET_MAX + 1] = '\0';
    assert_int_equal(mig_target_check(target, &err), MIG_E_INVALID);
    assert_string_equal(err.text, "action target is over 2048 bytes");
    target[MIG_TARGET_MAX] = '\0';
    assert_int_equal(mig_target_check(target, &err), 0);
}

static void
test_array(void **state)
{
    struct mig_buf a = MIG_BUF_INIT;

    (void)state;
    assert_string_equal(mig_array_end(&a), "{}");
    mig_buf_reset(&a);
    mig_array_int(&a, 1);
    mig_array_int(&a, -9007199254740991);
    assert_string_equal(mig_array_end(&a), "{1,-9007199254740991}");
    mig_buf_reset(&a);
    mig_array_text(&a, "a\"b\\c,{}", 8);
    mig_array_text(&a, NULL, 0);
    mig_array_text(&a, "", 0);
    assert_string_equal(mig_array_end(&a), "{\"a\\\"b\\\\c,{}\",NULL,\"\"}");
    mig_buf_fini(&a);
}

static void
test_json_readable(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"[\"a\\u0000b\"]", "[\"a\\ufffdb\"]"},
        {"[\"\\\\u0000\"]", "[\"\\\\u0000\"]"},
        {"[\"\\\\\\u0000\"]", "[\"\\\\\\ufffd\"]"},
        {"[\"\\ud83d\\ude00\"]", "[\"\\ud83d\\ude00\"]"},
        {"[\"\\ud83dx\"]", "[\"\\ufffdx\"]"},
        {"[\"\\ude00\\ud83d\"]", "[\"\\ufffd\\ufffd\"]"},
        {"[\"\\ud83d\\ud83d\\ude00\"]", "[\"\\ufffd\\ud83d\\ude00\"]"},
        {"\\", "\\"},
        {"\\u00", "\\u00"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s", cases[i].in);
        mig_json_readable(text);
        assert_string_equal(text, cases[i].out);
    }
}

static void
test_permissions(void **state)
{
    static const struct {
        const char *text;
        uint32_t mask;
        const char *words;
    } cases[] = {
        {"default", 63, "Default"},
        {"default,admin", 458815, "Default,PermAdmin"},
        {"default,admin,loader", 460799, "Default,PermAdmin,PermLoader"},
        {"all", 524287, "Default,PermAdmin,PermLoader,PermManifest"},
        {"none", 0, ""},
        {"action_create,search", 5, "Default(partial)"},
        {"loader_new,manifest_sign", 5120, "PermLoader(partial),PermManifest(partial)"},
    };
    struct mig_err err = {0};
    uint32_t mask = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_buf words = MIG_BUF_INIT;
        assert_int_equal(mig_permissions_parse(cases[i].text, &mask, &err), 0);
        assert_int_equal(mask, cases[i].mask);
        mig_permissions_text(mask, &words);
        assert_string_equal(words.data ? words.data : "", cases[i].words);
        mig_buf_fini(&words);
    }
    mask = 7;
    assert_int_equal(mig_permissions_parse("default,root", &mask, &err), MIG_E_INVALID);
    assert_non_null(
        strstr(err.text, "permission 'root' is unknown: expected one or more of default, "));
    assert_int_equal(mask, 7);
}

static struct mig_lanes_settings *
parse(const char *text, struct mig_err *err)
{
    struct mig_lanes_settings *s = NULL;

    if (mig_lanes_settings_parse("scheduler.cfg", text, strlen(text), &s, err) < 0)
        return NULL;
    return s;
}

static void
test_settings(void **state)
{
    struct mig_err err = {0};
    struct mig_lanes_settings *s = parse(
        "[postgres]\nhost = /run/x\ndbname = mig\nuser = migscheduler\npassword = \"a'b\"\n"
        "targetpassword = t\n[mq]\nhost = broker\nuser = sched\npass = \"p@/ss\"\nvhost = mig\n"
        "usetls = on\ncacert = /ca.pem\n[agent]\ntimeout = 10m\n[targets]\ntimeout = 500ms\n"
        "[logging]\nmode = syslog\nlevel = debug\n",
        &err);

    (void)state;
    assert_string_equal(err.text, "");
    assert_non_null(s);
    assert_string_equal(s->store.conninfo,
                        "host='/run/x' dbname='mig' user='migscheduler' password='a\\'b'");
    assert_string_equal(s->store.target_conninfo,
                        "host='/run/x' dbname='mig' user='migscheduler' password='a\\'b'"
                        " user='migtarget' password='t'");
    assert_string_equal(s->mq_uris[0], "amqps://sched:p%40%2Fss@broker:5671/mig");
    assert_null(s->mq_uris[1]);
    assert_string_equal(s->queue_type, "classic");
    assert_int_equal(s->agent_accounts, 0);
    assert_int_equal(s->detect_duplicates, 1);
    assert_int_equal(s->queues_freq_ms, 86400000);
    assert_string_equal(s->mq.ca_pem, "/ca.pem");
    assert_int_equal(s->agent_timeout_ms, 600000);
    assert_int_equal(s->heartbeat_freq_ms, 300000);
    assert_int_equal(s->periodic_freq_ms, 87000);
    assert_int_equal(s->target_timeout_ms, 500);
    assert_string_equal(s->store.log_destination, "syslog");
    mig_lanes_settings_free(s);
}

static void
test_settings_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[postgres]\nhost = x\n", "mq.uri is missing: amqp[s]://user:password@host/vhost"},
        {"[postgres]\nconninfo = postgres://x/mig\n[mq]\nuri = amqp://x/\n",
         "postgres.conninfo is a URI: say postgres.targetconninfo too, for the role that evaluates "
         "target expressions (migtarget)"},
        {"[mq]\nuri = amqp://x/\n[logging]\nlevel = loud\n",
         "logging.level is 'loud': expected err, warning, notice, info or debug"},
        {"[mq]\nuri = amqp://x/\n[logging]\nmode = file\n",
         "logging.file: mode is file, expected an absolute path"},
        {"[mq]\nuri = amqp://x/\n[logging]\nmode = paper\n",
         "logging.mode is 'paper': expected stdout, file or syslog"},
        {"[mq]\nuri = amqp://x/\n[targets]\ntimeout = 2h\n",
         "targets.timeout: expected 1ms to 60s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_err err = {0};
        assert_null(parse(cases[i].text, &err));
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(err.code, MIG_E_CONFIG);
    }
}

/* A key that does nothing does not pass in silence. */
static void
test_settings_unused(void **state)
{
    char path[] = "/tmp/mig-log-XXXXXX", log[4096] = "";
    struct mig_err err = {0};
    struct mig_lanes_settings *s = parse(
        "[mq]\nuri = amqp://x/\ntimeout = 5s\n[agent]\nkilldupagents = on\ntimeout = 5m\n", &err);
    int fd = mkstemp(path);

    (void)state;
    assert_string_equal(err.text, "");
    assert_non_null(s);
    assert_true(fd >= 0);
    assert_int_equal(mig_log_open("test", path, MIG_SEV_WARNING), 0);
    mig_lanes_settings_warn(s);
    assert_int_equal(mig_log_open("test", "stderr", MIG_SEV_WARNING), 0);
    assert_true(read(fd, log, sizeof(log) - 1) > 0);
    assert_non_null(strstr(log, "[warning] agent.killdupagents is not used by this version\n"));
    assert_non_null(strstr(log, "[warning] mq.timeout is not used by this version\n"));
    assert_null(strstr(log, "agent.timeout"));
    close(fd);
    unlink(path);
    mig_lanes_settings_free(s);
}

/* ---- heartbeats of the legacy queue ---------------------------------------------------------- */

#define RECORD(name, mode, pid, beat, more)                                                        \
    "{\"name\":" name ",\"queueloc\":\"linux.a\",\"mode\":" mode ",\"version\":\"1\",\"pid\":" pid \
    ",\"starttime\":\"2026-01-01T00:00:00Z\",\"heartbeatts\":\"" beat                              \
    "\",\"refreshts\":\"2026-01-01T00:00:00Z\"" more "}"

static void
test_record(void **state)
{
    static const struct {
        const char *json;
        int code;
        const char *message;
    } cases[] = {
        {RECORD("\"h\"", "\"daemon\"", "7", "2026-01-02T00:00:00Z", ""), 0, ""},
        {RECORD("\"h\"", "\"\"", "7e0", "2026-01-01T23:45:00.5Z",
                ",\"environment\":{\"os\":\"linux\"},\"tags\":null,\"status\":\"online\""),
         0, ""},
        {RECORD("\"h\"", "\"cluster\"", "7", "2026-01-02T00:00:00Z", ""), MIG_E_INVALID,
         "agent reported an invalid mode"},
        {RECORD("\"h\"", "\"\"", "7", "2026-01-01T23:39:59Z", ""), MIG_E_WINDOW,
         "heartbeat expired"},
        {RECORD("\"\"", "\"\"", "7", "2026-01-02T00:00:00Z", ""), MIG_E_INVALID,
         "expected a name, a queueloc and a version"},
        {RECORD("\"h\"", "\"\"", "0", "2026-01-02T00:00:00Z", ""), MIG_E_INVALID, "pid 0 is none"},
        {RECORD("1", "\"\"", "1", "2026-01-02T00:00:00Z", ""), MIG_E_INVALID, "name"},
        {RECORD("\"h\"", "\"\"", "1", "2026-01-02T00:00:00Z", ",\"tags\":[]"), MIG_E_INVALID,
         "tags"},
        {"[]", MIG_E_SYNTAX, "expected an object, found an array"},
        {"{", MIG_E_SYNTAX, ""},
    };
    struct mig_time now;

    (void)state;
    assert_int_equal(mig_time_parse("2026-01-02T00:00:00Z", 20, &now), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_record record = {0};
        struct mig_err err = {0};
        int r = mig_record_parse(cases[i].json, strlen(cases[i].json), now, 1200000, &record, &err);
        if (r != cases[i].code || !strstr(err.text, cases[i].message))
            fail_msg("%s: %d %s", cases[i].json, r, err.text);
        if (r == 0) {
            assert_string_equal(record.queueloc, "linux.a");
            assert_int_equal(record.pid, 7);
            assert_string_equal(record.tags, "{}");
        }
        mig_record_fini(&record);
    }
}

static void
write_list(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void
test_whitelist(void **state)
{
    char path[] = "/tmp/mig-list-XXXXXX";
    struct mig_whitelist *list = NULL;
    struct mig_err err = {0};
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(mig_whitelist_open(NULL, &list, &err), 0);
    assert_int_equal(mig_whitelist_has(list, "anything"), 1);
    mig_whitelist_free(list);
    write_list(path, "# known\nlinux.b\n\nlinux.a \nre:darwin\\.[a-f]+|x\n");
    assert_int_equal(mig_whitelist_open(path, &list, &err), 0);
    assert_int_equal(mig_whitelist_has(list, "linux.a"), 1);
    assert_int_equal(mig_whitelist_has(list, "linux.b"), 1);
    assert_int_equal(mig_whitelist_has(list, "linux.ab"), 0);
    assert_int_equal(mig_whitelist_has(list, "darwin.abc"), 1);
    assert_int_equal(mig_whitelist_has(list, "darwin.abcz"), 0);
    assert_int_equal(mig_whitelist_has(list, "xx"), 0);
    write_list(path, "linux.ab\n");
    assert_int_equal(mig_whitelist_has(list, "linux.ab"), 1);
    assert_int_equal(mig_whitelist_has(list, "linux.a"), 0);
    write_list(path, "linux.ab\nre:(\n"); /* wrong: nobody */
    assert_int_equal(mig_whitelist_has(list, "linux.ab"), 0);
    unlink(path);
    assert_int_equal(mig_whitelist_has(list, "linux.ab"), 0);
    mig_whitelist_free(list);
    write_list(path, "ok\nre:(\n");
    assert_int_equal(mig_whitelist_open(path, &list, &err), MIG_E_CONFIG);
    assert_non_null(strstr(err.text, ":2: expected re: and an extended regular expression"));
    unlink(path);
    assert_true(mig_whitelist_open(path, &list, &err) < 0);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target_form),
        cmocka_unit_test(test_target_length),
        cmocka_unit_test(test_array),
        cmocka_unit_test(test_json_readable),
        cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_whitelist),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_settings_refused),
        cmocka_unit_test(test_settings_unused),
    };

    return cmocka_run_group_tests_name("store text", tests, NULL, NULL);
}
