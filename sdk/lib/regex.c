/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/regex.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regex_run.h"
#include "regex_syntax.h"

/* Of the automata of one thread. */
#define DFA_MEMORY (2u << 20)
#define SCRATCH_MEMORY (64u << 20)
/* Instructions looked at while an automaton is made for one text: about a second. Honest patterns
 * take some thousand. */
#define EFFORT_MAX (UINT64_C(1) << 28)

struct mig_regex {
    uint64_t serial; /* never that of another one, also when this one is gone */
    struct program *program;
    struct mig_literals literals;
};

struct automaton {
    uint64_t serial; /* 0: none */
    struct dfa *dfa;
};

struct mig_regex_scratch {
    struct automaton *table; /* by serial */
    size_t size;
    size_t count;
    size_t memory; /* as it was when each was made or looked at */
    struct dfa_run run;
};

static atomic_uint_fast64_t serials = 1;

int
mig_regex_new(const char *pattern, size_t length, struct mig_regex **ret_regex, char *ret_message,
              size_t message_size)
{
    struct mig_regex *regex;
    struct program *program = NULL;
    struct regex_tree tree;
    int code =
        mig_program_compile(pattern, length, false, &tree, &program, ret_message, message_size);

    if (code < 0)
        return code;
    regex = calloc(1, sizeof(*regex));
    code = regex != NULL ? mig_regex_find_literals(&tree, &regex->literals) : -ENOMEM;
    mig_regex_tree_fini(&tree);
    if (code < 0) {
        snprintf(ret_message, message_size, "no memory for a regular expression");
        mig_program_free(program);
        free(regex);
        return code;
    }
    regex->program = program;
    regex->serial = atomic_fetch_add(&serials, 1);
    *ret_regex = regex;
    return 0;
}

void
mig_regex_free(struct mig_regex *regex)
{
    if (regex == NULL)
        return;
    mig_program_free(regex->program);
    free(regex->literals.list);
    free(regex);
}

struct mig_regex_scratch *
mig_regex_scratch_new(void)
{
    return calloc(1, sizeof(struct mig_regex_scratch));
}

static void
empty(struct mig_regex_scratch *scratch)
{
    size_t i;

    for (i = 0; i < scratch->size; i++)
        mig_dfa_free(scratch->table[i].dfa);
    free(scratch->table);
    scratch->table = NULL;
    scratch->size = 0;
    scratch->count = 0;
    scratch->memory = 0;
}

void
mig_regex_scratch_free(struct mig_regex_scratch *scratch)
{
    if (scratch == NULL)
        return;
    empty(scratch);
    mig_dfa_run_fini(&scratch->run);
    free(scratch);
}

