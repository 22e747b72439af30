/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the search engine: cuts a stream into lines of any length, with bounded memory. */
#ifndef MIG_SEARCH_LINES_H
#define MIG_SEARCH_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_WINDOW (1024u * 1024u)
#define LINE_OVERLAP (64u * 1024u)

/* A line, or a window of one: `flags` are MIG_REGEX_* bits, `last` tells that the line ends here.
 */
typedef void line_fn(void *context, const char *text, size_t length, uint32_t flags, bool last);

/* Several whole lines with their newlines, none of them longer than LINE_WINDOW, instead of each
 * alone.
 */
typedef void block_fn(void *context, const char *text, size_t length);

struct lines {
    line_fn *fn;
    block_fn *block;
    void *context;
    char *carry; /* the line so far; LINE_WINDOW bytes, made at the first need */
    size_t used;
    bool continued; /* the line's beginning was given away as a window */
};

void mig_lines_start(struct lines *lines, line_fn *fn, block_fn *block, void *context);
/* Gives each line of what a block_fn was given. */
void mig_lines_each(const char *text, size_t length, line_fn *fn, void *context);
int mig_lines_feed(struct lines *lines, const char *data, size_t length);
/* The end of the stream: the last line needs no newline. */
void mig_lines_finish(struct lines *lines);
void mig_lines_fini(struct lines *lines);

#endif
