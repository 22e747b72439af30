/* SPDX-License-Identifier: MPL-2.0 */
/* What a worker leaves behind, read back as it was and when somebody has spoilt it. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/error.h"
#include "plugin/collect.h"
#include "plugin/fields.h"
#include "plugin/record.h"
#include "plugin/salvage.h"

static int
make(size_t output_max, struct mig_record **ret)
{
    int fd = mig_record_make(output_max);
    assert_true(fd >= 0);
    assert_int_equal(mig_record_open(fd, ret), 0);
    return fd;
}

/* The result of the record must be this. */
static void
salvages(int fd, size_t output_max, const char *expected)
{
    struct mig_collect_spec spec = {
        .stop_at = INT64_MAX, .deadline = INT64_MAX, .output_max = output_max};
    struct mig_collect *collect = NULL;
    struct mig_buf out = MIG_BUF_INIT;
    assert_int_equal(mig_collect_new(&spec, &collect, NULL), 0);
    assert_int_equal(mig_salvage(fd, collect, NULL), 0);
    assert_int_equal(mig_collect_result(collect, false, "why", &out), 0);
    assert_string_equal(out.data, expected);
    mig_buf_fini(&out);
    mig_collect_free(collect);
}

static void
add(struct mig_record *record, enum mig_record_kind kind, size_t place, const char *text)
{
    mig_record_add(record, kind, place, text, strlen(text));
}

#define EMPTY(errors)                                                                              \
    "{\"foundanything\":false,\"success\":false,\"elements\":{},\"statistics\":{},\"errors\":["    \
    "\"why\"" errors "]}"
#define DAMAGED ",\"the record of the result is damaged: what follows is lost\""

static void
is_read_back(void **state)
{
    struct mig_record *record = NULL;
    struct mig_record_state head;
    int fd = make(1000, &record);
    (void)state;
    assert_true(mig_record_peek(fd, &head));
    assert_false(head.running);
    assert_int_equal(head.memory_refused, 0);
    salvages(fd, 1000, EMPTY());
    mig_record_running(record);
    add(record, MIG_RECORD_KEY, 0, "a");
    add(record, MIG_RECORD_ELEMENT, 1, "1");
    add(record, MIG_RECORD_STATISTIC_KEY, 0, "s");
    add(record, MIG_RECORD_VALUE, 2, "\"x\"");
    add(record, MIG_RECORD_ELEMENT, 1, "2");
    add(record, MIG_RECORD_VALUE, 2, "\"y\"");
    add(record, MIG_RECORD_ERROR, 0, "an error");
    mig_record_found(record, true);
    mig_record_full(record);
    mig_record_memory_refused(record, 12345);
    assert_true(mig_record_memory(record));
    salvages(
        fd, 1000,
        "{\"foundanything\":true,\"success\":false,\"elements\":{\"a\":[1,2]},\"statistics\":{"
        "\"s\":\"y\"},\"errors\":[\"why\",\"an error\",\"output limit of 1000 bytes reached: the "
        "result is partial\"]}");
    assert_true(mig_record_peek(fd, &head));
    assert_true(head.running);
    assert_int_equal(head.memory_refused, 12345);
    mig_record_close(record);
    close(fd);
}

static void
is_bounded(void **state)
{
    static char big[300000];
    struct mig_record *record = NULL;
    struct stat st;
    int fd = make(1000, &record);
    (void)state;
    memset(big, '1', sizeof(big));
    add(record, MIG_RECORD_KEY, 0, "a");
    for (int i = 0; i < 10; i++)
        mig_record_add(record, MIG_RECORD_ELEMENT, 1, big, sizeof(big));
    assert_int_equal(fstat(fd, &st), 0);
    assert_in_range(st.st_size, 1, (2 << 20));
    assert_int_not_equal(ftruncate(fd, 1), 0);
    assert_int_not_equal(ftruncate(fd, 16 << 20), 0);
    struct mig_record_summary summary;
    struct mig_fields_report report;
    struct mig_record_entry entry;
    size_t at = 0, count = 0;
    while (mig_record_next(record, &at, &entry) == 1)
        count++;
    assert_int_equal(count, 4); /* the key and three */
    mig_record_summary(record, &summary, &report);
    assert_int_equal(summary.lost, 7);
    assert_int_equal(mig_record_make(SIZE_MAX / 2), -EFBIG);
    mig_record_close(record);
    close(fd);
}

