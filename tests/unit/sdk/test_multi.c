/* SPDX-License-Identifier: MPL-2.0 */
/* Many strings in one pass answer as each looked for alone, and so do the checks of a search. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <mig/multi.h>
#include <mig/search.h>

#include "tree.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint32_t
next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* ---- the matcher ---- */

#define STRINGS_MOST 200u
#define TEXT_MOST 4096u

/* Occurrences by string: how many, and the sum of their places. */
struct tally {
    size_t count[STRINGS_MOST];
    size_t sum[STRINGS_MOST];
};

static int
tally_one(void *context, size_t string, size_t at)
{
    struct tally *tally = context;

    tally->count[string]++;
    tally->sum[string] += at;
    return 0;
}

static void
tally_alone(const struct mig_multi_string *strings, size_t count, const char *text, size_t length,
            struct tally *tally)
{
    size_t i;
    size_t at;

    for (i = 0; i < count; i++)
        for (at = 0; at + strings[i].length <= length; at++)
            if (strings[i].fold ? strncasecmp(text + at, strings[i].bytes, strings[i].length) == 0
                                : memcmp(text + at, strings[i].bytes, strings[i].length) == 0)
                tally_one(tally, i, at);
}

static void
compare(const struct mig_multi_string *strings, size_t count, const char *text, size_t length)
{
    struct tally together = {{0}, {0}};
    struct tally alone = {{0}, {0}};
    struct mig_multi *multi = NULL;

    assert_int_equal(mig_multi_new(strings, count, &multi), 0);
    assert_int_equal(mig_multi_scan(multi, text, length, tally_one, &together), 0);
    tally_alone(strings, count, text, length, &alone);
    assert_memory_equal(&together, &alone, sizeof(alone));
    mig_multi_free(multi);
}

/* Of few letters, so that there are many occurrences; strings are cut from the text or made up. */
static void
compare_random(uint32_t seed, size_t count, size_t length_least, size_t length_most)
{
    static const char letters[] = "abABc.\xff ";
    struct mig_multi_string strings[STRINGS_MOST];
    char text[TEXT_MOST];
    char made[STRINGS_MOST][64];
    size_t length = next_random(&seed) % TEXT_MOST;
    size_t size;
    size_t i;
    size_t j;

    for (i = 0; i < TEXT_MOST; i++)
        text[i] = letters[next_random(&seed) % (sizeof(letters) - 1)];
    for (i = 0; i < count; i++) {
        size = length_least + next_random(&seed) % (length_most - length_least + 1);
        for (j = 0; j < size; j++)
            made[i][j] = letters[next_random(&seed) % (sizeof(letters) - 1)];
        if (next_random(&seed) % 2)
            memcpy(made[i], text + next_random(&seed) % (TEXT_MOST - size), size);
        /* The end of the text, and all of it. */
        if (i == 0 && length >= size)
            memcpy(made[i], text + length - size, size);
        strings[i] = (struct mig_multi_string){made[i], size, next_random(&seed) % 3 == 0};
    }
    /* strncasecmp() ends at NUL bytes, of which there are none. */
    compare(strings, count, text, length);
}

static void
test_as_each_alone(void **state)
{
    static const size_t lengths[][2] = {{1, 1}, {1, 3}, {2, 3},   {4, 4},   {4, 7},
                                        {8, 8}, {9, 9}, {19, 40}, {40, 60}, {1, 60}};
    uint32_t seed;

    (void)state;
    for (seed = 0; seed < 400; seed++)
        compare_random(seed, 1 + seed % STRINGS_MOST, lengths[seed % COUNT(lengths)][0],
                       lengths[seed % COUNT(lengths)][1]);
}

static int
stop_at_third(void *context, size_t string, size_t at)
{
    size_t *calls = context;

    (void)string;
    (void)at;
    return ++*calls == 3 ? 77 : 0;
}

static void
test_edges(void **state)
{
    static const struct mig_multi_string empty[] = {{"abc", 3, false}, {"", 0, false}};
    static const struct mig_multi_string one[] = {{"Ab", 2, true}, {"Ab", 2, true}};
    struct mig_multi *multi = NULL;
    struct tally tally = {{0}, {0}};
    size_t calls = 0;

    (void)state;
    assert_int_equal(mig_multi_new(empty, 2, &multi), -EINVAL);
    assert_int_equal(mig_multi_new(NULL, ((size_t)1 << 24) + 1, &multi), -E2BIG);
    assert_null(multi);
    assert_int_equal(mig_multi_new(NULL, 0, &multi), 0);
    assert_int_equal(mig_multi_longest(multi), 0);
    assert_int_equal(mig_multi_scan(multi, "abc", 3, tally_one, &tally), 0);
    mig_multi_free(multi);
    assert_int_equal(mig_multi_new(one, 2, &multi), 0);
    assert_int_equal(mig_multi_longest(multi), 2);
    assert_int_equal(mig_multi_scan(multi, "", 0, tally_one, &tally), 0);
    assert_int_equal(mig_multi_scan(multi, "abAB@aB", 7, tally_one, &tally), 0);
    assert_int_equal(tally.count[0], 3);
    assert_int_equal(tally.count[1], 3);
    assert_int_equal(tally.sum[0], 0 + 2 + 5);
    assert_int_equal(mig_multi_scan(multi, "ababab", 6, stop_at_third, &calls), 77);
    assert_int_equal(calls, 3);
    mig_multi_free(multi);
}

