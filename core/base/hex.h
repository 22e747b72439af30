/* SPDX-License-Identifier: MPL-2.0 */
/* Bytes as hexadecimal digits. */
#ifndef MIG_BASE_HEX_H
#define MIG_BASE_HEX_H

#include <stddef.h>

/* 0 to 15; -1 when it is no digit. Both cases are taken. */
int mig_hex_digit(char c);
/* Lower case, NUL-terminated: 2 * len + 1 bytes at `text`. */
void mig_hex(const unsigned char *bytes, size_t len, char *text);

#endif
