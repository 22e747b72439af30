/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "regex_dfa_states.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* No two automata ever have the same one. */
static atomic_uint_fast64_t generations = 1;

static bool
set_make(struct inst_set *set, size_t room)
{
    set->dense = calloc(room, sizeof(uint32_t));
    set->sparse = calloc(room, sizeof(uint32_t));
    return set->dense != NULL && set->sparse != NULL;
}

static bool
set_holds(const struct inst_set *set, uint32_t inst)
{
    uint32_t at = set->sparse[inst];

    return at < set->count && set->dense[at] == inst;
}

static void
set_add(struct inst_set *set, uint32_t inst)
{
    set->sparse[inst] = (uint32_t)set->count;
    set->dense[set->count++] = inst;
}

struct dfa *
mig_dfa_new(const struct program *program, size_t memory)
{
    struct dfa *dfa = calloc(1, sizeof(*dfa));
    size_t room = program->count + 1;

    if (dfa == NULL)
        return NULL;
    dfa->program = program;
    dfa->memory = memory;
    dfa->stride = (size_t)program->classes + 1;
    dfa->first[0] = ROW_UNKNOWN;
    dfa->first[1] = ROW_UNKNOWN;
    dfa->generation = atomic_fetch_add(&generations, 1);
    dfa->stack = calloc(room * 2, sizeof(uint32_t));
    dfa->patterns = calloc(room, sizeof(uint32_t));
    dfa->key = calloc(room * 2 + KEY_HEADER, sizeof(uint32_t));
    if (!set_make(&dfa->now, room) || !set_make(&dfa->then, room) || dfa->stack == NULL ||
        dfa->patterns == NULL || dfa->key == NULL) {
        mig_dfa_free(dfa);
        return NULL;
    }
    return dfa;
}

void
mig_dfa_free(struct dfa *dfa)
{
    if (dfa == NULL)
        return;
    free(dfa->next);
    free(dfa->key_of);
    free(dfa->keys);
    free(dfa->table);
    free(dfa->now.dense);
    free(dfa->now.sparse);
    free(dfa->then.dense);
    free(dfa->then.sparse);
    free(dfa->stack);
    free(dfa->patterns);
    free(dfa->key);
    free(dfa);
}

size_t
mig_dfa_memory(const struct dfa *dfa)
{
    return sizeof(*dfa) + (dfa->program->count + 1) * 9 * sizeof(uint32_t) +
           dfa->rows_room * (dfa->stride * sizeof(uint32_t) + sizeof(size_t)) +
           (dfa->keys_room + dfa->table_size) * sizeof(uint32_t);
}

/* Whether an assertion holds; those about what follows do not while that is not known. */
static bool
holds(uint32_t assert, uint32_t before, bool known, bool end, uint32_t rune)
{
    bool word = known && !end && mig_rune_is_word(rune);

    switch (assert) {
    case ASSERT_BEGIN_TEXT:
        return (before & BEFORE_BEGIN) != 0;
    case ASSERT_BEGIN_LINE:
        return (before & (BEFORE_BEGIN | BEFORE_NEWLINE)) != 0;
    case ASSERT_END_TEXT:
        return known && end;
    case ASSERT_END_LINE:
        return known && (end || rune == '\n');
    case ASSERT_WORD:
        return known && word != ((before & BEFORE_WORD) != 0);
    default:
        return known && word == ((before & BEFORE_WORD) != 0);
    }
}

static bool
waits(uint32_t assert)
{
    /* The begin of a line may come later, that of the text does not. */
    return assert != ASSERT_BEGIN_TEXT;
}

/* Adds an instruction and all that is reached without a rune. */
static void
follow(struct dfa *dfa, struct inst_set *set, uint32_t start, uint32_t before, bool known, bool end,
       uint32_t rune)
{
    const struct inst *insts = dfa->program->insts;
    const struct inst *inst;
    size_t depth = 0;
    uint32_t at;

    dfa->stack[depth++] = start;
    while (depth > 0) {
        at = dfa->stack[--depth];
        if (set_holds(set, at))
            continue;
        set_add(set, at);
        dfa->effort++;
        inst = &insts[at];
        if (inst->op == INST_SPLIT) {
            dfa->stack[depth++] = inst->a;
            dfa->stack[depth++] = inst->next;
        } else if (inst->op == INST_MATCH) {
            dfa->patterns[dfa->patterns_count++] = inst->a;
        } else if (inst->op == INST_ASSERT && holds(inst->a, before, known, end, rune)) {
            dfa->stack[depth++] = inst->next;
        }
    }
}

