/* SPDX-License-Identifier: MPL-2.0 */
/* The queue on disk: what it holds after an end at any moment, and what it says when it is full. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <mig/queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAPACITY 4096u
#define HEADER 4096

static int fd;

static int
setup(void **state)
{
    (void)state;
    fd = memfd_create("queue", MFD_CLOEXEC);
    return fd < 0;
}

static int
teardown(void **state)
{
    (void)state;
    return close(fd);
}

static struct mig_queue *
open_queue(uint64_t capacity)
{
    struct mig_queue *queue = NULL;

    assert_int_equal(mig_queue_open(fd, capacity, &queue), 0);
    return queue;
}

static void
expect_first(struct mig_queue *queue, const char *text)
{
    char *data = NULL;
    size_t length = 0;

    assert_int_equal(mig_queue_first(queue, &data, &length), 0);
    assert_string_equal(data, text);
    assert_int_equal(length, strlen(text));
    free(data);
}

static void
expect_empty(struct mig_queue *queue)
{
    char *data = NULL;
    size_t length = 0;

    assert_int_equal(mig_queue_first(queue, &data, &length), -ENOENT);
    assert_int_equal(mig_queue_count(queue), 0);
    assert_int_equal(mig_queue_bytes(queue), 0);
}

static void
add(struct mig_queue *queue, const char *text)
{
    assert_int_equal(mig_queue_add(queue, text, strlen(text)), 0);
}

static void
test_order_and_reopen(void **state)
{
    struct mig_queue *queue = open_queue(CAPACITY);
    uint64_t next = mig_queue_next(queue);

    (void)state;
    expect_empty(queue);
    assert_int_equal(mig_queue_drop(queue), -ENOENT);
    add(queue, "one");
    add(queue, "");
    add(queue, "three");
    assert_int_equal(mig_queue_drop(queue), 0);
    mig_queue_close(queue);

    queue = open_queue(CAPACITY);
    assert_int_equal(mig_queue_count(queue), 2);
    assert_true(mig_queue_next(queue) == next + 3);
    expect_first(queue, "");
    assert_int_equal(mig_queue_drop(queue), 0);
    expect_first(queue, "three");
    assert_int_equal(mig_queue_drop(queue), 0);
    expect_empty(queue);
    mig_queue_close(queue);
}

/* Many times around the ring, one in, one out, with lengths that end at every place. */
static void
test_around(void **state)
{
    struct mig_queue *queue = open_queue(CAPACITY);
    char text[700];

    (void)state;
    for (int i = 0; i < 500; i++) {
        memset(text, 'a' + i % 26, sizeof(text));
        text[i % 690] = '\0';
        add(queue, text);
        if (i % 7 == 0) {
            mig_queue_close(queue);
            queue = open_queue(CAPACITY);
        }
        expect_first(queue, text);
        assert_int_equal(mig_queue_drop(queue), 0);
    }
    expect_empty(queue);
    assert_int_equal(mig_queue_lost(queue), 0);
    mig_queue_close(queue);
}

static void
test_full(void **state)
{
    static char big[CAPACITY + 1];
    struct mig_queue *queue = open_queue(CAPACITY);
    char text[104];
    unsigned count = 0;
    struct stat st;

    (void)state;
    memset(text, 'x', sizeof(text));
    while (mig_queue_add(queue, text, sizeof(text)) == 0)
        count++;
    assert_int_equal(count, CAPACITY / (sizeof(text) + 24));
    assert_int_equal(mig_queue_lost(queue), 1);
    assert_int_equal(mig_queue_add(queue, big, sizeof(big)), -ENOSPC);
    assert_int_equal(mig_queue_lost(queue), 2);
    assert_int_equal(mig_queue_drop(queue), 0);
    assert_int_equal(mig_queue_add(queue, text, sizeof(text)), 0);
    assert_int_equal(mig_queue_count(queue), count);
    mig_queue_close(queue);

    queue = open_queue(CAPACITY);
    assert_int_equal(mig_queue_count(queue), count);
    assert_int_equal(mig_queue_lost(queue), 2);
    mig_queue_close(queue);
    assert_int_equal(fstat(fd, &st), 0);
    assert_true(st.st_size <= HEADER + (off_t)CAPACITY);
}

/* A record that ends at any of its bytes is not there, and what is added next is. */
static void
test_cut(void **state)
{
    (void)state;
    for (off_t cut = 0; cut < 24 + 6; cut++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        struct mig_queue *queue = open_queue(CAPACITY);
        add(queue, "whole one");
        uint64_t end = mig_queue_bytes(queue);
        add(queue, "in part");
        mig_queue_close(queue);
        assert_int_equal(ftruncate(fd, HEADER + (off_t)end + cut), 0);

        queue = open_queue(CAPACITY);
        assert_int_equal(mig_queue_count(queue), 1);
        expect_first(queue, "whole one");
        add(queue, "later");
        assert_int_equal(mig_queue_drop(queue), 0);
        expect_first(queue, "later");
        mig_queue_close(queue);
    }
}

static void
spoil(off_t at)
{
    static const char garbage[64] = "not what it was";

    assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), sizeof(garbage));
}

/* One of the two headers is enough. */
static void
test_header(void **state)
{
    static const off_t copies[] = {0, 2048};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ftruncate(fd, 0), 0);
        struct mig_queue *queue = open_queue(CAPACITY);
        add(queue, "kept");
        mig_queue_close(queue);
        mig_queue_close(open_queue(CAPACITY)); /* writes the other copy */
        spoil(copies[i]);
        queue = open_queue(CAPACITY);
        expect_first(queue, "kept");
        mig_queue_close(queue);
    }
}

/* Nothing of an earlier queue comes back, however alike the records are. */
static void
expect_anew(uint64_t capacity)
{
    struct mig_queue *queue = open_queue(capacity);

    expect_empty(queue);
    add(queue, "new 1");
    mig_queue_close(queue);
    queue = open_queue(capacity);
    assert_int_equal(mig_queue_count(queue), 1);
    expect_first(queue, "new 1");
    mig_queue_close(queue);
}

static void
test_anew(void **state)
{
    struct mig_queue *queue = open_queue(CAPACITY);

    (void)state;
    add(queue, "old 1");
    add(queue, "old 2");
    mig_queue_close(queue);
    expect_anew(2 * CAPACITY);
    spoil(0);
    spoil(2048);
    expect_anew(2 * CAPACITY);
}

static void
test_damaged_record(void **state)
{
    struct mig_queue *queue = open_queue(CAPACITY);

    (void)state;
    add(queue, "one");
    add(queue, "two");
    spoil(HEADER);
    assert_int_equal(mig_queue_drop(queue), 0);
    expect_empty(queue);
    assert_int_equal(mig_queue_lost(queue), 2);
    add(queue, "three");
    expect_first(queue, "three");
    mig_queue_close(queue);
}

static void
test_capacity(void **state)
{
    struct mig_queue *queue = NULL;

    (void)state;
    assert_int_equal(mig_queue_open(fd, 4095, &queue), -EINVAL);
    assert_int_equal(mig_queue_open(fd, UINT64_MAX, &queue), -EINVAL);
    assert_null(queue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order_and_reopen, setup, teardown),
        cmocka_unit_test_setup_teardown(test_around, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_header, setup, teardown),
        cmocka_unit_test_setup_teardown(test_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_capacity, setup, teardown),
    };

    return cmocka_run_group_tests_name("queue on disk", tests, NULL, NULL);
}
