/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside regular expressions: Go's RE2 syntax (https://github.com/google/re2/wiki/Syntax and Go's
 * regexp/syntax) as a tree.
 */
#ifndef MIG_REGEX_SYNTAX_H
#define MIG_REGEX_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "regex_runes.h"

#define REGEX_NO_LIMIT UINT32_MAX
#define REGEX_HEIGHT_MAX 1000u

enum regex_node_kind {
    NODE_EMPTY,
    NODE_RUNES,     /* one of the ranges [first, first + count) */
    NODE_CONCAT,    /* of the children [first, first + count) */
    NODE_ALTERNATE, /* the same */
    NODE_REPEAT,    /* of the child `first`, min to max times */
    NODE_ASSERT,
    NODE_GROUP /* of the child `first`; `count` is its number, from 1 */
};

enum regex_assert {
    ASSERT_BEGIN_TEXT,
    ASSERT_END_TEXT,
    ASSERT_BEGIN_LINE,
    ASSERT_END_LINE,
    ASSERT_WORD,
    ASSERT_NO_WORD
};

struct regex_node {
    enum regex_node_kind kind;
    enum regex_assert assert;
    uint32_t first;
    uint32_t count;
    uint32_t min;
    uint32_t max; /* REGEX_NO_LIMIT */
    uint32_t height;
    bool lazy; /* NODE_REPEAT: as few times as it can */
};

struct regex_tree {
    struct regex_node *nodes;
    size_t nodes_count;
    size_t nodes_room;
    uint32_t *children; /* nodes */
    size_t children_count;
    size_t children_room;
    struct mig_runes runes; /* each node's ranges are clean */
    uint32_t root;
    uint32_t groups; /* that capture */
};

/* -EINVAL with a message: "invalid regular expression '…': reason at byte N", the pattern
 * shortened; -ENOMEM. Groups have nodes only when they are asked for: they make no difference to
 * what matches. */
int mig_regex_parse(const char *pattern, size_t length, bool groups, struct regex_tree *ret_tree,
                    char *ret_message, size_t message_size);
void mig_regex_tree_fini(struct regex_tree *tree);

void mig_regex_explain(const char *pattern, size_t length, size_t at, const char *reason,
                       char *ret_message, size_t message_size);

#endif
