/* SPDX-License-Identifier: MPL-2.0 */
/* Many lines matched at once must answer as each line matched alone. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <mig/regex.h>
#include <mig/search.h>

#include "tree.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
/* More than two blocks that the engine reads. */
#define BIG (640u * 1024u)

static const char *const patterns[] = {
    "ab",
    "^a",
    "b$",
    "^ab$",
    "^$",
    "^",
    "$",
    "\\Aa",
    "b\\z",
    "\\A\\z",
    "a.b",
    "(?s)a.b",
    "(?s)a.*b",
    "(?s)^.*$",
    "^.{3}$",
    "[^a]",
    "^[^a]+$",
    "a[^x]*b",
    "[^-a]b",
    "[-a]b",
    "[]a]b",
    "\\s",
    "^\\s+$",
    "a\\sb",
    "[\\s]b",
    "[^\\s]{2}$",
    "\\S\\s\\S",
    "\\W",
    "a\\W+b",
    "[\\W]b$",
    "\\D{3}",
    "[\\D]$",
    "\\bab\\b",
    "\\Bb",
    "a\\b$",
    "\\n",
    "a\\nb",
    "(a|\\n)*b",
    "a[\\n]*b",
    "a\\x0ab",
    "[\\x00-\\x20]b",
    "[\\t-\\r]",
    "[[:space:]]a",
    "[^[:alpha:]]$",
    "[[:^alpha:]]{2}",
    "\\PL$",
    "\\p{Zs}|\\p{Cc}",
    "[\\PL]a",
    "a\r",
    "\\r$",
    "[\\r]",
    "\\x{fffd}",
    "^.\\x{fffd}?.$",
    "\xc3\xa9",
    "(?i)AB",
    "(?m)^b$",
    "(?-m)^b$",
    "(?m:^)b(?m:$)",
    "(^|b)a($|_)",
    "(?U)a.*b$",
    "a*$",
    "\\Qa\nb\\E",
    "\\Qb.\\E",
    "x?^a",
    "b$a?",
    "[\\s\\S]{4}",
    "(?s).{4}",
    "[^\\n]{4}",
    "_(a|b\\z)",
};

/* The same figures on every machine. */
static uint32_t
next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static const char alphabet[] = "aabb\n\n\r x_0-.\t\xff\xc3\xa9\v\0E";

static void
fill(char *text, size_t length, uint32_t seed, size_t letters)
{
    size_t i;

    for (i = 0; i < length; i++)
        text[i] = alphabet[next(&seed) % letters];
}

struct pattern {
    struct mig_regex *regex;
    struct mig_regex_scratch *scratch;
};

static struct pattern
pattern_new(const char *text)
{
    struct pattern p = {NULL, mig_regex_scratch_new()};
    char message[512] = "";

    if (mig_regex_new(text, strlen(text), &p.regex, message, sizeof(message)) != 0)
        fail_msg("%s", message);
    return p;
}

static void
pattern_free(struct pattern *p)
{
    mig_regex_free(p->regex);
    mig_regex_scratch_free(p->scratch);
}

/* How many lines the text has, and how many of them match, each alone. */
static size_t
lines_that_match(const struct pattern *p, const char *text, size_t length, size_t *ret_lines)
{
    size_t matched = 0;
    const char *newline;
    size_t part;
    int code;

    *ret_lines = 0;
    for (; length > 0; text += part, length -= part) {
        newline = memchr(text, '\n', length);
        part = newline != NULL ? (size_t)(newline - text) : length;
        code = mig_regex_match(p->regex, p->scratch, text,
                               part > 0 && text[part - 1] == '\r' ? part - 1 : part, 0);
        assert_true(code >= 0);
        matched += (size_t)code;
        *ret_lines += 1;
        part += newline != NULL;
    }
    return matched;
}

static void
compare_block(const struct pattern *p, const char *pattern, const char *text, size_t length)
{
    size_t lines = 0;
    int alone = lines_that_match(p, text, length, &lines) > 0;
    int together = mig_regex_match_lines(p->regex, p->scratch, text, length);

    if (together != alone)
        fail_msg("'%s' on %zu bytes that begin '%.40s': %d alone, %d together", pattern, length,
                 text, alone, together);
}

static void
test_small_texts(void **state)
{
    char text[24];
    uint32_t seed;
    size_t length;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(patterns); i++) {
        struct pattern p = pattern_new(patterns[i]);
        for (seed = 1; seed <= 600; seed++) {
            length = 1 + seed % (sizeof(text) - 1);
            fill(text, length, seed, 4 + seed % (sizeof(alphabet) - 4));
            text[length - 1] = '\n';
            compare_block(&p, patterns[i], text, length);
        }
        pattern_free(&p);
    }
}

