/* SPDX-License-Identifier: MPL-2.0 */
/* Inside regular expressions: sets of runes, as sorted ranges. */
#ifndef MIG_REGEX_RUNES_H
#define MIG_REGEX_RUNES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNE_MAX 0x10ffffu
/* What a byte that is not UTF-8 is seen as. */
#define RUNE_ERROR 0xfffdu

struct mig_rune_range {
    uint32_t first;
    uint32_t last;
};

/* Ranges are in any order and may overlap until mig_runes_clean(). A lack of memory is remembered
 * in `failed`. */
struct mig_runes {
    struct mig_rune_range *ranges;
    size_t count;
    size_t room;
    bool failed;
};

void mig_runes_fini(struct mig_runes *runes);
void mig_runes_add(struct mig_runes *runes, uint32_t first, uint32_t last);
/* The union with `other`, or with all that is not in it when `negated`; `other` is cleaned. */
void mig_runes_join(struct mig_runes *runes, struct mig_runes *other, bool negated);
/* Sorts and joins; after that ranges neither overlap nor touch. */
void mig_runes_clean(struct mig_runes *runes);
/* Leaves what was not in the set, cleaned. */
void mig_runes_negate(struct mig_runes *runes);
/* Adds what is the same letter in another case. */
void mig_runes_fold(struct mig_runes *runes);
/* The next one of the same letter in another case, round and round; the rune itself when there is
 * none. */
uint32_t mig_rune_orbit(uint32_t rune);

/* Adds a general category, a script or Any by its Unicode name; false: there is none. */
bool mig_runes_add_property(struct mig_runes *runes, const char *name, size_t length);
/* Adds a POSIX class by its name, such as alpha; false: there is none. */
bool mig_runes_add_posix(struct mig_runes *runes, const char *name, size_t length);
/* Adds what \d, \s or \w are; false for another letter. */
bool mig_runes_add_perl(struct mig_runes *runes, char letter);

/* True for an ASCII letter, digit or underscore. */
bool mig_rune_is_word(uint32_t rune);
/* True when cleaned ranges hold the rune. */
bool mig_ranges_hold(const struct mig_rune_range *ranges, size_t count, uint32_t rune);

#endif
