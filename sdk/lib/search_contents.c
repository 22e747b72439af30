/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_contents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mig/multi.h>

#include "regex_run.h"
#include "search_lines.h"

/* What a pattern must hold is only looked for when it has as many bytes: fewer are everywhere. */
#define LITERAL_LEAST 2u

struct content {
    size_t search;
    const struct check *check;
    bool any_line;  /* one line that matches decides, so that it does not matter which one */
    bool exact;     /* the text that was looked for is itself the match */
    bool unmatched; /* the outcome when no line decides */
};

struct contents {
    const struct mig_search_set *set;
    struct content *list; /* in the order of searches */
    size_t count;
    size_t *first; /* by search, and of one beyond the last: in `list` */
    struct mig_multi *multi;
    uint32_t *owners; /* of the texts in `multi`: in `list` */
    size_t strings;
    uint32_t *others; /* any_line, but without such a text */
    size_t others_count;
    uint32_t *each; /* that all lines must match */
    size_t each_count;
    uint32_t *yes; /* unmatched, in the order of searches */
    size_t *first_yes;
};

/* What is known of a content check; of another file when `file` is not the present one. */
struct state {
    uint64_t file;
    uint64_t block; /* in which `tried` is good */
    const char *tried;
    bool done;
    bool line; /* the present line matched */
};

struct contents_run {
    const struct contents *contents;
    struct mig_regex_scratch *scratch;
    struct evaluation *evaluation;
    const bool *here;
    struct lines lines;
    struct state *states;
    struct mig_regex_run *runs; /* for a line in pieces; made when there is one */
    size_t *left;               /* by search: that are not done */
    size_t left_count;
    uint64_t file;
    uint64_t block;
    const char *text; /* of the block */
    size_t length;
    bool whole; /* it is one line, as it is to be matched */
    bool piece; /* it is a piece of a line */
    char *tail; /* the end of the last piece and the begin of this one */
    size_t tail_used;
    const char *trouble;
    const char *trouble_value;
};

/* ---- the checks ---- */

static bool
breaks_line(const struct mig_literals *literals)
{
    size_t i;

    for (i = 0; i < literals->count; i++)
        if (memchr(literals->list[i].bytes, '\n', literals->list[i].length) != NULL ||
            memchr(literals->list[i].bytes, '\r', literals->list[i].length) != NULL)
            return true;
    return false;
}

static bool
is_sought(const struct mig_literals *literals)
{
    size_t i;

    for (i = 0; i < literals->count; i++)
        if (literals->list[i].length < LITERAL_LEAST)
            return false;
    return literals->count > 0;
}

static void
take_check(struct contents *contents, size_t search, const struct check *check)
{
    const struct mig_literals *literals = mig_regex_literals(check->regex);
    bool macroal = contents->set->searches[search].macroal;
    struct content *content = &contents->list[contents->count];
    uint32_t at = (uint32_t)contents->count++;

    content->search = search;
    content->check = check;
    content->any_line = !macroal || check->inverse;
    content->exact = literals->exact && !breaks_line(literals);
    content->unmatched = macroal ? !check->mismatch : check_wants(check, false);
    if (content->unmatched)
        contents->yes[contents->first_yes[search + 1]++] = at;
    if (!content->any_line)
        contents->each[contents->each_count++] = at;
    else if (!is_sought(literals))
        contents->others[contents->others_count++] = at;
    else
        contents->strings += literals->count;
}

static void
take_search(struct contents *contents, size_t search)
{
    const struct search *s = &contents->set->searches[search];
    size_t i;

    contents->first[search] = contents->count;
    contents->first_yes[search + 1] = contents->first_yes[search];
    for (i = 0; i < s->counts[CHECK_CONTENT]; i++)
        take_check(contents, search, &s->checks[s->first[CHECK_CONTENT] + i]);
}