static const struct {
    const char *label;
    const char *inverse;
    const char *macroal;
} ways[] = {
    {"a", "", "false"},
    {"b", "!", "false"},
    {"c", "", "true"},
    {"d", "!", "true"},
};

static int
count_hit(void *context, const struct mig_search_hit *hit)
{
    ((unsigned int *)context)[hit->search]++;
    return 0;
}

static void
no_error(void *context, const char *message)
{
    (void)context;
    fail_msg("%s", message);
}

static int
not_cancelled(void *context)
{
    (void)context;
    return 0;
}

static void
add(struct mig_search_set *set, size_t way, const char *pattern)
{
    struct json_object *search = json_tokener_parse(tree_json("{'paths':['@'],'contents':[]}"));
    char value[256];
    char options[64];
    char message[512] = "";

    snprintf(value, sizeof(value), "%s%s", ways[way].inverse, pattern);
    snprintf(options, sizeof(options), "{\"matchall\":true,\"macroal\":%s}", ways[way].macroal);
    json_object_array_add(json_object_object_get(search, "contents"),
                          json_object_new_string(value));
    json_object_object_add(search, "options", json_tokener_parse(options));
    if (mig_search_add_json(set, ways[way].label, search, message, sizeof(message)) != 0)
        fail_msg("%s", message);
    json_object_put(search);
}

/* The four ways to ask, of one file, by the engine and by its lines. */
static void
compare_file(const char *pattern, const char *name, const char *text, size_t length)
{
    unsigned int hits[COUNT(ways)] = {0};
    struct mig_search_host host = {hits, count_hit, no_error, not_cancelled};
    struct mig_search_statistics statistics;
    struct mig_search_set *set = mig_search_set_new();
    struct pattern p = pattern_new(pattern);
    size_t lines = 0;
    size_t matched = lines_that_match(&p, text, length, &lines);
    unsigned int expected[] = {matched > 0, matched == 0, matched == lines, matched == 0};
    size_t i;

    for (i = 0; i < COUNT(ways); i++)
        add(set, i, pattern);
    assert_int_equal(mig_search_run(set, &host, &statistics), 0);
    for (i = 0; i < COUNT(ways); i++)
        if (hits[i] != expected[i])
            fail_msg("'%s%s' macroal %s on %s: %u, should be %u", ways[i].inverse, pattern,
                     ways[i].macroal, name, hits[i], expected[i]);
    mig_search_set_free(set);
    pattern_free(&p);
}

/* Lines of `width` letters, of which one in the second block is out of the ordinary. */
static size_t
make_lines(char *text, char letter, size_t width, const char *end, const char *other)
{
    size_t used = 0;

    while (used + width + strlen(end) + strlen(other) < BIG) {
        if (used > BIG / 2 && *other != '\0') {
            used += (size_t)snprintf(text + used, BIG - used, "%s%s", other, end);
            other = "";
            continue;
        }
        memset(text + used, letter, width);
        used += width;
        memcpy(text + used, end, strlen(end));
        used += strlen(end);
    }
    return used;
}

static void
compare_all(const char *name, const char *text, size_t length)
{
    size_t i;

    tree_make();
    tree_bytes("file", text, length);
    for (i = 0; i < COUNT(patterns); i++)
        compare_file(patterns[i], name, text, length);
    tree_remove();
}

static void
test_files(void **state)
{
    char *text = malloc(BIG);
    size_t length;

    (void)state;
    assert_non_null(text);
    compare_all("an empty file", "", 0);
    compare_all("a newline", "\n", 1);
    compare_all("no newline at the end", "a b\n_ab", 7);
    compare_all("\\r at the end", "ab\r\nab\r", 7);
    length = make_lines(text, 'a', 79, "\n", "ab");
    compare_all("LF lines", text, length);
    compare_all("LF lines, cut", text, length - 1);
    length = make_lines(text, 'a', 79, "\r\n", "b a\tb");
    compare_all("CRLF lines", text, length);
    length = make_lines(text, 'x', 60000, "\n", "_b\xff");
    compare_all("long lines", text, length);
    length = make_lines(text, 'x', 300000, "\n", "x\xc3\xa9");
    compare_all("lines longer than a block", text, length);
    fill(text, 30000, 7, sizeof(alphabet) - 1);
    compare_all("random text", text, 30000);
    for (length = 0; length < 30000; length++)
        text[length] = (char)(length * 7 + length / 251);
    compare_all("binary", text, length);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_texts),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
