/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Regular expressions for plugins: Go's RE2 syntax, run by PCRE2. Link with libmig-search.
 *
 * What RE2 has not (backreferences, lookaround, possessive and atomic groups, recursion, verbs) is
 * refused with its position, and what both have means what it means in Go: '$' is the end of the
 * text,
 * '.' is anything but a newline, \d \w \s are ASCII, text that is not UTF-8 is seen as U+FFFD a
 * byte. PCRE2 backtracks where RE2 does not, so a match is bounded in steps and memory: a hostile
 * pattern ends with an error, not with a hanging host.
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
#define MIG_REGEX_NOT_END (1u << 1)   /* '$' and \z do not match at its end */

/* 0, or -EINVAL, -E2BIG or -ENOMEM and a message that holds the pattern, the byte and the reason.
 */
int mig_regex_new(const char *pattern, size_t length, struct mig_regex **ret_regex,
                  char *ret_message, size_t message_size);
void mig_regex_free(struct mig_regex *regex);

struct mig_regex_scratch *mig_regex_scratch_new(void);
void mig_regex_scratch_free(struct mig_regex_scratch *scratch);

/* 1 it matches, 0 it does not, -E2BIG a limit was reached, -ENOMEM. Any bytes. */
int mig_regex_match(const struct mig_regex *regex, struct mig_regex_scratch *scratch,
                    const char *text, size_t length, uint32_t flags);
/* The same for text that mig_regex_utf8() gave: one conversion serves many patterns. */
int mig_regex_match_utf8(const struct mig_regex *regex, struct mig_regex_scratch *scratch,
                         const char *text, size_t length, uint32_t flags);
/* Many lines at once, which takes a fraction of the time of one after the other: 1 one matches
 * alone, without its newline and a \r before it, 0 none does. Any negative code: not to be had,
 * match each line. The text is as for mig_regex_match_utf8(), and ends with a newline. */
int mig_regex_match_lines(const struct mig_regex *regex, struct mig_regex_scratch *scratch,
                          const char *text, size_t length);
/* Gives the text itself when it is UTF-8, or a copy with U+FFFD for each byte that is not, valid
 * until the next call with this scratch. NULL: no memory. */
const char *mig_regex_utf8(struct mig_regex_scratch *scratch, const char *text, size_t length,
                           size_t *ret_length);

#endif
