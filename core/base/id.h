/* SPDX-License-Identifier: MPL-2.0 */
/* The protocol's ids (facts 2.6): 53-bit integers, seconds since 1367258400 shifted left by 16,
 * plus a part that tells ids of one second apart. Here that part comes from the kernel's random
 * source for the first id of a process and counts up from there; ids of actions and commands that
 * must be unique over processes are made by the database (sql/, mig_id()). */
#ifndef MIG_BASE_ID_H
#define MIG_BASE_ID_H

#include <stddef.h>
#include <stdint.h>

#define MIG_ID_EPOCH 1367258400
int64_t mig_id_next(void);
/* Fills with bytes of getrandom(2); 0 or -errno. */
int mig_random(void *bytes, size_t len);
/* `len` characters of [0-9a-zA-Z], unbiased, plus a NUL. */
int mig_random_text(char *text, size_t len);

#endif
