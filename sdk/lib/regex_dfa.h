/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside regular expressions: a deterministic automaton that is made while it runs, as RE2 does it
 * (Cox, "Regular Expression Matching in the Wild", 2010). Time is linear in the text, memory is
 * bounded: what was made is forgotten when it grows too large. A text comes in pieces of any size.
 */
#ifndef MIG_REGEX_DFA_H
#define MIG_REGEX_DFA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "regex_program.h"

struct dfa;

/* `memory`: how much it may take, in bytes, roughly; a few states are always kept. */
struct dfa *mig_dfa_new(const struct program *program, size_t memory);
void mig_dfa_free(struct dfa *dfa);
size_t mig_dfa_memory(const struct dfa *dfa);

/* One text at a time in each; any number of them on one automaton. Starts zeroed. */
struct dfa_run {
    struct dfa *dfa;
    uint32_t state;
    uint64_t generation; /* of the automaton's memory, in which `state` is good */
    bool dead;           /* nothing more can match */
    char partial[4];     /* of a character that the last piece was cut in */
    size_t partial_length;
    uint64_t effort; /* instructions looked at */
    uint32_t *key;   /* the state, in case that the automaton forgets it */
    size_t key_room;
};

/* Told each pattern that matches, perhaps more than once; not zero ends the run. */
typedef int dfa_match_fn(void *context, uint32_t pattern);

/* 0 or -ENOMEM. Without `begin` the text is the middle of a longer one. */
int mig_dfa_start(struct dfa_run *run, struct dfa *dfa, bool begin);
/* What the function gave, 0, -ENOMEM, or -E2BIG when `effort_max` is exceeded. */
int mig_dfa_feed(struct dfa_run *run, const char *text, size_t length, uint64_t effort_max,
                 dfa_match_fn *fn, void *context);
/* The end of the text, after its last piece. */
int mig_dfa_end(struct dfa_run *run, uint64_t effort_max, dfa_match_fn *fn, void *context);
/* Keeps what is needed to go on later, when others have used the automaton. */
int mig_dfa_keep(struct dfa_run *run);
/* Goes on after mig_dfa_keep(), perhaps on an automaton that was made anew. */
void mig_dfa_resume(struct dfa_run *run, struct dfa *dfa);
void mig_dfa_run_fini(struct dfa_run *run);

#endif
