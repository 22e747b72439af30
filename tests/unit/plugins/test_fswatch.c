/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fswatch: what of its configuration is refused, and what it tells of real files by inotify, which
 * it uses where the host has no fanotify group: the mock has none. With fanotify it is held by
 * tests/integration/07-fswatch.sh.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <mig/mock_host.h>

#include "module.h"
#include "tree.h"

static const struct mig_plugin *plugin;
static struct mig_mock *mock;

static int
setup(void **state)
{
    (void)state;
    tree_make();
    mock = mig_mock_new();
    return mock == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void)state;
    mig_mock_free(mock);
    tree_remove();
    return 0;
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *config, *message;
    } cases[] = {
        {"{'path':['/etc']}",
         "fswatch: unknown member 'path', expected paths, exclude, suppress, rescan, settle, "
         "maxentries, maxwatches, maxsize and maxalerts"},
        {"[]", "fswatch: expected an object, not array"},
        {"{'paths':'/etc'}", "paths: expected an array of paths"},
        {"{'paths':[]}", "paths: expected 1 to 1000 paths"},
        {"{'paths':[1]}", "paths: expected texts and objects"},
        {"{'paths':['etc']}", "paths: expected an absolute path, with or without 'recursive:' "
                              "before it, found 'etc'"},
        {"{'paths':['recursive:etc']}", "paths: expected an absolute path, with or without "
                                        "'recursive:' before it, found 'etc'"},
        {"{'paths':['/etc','/etc/../etc/']}", "paths: /etc is there twice"},
        {"{'paths':[{'label':'x'}]}", "paths: expected an object with a path"},
        {"{'paths':[{'path':'/etc','depth':1}]}",
         "paths: unknown member 'depth', expected path, label, recursive and severity"},
        {"{'paths':[{'path':'/etc','severity':'huge'}]}",
         "paths: severity: expected critical, high, medium or low, found 'huge'"},
        {"{'paths':[{'path':'/etc','recursive':1}]}",
         "parameter 'recursive' must be true or false, not int"},
        {"{'exclude':['*.swp']}", "exclude: expected a pattern of an absolute path, found '*.swp'"},
        {"{'settle':9}", "settle: expected 10 to 60000, found 9"},
        {"{'suppress':86401}", "suppress: expected 0 to 86400, found 86401"},
        {"{'rescan':604801}", "rescan: expected 0 to 604800, found 604801"},
        {"{'maxentries':9}", "maxentries: expected 10 to 1000000, found 9"},
        {"{'maxwatches':0}", "maxwatches: expected 1 to 1000000, found 0"},
        {"{'maxalerts':0}", "maxalerts: expected 1 to 100000, found 0"},
        {"{'maxsize':-1}", "parameter 'maxsize' must be a whole number from 0 to 2^53, not -1"},
    };
    char text[1024];
    size_t i;

    (void)state;
    for (i = 0; i < MIG_COUNT(cases); i++) {
        snprintf(text, sizeof(text), "{'config':%s}", cases[i].config);
        assert_int_equal(mig_mock_configure(mock, plugin, tree_json(text)), -EINVAL);
        assert_string_equal(mig_mock_refusal(mock), cases[i].message);
        assert_int_equal(mig_mock_persist(mock, plugin, tree_json(text)), -EINVAL);
        assert_string_equal(mig_mock_refusal(mock), cases[i].message);
    }
    assert_int_equal(mig_mock_configure(mock, plugin, "{\"config\":{}}"), 0);
    assert_int_equal(mig_mock_run(mock, plugin, "{\"events\":101}"), -EINVAL);
    assert_string_equal(mig_mock_refusal(mock), "events: expected 100 at most");
}

/* ---- what it tells ---- */

#define WATCH "{'config':{'paths':['recursive:@/tree','@/later'],'settle':10,'suppress':0}}"

static void
persist(void)
{
    assert_int_equal(mig_mock_persist(mock, plugin, tree_json(WATCH)), 0);
}

/* The alert of an event of a path below the tree is there. */
static int
is_told(struct mig_mock *of, const char *event, const char *path)
{
    char text[512];

    snprintf(text, sizeof(text), "'event':'%s','path':'@/%s'", event, path);
    return strstr(mig_mock_alerts(of), tree_json(text)) != NULL;
}

/* One thing after the other: what is done, and what must be told of it before the next. */
struct step {
    void (*act)(void);
    const char *event, *path;
};

static void
make(void)
{
    tree_text("tree/new", "x");
}

static void
change(void)
{
    tree_text("tree/old", "other");
}

static void
allow(void)
{
    assert_int_equal(chmod("tree/old", 0755), 0);
}

static void
rename_it(void)
{
    assert_int_equal(rename("tree/new", "tree/deep/renamed"), 0);
}

static void
make_deep(void)
{
    tree_text("tree/a/b/c/file", "x");
}

static void
remove_it(void)
{
    assert_int_equal(unlink("tree/deep/renamed"), 0);
}

