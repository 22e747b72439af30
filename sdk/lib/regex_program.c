/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "regex_program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mig/regex.h>

struct builder {
    const struct regex_tree *tree;
    struct program *program;
    size_t room;
    int code;
};

static uint32_t
emit(struct builder *b, uint32_t op, uint32_t next, uint32_t x, uint32_t y)
{
    struct program *program = b->program;
    struct inst *grown;
    size_t room;

    if (b->code < 0)
        return 0;
    if (program->count == PROGRAM_MAX) {
        b->code = -E2BIG;
        return 0;
    }
    if (program->count == b->room) {
        room = b->room == 0 ? 64 : b->room * 2;
        grown = reallocarray(program->insts, room, sizeof(*grown));
        if (grown == NULL) {
            b->code = -ENOMEM;
            return 0;
        }
        program->insts = grown;
        b->room = room;
    }
    program->has_asserts = program->has_asserts || op == INST_ASSERT;
    program->insts[program->count] = (struct inst){op, next, x, y};
    return (uint32_t)program->count++;
}

static uint32_t build(struct builder *b, uint32_t at, uint32_t next);

static uint32_t
build_runes(struct builder *b, const struct regex_node *node, uint32_t next)
{
    const struct mig_rune_range *range;

    /* An empty class takes nothing. */
    if (node->count == 0)
        return emit(b, INST_RANGE, next, 1, 0);
    range = b->tree->runes.ranges + node->first;
    if (node->count == 1)
        return emit(b, INST_RANGE, next, range->first, range->last);
    return emit(b, INST_SET, next, node->first, node->count);
}

static uint32_t
build_alternate(struct builder *b, const struct regex_node *node, uint32_t next)
{
    const uint32_t *children = b->tree->children + node->first;
    uint32_t i = node->count - 1;
    uint32_t start = build(b, children[i], next);

    while (i-- > 0 && b->code == 0)
        start = emit(b, INST_SPLIT, build(b, children[i], next), start, 0);
    return start;
}

static uint32_t
build_group(struct builder *b, const struct regex_node *node, uint32_t next)
{
    uint32_t end = emit(b, INST_SAVE, next, 2 * node->count + 1, 0);

    return emit(b, INST_SAVE, build(b, node->first, end), 2 * node->count, 0);
}

static uint32_t
build_repeat(struct builder *b, const struct regex_node *node, uint32_t next)
{
    uint32_t start = next;
    uint32_t left = node->min;
    uint32_t body;
    uint32_t i;

    if (node->max == REGEX_NO_LIMIT) {
        start = emit(b, INST_SPLIT, 0, next, node->lazy);
        body = build(b, node->first, start);
        if (b->code < 0)
            return 0;
        b->program->insts[start].next = body;
        if (left > 0) {
            start = body;
            left--;
        }
    } else {
        for (i = node->min; i < node->max && b->code == 0; i++)
            start = emit(b, INST_SPLIT, build(b, node->first, start), next, node->lazy);
    }
    for (; left > 0 && b->code == 0; left--)
        start = build(b, node->first, start);
    return start;
}

/* Gives where the node begins; it goes on at `next`. As deep as the tree, which is bounded. */
static uint32_t
build(struct builder *b, uint32_t at, uint32_t next)
{
    const struct regex_node *node = &b->tree->nodes[at];
    uint32_t i;

    if (b->code < 0)
        return 0;
    switch (node->kind) {
    case NODE_RUNES:
        return build_runes(b, node, next);
    case NODE_CONCAT:
        for (i = node->count; i-- > 0;)
            next = build(b, b->tree->children[node->first + i], next);
        return next;
    case NODE_ALTERNATE:
        return build_alternate(b, node, next);
    case NODE_REPEAT:
        return build_repeat(b, node, next);
    case NODE_GROUP:
        return build_group(b, node, next);
    case NODE_ASSERT:
        return emit(b, INST_ASSERT, next, node->assert, 0);
    default:
        return next;
    }
}

