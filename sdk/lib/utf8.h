/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_UTF8_H
#define MIG_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the UTF-8 sequence (RFC 3629) at the start of `text`, which has `left` > 0 bytes; 0
 * when the first byte starts none. */
size_t mig_utf8_step(const char *text, size_t left);
/* The same, and what character it is. */
size_t mig_utf8_decode(const char *text, size_t left, uint32_t *ret_rune);
/* Bytes of the UTF-8 form of a character, which is no surrogate: 1 to 4. */
size_t mig_utf8_encode(uint32_t rune, char ret_text[4]);
bool mig_utf8_valid(const char *text, size_t length);

#endif
