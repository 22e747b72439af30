/* SPDX-License-Identifier: MPL-2.0 */
/* What the two halves of base/json share. */
#ifndef MIG_BASE_JSON_INTERNAL_H
#define MIG_BASE_JSON_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

struct mig_buf;

/* The length of the well-formed UTF-8 sequence at `text`, 0 when there is none (RFC 3629). */
size_t mig_utf8_length(const char *text, size_t len);
/* Appends a code point as UTF-8; surrogates become U+FFFD. */
int mig_utf8_add(struct mig_buf *out, unsigned code);
/* Appends what the escape sequence at text[0] == '\\' stands for, and tells its length. 0, -ENOMEM
 * or MIG_E_SYNTAX. A surrogate without its other half becomes U+FFFD. */
int mig_json_unescape(const char *text, size_t len, struct mig_buf *out, size_t *ret_used);
/* strtod() in the C locale; `text` ends in NUL. */
double mig_json_strtod(const char *text);

#endif