/* ---- the checks of a search ---- */

#define CHECKS_MOST 4096u

struct answers {
    bool hit[CHECKS_MOST];
    size_t all; /* of matchall searches */
    size_t errors;
};

static int
on_hit(void *context, const struct mig_search_hit *hit)
{
    struct answers *answers = context;

    if (hit->check == MIG_SEARCH_ALL) {
        answers->all++;
        return 0;
    }
    assert_false(answers->hit[hit->check]);
    answers->hit[hit->check] = true;
    return 0;
}

static void
on_error(void *context, const char *message)
{
    (void)message;
    ((struct answers *)context)->errors++;
}

static int
never(void *context)
{
    (void)context;
    return 0;
}

static void
search(const char *member, struct json_object *values, const char *options,
       struct answers *ret_answers)
{
    const struct mig_search_host host = {ret_answers, on_hit, on_error, never};
    struct mig_search_statistics statistics;
    struct mig_search_set *set = mig_search_set_new();
    struct json_object *object = json_tokener_parse(tree_json("{'paths':['@']}"));
    char message[512];

    memset(ret_answers, 0, sizeof(*ret_answers));
    json_object_object_add(object, member, values);
    json_object_object_add(object, "options", json_tokener_parse(options));
    assert_int_equal(mig_search_add_json(set, "s", object, message, sizeof(message)), 0);
    assert_int_equal(mig_search_run(set, &host, &statistics), 0);
    mig_search_set_free(set);
    json_object_put(object);
}

static struct json_object *
array_of(const char *const *texts, size_t count)
{
    struct json_object *array = json_object_new_array();
    size_t i;

    for (i = 0; i < count; i++)
        json_object_array_add(array, json_object_new_string(texts[i]));
    return array;
}

/* Patterns of each kind: with one text to look for, with several, in either case, with none, with a
 * newline, inverse; and whether a line of the file matches. */
static const struct {
    const char *pattern;
    bool matches;
} contents[] = {
    {"needle", true},
    {"needles", false},
    {"!needle", false},
    {"!needles", true},
    {"^needle$", true},
    {"^needle.", false},
    {"(?i)NEEDLE", true},
    {"(?i)nEEdLe$", true},
    {"(?i)K-factor", true},
    {"(?i)xNEEDLE", false},
    {"needle|thread", true},
    {"nidle|thread", false},
    {"(foo|bar)[0-9]+", true},
    {"(foo|bar)[a-z]+", false},
    {"[0-9]{4}", true},
    {"[0-9]{7}", false},
    {"ab\\ncd", false},
    {"end\\r", true}, /* of two, one is dropped */
    {"end\\r\\r", false},
    {"crlf$", true},
    {"z", false},
    {"q", true},
    {"q{2}", false},
    {"\xc3\xa9t\xc3\xa9", true},
    {"a*b*needle", true},
    {"(a|)needle", true},
    {"last line", true},
    {"last line$", true},
    {"", false}, /* not asked: empty values are refused */
};

static const char file[] = "first\nneedle\nab\ncd\nend\r\r\ncrlf\r\n\nfoo bar12\n1234 q k-factor\n"
                           "\xc3\xa9t\xc3\xa9 \xff\nlast line";

static void
test_contents_of_each_kind(void **state)
{
    struct json_object *values = json_object_new_array();
    struct answers answers;
    size_t count = COUNT(contents) - 1;
    size_t i;

    (void)state;
    tree_bytes("f", file, sizeof(file) - 1);
    for (i = 0; i < count; i++)
        json_object_array_add(values, json_object_new_string(contents[i].pattern));
    search("contents", json_object_get(values), "{\"matchall\":false}", &answers);
    for (i = 0; i < count; i++)
        if (answers.hit[i] != contents[i].matches)
            fail_msg("'%s' %s", contents[i].pattern, answers.hit[i] ? "matched" : "did not match");
    search("contents", json_object_get(values), "{\"matchall\":false,\"mismatch\":[\"content\"]}",
           &answers);
    for (i = 0; i < count; i++)
        if (answers.hit[i] == contents[i].matches)
            fail_msg("mismatch: '%s'", contents[i].pattern);
    search("contents", values, "{\"matchall\":true}", &answers);
    assert_int_equal(answers.all, 0);
    assert_int_equal(answers.errors, 0);
}