static int
compare_runes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* The ranges of an instruction that takes runes. */
static const struct mig_rune_range *
ranges_of(const struct program *program, const struct inst *inst, struct mig_rune_range *one,
          size_t *ret_count)
{
    *ret_count = 0;
    if (inst->op == INST_SET) {
        *ret_count = inst->b;
        return program->ranges + inst->a;
    }
    if (inst->op == INST_RANGE && inst->a <= inst->b) {
        *one = (struct mig_rune_range){inst->a, inst->b};
        *ret_count = 1;
    }
    return one;
}

/* What the assertions tell apart. */
static const struct mig_rune_range words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct mig_rune_range newline[] = {{'\n', '\n'}};

static void
add_edges(struct program *program, const struct mig_rune_range *ranges, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        program->interval_first[program->intervals++] = ranges[i].first;
        program->interval_first[program->intervals++] = ranges[i].last + 1;
    }
}

static int
make_intervals(struct program *program)
{
    size_t edges = 16;
    struct mig_rune_range one;
    const struct mig_rune_range *ranges;
    size_t used = 1;
    size_t count;
    size_t i;

    for (i = 0; i < program->count; i++) {
        ranges_of(program, &program->insts[i], &one, &count);
        edges += 2 * count;
    }
    program->interval_first = calloc(edges, sizeof(uint32_t));
    program->interval_class = calloc(edges, sizeof(uint32_t));
    if (program->interval_first == NULL || program->interval_class == NULL)
        return -ENOMEM;
    program->intervals = 1;
    add_edges(program, words, 4);
    add_edges(program, newline, 1);
    for (i = 0; i < program->count; i++) {
        ranges = ranges_of(program, &program->insts[i], &one, &count);
        add_edges(program, ranges, count);
    }
    qsort(program->interval_first, program->intervals, sizeof(uint32_t), compare_runes);
    for (i = 1; i < program->intervals; i++)
        if (program->interval_first[i] != program->interval_first[used - 1] &&
            program->interval_first[i] <= RUNE_MAX)
            program->interval_first[used++] = program->interval_first[i];
    program->intervals = used;
    return 0;
}

