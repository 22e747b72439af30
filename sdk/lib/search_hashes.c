/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_hashes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* In this file alone: what is loaded on endpoints needs one library less. */
#define XXH_INLINE_ALL
#include <xxhash.h>

/* 0 in the table and in a chain: none; else the number of a check + 1. */

static uint32_t *
slot_of(const struct search *search, enum mig_digest algorithm, const uint8_t *digest)
{
    const struct hashes *hashes = &search->hashes;
    size_t size = mig_digest_size(algorithm);
    size_t at = XXH3_64bits_withSeed(digest, size, hashes->seed + algorithm) & hashes->mask;
    const struct check *check;

    for (; hashes->table[at] != 0; at = (at + 1) & hashes->mask) {
        check = &search->checks[hashes->table[at] - 1];
        if (check->algorithm == algorithm && memcmp(check->digest, digest, size) == 0)
            break;
    }
    return &hashes->table[at];
}

int
mig_hashes_init(struct search *search)
{
    struct hashes *hashes = &search->hashes;
    size_t size = 16;
    struct check *check;
    uint32_t *slot;
    size_t i;

    if (search->counts[CHECK_MD5] + search->counts[CHECK_SHA1] + search->counts[CHECK_SHA2] +
            search->counts[CHECK_SHA3] ==
        0)
        return 0;
    while (size < search->checks_count * 2)
        size *= 2;
    hashes->table = calloc(size, sizeof(*hashes->table));
    if (hashes->table == NULL)
        return -ENOMEM;
    hashes->mask = size - 1;
    /* Whoever writes files can then not make them collide; without randomness they must guess. */
    if (getrandom(&hashes->seed, sizeof(hashes->seed), GRND_NONBLOCK) < 0)
        hashes->seed = (uintptr_t)hashes->table;
    for (i = 0; i < search->checks_count; i++) {
        check = &search->checks[i];
        if (check->kind < CHECK_MD5)
            continue;
        slot = slot_of(search, check->algorithm, check->digest);
        check->same = *slot;
        *slot = (uint32_t)i + 1;
        hashes->counts[check->algorithm]++;
        hashes->algorithms |= 1u << check->algorithm;
        hashes->mismatch[check->algorithm] = check->mismatch;
    }
    return 0;
}

void
mig_hashes_fini(struct search *search)
{
    free(search->hashes.table);
}

/* Of a search in which the files count that are not as the hashes: every other one is found. */
static void
decide_mismatch(struct evaluation *evaluation, size_t search, enum mig_digest algorithm,
                const uint8_t *digest)
{
    const struct search *s = &evaluation->set->searches[search];
    const struct check *check;
    size_t i;

    for (i = 0; i < s->checks_count; i++) {
        check = &s->checks[i];
        if (check->kind >= CHECK_MD5 && check->algorithm == algorithm)
            mig_evaluation_decide(evaluation, search, i,
                                  memcmp(check->digest, digest, mig_digest_size(algorithm)) != 0);
    }
}

void
mig_hashes_decide(struct evaluation *evaluation, size_t search, enum mig_digest algorithm,
                  const uint8_t *digest)
{
    const struct search *s = &evaluation->set->searches[search];
    const struct hashes *hashes = &s->hashes;
    uint32_t first = *slot_of(s, algorithm, digest);
    size_t equal = 0;
    uint32_t at;

    if (hashes->mismatch[algorithm] && !s->match_all) {
        decide_mismatch(evaluation, search, algorithm, digest);
        return;
    }
    for (at = first; at != 0; at = s->checks[at - 1].same) {
        equal++;
        if (!s->match_all)
            mig_evaluation_decide(evaluation, search, at - 1, true);
    }
    if (s->match_all && equal != (hashes->mismatch[algorithm] ? 0 : hashes->counts[algorithm]))
        evaluation->alive[search] = false;
    evaluation->open[search] -=
        s->match_all ? hashes->counts[algorithm] : hashes->counts[algorithm] - equal;
}
