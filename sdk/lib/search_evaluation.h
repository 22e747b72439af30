/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside the search engine: what is known of one file. What it costs to begin with a file, and to
 * end, is in proportion to the searches and to what was found, not to the checks.
 */
#ifndef MIG_SEARCH_EVALUATION_H
#define MIG_SEARCH_EVALUATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search_set.h"

/* A check of a matchany search that came out true. */
struct found {
    size_t search;
    size_t check;
};

/* Starts zeroed. */
struct evaluation {
    const struct mig_search_set *set;
    bool *alive;  /* by search: in scope, and may still match */
    size_t *open; /* by search: its checks that are not decided */
    size_t *yes;  /* by search: its entries in `found` */
    struct found *found;
    size_t found_count;
    size_t found_room;
    bool lost; /* there was no memory for one */
    bool has_sha256;
    uint8_t sha256[MIG_SEARCH_SHA256_SIZE];
};

/* 0 or -ENOMEM. */
int mig_evaluation_init(struct evaluation *evaluation, const struct mig_search_set *set);
void mig_evaluation_fini(struct evaluation *evaluation);

/* The next file; `alive` is the caller's to set. */
void mig_evaluation_start(struct evaluation *evaluation);
/* Decides a check. A matchall search dies of a check that came out false. */
void mig_evaluation_decide(struct evaluation *evaluation, size_t search, size_t check,
                           bool outcome);
/* Puts `found` into the order of searches and checks. */
void mig_evaluation_sort(struct evaluation *evaluation);

/* All checks came out true. */
static inline bool
mig_evaluation_all(const struct evaluation *evaluation, size_t search)
{
    return evaluation->alive[search] && evaluation->open[search] == 0;
}

#endif