static void
make_later(void)
{
    tree_text("later", "x");
}

static const struct step steps[] = {
    {make, "created", "tree/new"},
    {change, "changed", "tree/old"},
    {allow, "attributes", "tree/old"},
    {rename_it, "created", "tree/deep/renamed"},
    {make_deep, "created", "tree/a/b/c/file"},
    {remove_it, "removed", "tree/deep/renamed"},
    {make_later, "created", "later"},
};

/* What is there at the first start has been read: nothing of it is told. */
static int
is_ready(struct mig_mock *of, void *context)
{
    (void)context;
    mig_mock_instance(of, plugin);
    return mig_mock_run(of, plugin, "{}") == 0 &&
           strstr(mig_mock_elements(of), "\"state\":\"watched\"") != NULL;
}

static int
next_step(struct mig_mock *of, void *context)
{
    size_t *done = context;

    if (*done > 0 && !is_told(of, steps[*done - 1].event, steps[*done - 1].path))
        return 0;
    if (*done < MIG_COUNT(steps))
        steps[*done].act();
    (*done)++;
    return 1;
}

static void
test_changes(void **state)
{
    size_t done = 0;
    size_t i;

    (void)state;
    tree_text("tree/old", "text");
    tree_folder("tree/deep");
    mig_mock_then_until(mock, is_ready, NULL);
    for (i = 0; i <= MIG_COUNT(steps); i++)
        mig_mock_then_until(mock, next_step, &done);
    mig_mock_then_question(mock, "{\"events\":100}");
    persist();
    for (i = 0; i < MIG_COUNT(steps); i++)
        assert_true(is_told(mock, steps[i].event, steps[i].path));
    assert_non_null(strstr(mig_mock_answers(mock), "\\\"notifier\\\":\\\"inotify\\\""));
    assert_null(strstr(mig_mock_alerts(mock), "\"offline\":true"));
    assert_string_equal(mig_mock_errors(mock), "[]");
}

static int
is_made(struct mig_mock *of, void *path)
{
    return is_told(of, "created", path);
}

static void
test_restart(void **state)
{
    (void)state;
    tree_text("tree/changed", "text");
    tree_text("tree/removed", "text");
    tree_text("tree/same", "text");
    mig_mock_then_until(mock, is_ready, NULL);
    persist();
    tree_text("tree/changed", "other");
    tree_text("tree/made", "text");
    assert_int_equal(unlink("tree/removed"), 0);
    mig_mock_then_until(mock, is_made, "tree/made");
    persist();
    assert_true(is_told(mock, "changed", "tree/changed"));
    assert_true(is_told(mock, "created", "tree/made"));
    assert_true(is_told(mock, "removed", "tree/removed"));
    assert_null(strstr(mig_mock_alerts(mock), "same"));
    assert_null(strstr(mig_mock_alerts(mock), "\"offline\":false"));
    /* Each once. */
    tree_text("tree/last", "text");
    mig_mock_then_until(mock, is_made, "tree/last");
    persist();
    assert_null(strstr(mig_mock_alerts(mock), "tree/changed"));
    assert_null(strstr(mig_mock_alerts(mock), "tree/made"));
    assert_null(strstr(mig_mock_alerts(mock), "tree/removed"));
}

/* ---- a queue that overflows ---- */

/* Above this, the queue of the kernel takes too long to fill. */
#define QUEUE_MOST 200000

/* Two names in turn: what is the same as the last event is not queued again. */
static int
overflow(struct mig_mock *of, void *context)
{
    const long *size = context;
    long i;

    (void)of;
    for (i = 0; i < *size + 100; i++)
        assert_int_equal(utimensat(AT_FDCWD, i % 2 ? "tree/a" : "tree/b", NULL, 0), 0);
    tree_text("tree/lost", "text");
    return 1;
}

static void
test_overflow(void **state)
{
    FILE *in = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    long size = 0;

    (void)state;
    if (in == NULL || fscanf(in, "%ld", &size) != 1 || size > QUEUE_MOST)
        size = 0;
    if (in != NULL)
        fclose(in);
    if (size == 0)
        skip();
    tree_text("tree/a", "text");
    tree_text("tree/b", "text");
    mig_mock_then_until(mock, is_ready, NULL);
    mig_mock_then_until(mock, overflow, &size);
    mig_mock_then_until(mock, is_made, "tree/lost");
    mig_mock_then_question(mock, "{}");
    persist();
    assert_non_null(strstr(mig_mock_alerts(mock), "\"event\":\"overflow\""));
    assert_true(is_told(mock, "created", "tree/lost"));
    assert_non_null(strstr(mig_mock_answers(mock), "\\\"overflows\\\":1,"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_overflow, setup, teardown),
    };

    plugin = module_load("fswatch");
    if (plugin == NULL)
        return 0;
    return cmocka_run_group_tests_name("fswatch", tests, NULL, NULL);
}
