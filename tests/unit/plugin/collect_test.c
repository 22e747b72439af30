/* SPDX-License-Identifier: MPL-2.0 */
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

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"
#include "plugin/collect.h"
#include "plugin/fields.h"

static const struct mig_field table[] = {
    {"items[]", NULL, MIG_FIELD_STRING, 0, 8},
    {"more[]", NULL, MIG_FIELD_NUMBER, 0, 0},
    {"name", NULL, MIG_FIELD_STRING, MIG_FIELD_PRIVATE, 0},
    {"hits", NULL, MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
};
static const struct mig_plugin plugin = {
    .fields = table, .fields_count = MIG_COUNT(table), .field_size = sizeof(table[0])};

struct fixture {
    struct mig_fields *fields;
    struct mig_collect *collect;
    const struct mig_host *host;
    struct mig_buf out;
};

static void
start(struct fixture *f, struct mig_collect_spec spec)
{
    memset(f, 0, sizeof(*f));
    assert_int_equal(mig_fields_new(&plugin, &f->fields, NULL), 0);
    spec.fields = f->fields;
    if (spec.stop_at == 0)
        spec.stop_at = spec.deadline = INT64_MAX;
    assert_int_equal(mig_collect_new(&spec, &f->collect, NULL), 0);
    f->host = mig_collect_host(f->collect);
}

static void
expect(struct fixture *f, bool success, const char *reason, const char *text)
{
    mig_buf_reset(&f->out);
    assert_int_equal(mig_collect_result(f->collect, success, reason, &f->out), 0);
    assert_string_equal(f->out.data, text);
}

static void
stop(struct fixture *f)
{
    mig_buf_fini(&f->out);
    mig_collect_free(f->collect);
    mig_fields_free(f->fields);
}

static int
emit(const struct fixture *f, const char *key, const char *json)
{
    return f->host->emit(f->host, key, json, json != NULL ? strlen(json) : 0);
}

static int
set(const struct fixture *f, const char *key, const char *json)
{
    return f->host->set(f->host, key, json, json != NULL ? strlen(json) : 0);
}

static void
collects(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, (struct mig_collect_spec){0});
    expect(&f, true, NULL,
           "{\"foundanything\":false,\"success\":true,\"elements\":{},\"statistics\":{},"
           "\"errors\":null}");
    assert_int_equal(emit(&f, "items", NULL), 0);
    assert_int_equal(emit(&f, "more", "1"), 0);
    assert_int_equal(emit(&f, "items", "\"a\""), 0);
    assert_int_equal(emit(&f, "items", NULL), 0);
    assert_int_equal(emit(&f, "more", "2"), 0);
    assert_int_equal(emit(&f, "items", "\"b\""), 0);
    assert_int_equal(set(&f, "name", "\"x\""), 0);
    assert_int_equal(set(&f, "name", "\"y\""), 0);
    assert_int_equal(f.host->statistic(f.host, "hits", "3", 1), 0);
    f.host->found(f.host, 1);
    expect(&f, true, NULL,
           "{\"foundanything\":true,\"success\":true,\"elements\":{\"items\":[\"a\",\"b\"],"
           "\"more\":[1,2],\"name\":\"y\"},\"statistics\":{\"hits\":3},\"errors\":null}");
    assert_int_equal(set(&f, NULL, "{\"name\":\"all\",\"other\":1}"), 0);
    f.host->error(f.host, "soft \"one\"");
    expect(&f, false, "the reason",
           "{\"foundanything\":true,\"success\":false,\"elements\":{\"name\":\"all\"},"
           "\"statistics\":{\"hits\":3},\"errors\":[\"the reason\",\"soft \\\"one\\\"\","
           "\"1 undeclared field was dropped (first: other)\"]}");
    stop(&f);
}

static void
refuses_what_is_not_json(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, (struct mig_collect_spec){0});
    assert_int_equal(emit(&f, "items", "\"a"), -EINVAL);
    assert_int_equal(emit(&f, "items", "\"a\",\"b\""), -EINVAL);
    assert_int_equal(emit(&f, "items", "\"\xff\""), -EINVAL);
    assert_int_equal(emit(&f, "items\xff", "\"a\""), -EINVAL);
    assert_int_equal(emit(&f, NULL, "\"a\""), -EINVAL);
    assert_int_equal(set(&f, "name", NULL), -EINVAL);
    assert_int_equal(set(&f, "name", "{\"a\":1,\"a\":2}"), -EINVAL);
    assert_int_equal(f.host->statistic(f.host, NULL, "1", 1), -EINVAL);
    assert_int_equal(f.host->output(f.host, "\xff", 1), -EINVAL);
    assert_int_equal(f.host->error(f.host, NULL), -EINVAL);
    expect(&f, true, NULL,
           "{\"foundanything\":false,\"success\":true,\"elements\":{},\"statistics\":{},"
           "\"errors\":null}");
    stop(&f);
}

static void
says_what_it_dropped(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, (struct mig_collect_spec){0});
    assert_int_equal(emit(&f, "items", "\"123456789\""), 0);
    assert_int_equal(emit(&f, "items", "1"), 0);
    assert_int_equal(emit(&f, "items", "2"), 0);
    assert_int_equal(emit(&f, "unknown", "1"), 0);
    assert_int_equal(set(&f, "hits", "1"), 0);
    expect(&f, true, NULL,
           "{\"foundanything\":false,\"success\":true,\"elements\":{\"items\":[\"12345678\"]},"
           "\"statistics\":{},\"errors\":[\"2 undeclared fields were dropped (first: unknown[])\","
           "\"2 fields of the wrong type were dropped (first: items[])\","
           "\"1 text was cut to its greatest length (first: items[])\"]}");
    stop(&f);
}

