/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mig/regex.h>

/* How far to look for a good place to cut. */
#define CUT_SEARCH 4096u

void
mig_lines_start(struct lines *lines, line_fn *fn, block_fn *block, void *context)
{
    lines->fn = fn;
    lines->block = block;
    lines->context = context;
    lines->used = 0;
    lines->continued = false;
}

void
mig_lines_fini(struct lines *lines)
{
    free(lines->carry);
    lines->carry = NULL;
}

static void
give_line(struct lines *lines, const char *text, size_t length)
{
    if (length > 0 && text[length - 1] == '\r')
        length--;
    lines->fn(lines->context, text, length, lines->continued ? MIG_REGEX_NOT_BEGIN : 0, true);
    lines->used = 0;
    lines->continued = false;
}

/* True for an ASCII byte that is no part of a word: next to it a cut changes no \b and no
 * character. */
static bool
is_border(char c)
{
    unsigned char u = (unsigned char)c;

    return u < 0x80 && u != '_' && !(u >= '0' && u <= '9') && !(u >= 'a' && u <= 'z') &&
           !(u >= 'A' && u <= 'Z');
}

/* The last good place to cut at or before `at`, which is > CUT_SEARCH and within the text. */
static size_t
find_cut(const char *text, size_t at)
{
    size_t i;

    for (i = at; i > at - CUT_SEARCH; i--)
        if (is_border(text[i]))
            return i;
    for (i = at; i > at - 4 && ((unsigned char)text[i] & 0xc0) == 0x80; i--)
        ;
    return i;
}

static void
give_window(struct lines *lines)
{
    uint32_t flags = MIG_REGEX_NOT_END | (lines->continued ? MIG_REGEX_NOT_BEGIN : 0);
    size_t cut = find_cut(lines->carry, lines->used - 1);
    size_t keep = find_cut(lines->carry, cut - LINE_OVERLAP);

    lines->fn(lines->context, lines->carry, cut, flags, false);
    memmove(lines->carry, lines->carry + keep, lines->used - keep);
    lines->used -= keep;
    lines->continued = true;
}

static int
append(struct lines *lines, const char *data, size_t length)
{
    size_t part;

    if (lines->carry == NULL)
        lines->carry = malloc(LINE_WINDOW);
    if (lines->carry == NULL)
        return -ENOMEM;
    while (length > 0) {
        part = LINE_WINDOW - lines->used;
        part = part < length ? part : length;
        memcpy(lines->carry + lines->used, data, part);
        lines->used += part;
        data += part;
        length -= part;
        if (lines->used == LINE_WINDOW)
            give_window(lines);
    }
    return 0;
}

void
mig_lines_each(const char *text, size_t length, line_fn *fn, void *context)
{
    const char *newline;
    size_t used;

    while (length > 0 && (newline = memchr(text, '\n', length)) != NULL) {
        used = (size_t)(newline - text);
        fn(context, text, used > 0 && text[used - 1] == '\r' ? used - 1 : used, 0, true);
        text = newline + 1;
        length -= used + 1;
    }
}

/* The rest of a line that began before; gives how much of the data that was. */
static int
feed_rest(struct lines *lines, const char *data, size_t length, size_t *ret_used)
{
    const char *newline = memchr(data, '\n', length);
    size_t part = newline != NULL ? (size_t)(newline - data) : length;
    int code = append(lines, data, part);

    if (code < 0)
        return code;
    if (newline != NULL)
        give_line(lines, lines->carry, lines->used);
    *ret_used = part + (newline != NULL);
    return 0;
}

int
mig_lines_feed(struct lines *lines, const char *data, size_t length)
{
    const char *newline;
    size_t part = 0;
    int code = 0;

    if (lines->used > 0 || lines->continued)
        code = feed_rest(lines, data, length, &part);
    data += part;
    length -= part;
    /* A piece of more than a window could hold lines of more than a window. */
    while (code == 0 && length > 0) {
        part = length < LINE_WINDOW ? length : LINE_WINDOW;
        newline = memrchr(data, '\n', part);
        if (newline == NULL) {
            code = feed_rest(lines, data, length, &part);
        } else {
            part = (size_t)(newline - data) + 1;
            lines->block(lines->context, data, part);
        }
        data += part;
        length -= part;
    }
    return code;
}

void
mig_lines_finish(struct lines *lines)
{
    if (lines->used > 0 || lines->continued)
        give_line(lines, lines->carry, lines->used);
}
