/* SPDX-License-Identifier: MPL-2.0 */
/* Inside regular expressions: trees compiled for an automaton, after Thompson (1968). */
#ifndef MIG_REGEX_PROGRAM_H
#define MIG_REGEX_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "regex_syntax.h"

#define PROGRAM_MAX (1u << 18)

enum inst_op {
    INST_RANGE,  /* one rune from a to b */
    INST_SET,    /* one rune of the b ranges from a on */
    INST_SPLIT,  /* go on at next and at a, which comes first when b is not 0 */
    INST_ASSERT, /* enum regex_assert a */
    INST_SAVE,   /* place a of the groups is here */
    INST_MATCH
};

struct inst {
    uint32_t op;
    uint32_t next;
    uint32_t a;
    uint32_t b;
};

/* Runes that no instruction tells apart are one class. Read-only once it is made. */
struct program {
    struct inst *insts;
    size_t count;
    struct mig_rune_range *ranges;
    uint32_t start;
    bool has_asserts;
    /* Intervals of runes, sorted by their first one, and the class of each. */
    uint32_t *interval_first;
    uint32_t *interval_class;
    size_t intervals;
    uint32_t classes;     /* the end of the text is the class of this number */
    uint32_t *class_rune; /* any one of a class */
    uint32_t ascii[128];
    uint32_t error_class; /* of RUNE_ERROR */
};

/* 0, -ENOMEM, or -E2BIG: more than PROGRAM_MAX instructions. */
int mig_program_new(const struct regex_tree *tree, struct program **ret_program);
/* A pattern to a tree and its program, which are the caller's, with `groups` as mig_regex_parse()
 * has it. -EINVAL, -E2BIG or -ENOMEM, with a message and nothing to free. */
int mig_program_compile(const char *pattern, size_t length, bool groups,
                        struct regex_tree *ret_tree, struct program **ret_program,
                        char *ret_message, size_t message_size);
void mig_program_free(struct program *program);

uint32_t mig_program_class(const struct program *program, uint32_t rune);

static inline bool
mig_inst_takes(const struct program *program, const struct inst *inst, uint32_t rune)
{
    if (inst->op == INST_RANGE)
        return rune >= inst->a && rune <= inst->b;
    return inst->op == INST_SET && mig_ranges_hold(program->ranges + inst->a, inst->b, rune);
}

#endif