static uint32_t
hash_key(const uint32_t *key, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    size_t i;

    for (i = 0; i < length; i++) {
        hash = (hash ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return (uint32_t)hash;
}

static void
forget(struct dfa *dfa)
{
    dfa->rows = 0;
    dfa->keys_used = 0;
    dfa->first[0] = ROW_UNKNOWN;
    dfa->first[1] = ROW_UNKNOWN;
    dfa->generation = atomic_fetch_add(&generations, 1);
    if (dfa->table_size > 0)
        memset(dfa->table, 0, dfa->table_size * sizeof(uint32_t));
}

static bool
grow_rows(struct dfa *dfa)
{
    size_t room = dfa->rows_room == 0 ? STATES_MIN : dfa->rows_room * 2;
    uint32_t *next = reallocarray(dfa->next, room * dfa->stride, sizeof(uint32_t));
    size_t *key_of;
    uint32_t *table;
    size_t i;
    size_t at;

    if (next == NULL)
        return false;
    dfa->next = next;
    key_of = reallocarray(dfa->key_of, room, sizeof(size_t));
    if (key_of == NULL)
        return false;
    dfa->key_of = key_of;
    table = calloc(room * 2, sizeof(uint32_t));
    if (table == NULL)
        return false;
    free(dfa->table);
    dfa->table = table;
    dfa->table_size = room * 2;
    dfa->rows_room = room;
    for (i = 0; i < dfa->rows; i++) {
        const uint32_t *key = dfa->keys + dfa->key_of[i];
        at = hash_key(key, mig_dfa_key_length(key)) & (dfa->table_size - 1);
        while (dfa->table[at] != 0)
            at = (at + 1) & (dfa->table_size - 1);
        dfa->table[at] = (uint32_t)i + 1;
    }
    return true;
}

static bool
grow_keys(struct dfa *dfa, size_t length)
{
    size_t room = (dfa->keys_room + length) * 2;
    uint32_t *keys;

    if (dfa->keys_used + length <= dfa->keys_room)
        return true;
    keys = reallocarray(dfa->keys, room, sizeof(uint32_t));
    if (keys == NULL)
        return false;
    dfa->keys = keys;
    dfa->keys_room = room;
    return true;
}

/* Makes room for one more state, if need be by forgetting the others. */
static bool
make_room(struct dfa *dfa, size_t length)
{
    size_t row = dfa->stride * sizeof(uint32_t) + sizeof(size_t) + 2 * sizeof(uint32_t);
    bool full = dfa->rows >= STATES_MIN &&
                (dfa->rows + 1) * row + (dfa->keys_used + length) * sizeof(uint32_t) > dfa->memory;

    /* Rows are known by 31 bits. */
    if (full || (dfa->rows + 2) * dfa->stride >= ROW_MATCH - 1)
        forget(dfa);
    if (dfa->rows == dfa->rows_room && !grow_rows(dfa))
        return false;
    return grow_keys(dfa, length);
}

static uint32_t
add_row(struct dfa *dfa, const uint32_t *key, size_t length)
{
    size_t i;

    dfa->key_of[dfa->rows] = dfa->keys_used;
    memcpy(dfa->keys + dfa->keys_used, key, length * sizeof(uint32_t));
    dfa->keys_used += length;
    for (i = 0; i < dfa->stride; i++)
        dfa->next[dfa->rows * dfa->stride + i] = ROW_UNKNOWN;
    return (uint32_t)dfa->rows++;
}

/* The row 0 is of the state that has nothing in it. */
static void
add_dead(struct dfa *dfa)
{
    static const uint32_t none[KEY_HEADER] = {0};

    add_row(dfa, none, KEY_HEADER);
    memset(dfa->next, 0, dfa->stride * sizeof(uint32_t));
}

/* The state of a key, made when there is none; ROW_UNKNOWN: no memory. */
uint32_t
mig_dfa_find(struct dfa *dfa, const uint32_t *key)
{
    size_t length = mig_dfa_key_length(key);
    uint32_t match = key[KEY_PATTERNS] > 0 ? ROW_MATCH : 0;
    const uint32_t *other;
    uint32_t hash = hash_key(key, length);
    size_t at;

    if (length == KEY_HEADER && key[KEY_FLAGS] == 0)
        return 0;
    for (at = dfa->table_size > 0 ? hash & (dfa->table_size - 1) : 0;
         dfa->table_size > 0 && dfa->table[at] != 0; at = (at + 1) & (dfa->table_size - 1)) {
        other = dfa->keys + dfa->key_of[dfa->table[at] - 1];
        if (mig_dfa_key_length(other) == length &&
            memcmp(other, key, length * sizeof(uint32_t)) == 0)
            return (uint32_t)((dfa->table[at] - 1) * dfa->stride) | match;
    }
    if (!make_room(dfa, length + KEY_HEADER))
        return ROW_UNKNOWN;
    if (dfa->rows == 0)
        add_dead(dfa);
    at = hash & (dfa->table_size - 1);
    while (dfa->table[at] != 0)
        at = (at + 1) & (dfa->table_size - 1);
    dfa->table[at] = add_row(dfa, key, length) + 1;
    return (uint32_t)((dfa->table[at] - 1) * dfa->stride) | match;
}

static int
compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Writes the key of the state that holds `set`: what takes runes, and what waits for the next. */
static void
make_key(struct dfa *dfa, const struct inst_set *set, uint32_t before)
{
    const struct inst *insts = dfa->program->insts;
    uint32_t *key = dfa->key;
    size_t used = KEY_HEADER;
    bool waiting = false;
    size_t i;

    for (i = 0; i < dfa->patterns_count; i++)
        key[used++] = dfa->patterns[i];
    if (dfa->patterns_count > 1)
        qsort(key + KEY_HEADER, dfa->patterns_count, sizeof(uint32_t), compare_numbers);
    key[KEY_PATTERNS] = (uint32_t)dfa->patterns_count;
    for (i = 0; i < set->count; i++) {
        const struct inst *inst = &insts[set->dense[i]];
        if (inst->op == INST_ASSERT && waits(inst->a))
            waiting = true;
        else if (inst->op != INST_RANGE && inst->op != INST_SET)
            continue;
        key[used++] = set->dense[i];
    }
    key[KEY_INSTS] = (uint32_t)(used - KEY_HEADER - dfa->patterns_count);
    key[KEY_FLAGS] = waiting ? before : 0;
}

static uint32_t
before_of(uint32_t rune)
{
    return (rune == '\n' ? BEFORE_NEWLINE : 0) | (mig_rune_is_word(rune) ? BEFORE_WORD : 0);
}

uint32_t
mig_dfa_step(struct dfa *dfa, uint32_t row, uint32_t class)
{
    const struct program *program = dfa->program;
    const uint32_t *key = dfa->keys + dfa->key_of[row / dfa->stride];
    const uint32_t *insts = key + KEY_HEADER + key[KEY_PATTERNS];
    bool end = class == program->classes;
    uint32_t rune = end ? 0 : program->class_rune[class];
    uint64_t generation = dfa->generation;
    uint32_t next;
    size_t i;

    dfa->now.count = 0;
    dfa->then.count = 0;
    dfa->patterns_count = 0;
    for (i = 0; i < key[KEY_INSTS]; i++)
        follow(dfa, &dfa->now, insts[i], key[KEY_FLAGS], true, end, rune);
    for (i = 0; i < dfa->now.count && !end; i++)
        if (mig_inst_takes(program, &program->insts[dfa->now.dense[i]], rune))
            follow(dfa, &dfa->then, program->insts[dfa->now.dense[i]].next, before_of(rune), false,
                   false, 0);
    dfa->effort += dfa->now.count;
    /* A match may begin anywhere. */
    if (!end)
        follow(dfa, &dfa->then, program->start, before_of(rune), false, false, 0);
    make_key(dfa, &dfa->then, before_of(rune));
    next = mig_dfa_find(dfa, dfa->key);
    if (next != ROW_UNKNOWN && generation == dfa->generation)
        dfa->next[row + class] = next;
    return next;
}

uint32_t
mig_dfa_first(struct dfa *dfa, bool begin)
{
    uint32_t before = begin ? BEFORE_BEGIN : 0;

    if (dfa->first[begin] == ROW_UNKNOWN) {
        dfa->then.count = 0;
        dfa->patterns_count = 0;
        follow(dfa, &dfa->then, dfa->program->start, before, false, false, 0);
        make_key(dfa, &dfa->then, before);
        dfa->first[begin] = mig_dfa_find(dfa, dfa->key);
    }
    return dfa->first[begin];
}
