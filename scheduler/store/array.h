/* SPDX-License-Identifier: MPL-2.0 */
/* PostgreSQL array literals (manual, 8.15.2) for one parameter of many values, and small
 * conversions of values that come back as text. */
#ifndef MIG_STORE_ARRAY_H
#define MIG_STORE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

struct mig_buf;

/* Each appends one element; the first call on an empty buffer opens the array. */
void mig_array_int(struct mig_buf *array, int64_t value);
void mig_array_text(struct mig_buf *array, const char *text, size_t len); /* NULL: SQL NULL */
/* Closes the array, which may be empty. Its text, or NULL when the buffer failed. */
const char *mig_array_end(struct mig_buf *array);

/* Decimal digits as the server prints a bigint; 0 when it is not one. */
int64_t mig_array_to_int(const char *text);

/* Overwrites each \u0000 and each lone surrogate of a JSON text with \ufffd. PostgreSQL keeps such
 * escapes in a `json` value but can not read them: one answer with a NUL would make every target
 * that looks into results fail. */
void mig_json_readable(char *text);

#endif
