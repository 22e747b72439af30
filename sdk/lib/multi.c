/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/multi.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STRINGS_MAX (1u << 24)
#define STEP_MAX 16u
#define GROUPS 3u
/* The filter has about this many bits for each piece that is entered: fewer than one place in 16 is
 * looked at in vain. */
#define FILTER_BITS_LEAST 12u
#define FILTER_BITS_MOST 21u

/* Knuth's, of the golden ratio. */
#define MULTIPLIER 0x9e3779b1u
/* Makes letters lower case; that it makes other bytes equal as well is sorted out afterwards. */
#define FOLD 0x20202020u

struct string {
    uint8_t *bytes; /* folded, when fold */
    size_t length;
    bool fold;
};

/* A piece of a string. */
struct entry {
    uint32_t gram;
    uint32_t string;
    uint32_t offset; /* in the string */
};

struct group {
    unsigned int width; /* of a piece: 2 or 4 bytes; 0: no such strings */
    size_t step;
    unsigned int shift;
    uint64_t *filter;
    uint32_t *first; /* by the hash: its entries, which end where those of the next one begin */
    unsigned int first_shift;
    struct entry *entries;
    size_t entries_count;
};

struct mig_multi {
    struct string *strings;
    size_t count;
    size_t longest;
    bool single; /* there is a string of one byte */
    struct group groups[GROUPS];
};

static uint32_t
gram_at(const uint8_t *text, unsigned int width)
{
    uint32_t gram = 0;
    uint16_t half;

    if (width == 4) {
        memcpy(&gram, text, 4);
        return gram | FOLD;
    }
    memcpy(&half, text, 2);
    return (half | (FOLD & 0xffffu)) & 0xffffu;
}

static uint32_t
hash_gram(uint32_t gram)
{
    return gram * MULTIPLIER;
}

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool
is_at(const struct string *string, const uint8_t *text)
{
    size_t i;

    if (!string->fold)
        return memcmp(string->bytes, text, string->length) == 0;
    for (i = 0; i < string->length; i++)
        if (lower(text[i]) != string->bytes[i])
            return false;
    return true;
}

/* ---- making it ---- */

static unsigned int
group_of(size_t length)
{
    return length < 4 ? 0 : length < 8 ? 1 : 2;
}

static int
copy_strings(struct mig_multi *multi, const struct mig_multi_string *strings, size_t count)
{
    struct string *to;
    size_t i;
    size_t j;

    multi->strings = calloc(count + 1, sizeof(*multi->strings));
    if (multi->strings == NULL)
        return -ENOMEM;
    for (i = 0; i < count; i++) {
        if (strings[i].length == 0)
            return -EINVAL;
        to = &multi->strings[multi->count++];
        to->length = strings[i].length;
        to->fold = strings[i].fold;
        to->bytes = malloc(to->length);
        if (to->bytes == NULL)
            return -ENOMEM;
        memcpy(to->bytes, strings[i].bytes, to->length);
        for (j = 0; to->fold && j < to->length; j++)
            to->bytes[j] = lower(to->bytes[j]);
        if (to->length > multi->longest)
            multi->longest = to->length;
        multi->single = multi->single || to->length == 1;
    }
    return 0;
}

/* How much a byte is to be avoided: what texts and programs are full of comes first. */
static uint32_t
commonness(uint8_t byte)
{
    static const char common[] = " etaoinsrlhdcumpfg.ybw/,v-_k0\n1=\"\t2";
    const char *at = byte != '\0' ? strchr(common, byte) : NULL;

    if (byte == '\0' || byte == 0xff)
        return 64;
    return at != NULL ? 40 - (uint32_t)(at - common) : 1;
}

/* How often the pieces of all strings occur in them: what many begin with tells none apart. */
#define COUNTS_BITS 16u

static void
count_grams(const struct mig_multi *multi, unsigned int which, uint32_t *counts)
{
    const struct string *string;
    size_t i;
    size_t j;

    for (i = 0; i < multi->count; i++) {
        string = &multi->strings[i];
        if (group_of(string->length) != which)
            continue;
        for (j = 0; j + 4 <= string->length; j++)
            counts[hash_gram(gram_at(string->bytes + j, 4)) >> (32 - COUNTS_BITS)]++;
    }
}