static int
make_multi(struct contents *contents)
{
    struct mig_multi_string *strings = calloc(contents->strings + 1, sizeof(*strings));
    const struct mig_literals *literals;
    size_t used = 0;
    size_t i;
    size_t j;
    int code = -ENOMEM;

    contents->owners = calloc(contents->strings + 1, sizeof(*contents->owners));
    for (i = 0; strings != NULL && contents->owners != NULL && i < contents->count; i++) {
        literals = mig_regex_literals(contents->list[i].check->regex);
        if (!contents->list[i].any_line || !is_sought(literals))
            continue;
        for (j = 0; j < literals->count; j++) {
            contents->owners[used] = (uint32_t)i;
            strings[used++] = (struct mig_multi_string){
                literals->list[j].bytes, literals->list[j].length, literals->list[j].fold};
        }
    }
    if (strings != NULL && contents->owners != NULL)
        code = mig_multi_new(strings, used, &contents->multi);
    free(strings);
    return code;
}

static void *
numbers(size_t count)
{
    return calloc(count + 2, sizeof(size_t));
}

int
mig_contents_new(const struct mig_search_set *set, struct contents **ret_contents)
{
    struct contents *contents = calloc(1, sizeof(*contents));
    size_t count = 0;
    size_t i;

    if (contents == NULL)
        return -ENOMEM;
    for (i = 0; i < set->count; i++)
        count += set->searches[i].counts[CHECK_CONTENT];
    contents->set = set;
    contents->list = calloc(count + 1, sizeof(*contents->list));
    contents->first = numbers(set->count);
    contents->first_yes = numbers(set->count);
    contents->others = numbers(count);
    contents->each = numbers(count);
    contents->yes = numbers(count);
    if (contents->list == NULL || contents->first == NULL || contents->first_yes == NULL ||
        contents->others == NULL || contents->each == NULL || contents->yes == NULL)
        goto fail;
    for (i = 0; i < set->count; i++)
        take_search(contents, i);
    contents->first[i] = contents->count;
    if (contents->strings > 0 && make_multi(contents) < 0)
        goto fail;
    *ret_contents = contents;
    return 0;
fail:
    mig_contents_free(contents);
    return -ENOMEM;
}

void
mig_contents_free(struct contents *contents)
{
    if (contents == NULL)
        return;
    mig_multi_free(contents->multi);
    free(contents->owners);
    free(contents->list);
    free(contents->first);
    free(contents->first_yes);
    free(contents->others);
    free(contents->each);
    free(contents->yes);
    free(contents);
}

/* ---- one check ---- */

static struct state *
state_of(struct contents_run *run, size_t at)
{
    struct state *state = &run->states[at];

    if (state->file != run->file)
        *state = (struct state){.file = run->file};
    return state;
}

static bool
is_done(struct contents_run *run, size_t at)
{
    size_t search = run->contents->list[at].search;

    return !run->here[search] || !run->evaluation->alive[search] || state_of(run, at)->done;
}

static void
close_check(struct contents_run *run, size_t at)
{
    state_of(run, at)->done = true;
    run->left[run->contents->list[at].search]--;
    run->left_count--;
}

static void
decide(struct contents_run *run, size_t at, bool outcome)
{
    const struct content *content = &run->contents->list[at];
    size_t check = (size_t)(content->check - run->contents->set->searches[content->search].checks);

    close_check(run, at);
    mig_evaluation_decide(run->evaluation, content->search, check, outcome);
    if (run->evaluation->alive[content->search])
        return;
    run->left_count -= run->left[content->search];
    run->left[content->search] = 0;
}

/* At the end of a line, or as soon as it matches. Not macroal: a line that matches decides.
 * Macroal: the first line that is not as all must be decides. */
static void
settle_line(struct contents_run *run, size_t at, bool last)
{
    const struct content *content = &run->contents->list[at];
    struct state *state = state_of(run, at);
    bool line = state->line;

    /* The rest of a line that matched is not looked at, but it is no line of its own. */
    if (last)
        state->line = false;
    if (!run->contents->set->searches[content->search].macroal) {
        if (line)
            decide(run, at, check_wants(content->check, true));
    } else if (line == content->check->inverse) {
        decide(run, at, content->check->mismatch);
    }
}

/* What a match gave: 1, 0, or why it is not known. */
static void
take_result(struct contents_run *run, size_t at, int code, bool last)
{
    if (code < 0) {
        run->trouble = code == -ENOMEM ? "no memory to match" : "too expensive to match";
        run->trouble_value = run->contents->list[at].check->value;
        close_check(run, at);
        return;
    }
    state_of(run, at)->line = code > 0;
    if (last || code > 0)
        settle_line(run, at, last);
}

/* ---- blocks of whole lines ---- */

