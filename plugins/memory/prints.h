/* SPDX-License-Identifier: MPL-2.0 */
/* Needles by the fingerprints of their rarest bytes; see needles.h. */
#ifndef MIG_PLUGIN_MEMORY_PRINTS_H
#define MIG_PLUGIN_MEMORY_PRINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "needles.h"

#define MEMORY_PRINTS_MAX 64u

struct memory_prints;

/* The CPU has the instructions. */
bool memory_prints_supported(void);
/* Of 1 to MEMORY_PRINTS_MAX needles of at least two bytes. Borrows the list. NULL: no memory. */
struct memory_prints *memory_prints_new(const struct memory_needle *list, size_t count);
void memory_prints_free(struct memory_prints *prints);
/* As memory_needles_find(). Works on any CPU. */
void memory_prints_find(struct memory_prints *prints, const uint8_t *text, size_t length,
                        const struct memory_needles_host *host);

#endif
