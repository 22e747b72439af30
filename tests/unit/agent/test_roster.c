/* SPDX-License-Identifier: MPL-2.0 */
/* What an endpoint knows of its plugins, with those of tests/plugin-zoo, and its quarantine. */
#include "config.h"

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

#include <json-c/json.h>

#include "agent/roster.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "plugin/load.h"
#include "trust/image.h"

const struct mig_builtin mig_builtins[] = {{NULL, NULL}};

static char folder[] = "/tmp/mig-roster-test-XXXXXX";
static const char *const files[] = {"good", "hooks", "intruder", "nextmajor", "stranger"};

static void
put(const char *name, const void *bytes, size_t len)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s.so", folder, name);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(mig_fd_write_all(fd, bytes, len), 0);
    assert_int_equal(fchmod(fd, 0644), 0);
    close(fd);
}

static void
install(const char *name)
{
    struct mig_buf bytes = MIG_BUF_INIT;
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.so", ZOO_DIR, name);
    assert_int_equal(mig_file_read(path, MIG_IMAGE_MAX, &bytes, NULL), 0);
    put(name, bytes.data, bytes.len);
    mig_buf_fini(&bytes);
}

static int
group_start(void **state)
{
    (void)state;
    mig_log_open("test_roster", "stderr", MIG_SEV_WARNING);
    if (mkdtemp(folder) == NULL)
        return -1;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (strcmp(files[i], "intruder") != 0)
            install(files[i]);
    put("intruder", "not a plugin\n", 13);
    return 0;
}

static int
group_stop(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[256];
        snprintf(path, sizeof(path), "%s/%s.so", folder, files[i]);
        unlink(path);
    }
    return rmdir(folder);
}

/* The list; *ret_one is the entry of that name, NULL when there is none. */
static struct json_object *
list(struct mig_roster *roster, const char *name, struct json_object **ret_one)
{
    struct mig_buf text = MIG_BUF_INIT;
    assert_int_equal(mig_roster_json(roster, MIG_ROSTER_JSON_MAX, &text), 0);
    struct json_object *all = json_tokener_parse(text.data);
    assert_non_null(all);
    mig_buf_fini(&text);
    *ret_one = NULL;
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        struct json_object *one = json_object_array_get_idx(all, i);
        if (strcmp(json_object_get_string(json_object_object_get(one, "name")), name) == 0)
            *ret_one = one;
    }
    return all;
}

static void
member_is(struct json_object *one, const char *name, const char *expected)
{
    struct json_object *value = json_object_object_get(one, name);
    assert_non_null(value);
    assert_string_equal(json_object_get_string(value), expected);
}

static void
state_is(struct mig_roster *roster, const char *name, const char *state, const char *reason)
{
    struct json_object *one;
    struct json_object *all = list(roster, name, &one);
    assert_non_null(one);
    member_is(one, "state", state);
    if (reason != NULL)
        member_is(one, "reason", reason);
    else
        assert_null(json_object_object_get(one, "reason"));
    json_object_put(all);
}

static struct mig_roster *
make(void)
{
    struct mig_roster *roster = mig_roster_new(folder);
    assert_non_null(roster);
    return roster;
}

static void
lists_what_is_there(void **state)
{
    struct mig_roster *roster = make();
    struct json_object *one;
    (void)state;
    struct json_object *all = list(roster, "good", &one);
    assert_int_equal(json_object_array_length(all), 5);
    assert_non_null(one);
    member_is(one, "version", "1.0.0");
    member_is(one, "abi", "1.2");
    assert_int_equal(strlen(json_object_get_string(json_object_object_get(one, "digest"))), 64);
    json_object_put(all);
    state_is(roster, "good", "ok", NULL);
    state_is(roster, "intruder", "refused",
             "plugin intruder refused: 13 bytes are too short for an ELF file: a plugin is "
             "a shared object built for this machine");
    state_is(roster, "nextmajor", "refused",
             "plugin nextmajor refused: its note says ABI 2.0, this program takes 1.0 to 1.2");
    all = list(roster, "stranger", &one);
    member_is(one, "state", "refused");
    assert_non_null(strstr(json_object_get_string(json_object_object_get(one, "reason")),
                           "is not in this program's whitelist"));
    member_is(one, "version", "");
    json_object_put(all);
    mig_roster_free(roster);
    mig_roster_free(NULL);
}

static void
looks_again_when_a_file_changes(void **state)
{
    struct mig_roster *roster = make();
    (void)state;
    mig_roster_refresh(roster);
    state_is(roster, "good", "ok", NULL);
    put("good", "gone", 4);
    state_is(roster, "good", "ok", NULL);
    mig_roster_refresh(roster);
    state_is(roster, "good", "refused",
             "plugin good refused: 4 bytes are too short for an ELF file: a plugin is "
             "a shared object built for this machine");
    install("good");
    mig_roster_refresh(roster);
    state_is(roster, "good", "ok", NULL);
    mig_roster_free(roster);
}

