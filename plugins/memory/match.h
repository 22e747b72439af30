/* SPDX-License-Identifier: MPL-2.0 */
/* Matches the checks on memory with windows of it. */
#ifndef MIG_PLUGIN_MEMORY_MATCH_H
#define MIG_PLUGIN_MEMORY_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memory_question;
struct memory_scanner_host;
struct memory_matcher;

struct memory_window {
    const uint8_t *text;
    size_t length;
    size_t old;       /* this much of it was in the window before */
    uint64_t address; /* of the text's first byte */
    bool begins;      /* nothing that can be read lies before it */
    bool ends;        /* or behind it */
};

struct memory_matcher *memory_matcher_new(struct memory_question *question,
                                          const struct memory_scanner_host *host);
void memory_matcher_free(struct memory_matcher *matcher);

/* For each process. */
void memory_matcher_start(struct memory_matcher *matcher);
/* Sets `matched` of the checks and counts `left` of the searches down. False when no active search
 * can find more. */
bool memory_match(struct memory_matcher *matcher, pid_t pid, const struct memory_window *window);

#endif
