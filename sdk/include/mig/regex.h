/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Regular expressions for plugins, in Go's RE2 syntax and with its meaning: '$' is the end of the
 * text, '.' is anything but a newline, \d \w \s are ASCII, each byte that is not UTF-8 is U+FFFD.
 * Link with libmig-search.
 *
 * What RE2 has not (backreferences, lookaround, possessive and atomic groups, recursion, verbs) is
 * refused with its position. Matching takes time linear in the text and bounded memory, whatever
 * the pattern: an automaton is made while it runs. A pattern may be used by many threads at once,
 * a scratch by one.
 */
#ifndef MIG_REGEX_H
#define MIG_REGEX_H

#include <stddef.h>
#include <stdint.h>

struct mig_regex;
/* What a match needs besides the pattern: one a thread, for any number of patterns. */
struct mig_regex_scratch;

#define MIG_REGEX_PATTERN_MAX 65536u

/* The text is the middle of a longer one: */
#define MIG_REGEX_NOT_BEGIN (1u << 0) /* '^' and \A do not match at its start */
#define MIG_REGEX_NOT_END (1u << 1)   /* '$', \z, \b and \B do not match at its end */

/* 0, or -EINVAL, -E2BIG or -ENOMEM and a message that holds the pattern, the byte and the reason.
 */
int mig_regex_new(const char *pattern, size_t length, struct mig_regex **ret_regex,
                  char *ret_message, size_t message_size);
void mig_regex_free(struct mig_regex *regex);

struct mig_regex_scratch *mig_regex_scratch_new(void);
void mig_regex_scratch_free(struct mig_regex_scratch *scratch);

/* 1 it matches, 0 it does not, -E2BIG too much effort, -ENOMEM. Any bytes. */
int mig_regex_match(const struct mig_regex *regex, struct mig_regex_scratch *scratch,
                    const char *text, size_t length, uint32_t flags);
/* The same of lines: whether one matches, each without its newline and a \r before it. */
int mig_regex_match_lines(const struct mig_regex *regex, struct mig_regex_scratch *scratch,
                          const char *text, size_t length);

/*
 * What the groups of a pattern match, as Go's FindSubmatch has it: the leftmost match, in the order
 * of preference of Perl. For short texts, as lines are: it takes memory for each byte of the text
 * and each part of the pattern.
 */
struct mig_regex_groups;

struct mig_regex_span {
    size_t start; /* SIZE_MAX: the group took no part */
    size_t end;
};

/* As mig_regex_new(). */
int mig_regex_groups_new(const char *pattern, size_t length, struct mig_regex_groups **ret_groups,
                         char *ret_message, size_t message_size);
void mig_regex_groups_free(struct mig_regex_groups *groups);
/* How many groups capture. */
size_t mig_regex_groups_count(const struct mig_regex_groups *groups);
/* 1 and count + 1 spans, the first of the whole match; 0: no match; -E2BIG: the text is too long
 * for the pattern; -ENOMEM. */
int mig_regex_groups_match(const struct mig_regex_groups *groups, const char *text, size_t length,
                           struct mig_regex_span *ret_spans);

#endif
