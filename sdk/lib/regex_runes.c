/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "regex_runes.h"

#include <stdlib.h>
#include <string.h>

#include "regex_unicode_tables.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

void
mig_runes_fini(struct mig_runes *runes)
{
    free(runes->ranges);
    memset(runes, 0, sizeof(*runes));
}

void
mig_runes_add(struct mig_runes *runes, uint32_t first, uint32_t last)
{
    struct mig_rune_range *grown;
    size_t room;

    if (runes->failed)
        return;
    if (runes->count == runes->room) {
        room = runes->room == 0 ? 8 : runes->room * 2;
        grown = reallocarray(runes->ranges, room, sizeof(*grown));
        if (grown == NULL) {
            runes->failed = true;
            return;
        }
        runes->ranges = grown;
        runes->room = room;
    }
    runes->ranges[runes->count++] = (struct mig_rune_range){first, last};
}

static int
compare_ranges(const void *a, const void *b)
{
    uint32_t x = ((const struct mig_rune_range *)a)->first;
    uint32_t y = ((const struct mig_rune_range *)b)->first;

    return (x > y) - (x < y);
}

void
mig_runes_clean(struct mig_runes *runes)
{
    struct mig_rune_range *r = runes->ranges;
    size_t used = 0;
    size_t i;

    if (runes->count < 2)
        return;
    qsort(r, runes->count, sizeof(*r), compare_ranges);
    for (i = 1; i < runes->count; i++) {
        if (r[i].first > r[used].last + 1)
            r[++used] = r[i];
        else if (r[i].last > r[used].last)
            r[used].last = r[i].last;
    }
    runes->count = used + 1;
}

void
mig_runes_negate(struct mig_runes *runes)
{
    struct mig_runes other = {.failed = runes->failed};
    uint32_t next = 0;
    size_t i;

    mig_runes_clean(runes);
    for (i = 0; i < runes->count; i++) {
        if (runes->ranges[i].first > next)
            mig_runes_add(&other, next, runes->ranges[i].first - 1);
        next = runes->ranges[i].last + 1;
    }
    if (next <= RUNE_MAX)
        mig_runes_add(&other, next, RUNE_MAX);
    mig_runes_fini(runes);
    *runes = other;
}

void
mig_runes_join(struct mig_runes *runes, struct mig_runes *other, bool negated)
{
    size_t i;

    if (negated)
        mig_runes_negate(other);
    else
        mig_runes_clean(other);
    runes->failed = runes->failed || other->failed;
    for (i = 0; i < other->count; i++)
        mig_runes_add(runes, other->ranges[i].first, other->ranges[i].last);
}

/* The first entry of the orbits that is not below `rune`. */
static size_t
find_orbit(uint32_t rune)
{
    size_t low = 0;
    size_t high = COUNT(unicode_orbits);
    size_t middle;

    while (low < high) {
        middle = (low + high) / 2;
        if (unicode_orbits[middle][0] < rune)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t
mig_rune_orbit(uint32_t rune)
{
    size_t i = find_orbit(rune);

    return i < COUNT(unicode_orbits) && unicode_orbits[i][0] == rune ? unicode_orbits[i][1] : rune;
}

void
mig_runes_fold(struct mig_runes *runes)
{
    size_t count;
    size_t i;
    size_t j;
    uint32_t rune;

    /* Overlapping ranges would be folded again and again. */
    mig_runes_clean(runes);
    count = runes->count;
    for (i = 0; i < count && !runes->failed; i++) {
        for (j = find_orbit(runes->ranges[i].first);
             j < COUNT(unicode_orbits) && unicode_orbits[j][0] <= runes->ranges[i].last; j++)
            for (rune = unicode_orbits[j][1]; rune != unicode_orbits[j][0];
                 rune = mig_rune_orbit(rune))
                mig_runes_add(runes, rune, rune);
    }
    mig_runes_clean(runes);
}

bool
mig_runes_add_property(struct mig_runes *runes, const char *name, size_t length)
{
    size_t i;
    size_t j;

    if (length == 3 && memcmp(name, "Any", 3) == 0) {
        mig_runes_add(runes, 0, RUNE_MAX);
        return true;
    }
    for (i = 0; i < COUNT(unicode_sets); i++) {
        if (strlen(unicode_sets[i].name) != length ||
            memcmp(unicode_sets[i].name, name, length) != 0)
            continue;
        for (j = 0; j < unicode_sets[i].count; j++)
            mig_runes_add(runes, unicode_ranges[unicode_sets[i].first + j].first,
                          unicode_ranges[unicode_sets[i].first + j].last);
        return true;
    }
    return false;
}

/* Pairs of the first and the last of a range. */
static void
add_pairs(struct mig_runes *runes, const char *pairs, size_t length)
{
    size_t i;

    for (i = 0; i + 1 < length; i += 2)
        mig_runes_add(runes, (unsigned char)pairs[i], (unsigned char)pairs[i + 1]);
}

bool
mig_runes_add_posix(struct mig_runes *runes, const char *name, size_t length)
{
    static const struct {
        const char *name;
        const char *pairs;
    } classes[] = {
        {"alnum", "09AZaz"}, {"alpha", "AZaz"}, {"blank", "\t\t  "},  {"digit", "09"},
        {"graph", "!~"},     {"lower", "az"},   {"print", " ~"},      {"punct", "!/:@[`{~"},
        {"space", "\t\r  "}, {"upper", "AZ"},   {"word", "09AZaz__"}, {"xdigit", "09AFaf"},
    };
    size_t i;

    if (length == 5 && memcmp(name, "ascii", 5) == 0) {
        mig_runes_add(runes, 0, 0x7f);
        return true;
    }
    if (length == 5 && memcmp(name, "cntrl", 5) == 0) {
        mig_runes_add(runes, 0, 0x1f);
        mig_runes_add(runes, 0x7f, 0x7f);
        return true;
    }
    for (i = 0; i < COUNT(classes); i++) {
        if (strlen(classes[i].name) != length || memcmp(classes[i].name, name, length) != 0)
            continue;
        add_pairs(runes, classes[i].pairs, strlen(classes[i].pairs));
        return true;
    }
    return false;
}

bool
mig_runes_add_perl(struct mig_runes *runes, char letter)
{
    const char *pairs = letter == 'd'   ? "09"
                        : letter == 's' ? "\t\n\f\r  "
                        : letter == 'w' ? "09AZaz__"
                                        : NULL;

    if (pairs == NULL)
        return false;
    add_pairs(runes, pairs, strlen(pairs));
    return true;
}

bool
mig_rune_is_word(uint32_t rune)
{
    return (rune >= '0' && rune <= '9') || (rune >= 'a' && rune <= 'z') ||
           (rune >= 'A' && rune <= 'Z') || rune == '_';
}

bool
mig_ranges_hold(const struct mig_rune_range *ranges, size_t count, uint32_t rune)
{
    size_t low = 0;
    size_t high = count;
    size_t middle;

    while (low < high) {
        middle = (low + high) / 2;
        if (rune < ranges[middle].first)
            high = middle;
        else if (rune > ranges[middle].last)
            low = middle + 1;
        else
            return true;
    }
    return false;
}
