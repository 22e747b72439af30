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

/* The longest bytes, up to 64, that every text holds that matches; perhaps none. For free(). */
int mig_regex_literal(const struct regex_tree *tree, char **ret_literal, size_t *ret_length);

#endif
