/* SPDX-License-Identifier: MPL-2.0 */
/* Byte strings in random texts, beside a search that can not be wrong. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "needles.h"
#include "prints.h"

#define TEXT 4096u

static uint64_t seed = 1;

static unsigned
draw(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

struct tally {
    size_t count, sum;
    bool unwanted;
};

static bool
wanted(void *context, const struct memory_needle *needle)
{
    (void)context;
    return !((struct tally *)needle->context)->unwanted;
}

static void
found(void *context, const struct memory_needle *needle, size_t at)
{
    struct tally *tally = needle->context;

    (void)context;
    tally->count++;
    tally->sum += at;
}

static const struct memory_needles_host host = {NULL, wanted, found};

static void
check(const struct memory_needle *list, size_t count, const uint8_t *text, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        struct tally expected = {0}, *tally = list[i].context;

        for (size_t at = 0; !tally->unwanted && at + list[i].length <= length; at++)
            if (memcmp(text + at, list[i].bytes, list[i].length) == 0) {
                expected.count++;
                expected.sum += at;
            }
        assert_int_equal(tally->count, expected.count);
        assert_int_equal(tally->sum, expected.sum);
        tally->count = tally->sum = 0;
    }
}

/* Needles from the text, so that they are there, and others, of few different bytes. */
static void
round_of(unsigned letters, size_t count, size_t longest)
{
    static uint8_t text[TEXT], bytes[300][64];
    static struct tally tallies[300];
    struct memory_needle list[300];
    struct memory_needles *needles;
    size_t length = draw(TEXT) + 1;

    for (size_t i = 0; i < length; i++)
        text[i] = (uint8_t)(draw(letters) * 37);
    memset(tallies, 0, sizeof(tallies));
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct memory_needle){bytes[i], draw((unsigned)longest) + 1, &tallies[i]};
        for (size_t k = 0; k < list[i].length; k++)
            bytes[i][k] = (uint8_t)(draw(letters) * 37);
        if (draw(2) && length > list[i].length)
            memcpy(bytes[i], text + draw((unsigned)(length - list[i].length)), list[i].length);
    }
    needles = memory_needles_new(list, count);
    assert_non_null(needles);
    memory_needles_find(needles, text, length, &host);
    check(list, count, text, length);
    tallies[draw((unsigned)count)].unwanted = true;
    memory_needles_find(needles, text, length, &host);
    check(list, count, text, length);
    memset(tallies, 0, sizeof(tallies));
    memory_needles_find(needles, text, length, &host);
    check(list, count, text, length);
    memory_needles_free(needles);
}

static void
test_random(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 80; i++) {
        round_of(2, 1 + draw(20), 8);
        round_of(256, 1 + draw(20), 32);
        round_of(5, 1 + draw(70), 12);
        round_of(7, 65 + draw(200), 20);
    }
}

/* The places where a vector of the CPU ends, and the ends of the text. */
static void
test_places(void **state)
{
    static const uint8_t needle[] = {0, 0, 0x90, 0xf1, 0};
    uint8_t text[200];
    struct tally tally = {0};
    struct memory_needle one = {needle, sizeof(needle), &tally};
    struct memory_needles *needles = memory_needles_new(&one, 1);

    (void)state;
    for (size_t length = 0; length <= sizeof(text); length++)
        for (size_t at = 0; at + sizeof(needle) <= length; at++) {
            memset(text, 0, sizeof(text));
            memcpy(text + at, needle, sizeof(needle));
            tally = (struct tally){0};
            memory_needles_find(needles, text, length, &host);
            assert_int_equal(tally.count, 1);
            assert_int_equal(tally.sum, at);
        }
    memory_needles_free(needles);
}

/* Without the CPU's instructions as well. */
static void
test_prints_alone(void **state)
{
    static const uint8_t text[] = "the quick brown fox jumps over the lazy dog";
    struct tally tallies[2] = {{0}, {0}};
    struct memory_needle list[] = {{(const uint8_t *)"the", 3, &tallies[0]},
                                   {(const uint8_t *)"lazy dog", 8, &tallies[1]}};
    struct memory_prints *prints = memory_prints_new(list, 2);

    (void)state;
    memory_prints_find(prints, text, sizeof(text) - 1, &host);
    assert_int_equal(tallies[0].count, 2);
    assert_int_equal(tallies[0].sum, 31);
    assert_int_equal(tallies[1].count, 1);
    assert_int_equal(tallies[1].sum, 35);
    memory_prints_free(prints);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_prints_alone),
    };

    return cmocka_run_group_tests_name("needles", tests, NULL, NULL);
}