static struct automaton *
slot_of(struct automaton *table, size_t size, uint64_t serial)
{
    size_t at = (size_t)(serial * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (size - 1);

    while (table[at].serial != 0 && table[at].serial != serial)
        at = (at + 1) & (size - 1);
    return &table[at];
}

static bool
grow(struct mig_regex_scratch *scratch)
{
    size_t size = scratch->size == 0 ? 16 : scratch->size * 2;
    struct automaton *table = calloc(size, sizeof(*table));
    size_t i;

    if (table == NULL)
        return false;
    for (i = 0; i < scratch->size; i++)
        if (scratch->table[i].serial != 0)
            *slot_of(table, size, scratch->table[i].serial) = scratch->table[i];
    free(scratch->table);
    scratch->table = table;
    scratch->size = size;
    return true;
}

/* The automaton of a pattern in this thread. */
static struct dfa *
automaton_of(struct mig_regex_scratch *scratch, const struct mig_regex *regex)
{
    struct automaton *slot;

    if (scratch->count * 2 >= scratch->size && !grow(scratch))
        return NULL;
    slot = slot_of(scratch->table, scratch->size, regex->serial);
    if (slot->dfa == NULL) {
        slot->dfa = mig_dfa_new(regex->program, DFA_MEMORY);
        if (slot->dfa == NULL)
            return NULL;
        slot->serial = regex->serial;
        scratch->count++;
        scratch->memory += mig_dfa_memory(slot->dfa);
    }
    return slot->dfa;
}

/* Between texts: when all automata together have grown too large they are made anew. */
static void
bound_memory(struct mig_regex_scratch *scratch)
{
    size_t i;

    if (scratch->count == 0 || scratch->count * DFA_MEMORY < SCRATCH_MEMORY)
        return;
    scratch->memory = 0;
    for (i = 0; i < scratch->size; i++)
        if (scratch->table[i].dfa != NULL)
            scratch->memory += mig_dfa_memory(scratch->table[i].dfa);
    if (scratch->memory > SCRATCH_MEMORY)
        empty(scratch);
}

static int
found(void *context, uint32_t pattern)
{
    (void)context;
    (void)pattern;
    return 1;
}

static int
match_text(struct dfa_run *run, struct dfa *dfa, const char *text, size_t length, uint32_t flags)
{
    int code = mig_dfa_start(run, dfa, (flags & MIG_REGEX_NOT_BEGIN) == 0);

    if (code == 0)
        code = mig_dfa_feed(run, text, length, EFFORT_MAX, found, NULL);
    if (code == 0 && !run->dead && (flags & MIG_REGEX_NOT_END) == 0)
        code = mig_dfa_end(run, EFFORT_MAX, found, NULL);
    return code;
}

int
mig_regex_match(const struct mig_regex *regex, struct mig_regex_scratch *scratch, const char *text,
                size_t length, uint32_t flags)
{
    struct dfa *dfa = automaton_of(scratch, regex);

    return dfa != NULL ? match_text(&scratch->run, dfa, text, length, flags) : -ENOMEM;
}

const struct mig_literals *
mig_regex_literals(const struct mig_regex *regex)
{
    return &regex->literals;
}

/* Where the first line begins that may match; `length`: none does. */
static size_t
first_line(const struct mig_regex *regex, const char *text, size_t length)
{
    const struct mig_literal *literal = regex->literals.list;
    const char *found_at;
    const char *newline;

    /* One byte is in most lines. */
    if (regex->literals.count != 1 || literal->fold || literal->length < 2)
        return 0;
    found_at = memmem(text, length, literal->bytes, literal->length);
    if (found_at == NULL)
        return length;
    newline = memrchr(text, '\n', (size_t)(found_at - text));
    return newline != NULL ? (size_t)(newline - text) + 1 : 0;
}

int
mig_regex_match_lines(const struct mig_regex *regex, struct mig_regex_scratch *scratch,
                      const char *text, size_t length)
{
    struct dfa *dfa = automaton_of(scratch, regex);
    const char *newline;
    size_t line;
    int code = 0;

    if (dfa == NULL)
        return -ENOMEM;
    while (code == 0 && length > 0) {
        line = first_line(regex, text, length);
        text += line;
        length -= line;
        if (length == 0)
            break;
        newline = memchr(text, '\n', length);
        line = newline != NULL ? (size_t)(newline - text) : length;
        code = match_text(&scratch->run, dfa, text,
                          line > 0 && text[line - 1] == '\r' ? line - 1 : line, 0);
        line += newline != NULL;
        text += line;
        length -= line;
    }
    return code;
}

int
mig_regex_begin(struct mig_regex_run *run, const struct mig_regex *regex,
                struct mig_regex_scratch *scratch)
{
    run->regex = regex;
    run->scratch = scratch;
    run->result = 0;
    run->started = false;
    run->run.effort = 0;
    return 0;
}

static int
resume(struct mig_regex_run *run)
{
    struct dfa *dfa = automaton_of(run->scratch, run->regex);

    if (dfa == NULL)
        return -ENOMEM;
    if (run->started) {
        mig_dfa_resume(&run->run, dfa);
        return 0;
    }
    run->started = true;
    return mig_dfa_start(&run->run, dfa, true);
}

int
mig_regex_feed(struct mig_regex_run *run, const char *text, size_t length)
{
    if (run->result == 0)
        run->result = resume(run);
    if (run->result == 0)
        run->result = mig_dfa_feed(&run->run, text, length, EFFORT_MAX, found, NULL);
    if (run->result == 0)
        run->result = mig_dfa_keep(&run->run);
    return run->result;
}

int
mig_regex_end(struct mig_regex_run *run)
{
    if (run->result == 0)
        run->result = resume(run);
    if (run->result == 0 && !run->run.dead)
        run->result = mig_dfa_end(&run->run, EFFORT_MAX, found, NULL);
    bound_memory(run->scratch);
    return run->result;
}

void
mig_regex_run_fini(struct mig_regex_run *run)
{
    mig_dfa_run_fini(&run->run);
}

void
mig_regex_scratch_bound(struct mig_regex_scratch *scratch)
{
    bound_memory(scratch);
}