static void
an_empty_folder_is_an_empty_list(void **state)
{
    struct mig_roster *roster = mig_roster_new("/nowhere");
    struct mig_buf text = MIG_BUF_INIT;
    (void)state;
    assert_int_equal(mig_roster_json(roster, MIG_ROSTER_JSON_MAX, &text), 0);
    assert_string_equal(text.data, "[]");
    mig_buf_fini(&text);
    mig_roster_free(roster);
}

static void
is_bounded(void **state)
{
    struct mig_roster *roster = make();
    struct mig_buf all = MIG_BUF_INIT;
    (void)state;
    assert_int_equal(mig_roster_json(roster, MIG_ROSTER_JSON_MAX, &all), 0);
    for (size_t max = 128; max < all.len + 64; max += 97) {
        struct mig_buf text = MIG_BUF_INIT;
        assert_int_equal(mig_roster_json(roster, max, &text), 0);
        assert_in_range(text.len, 2, max);
        struct json_object *cut = json_tokener_parse(text.data);
        assert_non_null(cut);
        size_t count = json_object_array_length(cut);
        struct json_object *last = json_object_array_get_idx(cut, count - 1);
        if (text.len < all.len)
            assert_int_equal(json_object_get_int(json_object_object_get(last, "more")),
                             6 - (int)count);
        json_object_put(cut);
        mig_buf_fini(&text);
    }
    mig_buf_fini(&all);
    mig_roster_free(roster);
}

/* ---- quarantine ---- */

static int
operation(struct mig_roster *roster, int crashed, const char *reason)
{
    return mig_roster_outcome(roster, "good", MIG_ROSTER_OPERATION, crashed, reason);
}

static int
instance(struct mig_roster *roster, int crashed, const char *reason)
{
    return mig_roster_outcome(roster, "good", MIG_ROSTER_INSTANCE, crashed, reason);
}

#define QUARANTINE                                                                                 \
    "plugin good is in quarantine until the agent restarts: it crashed 3 times in a row, last: "

static void
three_in_a_row_are_too_many(void **state)
{
    struct mig_roster *roster = make();
    (void)state;
    assert_int_equal(operation(roster, 0, ""), 0);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(operation(roster, 1, "one"), 0);
        assert_int_equal(operation(roster, 1, "two"), 0);
        assert_null(mig_roster_quarantine(roster, "good"));
        assert_int_equal(operation(roster, 0, "a limit"), 0);
    }
    assert_int_equal(operation(roster, 1, "one"), 0);
    assert_int_equal(operation(roster, 1, "two"), 0);
    state_is(roster, "good", "ok", NULL);
    assert_int_equal(operation(roster, 1, "three"), 1);
    assert_string_equal(mig_roster_quarantine(roster, "good"), QUARANTINE "three");
    state_is(roster, "good", "quarantined", QUARANTINE "three");
    /* Until the restart: not what was under way, nor a new look. */
    assert_int_equal(operation(roster, 0, ""), 0);
    assert_int_equal(operation(roster, 1, "four"), 0);
    mig_roster_refresh(roster);
    assert_string_equal(mig_roster_quarantine(roster, "good"), QUARANTINE "three");
    assert_null(mig_roster_quarantine(roster, "hooks"));
    state_is(roster, "hooks", "ok", NULL);
    mig_roster_free(roster);
}

static void
instances_are_counted_apart(void **state)
{
    struct mig_roster *roster = make();
    (void)state;
    assert_int_equal(instance(roster, 1, "one"), 0);
    assert_int_equal(operation(roster, 1, "an operation"), 0);
    assert_int_equal(instance(roster, 1, "two"), 0);
    assert_int_equal(operation(roster, 0, ""), 0);
    assert_null(mig_roster_quarantine(roster, "good"));
    assert_int_equal(instance(roster, 1, "three"), 1);
    /* For both of them. */
    assert_string_equal(mig_roster_quarantine(roster, "good"), QUARANTINE "three");
    mig_roster_free(roster);
}

static void
a_long_reason_is_cut(void **state)
{
    struct mig_roster *roster = make();
    char reason[2000];
    (void)state;
    memset(reason, 'x', sizeof(reason));
    reason[sizeof(reason) - 1] = '\0';
    for (int i = 0; i < 3; i++)
        operation(roster, 1, reason);
    assert_in_range(strlen(mig_roster_quarantine(roster, "good")), 300, 511);
    mig_roster_free(roster);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_what_is_there),
        cmocka_unit_test(looks_again_when_a_file_changes),
        cmocka_unit_test(an_empty_folder_is_an_empty_list),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(three_in_a_row_are_too_many),
        cmocka_unit_test(instances_are_counted_apart),
        cmocka_unit_test(a_long_reason_is_cut),
    };
    return cmocka_run_group_tests_name("roster", tests, group_start, group_stop);
}