static uint64_t
cost_of(const uint8_t *bytes, const uint32_t *counts)
{
    uint64_t cost = UINT64_C(64) * counts[hash_gram(gram_at(bytes, 4)) >> (32 - COUNTS_BITS)];
    size_t i;

    for (i = 0; i < 4; i++)
        cost += commonness(bytes[i]);
    return cost;
}

/* Where the `step` rarest pieces in a row begin. */
static size_t
choose_window(const struct string *string, size_t step, const uint32_t *counts)
{
    size_t grams = string->length - 3;
    uint64_t cost = 0;
    uint64_t best;
    size_t chosen = 0;
    size_t i;

    for (i = 0; i < step; i++)
        cost += cost_of(string->bytes + i, counts);
    best = cost;
    for (; i < grams; i++) {
        cost += cost_of(string->bytes + i, counts);
        cost -= cost_of(string->bytes + i - step, counts);
        if (cost < best) {
            best = cost;
            chosen = i - step + 1;
        }
    }
    return chosen;
}

static void
add_entry(struct group *group, uint32_t gram, size_t string, size_t offset)
{
    group->entries[group->entries_count++] =
        (struct entry){gram, (uint32_t)string, (uint32_t)offset};
}

/* A string of one byte stands before any other byte. */
static void
add_short(struct group *group, const struct string *string, size_t at)
{
    uint8_t pair[2] = {string->bytes[0], 0};
    unsigned int second;

    if (string->length > 1) {
        add_entry(group, gram_at(string->bytes, 2), at, 0);
        return;
    }
    for (second = 0; second < 256; second++) {
        if (second & 0x20)
            continue;
        pair[1] = (uint8_t)second;
        add_entry(group, gram_at(pair, 2), at, 0);
    }
}

static void
add_entries(const struct mig_multi *multi, unsigned int which, struct group *group,
            const uint32_t *counts)
{
    const struct string *string;
    size_t window;
    size_t i;
    size_t j;

    for (i = 0; i < multi->count; i++) {
        string = &multi->strings[i];
        if (group_of(string->length) != which)
            continue;
        if (which == 0) {
            add_short(group, string, i);
            continue;
        }
        window = choose_window(string, group->step, counts);
        for (j = window; j < window + group->step; j++)
            add_entry(group, gram_at(string->bytes + j, 4), i, j);
    }
}

/* Sorts the entries by their hash and enters them in the filter. */
static int
fill_tables(struct group *group)
{
    unsigned int bits = FILTER_BITS_LEAST;
    struct entry *sorted = malloc((group->entries_count + 1) * sizeof(*sorted));
    uint32_t hash;
    size_t i;

    while (bits < FILTER_BITS_MOST && ((size_t)1 << bits) < group->entries_count * 24)
        bits++;
    group->shift = 32 - bits;
    group->first_shift = 32 - (bits - 2);
    group->filter = calloc(((size_t)1 << bits) / 64, sizeof(*group->filter));
    group->first = calloc(((size_t)1 << (bits - 2)) + 2, sizeof(*group->first));
    if (sorted == NULL || group->filter == NULL || group->first == NULL) {
        free(sorted);
        return -ENOMEM;
    }
    for (i = 0; i < group->entries_count; i++) {
        hash = hash_gram(group->entries[i].gram);
        group->filter[hash >> group->shift >> 6] |= UINT64_C(1) << (hash >> group->shift & 63);
        group->first[(hash >> group->first_shift) + 2]++;
    }
    for (i = 2; i < ((size_t)1 << (bits - 2)) + 2; i++)
        group->first[i] += group->first[i - 1];
    for (i = 0; i < group->entries_count; i++) {
        hash = hash_gram(group->entries[i].gram);
        sorted[group->first[(hash >> group->first_shift) + 1]++] = group->entries[i];
    }
    free(group->entries);
    group->entries = sorted;
    return 0;
}

static int
make_group(struct mig_multi *multi, unsigned int which)
{
    struct group *group = &multi->groups[which];
    uint32_t *counts;
    size_t least = SIZE_MAX;
    size_t members = 0;
    size_t i;
    int code;

    for (i = 0; i < multi->count; i++) {
        if (group_of(multi->strings[i].length) != which)
            continue;
        members++;
        if (multi->strings[i].length < least)
            least = multi->strings[i].length;
    }
    if (members == 0)
        return 0;
    group->width = which == 0 ? 2 : 4;
    group->step = which == 0 ? 1 : least - 3 < STEP_MAX ? least - 3 : STEP_MAX;
    counts = calloc((size_t)1 << COUNTS_BITS, sizeof(*counts));
    group->entries =
        reallocarray(NULL, members, (which == 0 ? 256 : group->step) * sizeof(struct entry));
    if (counts == NULL || group->entries == NULL) {
        free(counts);
        return -ENOMEM;
    }
    count_grams(multi, which, counts);
    add_entries(multi, which, group, counts);
    code = fill_tables(group);
    free(counts);
    return code;
}

