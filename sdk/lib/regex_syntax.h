/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_REGEX_SYNTAX_H
#define MIG_REGEX_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rewrites Go's RE2 syntax as PCRE2's. On success *ret_text is for free(); (*ret_origin)[i] is the
 * byte of the pattern that byte i of the text comes from, one more for its end. -EINVAL with a
 * message, -ENOMEM.
 *
 * With `lines` the text is for many lines at once, each with its newline and perhaps a \r before
 * it: anchors are those of a line, and nothing matches a newline, so the time a match takes is that
 * of its line. Where the pattern matches a line alone this one matches too, at the same place; the
 * reverse does not hold, for it takes the \r as a part of the line. */
int mig_regex_syntax(const char *pattern, size_t length, bool lines, char **ret_text,
                     size_t *ret_length, uint32_t **ret_origin, char *ret_message,
                     size_t message_size);

/* "invalid regular expression '…': reason at byte N", the pattern shortened. */
void mig_regex_explain(const char *pattern, size_t length, size_t at, const char *reason,
                       char *ret_message, size_t message_size);

#endif
