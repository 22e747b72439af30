/* SPDX-License-Identifier: MPL-2.0 */
/* Base64, RFC 4648 section 4: the standard alphabet, padded, on one line. */
#ifndef MIG_BASE_BASE64_H
#define MIG_BASE_BASE64_H

#include <stddef.h>

struct mig_buf;

/* Appends; 0 or -ENOMEM. */
int mig_base64_encode(const void *data, size_t len, struct mig_buf *out);
/* Appends the bytes. MIG_E_SYNTAX for any character outside the alphabet (also white space), wrong
 * padding or unused bits that are not zero, so that one text stands for one sequence of bytes. */
int mig_base64_decode(const char *text, size_t len, struct mig_buf *out);

#endif
