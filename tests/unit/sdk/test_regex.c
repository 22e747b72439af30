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

#include <mig/regex.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int
match_flags(const char *pattern, const char *text, size_t length, uint32_t flags)
{
    struct mig_regex_scratch *scratch = mig_regex_scratch_new();
    struct mig_regex *regex = NULL;
    char message[512] = "";
    int code = mig_regex_new(pattern, strlen(pattern), &regex, message, sizeof(message));

    if (code < 0)
        print_error("%s\n", message);
    else
        code = mig_regex_match(regex, scratch, text, length, flags);
    mig_regex_free(regex);
    mig_regex_scratch_free(scratch);
    return code;
}

static int
match(const char *pattern, const char *text, size_t length)
{
    return match_flags(pattern, text, length, 0);
}

/* What Go's regexp.MatchString gives. */
static void
test_as_in_go(void **state)
{
    static const struct {
        const char *pattern;
        const char *text;
        int match;
    } cases[] = {
        {"b", "abc", 1},
        {"^b", "abc", 0},
        {"^abc$", "abc\n", 0},
        {"abc\\z", "abc\n", 0},
        {"(?m)^b$", "a\nb\nc", 1},
        {"(?m)^$", "a\n", 1},
        {"a.c", "a\nc", 0},
        {"(?s)a.c", "a\nc", 1},
        {"a.c", "a\rc", 1},
        {"^\\s$", "\v", 0},
        {"^[\\s]$", "\v", 0},
        {"^[\\S]$", "\v", 1},
        {"^\\S$", "\v", 1},
        {"^[^\\S]$", "\t", 1},
        {"^\\v$", "\v", 1},
        {"^\\v$", "\n", 0},
        {"(?i)straße", "STRAßE", 1},
        {"^\\w$", "é", 0},
        {"^.$", "é", 1},
        {"^\\pL$", "é", 1},
        {"^\\p{Greek}+$", "αβγ", 1},
        {"^\\P{Greek}+$", "αβγ", 0},
        {"\\Qa.b(\\E", "xa.b(", 1},
        {"^\\x41\\x{42}\\103$", "ABC", 1},
        {"a{,2}", "a{,2}", 1},
        {"^a{2}$", "aa", 1},
        {"x{", "x{", 1},
        {"[[:alpha:]-]+$", "ab-", 1},
        {"[]a]", "]", 1},
        {"[[a]", "[", 1},
        {"(?P<n>a)(?:b)(?i:C)", "abc", 1},
        {"(?U)^a+$", "aaa", 1},
        {"a\\_b", "a_b", 1},
        {"^\\bword\\b", "word.", 1},
        {"", "anything", 1},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        if (match(cases[i].pattern, cases[i].text, strlen(cases[i].text)) != cases[i].match)
            fail_msg("'%s' on '%s' should give %d", cases[i].pattern, cases[i].text,
                     cases[i].match);
    }
}

static void
test_bytes_that_are_not_utf8(void **state)
{
    (void)state;
    assert_int_equal(match("^a.b$",
                           "a\xff"
                           "b",
                           3),
                     1);
    assert_int_equal(match("^a..b$",
                           "a\xc3\x28"
                           "b",
                           4),
                     1);
    assert_int_equal(match("^\\x{fffd}{3}$", "\xed\xa0\x80", 3), 1);
    assert_int_equal(match("^.$", "\0", 1), 1);
}

static void
test_middle_of_a_text(void **state)
{
    (void)state;
    assert_int_equal(match_flags("^a", "a", 1, MIG_REGEX_NOT_BEGIN), 0);
    assert_int_equal(match_flags("\\Aa", "a", 1, MIG_REGEX_NOT_BEGIN), 0);
    assert_int_equal(match_flags("a$", "a", 1, MIG_REGEX_NOT_END), 0);
    assert_int_equal(match_flags("a\\z", "a", 1, MIG_REGEX_NOT_END), 0);
    assert_int_equal(match_flags("a", "a", 1, MIG_REGEX_NOT_BEGIN | MIG_REGEX_NOT_END), 1);
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *pattern;
        const char *message;
    } cases[] = {
        {"a(?=b)", "'a(?=b)': lookahead and lookbehind are not supported (RE2 syntax) at byte 1"},
        {"(?!b)", "'(?!b)': lookahead and lookbehind are not supported (RE2 syntax) at byte 0"},
        {"x(?<=b)", "'x(?<=b)': lookahead and lookbehind are not supported (RE2 syntax) at byte 1"},
        {"(?<!b)", "'(?<!b)': lookahead and lookbehind are not supported (RE2 syntax) at byte 0"},
        {"(a)\\1", "'(a)\\1': backreferences are not supported (RE2 syntax) at byte 3"},
        {"(?P<n>a)(?P=n)",
         "'(?P<n>a)(?P=n)': backreferences are not supported (RE2 syntax) at byte 8"},
        {"\\k<n>", "'\\k<n>': backreferences are not supported (RE2 syntax) at byte 0"},
        {"a++", "'a++': invalid nested repetition operator (RE2 syntax) at byte 1"},
        {"a**", "'a**': invalid nested repetition operator (RE2 syntax) at byte 1"},
        {"(?>a)", "'(?>a)': invalid or unsupported Perl syntax in a group (RE2 syntax) at byte 0"},
        {"(?R)", "'(?R)': invalid or unsupported Perl syntax in a group (RE2 syntax) at byte 0"},
        {"(?x)a", "'(?x)a': invalid or unsupported Perl syntax in a group (RE2 syntax) at byte 0"},
        {"(*UCP)a", "'(*UCP)a': missing argument to repetition operator at byte 1"},
        {"\\Ca", "'\\Ca': invalid escape sequence (RE2 syntax) at byte 0"},
        {"a\\Z", "'a\\Z': invalid escape sequence (RE2 syntax) at byte 1"},
        {"a\\", "'a\\': trailing backslash at byte 1"},
        {"[a", "'[a': missing closing ] at byte 0"},
        {"a{1001}", "'a{1001}': invalid repeat count (at most 1000) at byte 1"},
        {"\\x{110000}", "'\\x{110000}': invalid escape sequence (RE2 syntax) at byte 0"},
        {"(a", "'(a': missing closing parenthesis at byte 2"},
        {"*a", "'*a': missing argument to repetition operator at byte 0"},
    };
    struct mig_regex *regex = NULL;
    char message[512];
    char expected[600];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        assert_int_equal(mig_regex_new(cases[i].pattern, strlen(cases[i].pattern), &regex, message,
                                       sizeof(message)),
                         -EINVAL);
        snprintf(expected, sizeof(expected), "invalid regular expression %s", cases[i].message);
        assert_string_equal(message, expected);
        assert_null(regex);
    }
}

