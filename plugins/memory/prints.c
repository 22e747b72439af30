/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "prints.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#define X86 1
#else
#define X86 0
#endif

#define BUCKETS 8u
#define PRINT_MAX 3u
/* Where in a long needle the fingerprint may be taken from. */
#define LOOK_MAX 256u

struct entry {
    const struct memory_needle *needle;
    size_t offset; /* of the fingerprint */
    uint8_t print[PRINT_MAX];
};

struct memory_prints {
    const struct memory_needle *list;
    size_t total;
    size_t wanted; /* entries are those that were wanted when the tables were made */
    size_t width;  /* bytes of a fingerprint: 2 or 3 */
    struct entry entries[MEMORY_PRINTS_MAX];
    size_t start[BUCKETS + 1]; /* of each bucket in the entries */
    /* Which buckets may have a byte with these low and high bits at this place of their prints. */
    uint8_t low[PRINT_MAX][16], high[PRINT_MAX][16];
};

/* How common a byte is in memory, roughly: what most of it is made of comes first. */
static unsigned
commonness(uint8_t byte)
{
    if (byte == 0x00)
        return 200;
    if (byte == 0xff || byte == ' ' || byte == 'e')
        return 30;
    if (byte < 0x10 || (byte >= 'a' && byte <= 'z'))
        return 12;
    if (byte == 0x48 || byte == 0x7f || byte == 0x8b || byte == 0x89 ||
        (byte >= '0' && byte <= '9'))
        return 8;
    return byte < 0x80 ? 4 : 2;
}

static void
take_print(struct entry *entry, size_t width)
{
    const struct memory_needle *needle = entry->needle;
    size_t most = needle->length < LOOK_MAX ? needle->length : LOOK_MAX;
    unsigned best = UINT32_MAX;

    for (size_t at = 0; at + width <= most; at++) {
        unsigned cost = 1;

        for (size_t k = 0; k < width; k++)
            cost *= commonness(needle->bytes[at + k]);
        if (cost < best) {
            best = cost;
            entry->offset = at;
        }
    }
    memcpy(entry->print, needle->bytes + entry->offset, width);
}

static int
compare_prints(const void *a, const void *b)
{
    return memcmp(((const struct entry *)a)->print, ((const struct entry *)b)->print, PRINT_MAX);
}

/* Like prints go to one bucket, so that the others stay selective. */
static void
fill(struct memory_prints *prints)
{
    size_t count = prints->wanted;

    qsort(prints->entries, count, sizeof(prints->entries[0]), compare_prints);
    memset(prints->low, 0, sizeof(prints->low));
    memset(prints->high, 0, sizeof(prints->high));
    for (size_t b = 0; b <= BUCKETS; b++)
        prints->start[b] = count * b / BUCKETS;
    for (size_t b = 0; b < BUCKETS; b++)
        for (size_t i = prints->start[b]; i < prints->start[b + 1]; i++)
            for (size_t k = 0; k < PRINT_MAX; k++) {
                uint8_t byte = prints->entries[i].print[k];

                if (k < prints->width) {
                    prints->low[k][byte & 15] |= (uint8_t)(1u << b);
                    prints->high[k][byte >> 4] |= (uint8_t)(1u << b);
                }
            }
    for (size_t k = prints->width; k < PRINT_MAX; k++) {
        memset(prints->low[k], 0xff, sizeof(prints->low[k]));
        memset(prints->high[k], 0xff, sizeof(prints->high[k]));
    }
}

struct memory_prints *
memory_prints_new(const struct memory_needle *list, size_t count)
{
    struct memory_prints *prints = calloc(1, sizeof(*prints));

    if (prints == NULL)
        return NULL;
    prints->list = list;
    prints->total = count;
    prints->width = PRINT_MAX;
    for (size_t i = 0; i < count; i++)
        if (list[i].length < prints->width)
            prints->width = list[i].length;
    return prints;
}

void
memory_prints_free(struct memory_prints *prints)
{
    free(prints);
}

/* A needle that was found, and is not looked for any more, costs nothing from then on. */
static void
refresh(struct memory_prints *prints, const struct memory_needles_host *host)
{
    size_t count = 0, i;
    bool same = true;

    for (i = 0; i < prints->total; i++)
        count += host->wanted(host->context, &prints->list[i]);
    same = count == prints->wanted;
    for (i = 0; same && i < count; i++)
        same = host->wanted(host->context, prints->entries[i].needle);
    if (same)
        return;
    prints->wanted = 0;
    for (i = 0; i < prints->total; i++)
        if (host->wanted(host->context, &prints->list[i])) {
            struct entry *entry = &prints->entries[prints->wanted++];

            *entry = (struct entry){.needle = &prints->list[i]};
            take_print(entry, prints->width);
        }
    fill(prints);
}