static size_t
find_interval(const struct program *program, uint32_t rune)
{
    size_t low = 0;
    size_t high = program->intervals;
    size_t middle;

    while (high - low > 1) {
        middle = (low + high) / 2;
        if (program->interval_first[middle] <= rune)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t
mig_program_class(const struct program *program, uint32_t rune)
{
    return program->interval_class[find_interval(program, rune)];
}

struct classes {
    uint32_t *size;   /* of a class, in intervals */
    uint32_t *inside; /* how many of them a set holds */
    uint32_t *moved;  /* the class that those become */
};

/* Parts each class into what is in a set and what is not. */
static void
part(struct program *program, struct classes *c, const struct mig_rune_range *ranges, size_t count)
{
    uint32_t old;
    size_t i;
    size_t k;

    for (i = 0; i < count; i++)
        for (k = find_interval(program, ranges[i].first);
             k < program->intervals && program->interval_first[k] <= ranges[i].last; k++)
            c->inside[program->interval_class[k]]++;
    for (i = 0; i < count; i++)
        for (k = find_interval(program, ranges[i].first);
             k < program->intervals && program->interval_first[k] <= ranges[i].last; k++) {
            old = program->interval_class[k];
            /* A new class holds nothing yet when it is looked at: it is whole. */
            if (c->inside[old] == 0 || c->inside[old] == c->size[old])
                continue;
            if (c->moved[old] == 0)
                c->moved[old] = program->classes++;
            program->interval_class[k] = c->moved[old];
            c->size[c->moved[old]]++;
        }
    for (i = 0; i < count; i++)
        for (k = find_interval(program, ranges[i].first);
             k < program->intervals && program->interval_first[k] <= ranges[i].last; k++)
            c->inside[program->interval_class[k]] = 0;
}

/* The parted classes give away what they lost. */
static void
settle(struct program *program, struct classes *c, uint32_t before)
{
    uint32_t i;

    if (program->classes == before)
        return;
    for (i = 0; i < before; i++) {
        if (c->moved[i] == 0)
            continue;
        c->size[i] -= c->inside[i];
        c->inside[i] = 0;
        c->moved[i] = 0;
    }
}

static void
part_all(struct program *program, struct classes *c)
{
    struct mig_rune_range one;
    const struct mig_rune_range *ranges;
    uint32_t before;
    size_t count;
    size_t i;

    for (i = 0; i < program->count + 2; i++) {
        if (i < program->count) {
            ranges = ranges_of(program, &program->insts[i], &one, &count);
        } else {
            ranges = i == program->count ? words : newline;
            count = i == program->count ? 4 : 1;
            if (!program->has_asserts)
                continue;
        }
        before = program->classes;
        part(program, c, ranges, count);
        settle(program, c, before);
    }
}

static int
make_classes(struct program *program)
{
    size_t room = program->intervals + 1;
    struct classes c = {calloc(room, sizeof(uint32_t)), calloc(room, sizeof(uint32_t)),
                        calloc(room, sizeof(uint32_t))};
    int code = -ENOMEM;
    size_t i;

    program->class_rune = calloc(room, sizeof(uint32_t));
    if (c.size == NULL || c.inside == NULL || c.moved == NULL || program->class_rune == NULL)
        goto out;
    program->classes = 1;
    c.size[0] = (uint32_t)program->intervals;
    part_all(program, &c);
    for (i = 0; i < program->intervals; i++)
        program->class_rune[program->interval_class[i]] = program->interval_first[i];
    for (i = 0; i < 128; i++)
        program->ascii[i] = mig_program_class(program, (uint32_t)i);
    program->error_class = mig_program_class(program, RUNE_ERROR);
    code = 0;
out:
    free(c.size);
    free(c.inside);
    free(c.moved);
    return code;
}

static int
finish(struct program *program)
{
    int code = make_intervals(program);

    return code < 0 ? code : make_classes(program);
}

int
mig_program_new(const struct regex_tree *tree, struct program **ret_program)
{
    struct program *program = calloc(1, sizeof(*program));
    struct builder b = {.tree = tree, .program = program};
    size_t size = tree->runes.count * sizeof(struct mig_rune_range);

    if (program == NULL)
        return -ENOMEM;
    program->ranges = malloc(size + 1);
    if (program->ranges == NULL) {
        b.code = -ENOMEM;
    } else {
        if (size > 0)
            memcpy(program->ranges, tree->runes.ranges, size);
        program->start = build(&b, tree->root, emit(&b, INST_MATCH, 0, 0, 0));
    }
    if (b.code == 0)
        b.code = finish(program);
    if (b.code < 0) {
        mig_program_free(program);
        return b.code;
    }
    *ret_program = program;
    return 0;
}

void
mig_program_free(struct program *program)
{
    if (program == NULL)
        return;
    free(program->insts);
    free(program->ranges);
    free(program->interval_first);
    free(program->interval_class);
    free(program->class_rune);
    free(program);
}

int
mig_program_compile(const char *pattern, size_t length, bool groups, struct regex_tree *ret_tree,
                    struct program **ret_program, char *ret_message, size_t message_size)
{
    struct regex_tree tree = {0};
    int code;

    if (length > MIG_REGEX_PATTERN_MAX) {
        snprintf(ret_message, message_size,
                 "a regular expression of %zu bytes is longer than the %u allowed", length,
                 MIG_REGEX_PATTERN_MAX);
        return -E2BIG;
    }
    code = mig_regex_parse(pattern, length, groups, &tree, ret_message, message_size);
    if (code < 0)
        return code;
    code = mig_program_new(&tree, ret_program);
    if (code == 0) {
        *ret_tree = tree;
        return 0;
    }
    if (code == -E2BIG)
        mig_regex_explain(pattern, length, 0, "expression too large", ret_message, message_size);
    else
        snprintf(ret_message, message_size, "no memory for a regular expression");
    mig_regex_tree_fini(&tree);
    return code;
}