static int
match_line_at(struct contents_run *run, size_t content, size_t at, struct state *state)
{
    const char *end = run->text + run->length;
    const char *start = run->text;
    const char *newline;

    if (!run->whole) {
        newline = memrchr(start, '\n', at);
        start = newline != NULL ? newline + 1 : start;
        newline = memchr(run->text + at, '\n', run->length - at);
        end = newline != NULL ? newline : end;
    }
    state->block = run->block;
    state->tried = end;
    if (!run->whole && end > start && end[-1] == '\r')
        end--;
    return mig_regex_match(run->contents->list[content].check->regex, run->scratch, start,
                           (size_t)(end - start), 0);
}

/* A text that some check must hold. */
static int
on_string(void *context, size_t string, size_t at)
{
    struct contents_run *run = context;
    size_t content = run->contents->owners[string];
    struct state *state;
    int code = 1;

    if (is_done(run, content))
        return run->left_count == 0;
    state = state_of(run, content);
    if (!run->contents->list[content].exact) {
        /* Lines in pieces are matched as they come. */
        if (run->piece || (state->block == run->block && run->text + at < state->tried))
            return 0;
        code = match_line_at(run, content, at, state);
    }
    if (code != 0)
        take_result(run, content, code, true);
    return run->left_count == 0;
}

static void
match_others(struct contents_run *run)
{
    const struct contents *contents = run->contents;
    const struct mig_regex *regex;
    size_t i;
    int code;

    for (i = 0; i < contents->others_count && run->left_count > 0; i++) {
        if (is_done(run, contents->others[i]))
            continue;
        regex = contents->list[contents->others[i]].check->regex;
        code = run->whole ? mig_regex_match(regex, run->scratch, run->text, run->length, 0)
                          : mig_regex_match_lines(regex, run->scratch, run->text, run->length);
        if (code != 0)
            take_result(run, contents->others[i], code, true);
    }
}

static void
match_each(void *context, const char *text, size_t length, bool first, bool last)
{
    struct contents_run *run = context;
    const struct contents *contents = run->contents;
    size_t at;
    size_t i;

    (void)first;
    (void)last;
    for (i = 0; i < contents->each_count && run->left_count > 0; i++) {
        at = contents->each[i];
        if (!is_done(run, at))
            take_result(
                run, at,
                mig_regex_match(contents->list[at].check->regex, run->scratch, text, length, 0),
                true);
    }
}

static void
match_text(struct contents_run *run, const char *text, size_t length, bool whole)
{
    const struct contents *contents = run->contents;

    run->text = text;
    run->length = length;
    run->whole = whole;
    run->piece = false;
    run->block++;
    if (contents->multi != NULL && run->left_count > 0)
        mig_multi_scan(contents->multi, text, length, on_string, run);
    match_others(run);
    if (contents->each_count == 0 || run->left_count == 0)
        return;
    if (whole)
        match_each(run, text, length, true, true);
    else
        mig_lines_each(text, length, match_each, run);
}

static void
on_block(void *context, const char *text, size_t length)
{
    match_text(context, text, length, false);
}

/* ---- lines in pieces ---- */

static void
scan_piece(struct contents_run *run, const char *text, size_t length)
{
    run->text = text;
    run->length = length;
    run->piece = true;
    mig_multi_scan(run->contents->multi, text, length, on_string, run);
}

/* Texts that are matches themselves, in the piece and where it meets the last one. */
static void
match_exact(struct contents_run *run, const char *text, size_t length, bool first)
{
    size_t overlap = mig_multi_longest(run->contents->multi) - 1;
    size_t part = length < overlap ? length : overlap;
    size_t over;

    if (run->tail == NULL)
        run->tail = malloc(2 * overlap + 1);
    if (run->tail == NULL)
        return;
    if (first)
        run->tail_used = 0;
    memcpy(run->tail + run->tail_used, text, part);
    scan_piece(run, run->tail, run->tail_used + part);
    if (length > overlap)
        scan_piece(run, text, length);
    if (length >= overlap) {
        memcpy(run->tail, text + length - overlap, overlap);
        run->tail_used = overlap;
        return;
    }
    run->tail_used += part;
    over = run->tail_used > overlap ? run->tail_used - overlap : 0;
    memmove(run->tail, run->tail + over, run->tail_used - over);
    run->tail_used -= over;
}