/* The buckets whose fingerprints may be at text + at. */
static void
verify(const struct memory_prints *prints, const uint8_t *text, size_t length, size_t at,
       unsigned buckets, const struct memory_needles_host *host)
{
    for (; buckets != 0; buckets &= buckets - 1) {
        unsigned bucket = (unsigned)__builtin_ctz(buckets);

        for (size_t i = prints->start[bucket]; i < prints->start[bucket + 1]; i++) {
            const struct entry *entry = &prints->entries[i];
            const struct memory_needle *needle = entry->needle;

            if (memcmp(text + at, entry->print, prints->width) == 0 && at >= entry->offset &&
                needle->length <= length - (at - entry->offset) &&
                host->wanted(host->context, needle) &&
                memcmp(text + at - entry->offset, needle->bytes, needle->length) == 0)
                host->found(host->context, needle, at - entry->offset);
        }
    }
}

static void
find_slowly(const struct memory_prints *prints, const uint8_t *text, size_t length, size_t at,
            const struct memory_needles_host *host)
{
    for (; at + prints->width <= length; at++) {
        unsigned buckets = 0xff;

        for (size_t k = 0; k < prints->width; k++)
            buckets &= prints->low[k][text[at + k] & 15] & prints->high[k][text[at + k] >> 4];
        if (buckets != 0)
            verify(prints, text, length, at, buckets, host);
    }
}

#if X86
#define STEP_AVX2 32u
#define STEP_SSSE3 16u

/* Where the place `k` of the fingerprints allows which buckets. */
__attribute__((target("avx2"))) static inline __m256i
place_avx2(const struct memory_prints *prints, const uint8_t *text, size_t k, __m256i nibble)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)(text + k));
    __m256i low =
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)prints->low[k]));
    __m256i high = _mm256_broadcastsi128_si256(
        _mm_loadu_si128((const __m128i *)(const void *)prints->high[k]));

    return _mm256_and_si256(
        _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, nibble)),
        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble)));
}

__attribute__((target("avx2"))) static size_t
find_avx2(const struct memory_prints *prints, const uint8_t *text, size_t length,
          const struct memory_needles_host *host)
{
    const __m256i nibble = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
    size_t at = 0;

    for (; length - at >= STEP_AVX2 + PRINT_MAX; at += STEP_AVX2) {
        __m256i buckets =
            _mm256_and_si256(_mm256_and_si256(place_avx2(prints, text + at, 0, nibble),
                                              place_avx2(prints, text + at, 1, nibble)),
                             place_avx2(prints, text + at, 2, nibble));
        uint32_t hits = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(buckets, zero));
        uint8_t each[STEP_AVX2];

        if (hits == 0)
            continue;
        _mm256_storeu_si256((__m256i *)(void *)each, buckets);
        for (; hits != 0; hits &= hits - 1) {
            size_t place = (size_t)__builtin_ctz(hits);

            verify(prints, text, length, at + place, each[place], host);
        }
    }
    return at;
}

__attribute__((target("ssse3"))) static inline __m128i
place_ssse3(const struct memory_prints *prints, const uint8_t *text, size_t k, __m128i nibble)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + k));
    __m128i low = _mm_loadu_si128((const __m128i *)(const void *)prints->low[k]);
    __m128i high = _mm_loadu_si128((const __m128i *)(const void *)prints->high[k]);

    return _mm_and_si128(_mm_shuffle_epi8(low, _mm_and_si128(bytes, nibble)),
                         _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble)));
}

__attribute__((target("ssse3"))) static size_t
find_ssse3(const struct memory_prints *prints, const uint8_t *text, size_t length,
           const struct memory_needles_host *host)
{
    const __m128i nibble = _mm_set1_epi8(15), zero = _mm_setzero_si128();
    size_t at = 0;

    for (; length - at >= STEP_SSSE3 + PRINT_MAX; at += STEP_SSSE3) {
        __m128i buckets = _mm_and_si128(_mm_and_si128(place_ssse3(prints, text + at, 0, nibble),
                                                      place_ssse3(prints, text + at, 1, nibble)),
                                        place_ssse3(prints, text + at, 2, nibble));
        uint32_t hits = ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(buckets, zero)) & 0xffff;
        uint8_t each[STEP_SSSE3];

        if (hits == 0)
            continue;
        _mm_storeu_si128((__m128i *)(void *)each, buckets);
        for (; hits != 0; hits &= hits - 1) {
            size_t place = (size_t)__builtin_ctz(hits);

            verify(prints, text, length, at + place, each[place], host);
        }
    }
    return at;
}
#endif

bool
memory_prints_supported(void)
{
#if X86
    return __builtin_cpu_supports("ssse3");
#else
    return false;
#endif
}

void
memory_prints_find(struct memory_prints *prints, const uint8_t *text, size_t length,
                   const struct memory_needles_host *host)
{
    size_t at = 0;

    refresh(prints, host);
    if (prints->wanted == 0)
        return;
#if X86
    if (__builtin_cpu_supports("avx2"))
        at = find_avx2(prints, text, length, host);
    else if (__builtin_cpu_supports("ssse3"))
        at = find_ssse3(prints, text, length, host);
#endif
    find_slowly(prints, text, length, at, host);
}