static void
keeps_privacy(void **state)
{
    struct fixture f;
    (void)state;
    start(&f, (struct mig_collect_spec){.private_mode = true});
    assert_int_equal(f.host->private_mode(f.host), 1);
    assert_int_equal(set(&f, "name", "\"/home/alice\""), 0);
    assert_int_equal(f.host->error(f.host, "/home/alice: not readable"), 0);
    expect(&f, true, NULL,
           "{\"foundanything\":false,\"success\":true,\"elements\":{\"name\":\"masked\"},"
           "\"statistics\":{},\"errors\":[\"masked\"]}");
    stop(&f);
}

static int told_full;

static void
note_full(void *context)
{
    (void)context;
    told_full++;
}

static void
bounds_the_output(void **state)
{
    struct fixture f;
    int kept = 0, rc;
    (void)state;
    start(&f, (struct mig_collect_spec){.output_max = 20000, .full = note_full});
    while ((rc = emit(&f, "items", "\"12345678\"")) == 0)
        kept++;
    assert_int_equal(rc, -ENOBUFS);
    assert_int_equal(kept, (20000 - 4096 - 11) / 11);
    assert_int_equal(emit(&f, "more", "1"), -ENOBUFS);
    assert_int_equal(f.host->error(f.host, "late"), -ENOBUFS);
    assert_int_equal(f.host->output(f.host, "late", 4), -ENOBUFS);
    assert_int_equal(f.host->cancelled(f.host), 1);
    assert_false(mig_collect_stopped(f.collect));
    assert_int_equal(told_full, 1);
    assert_int_equal(mig_collect_result(f.collect, true, NULL, &f.out), 0);
    assert_true(f.out.len <= 20000);
    assert_int_equal(mig_json_check(f.out.data, f.out.len, NULL, NULL), 0);
    assert_non_null(strstr(f.out.data, "\"errors\":[\"1 more errors not shown\",\"output limit of "
                                       "20000 bytes reached: the result is partial\"]"));
    stop(&f);
}

/* Room for the first element of a new key, and none for the key. */
static void
bounds_it_between_key_and_value(void **state)
{
    (void)state;
    for (size_t max = 20; max < 60; max++) {
        struct fixture f;
        start(&f, (struct mig_collect_spec){.output_max = max});
        assert_int_equal(emit(&f, "items", "\"\""), 0);
        int rc = emit(&f, "more", "1");
        assert_true(rc == 0 || rc == -ENOBUFS);
        assert_int_equal(mig_collect_result(f.collect, true, NULL, &f.out), 0);
        assert_int_equal(mig_json_check(f.out.data, f.out.len, NULL, NULL), 0);
        assert_true((strstr(f.out.data, "\"more\":[1]") != NULL) == (rc == 0));
        assert_true((strstr(f.out.data, "\"more\"") != NULL) == (rc == 0));
        stop(&f);
    }
}

static void
tells_the_time(void **state)
{
    struct fixture f;
    int64_t now = mig_time_monotonic_ms();
    (void)state;
    start(&f, (struct mig_collect_spec){.stop_at = now + 3600000, .deadline = now + 3600000});
    assert_in_range(f.host->remaining(f.host), 3500000, 3600000);
    assert_int_equal(f.host->cancelled(f.host), 0);
    assert_false(mig_collect_stopped(f.collect));
    stop(&f);
    start(&f, (struct mig_collect_spec){.stop_at = now, .deadline = now});
    assert_int_equal(f.host->remaining(f.host), 0);
    assert_int_equal(f.host->cancelled(f.host), 1);
    assert_true(mig_collect_stopped(f.collect));
    stop(&f);
}

static void
gathers_text(void **state)
{
    struct fixture f;
    char refusal[64];
    (void)state;
    start(&f, (struct mig_collect_spec){0});
    f.host->output(f.host, "one", 3);
    f.host->output(f.host, "", 0);
    f.host->output(f.host, "two", 3);
    assert_int_equal(mig_collect_text(f.collect, true, &f.out), 0);
    assert_string_equal(f.out.data, "one\n\ntwo\n");
    assert_int_equal(mig_collect_text(f.collect, false, &f.out), 0);
    assert_string_equal(f.out.data, "two");
    mig_collect_refusal(f.collect, refusal, sizeof(refusal));
    assert_string_equal(refusal, "");
    f.host->refuse(f.host, "no");
    f.host->refuse(f.host, "because");
    mig_collect_refusal(f.collect, refusal, sizeof(refusal));
    assert_string_equal(refusal, "because");
    stop(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(collects),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(says_what_it_dropped),
        cmocka_unit_test(keeps_privacy),
        cmocka_unit_test(bounds_the_output),
        cmocka_unit_test(bounds_it_between_key_and_value),
        cmocka_unit_test(tells_the_time),
        cmocka_unit_test(gathers_text),
    };
    return cmocka_run_group_tests_name("collect", tests, NULL, NULL);
}
