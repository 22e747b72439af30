/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    lines->fn(lines->context, text, length, !lines->continued, true);
    lines->used = 0;
    lines->continued = false;
}

/* All but a \r, which may be the one before the newline. */
static void
give_piece(struct lines *lines)
{
    size_t keep = lines->carry[lines->used - 1] == '\r';

    lines->fn(lines->context, lines->carry, lines->used - keep, !lines->continued, false);
    lines->carry[0] = '\r';
    lines->used = keep;
    lines->continued = true;
}

static int
append(struct lines *lines, const char *data, size_t length)
{
    size_t part;

    if (lines->carry == NULL)
        lines->carry = malloc(LINE_PIECE);
    if (lines->carry == NULL)
        return -ENOMEM;
    while (length > 0) {
        part = LINE_PIECE - lines->used;
        part = part < length ? part : length;
        memcpy(lines->carry + lines->used, data, part);
        lines->used += part;
        data += part;
        length -= part;
        if (lines->used == LINE_PIECE)
            give_piece(lines);
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
        fn(context, text, used > 0 && text[used - 1] == '\r' ? used - 1 : used, true, true);
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
    while (code == 0 && length > 0) {
        newline = memrchr(data, '\n', length);
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
