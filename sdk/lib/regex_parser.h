/* SPDX-License-Identifier: MPL-2.0 */
/* What the parser of regular expressions shares with that of classes and escapes. */
#ifndef MIG_SDK_REGEX_PARSER_H
#define MIG_SDK_REGEX_PARSER_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "regex_syntax.h"
#include "utf8.h"

#define REGEX_BACKREFERENCE "backreferences are not supported (RE2 syntax)"

enum {
    FLAG_FOLD = 1u << 0,
    FLAG_MULTILINE = 1u << 1,
    FLAG_DOT_NEWLINE = 1u << 2,
    FLAG_UNGREEDY = 1u << 3,
};

struct parser {
    const char *pattern;
    size_t length;
    size_t at;
    uint32_t flags;
    struct regex_tree tree;
    struct item *items;
    size_t items_count;
    size_t items_room;
    bool groups; /* they are asked for */
    bool no_memory;
    size_t refused_at;
    const char *refused; /* why, or NULL */
};

static inline int
regex_refuse(struct parser *p, size_t at, const char *reason)
{
    p->refused_at = at;
    p->refused = reason;
    return -EINVAL;
}

/* The byte `ahead` of the present one; 0 beyond the end. */
static inline unsigned char
regex_peek(const struct parser *p, size_t ahead)
{
    return ahead < p->length - p->at ? (unsigned char)p->pattern[p->at + ahead] : 0;
}

static inline bool
regex_at_end(const struct parser *p)
{
    return p->at >= p->length;
}

static inline bool
regex_is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

/* Decodes the next character. */
static inline int
regex_next_rune(struct parser *p, uint32_t *ret_rune)
{
    size_t step = mig_utf8_decode(p->pattern + p->at, p->length - p->at, ret_rune);

    if (step == 0)
        return regex_refuse(p, p->at, "invalid UTF-8");
    p->at += step;
    return 0;
}

/* All of these: -EINVAL when refused. An escape that stands for one character. */
int regex_parse_escape(struct parser *p, uint32_t *ret_rune);
/* 1 when a set was there and is in the class now: \p…, \d \D \s \S \w \W; 0: there was none. */
int regex_parse_set_escape(struct parser *p, struct mig_runes *class);
/* From its [ to its ]. */
int regex_parse_class(struct parser *p, struct mig_runes *class);

#endif
