/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "regex_dfa.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

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

static size_t
key_length(const uint32_t *key)
{
    return KEY_HEADER + (size_t)key[KEY_PATTERNS] + key[KEY_INSTS];
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
        at = hash_key(key, key_length(key)) & (dfa->table_size - 1);
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
static uint32_t
find_state(struct dfa *dfa, const uint32_t *key)
{
    size_t length = key_length(key);
    uint32_t match = key[KEY_PATTERNS] > 0 ? ROW_MATCH : 0;
    const uint32_t *other;
    uint32_t hash = hash_key(key, length);
    size_t at;

    if (length == KEY_HEADER && key[KEY_FLAGS] == 0)
        return 0;
    for (at = dfa->table_size > 0 ? hash & (dfa->table_size - 1) : 0;
         dfa->table_size > 0 && dfa->table[at] != 0; at = (at + 1) & (dfa->table_size - 1)) {
        other = dfa->keys + dfa->key_of[dfa->table[at] - 1];
        if (key_length(other) == length && memcmp(other, key, length * sizeof(uint32_t)) == 0)
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

/* What a state becomes by a rune of the class, or by the end. */
static uint32_t
step(struct dfa *dfa, uint32_t row, uint32_t class)
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
    next = find_state(dfa, dfa->key);
    if (next != ROW_UNKNOWN && generation == dfa->generation)
        dfa->next[row + class] = next;
    return next;
}

int
mig_dfa_start(struct dfa_run *run, struct dfa *dfa, bool begin)
{
    uint32_t before = begin ? BEFORE_BEGIN : 0;
    uint32_t first;

    if (dfa->first[begin] == ROW_UNKNOWN) {
        dfa->then.count = 0;
        dfa->patterns_count = 0;
        follow(dfa, &dfa->then, dfa->program->start, before, false, false, 0);
        make_key(dfa, &dfa->then, before);
        first = find_state(dfa, dfa->key);
        if (first == ROW_UNKNOWN)
            return -ENOMEM;
        dfa->first[begin] = first;
    }
    run->dfa = dfa;
    run->state = dfa->first[begin];
    run->generation = dfa->generation;
    run->dead = dfa->first[begin] == 0;
    run->partial_length = 0;
    run->effort = 0;
    return 0;
}

int
mig_dfa_keep(struct dfa_run *run)
{
    struct dfa *dfa = run->dfa;
    const uint32_t *key;
    uint32_t *grown;
    size_t length;

    /* Row 0 may not be there yet. */
    if ((run->state & ~ROW_MATCH) == 0)
        return 0;
    key = dfa->keys + dfa->key_of[(run->state & ~ROW_MATCH) / dfa->stride];
    length = key_length(key);
    if (length > run->key_room) {
        grown = reallocarray(run->key, length, sizeof(uint32_t));
        if (grown == NULL)
            return -ENOMEM;
        run->key = grown;
        run->key_room = length;
    }
    memcpy(run->key, key, length * sizeof(uint32_t));
    return 0;
}

void
mig_dfa_resume(struct dfa_run *run, struct dfa *dfa)
{
    run->dfa = dfa;
}

void
mig_dfa_run_fini(struct dfa_run *run)
{
    free(run->key);
    run->key = NULL;
    run->key_room = 0;
}

static int
tell(struct dfa_run *run, dfa_match_fn *fn, void *context)
{
    const struct dfa *dfa = run->dfa;
    const uint32_t *key = dfa->keys + dfa->key_of[(run->state & ~ROW_MATCH) / dfa->stride];
    int code = 0;
    uint32_t i;

    for (i = 0; i < key[KEY_PATTERNS] && code == 0; i++)
        code = fn(context, key[KEY_HEADER + i]);
    return code;
}

/* The way by a class that is not known yet, or on which patterns match. */
static int
turn(struct dfa_run *run, uint32_t class, uint64_t effort_max, dfa_match_fn *fn, void *context)
{
    struct dfa *dfa = run->dfa;
    uint32_t row = run->state & ~ROW_MATCH;
    uint32_t next = row == 0 ? 0 : dfa->next[row + class];

    if (next == ROW_UNKNOWN) {
        dfa->effort = 0;
        next = step(dfa, row, class);
        run->effort += dfa->effort;
        if (next == ROW_UNKNOWN)
            return -ENOMEM;
        if (run->effort > effort_max)
            return -E2BIG;
        run->generation = dfa->generation;
    }
    run->state = next;
    run->dead = next == 0;
    return next & ROW_MATCH ? tell(run, fn, context) : 0;
}

/* True when a piece ends within what may be a character. */
static bool
is_cut(const char *text, size_t left)
{
    unsigned char c = (unsigned char)text[0];
    size_t whole = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    size_t i;

    if (c < 0xc2 || c > 0xf4 || left >= whole)
        return false;
    for (i = 1; i < left; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return false;
    return true;
}

static uint32_t
class_at(const struct program *program, const char *text, size_t left, size_t *ret_step)
{
    uint32_t rune = 0;

    *ret_step = mig_utf8_decode(text, left, &rune);
    if (*ret_step > 0)
        return mig_program_class(program, rune);
    *ret_step = 1;
    return program->error_class;
}

/* Runs to the end of the text, or up to a character that is cut there when more may come. */
static int
run_text(struct dfa_run *run, const char *text, size_t length, bool more, uint64_t effort_max,
         dfa_match_fn *fn, void *context, size_t *ret_used)
{
    const struct program *program = run->dfa->program;
    const uint32_t *rows = run->dfa->next;
    uint32_t state = run->state & ~ROW_MATCH;
    uint32_t class;
    uint32_t next;
    size_t at = 0;
    size_t wide;
    int code = 0;

    while (at < length && !run->dead) {
        if ((unsigned char)text[at] < 0x80) {
            class = program->ascii[(unsigned char)text[at]];
            wide = 1;
        } else {
            if (more && is_cut(text + at, length - at))
                break;
            class = class_at(program, text + at, length - at, &wide);
        }
        at += wide;
        next = rows[state + class];
        /* Neither unknown nor a match nor dead. */
        if (next - 1 < ROW_MATCH - 1) {
            state = next;
            continue;
        }
        run->state = state;
        code = turn(run, class, effort_max, fn, context);
        if (code != 0)
            break;
        rows = run->dfa->next;
        state = run->state & ~ROW_MATCH;
    }
    if (code == 0)
        run->state = state;
    *ret_used = at;
    return code;
}

/* Makes the state one of the automaton's present memory. */
static int
resume(struct dfa_run *run)
{
    if (run->generation == run->dfa->generation || (run->state & ~ROW_MATCH) == 0)
        return 0;
    run->state = find_state(run->dfa, run->key);
    run->generation = run->dfa->generation;
    return run->state == ROW_UNKNOWN ? -ENOMEM : 0;
}

/* The rest of a character that the last piece was cut in. */
static int
feed_partial(struct dfa_run *run, const char *text, size_t length, uint64_t effort_max,
             dfa_match_fn *fn, void *context, size_t *ret_used)
{
    char joined[8];
    size_t before = run->partial_length;
    size_t part = length < 4 ? length : 4;
    size_t used = 0;
    int code;

    memcpy(joined, run->partial, before);
    memcpy(joined + before, text, part);
    code = run_text(run, joined, before + part, true, effort_max, fn, context, &used);
    if (run->dead || code != 0) {
        run->partial_length = 0;
        *ret_used = length;
        return code;
    }
    if (used >= before) {
        run->partial_length = 0;
        *ret_used = used - before;
        return 0;
    }
    /* All of the piece was too little. */
    run->partial_length = before + part - used;
    memcpy(run->partial, joined + used, run->partial_length);
    *ret_used = length;
    return 0;
}

int
mig_dfa_feed(struct dfa_run *run, const char *text, size_t length, uint64_t effort_max,
             dfa_match_fn *fn, void *context)
{
    size_t used = 0;
    int code = resume(run);

    /* Matches of the state that the text begins in. */
    if (code == 0 && run->state & ROW_MATCH) {
        code = tell(run, fn, context);
        run->state &= ~ROW_MATCH;
    }
    if (code == 0 && length > 0 && run->partial_length > 0 && !run->dead)
        code = feed_partial(run, text, length, effort_max, fn, context, &used);
    /* Without bytes there may be no text either. */
    if (code != 0 || length == used || run->dead)
        return code;
    text += used;
    length -= used;
    code = run_text(run, text, length, true, effort_max, fn, context, &used);
    if (code == 0 && !run->dead) {
        run->partial_length = length - used;
        memcpy(run->partial, text + used, run->partial_length);
    }
    return code;
}

int
mig_dfa_end(struct dfa_run *run, uint64_t effort_max, dfa_match_fn *fn, void *context)
{
    size_t used;
    int code = mig_dfa_feed(run, NULL, 0, effort_max, fn, context);

    if (code == 0 && run->partial_length > 0 && !run->dead)
        code =
            run_text(run, run->partial, run->partial_length, false, effort_max, fn, context, &used);
    return code == 0 && !run->dead ? turn(run, run->dfa->program->classes, effort_max, fn, context)
                                   : code;
}
