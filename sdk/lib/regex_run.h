/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the SDK: a regular expression on a text that comes in pieces, and what it must hold. */
#ifndef MIG_REGEX_RUN_H
#define MIG_REGEX_RUN_H

#include <mig/regex.h>

#include "regex_dfa.h"

/* Starts zeroed. */
struct mig_regex_run {
    const struct mig_regex *regex;
    struct mig_regex_scratch *scratch;
    int result;
    bool started;
    struct dfa_run run;
};

/* 1 it matches, 0 it does not up to here, or negative, as mig_regex_match(); once it is not 0 it
 * stays. */
int mig_regex_begin(struct mig_regex_run *run, const struct mig_regex *regex,
                    struct mig_regex_scratch *scratch);
int mig_regex_feed(struct mig_regex_run *run, const char *text, size_t length);
int mig_regex_end(struct mig_regex_run *run);
void mig_regex_run_fini(struct mig_regex_run *run);

/* Lets go of memory when all patterns together hold too much; between texts. */
void mig_regex_scratch_bound(struct mig_regex_scratch *scratch);

#define MIG_LITERAL_SIZE 64u
#define MIG_LITERALS_MAX 16u

struct mig_literal {
    char bytes[MIG_LITERAL_SIZE];
    uint8_t length;
    bool fold; /* letters, which are in lower case here, in either case */
};

/* Every text that matches holds one of them; count 0: nothing is known. exact: every text that
 * holds one matches. */
struct mig_literals {
    struct mig_literal *list;
    size_t count;
    bool exact;
};

/* 0 or -ENOMEM. The list is for free(). */
int mig_regex_find_literals(const struct regex_tree *tree, struct mig_literals *ret_literals);
/* Those of a pattern, which owns them. */
const struct mig_literals *mig_regex_literals(const struct mig_regex *regex);

#endif