/* A child of the plugin's shares the file, and must not write. */
static void
is_not_a_childs(void **state)
{
    struct mig_record *record = NULL;
    int fd = make(1000, &record), status = 0;
    (void)state;
    add(record, MIG_RECORD_KEY, 0, "a");
    add(record, MIG_RECORD_ELEMENT, 1, "1");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        add(record, MIG_RECORD_ELEMENT, 1, "2");
        mig_record_found(record, true);
        mig_record_full(record);
        mig_record_running(record);
        mig_record_memory_refused(record, 1);
        _exit(mig_record_memory(record));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    salvages(
        fd, 1000,
        "{\"foundanything\":false,\"success\":false,\"elements\":{\"a\":[1]},\"statistics\":{},"
        "\"errors\":[\"why\"]}");
    mig_record_close(record);
    close(fd);
}

/* ---- spoilt by a plugin ---- */

static void
says_when_it_is_damaged(void **state)
{
    static const struct {
        enum mig_record_kind kind;
        size_t place;
        const char *text;
    } wrong[] = {
        {MIG_RECORD_ELEMENT, 0, "1"},
        {MIG_RECORD_ELEMENT, 9, "1"},
        {MIG_RECORD_VALUE, SIZE_MAX / 16, "1"},
        {MIG_RECORD_WHOLE, 0, "{\"a\":"},
        {7, 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < MIG_COUNT(wrong); i++) {
        struct mig_record *record = NULL;
        int fd = make(1000, &record);
        add(record, wrong[i].kind, wrong[i].place, wrong[i].text);
        add(record, MIG_RECORD_ERROR, 0, "never seen");
        salvages(fd, 1000, EMPTY(DAMAGED));
        mig_record_close(record);
        close(fd);
    }
    struct mig_record *record = NULL;
    int fd = make(1000, &record);
    mig_record_add(record, MIG_RECORD_KEY, 0, "a\0b", 3);
    salvages(fd, 1000, EMPTY(DAMAGED));
    mig_record_close(record);
    close(fd);
}

/* Any bytes behind any length: an end, and nothing read beyond it. */
static void
damage_does_no_harm(void **state)
{
    struct stat st;
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct mig_record *record = NULL;
        struct mig_collect_spec spec = {
            .stop_at = INT64_MAX, .deadline = INT64_MAX, .output_max = 1000};
        struct mig_collect *collect = NULL;
        struct mig_buf out = MIG_BUF_INIT;
        int fd = make(1000, &record);
        assert_int_equal(fstat(fd, &st), 0);
        unsigned char *bytes =
            mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_ptr_not_equal(bytes, MAP_FAILED);
        add(record, MIG_RECORD_KEY, 0, "a");
        add(record, MIG_RECORD_ELEMENT, 1, "\"text\"");
        /* All of the head but its magic, and what is behind it. */
        for (size_t i = 4; i < 1024; i++)
            if (round % 3 != 0 || i % 7 == 0)
                bytes[i] = (unsigned char)((seed = seed * 1103515245u + 12345u) >> 16);
        assert_int_equal(mig_collect_new(&spec, &collect, NULL), 0);
        assert_int_equal(mig_salvage(fd, collect, NULL), 0);
        assert_int_equal(mig_collect_result(collect, false, "why", &out), 0);
        assert_int_equal(strncmp(out.data, "{\"foundanything\":", 17), 0);
        mig_buf_fini(&out);
        mig_collect_free(collect);
        mig_record_add(record, MIG_RECORD_ERROR, 0, "x", 1);
        munmap(bytes, (size_t)st.st_size);
        mig_record_close(record);
        close(fd);
    }
}

static void
others_are_refused(void **state)
{
    struct mig_record *record = NULL;
    struct mig_record_state head;
    int fd = memfd_create("other", MFD_CLOEXEC);
    (void)state;
    assert_int_equal(mig_record_read(fd, &record), MIG_E_PROTOCOL);
    assert_false(mig_record_peek(fd, &head));
    assert_false(mig_record_peek(-1, &head));
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    assert_int_equal(mig_record_read(fd, &record), MIG_E_PROTOCOL);
    assert_null(record);
    close(fd);
    /* Nothing is recorded where there is no record. */
    mig_record_add(NULL, MIG_RECORD_ERROR, 0, "x", 1);
    mig_record_found(NULL, true);
    assert_false(mig_record_memory(NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_read_back),        cmocka_unit_test(is_bounded),
        cmocka_unit_test(is_not_a_childs),     cmocka_unit_test(says_when_it_is_damaged),
        cmocka_unit_test(damage_does_no_harm), cmocka_unit_test(others_are_refused),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
