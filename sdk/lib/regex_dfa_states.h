/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the automaton: its states, which are made when a text first leads to them. */
#ifndef MIG_REGEX_DFA_STATES_H
#define MIG_REGEX_DFA_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "regex_dfa.h"

/* A state is known by the place of its row in `next`. A row's entries are rows, of which 0 takes
 * nothing any more. */
#define ROW_UNKNOWN UINT32_MAX
#define ROW_MATCH (1u << 31) /* patterns match on the way there */
#define STATES_MIN 16u

/* What came before a state, as far as its instructions ask. */
enum {
    BEFORE_BEGIN = 1u << 0, /* nothing */
    BEFORE_NEWLINE = 1u << 1,
    BEFORE_WORD = 1u << 2,
};

/* Of a state, in `keys`: flags, number of patterns, number of instructions, patterns,
 * instructions. */
enum { KEY_FLAGS, KEY_PATTERNS, KEY_INSTS, KEY_HEADER };

/* A set of instructions that keeps their order (Briggs, Torczon 1993). */
struct inst_set {
    uint32_t *dense;
    uint32_t *sparse;
    size_t count;
};

struct dfa {
    const struct program *program;
    size_t memory;
    size_t stride;
    uint32_t *next; /* rows */
    size_t rows;
    size_t rows_room;
    size_t *key_of; /* by row: its place in `keys` */
    uint32_t *keys;
    size_t keys_used;
    size_t keys_room;
    uint32_t *table; /* of row numbers + 1, by the hash of the key */
    size_t table_size;
    uint32_t first[2]; /* the state at the start of a middle, and of a text; ROW_UNKNOWN */
    uint64_t generation;
    struct inst_set now;
    struct inst_set then;
    uint32_t *stack;
    uint32_t *patterns; /* that match in the step at hand */
    size_t patterns_count;
    uint32_t *key; /* of the state at hand */
    uint64_t effort;
};

/* Of a key, with its header. */
static inline size_t
mig_dfa_key_length(const uint32_t *key)
{
    return KEY_HEADER + (size_t)key[KEY_PATTERNS] + key[KEY_INSTS];
}

/* Each gives a row, or ROW_UNKNOWN without memory; each may make the automaton forget all others,
 * and `generation` another one. */
/* The state of that key. */
uint32_t mig_dfa_find(struct dfa *dfa, const uint32_t *key);
/* The state that a text begins in, or the middle of one. */
uint32_t mig_dfa_first(struct dfa *dfa, bool begin);
/* What a state becomes by a rune of the class, or by the end. */
uint32_t mig_dfa_step(struct dfa *dfa, uint32_t row, uint32_t class);

#endif