static void
test_limits(void **state)
{
    struct mig_regex *regex = NULL;
    char message[512];
    char *text = malloc(100000);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', 100000);
    assert_int_equal(mig_regex_new(text, 65537, &regex, message, sizeof(message)), -E2BIG);
    assert_string_equal(message,
                        "a regular expression of 65537 bytes is longer than the 65536 allowed");
    /* What takes an engine that tries one way after the other for ever. */
    text[99999] = 'b';
    assert_int_equal(match("^(a|aa)+(a|aaa)+$", text, 100000), 0);
    assert_int_equal(match("^(a+)+$", text, 100000), 0);
    assert_int_equal(match("(a*)*c", text, 100000), 0);
    assert_int_equal(match("a.*a.*a.*a.*c", text, 100000), 0);
    assert_int_equal(match("a*b$", text, 100000), 1);
    assert_int_equal(match("^(a?){1000}a{1000}$", text, 1000), 1);
    assert_int_equal(match("^(a?){1000}a{1000}$", text, 999), 0);
    free(text);
}

/* "start-end" of the match and each group, "-" for one that took no part; "" for no match. */
static void
groups(const char *pattern, const char *text, const char *expected)
{
    struct mig_regex_groups *regex = NULL;
    struct mig_regex_span spans[8];
    char message[256], found[256] = "";
    size_t count;

    assert_int_equal(
        mig_regex_groups_new(pattern, strlen(pattern), &regex, message, sizeof(message)), 0);
    count = mig_regex_groups_count(regex);
    assert_true(count < 8);
    if (mig_regex_groups_match(regex, text, strlen(text), spans) == 1)
        for (size_t i = 0; i <= count; i++) {
            size_t used = strlen(found);
            const char *blank = i > 0 ? " " : "";
            if (spans[i].start == SIZE_MAX)
                snprintf(found + used, sizeof(found) - used, "%s-", blank);
            else
                snprintf(found + used, sizeof(found) - used, "%s%zu-%zu", blank, spans[i].start,
                         spans[i].end);
        }
    mig_regex_groups_free(regex);
    assert_string_equal(found, expected);
}

static void
test_groups(void **state)
{
    struct mig_regex_groups *regex = NULL;
    struct mig_regex_span spans[2];
    char message[256], *text;

    (void)state;
    groups("a(b*)c", "xabbc", "1-5 2-4");
    groups("(a|ab)(c|bcd)(d*)", "abcd", "0-4 0-1 1-4 4-4");
    groups("(a+?)(a*)", "aaa", "0-3 0-1 1-3");
    groups("(?U)(a+)(a*)", "aaa", "0-1 0-1 1-1");
    groups("(?:(a)|b)*", "ab", "0-2 0-1");
    groups("(x)?y", "y", "0-1 -");
    groups("(?P<name>(a)(b))+", "abab", "0-4 2-4 2-3 3-4");
    groups("\\b(\\w+)\\b", " hey you", "1-4 1-4");
    groups("(?m)^(b)$", "a\nb", "2-3 2-3");
    groups("(.)", "\xc3\xa9", "0-2 0-2");
    groups("(.*?)(b)", "abab", "0-2 0-1 1-2");
    groups("^(b)", "ab", "");
    assert_int_equal(mig_regex_groups_new("(", 1, &regex, message, sizeof(message)), -EINVAL);
    assert_string_equal(message,
                        "invalid regular expression '(': missing closing parenthesis at byte 1");
    /* The work is bounded: this many steps for each byte are too much. */
    assert_int_equal(mig_regex_groups_new("((a?){500}){2}b", 15, &regex, message, sizeof(message)),
                     0);
    text = calloc(1 << 20, 1);
    assert_non_null(text);
    memset(text, 'a', (1 << 20) - 1);
    assert_int_equal(mig_regex_groups_match(regex, text, (1 << 20) - 1, spans), -E2BIG);
    free(text);
    mig_regex_groups_free(regex);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_in_go),         cmocka_unit_test(test_bytes_that_are_not_utf8),
        cmocka_unit_test(test_middle_of_a_text), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limits),           cmocka_unit_test(test_groups),
    };

    return cmocka_run_group_tests_name("regex", tests, NULL, NULL);
}