static int
match_piece(struct contents_run *run, size_t at, const char *text, size_t length, bool first,
            bool last)
{
    int code;

    if (run->runs == NULL)
        run->runs = calloc(run->contents->count, sizeof(*run->runs));
    if (run->runs == NULL)
        return -ENOMEM;
    if (first)
        mig_regex_begin(&run->runs[at], run->contents->list[at].check->regex, run->scratch);
    code = mig_regex_feed(&run->runs[at], text, length);
    return last ? mig_regex_end(&run->runs[at]) : code;
}

static void
match_pieces(struct contents_run *run, const char *text, size_t length, bool first, bool last)
{
    const struct content *content;
    size_t i;
    int code;

    if (run->contents->multi != NULL && run->left_count > 0)
        match_exact(run, text, length, first);
    for (i = 0; i < run->contents->count && run->left_count > 0; i++) {
        content = &run->contents->list[i];
        if ((content->any_line && content->exact && run->tail != NULL) || is_done(run, i))
            continue;
        code = state_of(run, i)->line ? 1 : match_piece(run, i, text, length, first, last);
        take_result(run, i, code, last);
    }
}

static void
on_line(void *context, const char *text, size_t length, bool first, bool last)
{
    if (first && last)
        match_text(context, text, length, true);
    else
        match_pieces(context, text, length, first, last);
}

/* ---- a stream ---- */

struct contents_run *
mig_contents_run_new(const struct contents *contents, struct mig_regex_scratch *scratch)
{
    struct contents_run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return NULL;
    run->contents = contents;
    run->scratch = scratch;
    run->states = calloc(contents->count + 1, sizeof(*run->states));
    run->left = numbers(contents->set->count);
    if (run->states == NULL || run->left == NULL) {
        mig_contents_run_free(run);
        return NULL;
    }
    return run;
}

void
mig_contents_run_free(struct contents_run *run)
{
    size_t i;

    if (run == NULL)
        return;
    mig_lines_fini(&run->lines);
    for (i = 0; run->runs != NULL && i < run->contents->count; i++)
        mig_regex_run_fini(&run->runs[i]);
    free(run->runs);
    free(run->states);
    free(run->left);
    free(run->tail);
    free(run);
}

void
mig_contents_start(struct contents_run *run, struct evaluation *evaluation, const bool *here)
{
    const struct contents *contents = run->contents;
    size_t i;

    run->evaluation = evaluation;
    run->here = here;
    run->file++;
    run->left_count = 0;
    run->trouble = NULL;
    for (i = 0; i < contents->set->count; i++) {
        run->left[i] =
            here[i] && evaluation->alive[i] ? contents->first[i + 1] - contents->first[i] : 0;
        run->left_count += run->left[i];
    }
    mig_lines_start(&run->lines, on_line, on_block, run);
}

int
mig_contents_feed(struct contents_run *run, const char *data, size_t length)
{
    return run->left_count > 0 ? mig_lines_feed(&run->lines, data, length) : 0;
}

/* What no line decided: those that come out true are few, or are all found. */
static void
settle_search(struct contents_run *run, size_t search)
{
    const struct contents *contents = run->contents;
    size_t i;

    for (i = contents->first_yes[search]; i < contents->first_yes[search + 1]; i++)
        if (!is_done(run, contents->yes[i]))
            decide(run, contents->yes[i], true);
    if (run->left[search] == 0)
        return;
    run->evaluation->open[search] -= run->left[search];
    run->left_count -= run->left[search];
    run->left[search] = 0;
    if (contents->set->searches[search].match_all)
        run->evaluation->alive[search] = false;
}

void
mig_contents_finish(struct contents_run *run)
{
    size_t i;

    if (run->left_count > 0)
        mig_lines_finish(&run->lines);
    for (i = 0; i < run->contents->set->count; i++)
        if (run->left[i] > 0)
            settle_search(run, i);
}

void
mig_contents_abandon(struct contents_run *run)
{
    memset(run->left, 0, run->contents->set->count * sizeof(*run->left));
    run->left_count = 0;
}

bool
mig_contents_idle(const struct contents_run *run)
{
    return run->left_count == 0;
}

const char *
mig_contents_trouble(const struct contents_run *run, const char **ret_value)
{
    *ret_value = run->trouble_value;
    return run->trouble;
}
