/* SPDX-License-Identifier: MPL-2.0 */
/* Backtracking that looks at each instruction and place of the text once, as RE2's BitState: time
 * and memory are bounded by their product. */
#include "config.h"

#include <mig/regex.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regex_program.h"
#include "utf8.h"

/* Pairs of an instruction and a place. */
#define VISITS_MAX (UINT64_C(1) << 27)

struct mig_regex_groups {
    struct program *program;
    size_t count;
};

/* To go on at an instruction, or to give a place of the groups its value back. */
struct job {
    uint32_t inst;
    bool restore;
    size_t at; /* in the text, or the value */
};

struct search {
    const struct program *program;
    const char *text;
    size_t length;
    size_t *places;
    uint8_t *visited;
    struct job *jobs;
    size_t jobs_count;
    size_t jobs_room;
};

int
mig_regex_groups_new(const char *pattern, size_t length, struct mig_regex_groups **ret_groups,
                     char *ret_message, size_t message_size)
{
    struct mig_regex_groups *groups;
    struct program *program = NULL;
    struct regex_tree tree;
    int code =
        mig_program_compile(pattern, length, true, &tree, &program, ret_message, message_size);

    if (code < 0)
        return code;
    groups = calloc(1, sizeof(*groups));
    if (groups != NULL)
        *groups = (struct mig_regex_groups){.program = program, .count = tree.groups};
    mig_regex_tree_fini(&tree);
    if (groups == NULL) {
        snprintf(ret_message, message_size, "no memory for a regular expression");
        mig_program_free(program);
        return -ENOMEM;
    }
    *ret_groups = groups;
    return 0;
}

void
mig_regex_groups_free(struct mig_regex_groups *groups)
{
    if (groups == NULL)
        return;
    mig_program_free(groups->program);
    free(groups);
}

size_t
mig_regex_groups_count(const struct mig_regex_groups *groups)
{
    return groups->count;
}

static int
push(struct search *s, uint32_t inst, bool restore, size_t at)
{
    if (s->jobs_count == s->jobs_room) {
        size_t room = s->jobs_room == 0 ? 256 : s->jobs_room * 2;
        struct job *grown = reallocarray(s->jobs, room, sizeof(*grown));
        if (grown == NULL)
            return -ENOMEM;
        s->jobs = grown;
        s->jobs_room = room;
    }
    s->jobs[s->jobs_count++] = (struct job){inst, restore, at};
    return 0;
}

static bool
word_at(const struct search *s, size_t at)
{
    return at < s->length && mig_rune_is_word((unsigned char)s->text[at]);
}

static bool
holds(const struct search *s, uint32_t assert, size_t at)
{
    bool edge = word_at(s, at) != (at > 0 && word_at(s, at - 1));

    switch (assert) {
    case ASSERT_BEGIN_TEXT:
        return at == 0;
    case ASSERT_END_TEXT:
        return at == s->length;
    case ASSERT_BEGIN_LINE:
        return at == 0 || s->text[at - 1] == '\n';
    case ASSERT_END_LINE:
        return at == s->length || s->text[at] == '\n';
    default:
        return edge == (assert == ASSERT_WORD);
    }
}

/* Length of the character at a place that the instruction takes; 0: it does not. */
static size_t
takes(const struct search *s, const struct inst *inst, size_t at)
{
    uint32_t rune = RUNE_ERROR;
    size_t step;

    if (at == s->length)
        return 0;
    step = mig_utf8_decode(s->text + at, s->length - at, &rune);
    if (step == 0) {
        rune = RUNE_ERROR;
        step = 1;
    }
    return mig_inst_takes(s->program, inst, rune) ? step : 0;
}

static bool
seen(struct search *s, uint32_t inst, size_t at)
{
    size_t bit = (size_t)inst * (s->length + 1) + at;
    bool before = s->visited[bit / 8] >> (bit % 8) & 1;

    s->visited[bit / 8] |= (uint8_t)(1u << (bit % 8));
    return before;
}

/* Follows one thread until it matches, 1, or ends, 0. */
static int
follow(struct search *s, uint32_t number, size_t at)
{
    int code = 0;

    while (code == 0 && !seen(s, number, at)) {
        const struct inst *inst = &s->program->insts[number];
        size_t step;
        number = inst->next;
        switch (inst->op) {
        case INST_MATCH:
            s->places[1] = at;
            return 1;
        case INST_SPLIT:
            code = push(s, inst->b != 0 ? inst->next : inst->a, false, at);
            number = inst->b != 0 ? inst->a : inst->next;
            break;
        case INST_SAVE:
            code = push(s, inst->a, true, s->places[inst->a]);
            s->places[inst->a] = at;
            break;
        case INST_ASSERT:
            if (!holds(s, inst->a, at))
                return 0;
            break;
        default:
            step = takes(s, inst, at);
            if (step == 0)
                return 0;
            at += step;
        }
    }
    return code;
}

static int
match_from(struct search *s, size_t at)
{
    int code = push(s, s->program->start, false, at);

    s->places[0] = at;
    while (code == 0 && s->jobs_count > 0) {
        struct job job = s->jobs[--s->jobs_count];
        if (job.restore)
            s->places[job.inst] = job.at;
        else
            code = follow(s, job.inst, job.at);
    }
    return code;
}

int
mig_regex_groups_match(const struct mig_regex_groups *groups, const char *text, size_t length,
                       struct mig_regex_span *ret_spans)
{
    size_t places = 2 * (groups->count + 1);
    struct search s = {.program = groups->program, .text = text, .length = length};
    uint64_t bits;
    int code = 0;

    if (__builtin_mul_overflow(groups->program->count, (uint64_t)length + 1, &bits) ||
        bits > VISITS_MAX)
        return -E2BIG;
    s.visited = calloc(bits / 8 + 1, 1);
    s.places = malloc(places * sizeof(*s.places));
    if (s.visited == NULL || s.places == NULL)
        code = -ENOMEM;
    for (size_t i = 0; s.places != NULL && i < places; i++)
        s.places[i] = SIZE_MAX;
    for (size_t at = 0; code == 0 && at <= length; at++)
        code = match_from(&s, at);
    for (size_t i = 0; code == 1 && i <= groups->count; i++) {
        ret_spans[i].start = s.places[2 * i];
        ret_spans[i].end = s.places[2 * i + 1];
        if (ret_spans[i].start == SIZE_MAX || ret_spans[i].end == SIZE_MAX)
            ret_spans[i] = (struct mig_regex_span){SIZE_MAX, SIZE_MAX};
    }
    free(s.visited);
    free(s.places);
    free(s.jobs);
    return code;
}