int
mig_multi_new(const struct mig_multi_string *strings, size_t count, struct mig_multi **ret_multi)
{
    struct mig_multi *multi;
    unsigned int i;
    int code;

    if (count > STRINGS_MAX)
        return -E2BIG;
    multi = calloc(1, sizeof(*multi));
    if (multi == NULL)
        return -ENOMEM;
    code = copy_strings(multi, strings, count);
    for (i = 0; i < GROUPS && code == 0; i++)
        code = make_group(multi, i);
    if (code < 0) {
        mig_multi_free(multi);
        return code;
    }
    *ret_multi = multi;
    return 0;
}

void
mig_multi_free(struct mig_multi *multi)
{
    size_t i;

    if (multi == NULL)
        return;
    for (i = 0; i < multi->count; i++)
        free(multi->strings[i].bytes);
    for (i = 0; i < GROUPS; i++) {
        free(multi->groups[i].filter);
        free(multi->groups[i].first);
        free(multi->groups[i].entries);
    }
    free(multi->strings);
    free(multi);
}

size_t
mig_multi_longest(const struct mig_multi *multi)
{
    return multi->longest;
}

/* ---- scanning ---- */

struct scan {
    const struct mig_multi *multi;
    const uint8_t *text;
    size_t length;
    mig_multi_fn *found;
    void *context;
};

/* A piece of some string may be at `at`. */
static int
try_strings(const struct scan *scan, const struct group *group, uint32_t gram, size_t at)
{
    size_t hash = hash_gram(gram) >> group->first_shift;
    const struct entry *entry = group->entries + group->first[hash];
    const struct entry *end = group->entries + group->first[hash + 1];
    const struct string *string;
    int code = 0;

    for (; entry < end && code == 0; entry++) {
        if (entry->gram != gram || entry->offset > at)
            continue;
        string = &scan->multi->strings[entry->string];
        if (string->length <= scan->length - (at - entry->offset) &&
            is_at(string, scan->text + at - entry->offset))
            code = scan->found(scan->context, entry->string, at - entry->offset);
    }
    return code;
}

/* Inlined for each width. */
static inline __attribute__((always_inline)) int
scan_group(const struct scan *scan, const struct group *group, unsigned int width)
{
    const uint8_t *text = scan->text;
    const uint64_t *filter = group->filter;
    const unsigned int shift = group->shift;
    const size_t step = group->step;
    uint32_t gram;
    uint32_t hash;
    size_t at;
    int code;

    if (scan->length < width)
        return 0;
    for (at = 0; at <= scan->length - width; at += step) {
        gram = gram_at(text + at, width);
        hash = hash_gram(gram) >> shift;
        if ((filter[hash >> 6] >> (hash & 63) & 1) == 0)
            continue;
        code = try_strings(scan, group, gram, at);
        if (code != 0)
            return code;
    }
    return 0;
}

/* The last byte is before none. */
static int
scan_last(const struct scan *scan)
{
    const uint8_t pair[2] = {scan->text[scan->length - 1], 0};

    return try_strings(scan, &scan->multi->groups[0], gram_at(pair, 2), scan->length - 1);
}

int
mig_multi_scan(const struct mig_multi *multi, const void *text, size_t length, mig_multi_fn *found,
               void *context)
{
    const struct scan scan = {multi, text, length, found, context};
    int code = 0;

    if (length == 0)
        return 0;
    if (multi->groups[2].width != 0)
        code = scan_group(&scan, &multi->groups[2], 4);
    if (code == 0 && multi->groups[1].width != 0)
        code = scan_group(&scan, &multi->groups[1], 4);
    if (code == 0 && multi->groups[0].width != 0)
        code = scan_group(&scan, &multi->groups[0], 2);
    if (code == 0 && multi->single)
        code = scan_last(&scan);
    return code;
}
