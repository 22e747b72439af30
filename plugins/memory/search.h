/* SPDX-License-Identifier: MPL-2.0 */
/* What is asked: searches of checks, compiled. */
#ifndef MIG_PLUGIN_MEMORY_SEARCH_H
#define MIG_PLUGIN_MEMORY_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>

struct json_object;
struct mig_regex;

enum memory_kind { MEMORY_NAME, MEMORY_LIBRARY, MEMORY_BYTES, MEMORY_CONTENT };
#define MEMORY_KINDS 4

struct memory_check {
    struct memory_search *search;
    enum memory_kind kind;
    const char *value;       /* as it was asked */
    struct mig_regex *regex; /* all but MEMORY_BYTES */
    uint8_t *bytes;          /* MEMORY_BYTES */
    size_t length;
    uint64_t hits;
    bool matched; /* on the process at hand */
};

struct memory_search {
    const char *label;
    struct json_object *asked;
    struct memory_check *checks;
    size_t count;
    uint64_t offset;
    uint64_t max_length; /* 0: no limit */
    bool match_all;
    bool log_failures;
    bool resident;
    uint64_t hits;
    /* on the process at hand */
    bool active;   /* a check may still match */
    uint64_t left; /* bytes that may still be read */
    size_t low;    /* the part of the window that counts */
    size_t high;
};

struct memory_question {
    struct json_object *object;     /* the parameters; what is asked is borrowed from it */
    struct memory_search *searches; /* in the order of their labels */
    size_t count;
    bool has_content;
    bool has_libraries;
    bool has_memory;   /* bytes or contents */
    bool log_failures; /* any search's */
    bool resident;     /* every search's */
    size_t longest;    /* byte string */
};

/* Member of the parameters: "names", … */
const char *memory_kind_member(enum memory_kind kind);

/* 0, or a negative errno value after host->refuse(). To be given to memory_question_fini() when 0.
 */
int memory_question_init(const struct mig_host *host, const char *parameters, size_t length,
                         struct memory_question *ret_question);
void memory_question_fini(struct memory_question *question);

#endif
