/* SPDX-License-Identifier: MPL-2.0 */
/* Runs of an automaton: a text, piece by piece. */
#include "config.h"

#include "regex_dfa_states.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

int
mig_dfa_start(struct dfa_run *run, struct dfa *dfa, bool begin)
{
    uint32_t first = mig_dfa_first(dfa, begin);

    if (first == ROW_UNKNOWN)
        return -ENOMEM;
    run->dfa = dfa;
    run->state = first;
    run->generation = dfa->generation;
    run->dead = first == 0;
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
    length = mig_dfa_key_length(key);
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
        next = mig_dfa_step(dfa, row, class);
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
    run->state = mig_dfa_find(run->dfa, run->key);
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