static void
test_all_contents_must_match(void **state)
{
    static const char *const good[] = {"needle", "(?i)CRLF", "[0-9]{4}", "!thread", "foo|thread"};
    static const char *const bad[] = {"needle", "(?i)CRLF", "[0-9]{4}", "!first", "foo|thread"};
    struct answers answers;

    (void)state;
    tree_bytes("f", file, sizeof(file) - 1);
    search("contents", array_of(good, COUNT(good)), "{\"matchall\":true}", &answers);
    assert_int_equal(answers.all, 1);
    search("contents", array_of(bad, COUNT(bad)), "{\"matchall\":true}", &answers);
    assert_int_equal(answers.all, 0);
    search("contents", array_of(good, COUNT(good)), "{\"matchall\":true,\"macroal\":true}",
           &answers);
    assert_int_equal(answers.all, 0);
}

/* Lines that come in pieces: what lies across the end of a piece, and at its ends. */
static void
test_long_lines(void **state)
{
    static const char *const patterns[] = {"straddling", "^start.*finish$", "finish$",   "absent",
                                           "!absent",    "(?i)STRADDLING",  "st.addling"};
    const size_t piece = 1024 * 1024;
    const size_t length = 3 * piece + 100;
    char *text = malloc(length);
    struct answers answers;
    size_t at;
    size_t i;

    (void)state;
    assert_non_null(text);
    for (at = piece - 12; at < piece + 3; at++) {
        memset(text, '-', length);
        memcpy(text, "start", 5);
        memcpy(text + length - 6, "finish", 6);
        memcpy(text + at, "straddling", 10);
        tree_bytes("f", text, length);
        search("contents", array_of(patterns, COUNT(patterns)), "{\"matchall\":false}", &answers);
        for (i = 0; i < COUNT(patterns); i++)
            if (answers.hit[i] != (strcmp(patterns[i], "absent") != 0))
                fail_msg("'%s' with the word at %zu", patterns[i], at);
    }
    free(text);
}

static void
test_thousands_of_contents(void **state)
{
    struct json_object *values = json_object_new_array();
    struct answers answers;
    char text[64];
    size_t i;

    (void)state;
    for (i = 0; i < 3000; i++) {
        snprintf(text, sizeof(text), i % 2 ? "http://host%zu\\.example/" : "indicator%zu[a-z]", i);
        json_object_array_add(values, json_object_new_string(text));
    }
    tree_text("f", "x\nindicator42 indicator420z http://host7.example/a\nindicator2998q\n"
                   "http://host7xexample/ http://host2999.example/");
    search("contents", values, "{\"matchall\":false}", &answers);
    for (i = 0; i < 3000; i++)
        assert_int_equal(answers.hit[i], i == 420 || i == 7 || i == 2998 || i == 2999);
}

/* Hashes of "abc" among others, twice, in upper case. */
static void
test_hashes_are_a_set(void **state)
{
    static const char *const abc =
        "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
    struct json_object *values = json_object_new_array();
    struct answers answers;
    char text[129];
    size_t i;

    (void)state;
    tree_text("f", "abc");
    for (i = 0; i < 4000; i++) {
        /* Every other one is a SHA-512. */
        snprintf(text, sizeof(text), i % 2 ? "%0128zx" : "%064zx", i);
        json_object_array_add(values, json_object_new_string(i == 1000 || i == 3000 ? abc : text));
    }
    search("sha2", json_object_get(values), "{\"matchall\":false}", &answers);
    for (i = 0; i < 4000; i++)
        assert_int_equal(answers.hit[i], i == 1000 || i == 3000);
    search("sha2", json_object_get(values), "{\"matchall\":false,\"mismatch\":[\"sha2\"]}",
           &answers);
    for (i = 0; i < 4000; i++)
        assert_int_equal(answers.hit[i], i != 1000 && i != 3000);
    search("sha2", json_object_get(values), "{\"matchall\":true}", &answers);
    assert_int_equal(answers.all, 0);
    search("sha2", values, "{\"matchall\":true,\"mismatch\":[\"sha2\"]}", &answers);
    assert_int_equal(answers.all, 0);
    search("sha2", array_of((const char *const[]){abc, abc}, 2), "{\"matchall\":true}", &answers);
    assert_int_equal(answers.all, 1);
    memset(text, '0', 64);
    text[64] = '\0';
    search("sha2", array_of((const char *const[]){text, text}, 2),
           "{\"matchall\":true,\"mismatch\":[\"sha2\"]}", &answers);
    assert_int_equal(answers.all, 1);
}

static int
make(void **state)
{
    (void)state;
    tree_make();
    return 0;
}

static int
clean(void **state)
{
    (void)state;
    tree_remove();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_each_alone),
        cmocka_unit_test(test_edges),
        cmocka_unit_test_setup_teardown(test_contents_of_each_kind, make, clean),
        cmocka_unit_test_setup_teardown(test_all_contents_must_match, make, clean),
        cmocka_unit_test_setup_teardown(test_long_lines, make, clean),
        cmocka_unit_test_setup_teardown(test_thousands_of_contents, make, clean),
        cmocka_unit_test_setup_teardown(test_hashes_are_a_set, make, clean),
    };

    return cmocka_run_group_tests_name("multi", tests, NULL, NULL);
}
