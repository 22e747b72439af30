/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Many byte strings in one pass. Up to 64 are told apart by a fingerprint of three of their bytes,
 * the rarest ones, 16 or 32 places at once (the "Teddy" algorithm of Hyperscan, here with 8
 * buckets: Wang et al., Hyperscan, NSDI 2019); more, and on a CPU without the instructions, by Wu
 * and Manber's algorithm (TR-94-17, University of Arizona): where two bytes can not be the end of
 * any of them, the text is skipped as far as the shortest allows. The strings are any bytes. They
 * are sorted into groups by length, so that a short one does not slow down the long ones.
 */
#ifndef MIG_PLUGIN_MEMORY_NEEDLES_H
#define MIG_PLUGIN_MEMORY_NEEDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory_needles;

struct memory_needle {
    const uint8_t *bytes; /* borrowed */
    size_t length;        /* not 0 */
    void *context;        /* the caller's */
};

/* The needles are copied, their bytes are not. NULL: no memory. */
struct memory_needles *memory_needles_new(const struct memory_needle *list, size_t count);
void memory_needles_free(struct memory_needles *needles);

struct memory_needles_host {
    void *context;
    /* Whether a needle is still looked for; asked where it may be. */
    bool (*wanted)(void *context, const struct memory_needle *needle);
    /* It is at text + at. */
    void (*found)(void *context, const struct memory_needle *needle, size_t at);
};

void memory_needles_find(struct memory_needles *needles, const uint8_t *text, size_t length,
                         const struct memory_needles_host *host);

#endif
