/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <mig/regex.h>

#include "needles.h"
#include "scan.h"
#include "search.h"

/* Where a pattern takes too many steps, it is tried on parts of the window down to this length,
 * which overlap by a quarter of it. */
#define PART_LEAST 32768u

struct memory_matcher {
    struct memory_question *question;
    struct memory_scanner_host host;
    struct memory_needles *needles; /* NULL: no byte string is asked for */
    struct mig_regex_scratch *scratch;
    bool gave_up; /* was said of this process */
};

static bool
add_needles(struct memory_matcher *matcher)
{
    struct memory_question *question = matcher->question;
    struct memory_needle *list;
    size_t count = 0;
    size_t i, j;

    for (i = 0; i < question->count; i++)
        count += question->searches[i].count;
    list = calloc(count, sizeof(*list));
    if (list == NULL)
        return false;
    count = 0;
    for (i = 0; i < question->count; i++)
        for (j = 0; j < question->searches[i].count; j++) {
            struct memory_check *check = &question->searches[i].checks[j];
            if (check->kind == MEMORY_BYTES)
                list[count++] = (struct memory_needle){check->bytes, check->length, check};
        }
    matcher->needles = memory_needles_new(list, count);
    free(list);
    return matcher->needles != NULL;
}

struct memory_matcher *
memory_matcher_new(struct memory_question *question, const struct memory_scanner_host *host)
{
    struct memory_matcher *matcher = calloc(1, sizeof(*matcher));

    if (matcher == NULL)
        return NULL;
    matcher->question = question;
    matcher->host = *host;
    matcher->scratch = mig_regex_scratch_new();
    if (matcher->scratch == NULL || (question->longest > 0 && !add_needles(matcher))) {
        memory_matcher_free(matcher);
        return NULL;
    }
    return matcher;
}

void
memory_matcher_free(struct memory_matcher *matcher)
{
    if (matcher == NULL)
        return;
    memory_needles_free(matcher->needles);
    mig_regex_scratch_free(matcher->scratch);
    free(matcher);
}

void
memory_matcher_start(struct memory_matcher *matcher)
{
    matcher->gave_up = false;
}

/* ---- byte strings ---- */

static bool
needle_wanted(void *context, const struct memory_needle *needle)
{
    const struct memory_check *check = needle->context;

    (void)context;
    return !check->matched && check->search->low < check->search->high;
}

static void
needle_found(void *context, const struct memory_needle *needle, size_t at)
{
    struct memory_check *check = needle->context;

    (void)context;
    if (at >= check->search->low && at + needle->length <= check->search->high)
        check->matched = true;
}

/* ---- regular expressions ---- */

/* 1, 0 or an error of mig_regex_match(). */
static int
match_part(struct memory_matcher *matcher, const struct memory_check *check, const char *text,
           size_t length, uint32_t flags)
{
    size_t half = length / 2;
    size_t overlap = PART_LEAST / 4;
    int first, second;
    int code = mig_regex_match(check->regex, matcher->scratch, text, length, flags);

    if (code != -E2BIG || length < 2 * PART_LEAST)
        return code;
    /* A part begins and ends with a character. */
    while (half > 0 && ((unsigned char)text[half] & 0xc0) == 0x80)
        half--;
    while (((unsigned char)text[half - overlap] & 0xc0) == 0x80)
        overlap++;
    first = match_part(matcher, check, text, half, flags | MIG_REGEX_NOT_END);
    if (first == 1)
        return 1;
    second = match_part(matcher, check, text + half - overlap, length - half + overlap,
                        flags | MIG_REGEX_NOT_BEGIN);
    return second != 0 ? second : first;
}

static void
say_gave_up(struct memory_matcher *matcher, const struct memory_check *check, pid_t pid)
{
    char text[160];

    if (!matcher->gave_up)
        snprintf(
            text, sizeof(text),
            "process %d: a regular expression of search '%s' took too many steps on some of it",
            (int)pid, check->search->label);
    if (!matcher->gave_up)
        matcher->host.failure(matcher->host.context, text);
    matcher->gave_up = true;
}

/* Searches with offset or maxlength see their part of the window alone. */
static void
match_contents(struct memory_matcher *matcher, struct memory_search *search, pid_t pid,
               const struct memory_window *window)
{
    uint32_t flags = 0;
    size_t i;
    int code;

    if (!window->begins || search->low > 0)
        flags |= MIG_REGEX_NOT_BEGIN;
    if (!window->ends || search->high < window->length)
        flags |= MIG_REGEX_NOT_END;
    for (i = 0; i < search->count; i++) {
        struct memory_check *check = &search->checks[i];
        if (check->kind != MEMORY_CONTENT || check->matched)
            continue;
        code = match_part(matcher, check, (const char *)window->text + search->low,
                          search->high - search->low, flags);
        check->matched = code == 1;
        if (code < 0)
            say_gave_up(matcher, check, pid);
    }
}

/* ---- a window ---- */

/* The part of the window that counts for the search; it is empty when nothing of it is new. */
static void
set_part(struct memory_search *search, const struct memory_window *window)
{
    uint64_t fresh = window->address + window->old;
    uint64_t end = window->address + window->length;
    uint64_t room;

    search->low = search->high = 0;
    if (fresh < search->offset)
        fresh = search->offset;
    if (!search->active || search->left == 0 || fresh >= end)
        return;
    room = end - fresh < search->left ? end - fresh : search->left;
    if (search->left != UINT64_MAX)
        search->left -= room;
    search->low = search->offset > window->address ? (size_t)(search->offset - window->address) : 0;
    search->high = (size_t)(fresh - window->address + room);
}

static bool
may_find_more(const struct memory_search *search)
{
    size_t i;

    for (i = 0; search->active && search->left > 0 && i < search->count; i++)
        if (search->checks[i].kind >= MEMORY_BYTES && !search->checks[i].matched)
            return true;
    return false;
}

bool
memory_match(struct memory_matcher *matcher, pid_t pid, const struct memory_window *window)
{
    const struct memory_needles_host needles_host = {NULL, needle_wanted, needle_found};
    struct memory_question *question = matcher->question;
    bool more = false;
    size_t i;

    for (i = 0; i < question->count; i++)
        set_part(&question->searches[i], window);
    if (matcher->needles != NULL)
        memory_needles_find(matcher->needles, window->text, window->length, &needles_host);
    for (i = 0; i < question->count; i++)
        if (question->has_content && question->searches[i].low < question->searches[i].high)
            match_contents(matcher, &question->searches[i], pid, window);
    for (i = 0; i < question->count; i++) {
        question->searches[i].active = may_find_more(&question->searches[i]);
        more |= question->searches[i].active;
    }
    return more;
}
