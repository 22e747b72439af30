/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the search engine: cuts a stream into lines of any length, with bounded memory. */
#ifndef MIG_SEARCH_LINES_H
#define MIG_SEARCH_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line that is longer comes in pieces. */
#define LINE_PIECE (1024u * 1024u)

/* A line, or a piece of one: its first and its last one are marked. */
typedef void line_fn(void *context, const char *text, size_t length, bool first, bool last);

/* Several whole lines with their newlines, instead of each alone. */
typedef void block_fn(void *context, const char *text, size_t length);

struct lines {
    line_fn *fn;
    block_fn *block;
    void *context;
    char *carry; /* the line so far; LINE_PIECE bytes, made at the first need */
    size_t used;
    bool continued; /* the line's beginning was given away */
};

void mig_lines_start(struct lines *lines, line_fn *fn, block_fn *block, void *context);
/* Gives each line of what a block_fn was given. */
void mig_lines_each(const char *text, size_t length, line_fn *fn, void *context);
int mig_lines_feed(struct lines *lines, const char *data, size_t length);
/* The end of the stream: the last line needs no newline. */
void mig_lines_finish(struct lines *lines);
void mig_lines_fini(struct lines *lines);

#endif
