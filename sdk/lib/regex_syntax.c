/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The parser does what Go's does, on a stack: what is parsed stands on it, over marks for open
 * groups and for alternatives, so that nesting takes no stack of the machine's.
 */
#include "config.h"

#include "regex_syntax.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regex_parser.h"

#define REPEAT_MAX 1000u

#define LOOKAROUND "lookahead and lookbehind are not supported (RE2 syntax)"
#define NESTED "invalid nested repetition operator (RE2 syntax)"
#define GROUP "invalid or unsupported Perl syntax in a group (RE2 syntax)"
#define MISSING "missing argument to repetition operator"
#define COUNT_LIMIT "invalid repeat count (at most 1000)"

enum item_kind { ITEM_NODE, ITEM_GROUP, ITEM_BAR };

struct item {
    enum item_kind kind;
    uint32_t node;  /* ITEM_NODE */
    uint32_t flags; /* ITEM_GROUP: those outside */
    uint32_t group; /* ITEM_GROUP: its number, 0 when it does not capture */
};

void
mig_regex_explain(const char *pattern, size_t length, size_t at, const char *reason,
                  char *ret_message, size_t message_size)
{
    size_t shown = length > 200 ? 200 : length;

    /* Not in the middle of a character. */
    while (shown < length && shown > 0 && ((unsigned char)pattern[shown] & 0xc0) == 0x80)
        shown--;
    snprintf(ret_message, message_size, "invalid regular expression '%.*s%s': %s at byte %zu",
             (int)shown, pattern, shown < length ? "…" : "", reason, at);
}

/* Makes room for one more at the end of an array. */
static bool
grow(struct parser *p, void *array, size_t count, size_t *room, size_t size)
{
    size_t wanted = *room == 0 ? 16 : *room * 2;
    void **pointer = array;
    void *grown;

    if (count < *room)
        return true;
    grown = reallocarray(*pointer, wanted, size);
    if (grown == NULL) {
        p->no_memory = true;
        return false;
    }
    *pointer = grown;
    *room = wanted;
    return true;
}

static uint32_t
add_node(struct parser *p, const struct regex_node *node)
{
    struct regex_tree *tree = &p->tree;

    if (!grow(p, &tree->nodes, tree->nodes_count, &tree->nodes_room, sizeof(*tree->nodes)))
        return 0;
    tree->nodes[tree->nodes_count] = *node;
    return (uint32_t)tree->nodes_count++;
}

static void
push(struct parser *p, const struct item *item)
{
    if (grow(p, &p->items, p->items_count, &p->items_room, sizeof(*p->items)))
        p->items[p->items_count++] = *item;
}

static void
push_node(struct parser *p, const struct regex_node *node)
{
    struct item item = {.kind = ITEM_NODE, .node = add_node(p, node)};

    push(p, &item);
}

static void
push_mark(struct parser *p, enum item_kind kind)
{
    struct item item = {.kind = kind, .flags = p->flags};

    push(p, &item);
}

static void
push_capture(struct parser *p)
{
    push_mark(p, ITEM_GROUP);
    p->tree.groups++;
    if (p->groups && !p->no_memory)
        p->items[p->items_count - 1].group = p->tree.groups;
}

static void
push_assert(struct parser *p, enum regex_assert assert)
{
    struct regex_node node = {.kind = NODE_ASSERT, .assert = assert, .height = 1};

    push_node(p, &node);
}

/* Moves a set into the tree and frees it. */
static void
push_runes(struct parser *p, struct mig_runes *runes)
{
    struct regex_node node = {.kind = NODE_RUNES, .height = 1};
    struct mig_runes *all = &p->tree.runes;
    size_t i;

    mig_runes_clean(runes);
    node.first = (uint32_t)all->count;
    node.count = (uint32_t)runes->count;
    for (i = 0; i < runes->count; i++)
        mig_runes_add(all, runes->ranges[i].first, runes->ranges[i].last);
    p->no_memory = p->no_memory || runes->failed || all->failed;
    mig_runes_fini(runes);
    push_node(p, &node);
}

static void
push_rune(struct parser *p, uint32_t rune)
{
    struct regex_node node = {.kind = NODE_RUNES, .count = 1, .height = 1};
    struct mig_runes *all = &p->tree.runes;
    uint32_t other;

    /* The orbit, in order: it is short, and this is what most patterns are made of. */
    if (p->flags & FLAG_FOLD) {
        struct mig_runes orbit = {0};
        mig_runes_add(&orbit, rune, rune);
        for (other = mig_rune_orbit(rune); other != rune; other = mig_rune_orbit(other))
            mig_runes_add(&orbit, other, other);
        push_runes(p, &orbit);
        return;
    }
    node.first = (uint32_t)all->count;
    mig_runes_add(all, rune, rune);
    p->no_memory = p->no_memory || all->failed;
    push_node(p, &node);
}

/* Joins the items from `start` on into one node, in the place of the first. */
static void
join(struct parser *p, size_t start, enum regex_node_kind kind)
{
    struct regex_tree *tree = &p->tree;
    struct regex_node node = {.kind = kind};
    size_t i;

    if (p->no_memory)
        return;
    if (p->items_count == start + 1)
        return;
    node.first = (uint32_t)tree->children_count;
    for (i = start; i < p->items_count; i++) {
        if (p->items[i].kind != ITEM_NODE)
            continue;
        if (!grow(p, &tree->children, tree->children_count, &tree->children_room,
                  sizeof(*tree->children)))
            return;
        tree->children[tree->children_count++] = p->items[i].node;
        node.count++;
        if (tree->nodes[p->items[i].node].height > node.height)
            node.height = tree->nodes[p->items[i].node].height;
    }
    node.height++;
    if (node.count == 0)
        node.kind = NODE_EMPTY;
    p->items_count = start;
    push_node(p, &node);
}

/* Joins what was parsed since the last mark. */
static void
join_concat(struct parser *p)
{
    size_t start = p->items_count;

    while (start > 0 && p->items[start - 1].kind == ITEM_NODE)
        start--;
    join(p, start, NODE_CONCAT);
}

/* Joins the alternatives since the last open group. */
static void
join_alternate(struct parser *p)
{
    size_t start;

    join_concat(p);
    start = p->items_count;
    while (start > 0 && p->items[start - 1].kind != ITEM_GROUP)
        start--;
    join(p, start, NODE_ALTERNATE);
}

static int
check_height(struct parser *p)
{
    if (p->no_memory)
        return -ENOMEM;
    if (p->tree.nodes[p->items[p->items_count - 1].node].height > REGEX_HEIGHT_MAX)
        return regex_refuse(p, p->at, "expression nests too deeply (at most 1000 levels)");
    return 0;
}

static int
parse_close(struct parser *p)
{
    struct regex_node node = {.kind = NODE_GROUP};
    struct item *group;
    int code;

    join_alternate(p);
    code = check_height(p);
    if (code < 0)
        return code;
    if (p->items_count < 2)
        return regex_refuse(p, p->at, "unexpected )");
    group = &p->items[p->items_count - 2];
    p->flags = group->flags;
    node.count = group->group;
    *group = group[1];
    p->items_count--;
    if (node.count > 0) {
        node.first = group->node;
        node.height = p->tree.nodes[group->node].height;
        group->node = add_node(p, &node);
        if (p->no_memory)
            return -ENOMEM;
    }
    /* A group is a level of its own, so that the depth is what it looks like. */
    p->tree.nodes[group->node].height++;
    p->at++;
    return 0;
}

static int
parse_flags(struct parser *p)
{
    static const char letters[] = "imsU";
    static const uint32_t values[] = {FLAG_FOLD, FLAG_MULTILINE, FLAG_DOT_NEWLINE, FLAG_UNGREEDY};
    uint32_t flags = p->flags;
    bool minus = false;
    bool seen = false;
    const char *letter;
    size_t i;

    for (i = 2;; i++) {
        unsigned char c = regex_peek(p, i);
        letter = c != '\0' ? strchr(letters, c) : NULL;
        if (letter != NULL) {
            flags = minus ? flags & ~values[letter - letters] : flags | values[letter - letters];
            seen = true;
        } else if (c == '-' && !minus) {
            minus = true;
            seen = false;
        } else if ((c == ':' || c == ')') && (!minus || seen)) {
            break;
        } else {
            return regex_refuse(p, p->at, GROUP);
        }
    }
    if (regex_peek(p, i) == ':')
        push_mark(p, ITEM_GROUP);
    p->flags = flags;
    p->at += i + 1;
    return 0;
}

static int
parse_group(struct parser *p)
{
    unsigned char c = regex_peek(p, 2);
    size_t name;
    size_t i;

    if (regex_peek(p, 1) != '?') {
        push_capture(p);
        p->at++;
        return 0;
    }
    if (c == '=' || c == '!' || (c == '<' && (regex_peek(p, 3) == '=' || regex_peek(p, 3) == '!')))
        return regex_refuse(p, p->at, LOOKAROUND);
    if (c == 'P' && regex_peek(p, 3) == '=')
        return regex_refuse(p, p->at, REGEX_BACKREFERENCE);
    if (c != '<' && !(c == 'P' && regex_peek(p, 3) == '<'))
        return parse_flags(p);
    /* A name, which nothing here looks at. */
    name = c == '<' ? 3 : 4;
    for (i = name; mig_rune_is_word(regex_peek(p, i)); i++)
        ;
    if (regex_peek(p, i) != '>' || i == name)
        return regex_refuse(p, p->at, "invalid named group");
    push_capture(p);
    p->at += i + 1;
    return 0;
}

/* A number without needless zeros, capped; false when there is none at `ahead`. */
static bool
parse_number(const struct parser *p, size_t *ahead, uint32_t *ret_number)
{
    uint32_t number = 0;

    if (!regex_is_digit(regex_peek(p, *ahead)) ||
        (regex_peek(p, *ahead) == '0' && regex_is_digit(regex_peek(p, *ahead + 1))))
        return false;
    for (; regex_is_digit(regex_peek(p, *ahead)); ++*ahead)
        number =
            number > REPEAT_MAX ? number : number * 10 + (uint32_t)(regex_peek(p, *ahead) - '0');
    *ret_number = number;
    return true;
}

/* Length of {n}, {n,} or {n,m}; 0 when it is none: '{' is then a literal. */
static size_t
parse_counts(const struct parser *p, uint32_t *ret_min, uint32_t *ret_max)
{
    size_t i = 1;

    if (!parse_number(p, &i, ret_min))
        return 0;
    *ret_max = *ret_min;
    if (regex_peek(p, i) == ',') {
        i++;
        *ret_max = REGEX_NO_LIMIT;
        if (regex_peek(p, i) != '}' && !parse_number(p, &i, ret_max))
            return 0;
    }
    return regex_peek(p, i) == '}' ? i + 1 : 0;
}

/* Nested counts multiply: their product is bounded as a single one is. Recursion is as deep as the
 * tree, which is bounded. */
static bool
counts_fit(const struct regex_tree *tree, uint32_t at, uint32_t limit)
{
    const struct regex_node *node = &tree->nodes[at];
    uint32_t most;
    uint32_t i;

    if (node->kind == NODE_REPEAT) {
        /* '*' and '+' count nothing. */
        if (node->max == 0)
            return true;
        most = node->max == REGEX_NO_LIMIT ? node->min : node->max;
        if (most > limit)
            return false;
        return counts_fit(tree, node->first, most > 1 ? limit / most : limit);
    }
    if (node->kind == NODE_GROUP)
        return counts_fit(tree, node->first, limit);
    if (node->kind != NODE_CONCAT && node->kind != NODE_ALTERNATE)
        return true;
    for (i = 0; i < node->count; i++)
        if (!counts_fit(tree, tree->children[node->first + i], limit))
            return false;
    return true;
}

/* *last_repeat: where the repetition that ends here begins; SIZE_MAX: none does. */
static int
parse_repetition(struct parser *p, size_t *last_repeat)
{
    struct regex_node node = {.kind = NODE_REPEAT, .max = REGEX_NO_LIMIT};
    size_t start = p->at;
    size_t length = 1;
    struct item *top;

    if (regex_peek(p, 0) == '{') {
        length = parse_counts(p, &node.min, &node.max);
        if (length == 0) {
            push_rune(p, '{');
            p->at++;
            return 0;
        }
        if (node.min > REPEAT_MAX ||
            (node.max != REGEX_NO_LIMIT && (node.max > REPEAT_MAX || node.max < node.min)))
            return regex_refuse(p, start, COUNT_LIMIT);
    } else {
        node.min = regex_peek(p, 0) == '+';
        node.max = regex_peek(p, 0) == '?' ? 1 : REGEX_NO_LIMIT;
    }
    node.lazy = (p->flags & FLAG_UNGREEDY) != 0;
    if (regex_peek(p, length) == '?') {
        node.lazy = !node.lazy;
        length++;
    }
    if (*last_repeat != SIZE_MAX)
        return regex_refuse(p, *last_repeat, NESTED);
    top = p->items_count > 0 ? &p->items[p->items_count - 1] : NULL;
    if (top == NULL || top->kind != ITEM_NODE)
        return regex_refuse(p, start, MISSING);
    node.first = top->node;
    node.height = p->tree.nodes[top->node].height + 1;
    top->node = add_node(p, &node);
    *last_repeat = start;
    p->at += length;
    if (p->no_memory)
        return -ENOMEM;
    if ((node.min >= 2 || (node.max >= 2 && node.max != REGEX_NO_LIMIT)) &&
        !counts_fit(&p->tree, top->node, REPEAT_MAX))
        return regex_refuse(p, start, COUNT_LIMIT);
    return check_height(p);
}

/* \Q…\E: every character stands for itself. */
static int
parse_quoted(struct parser *p)
{
    uint32_t rune = 0;
    int code = 0;

    p->at += 2;
    while (code == 0 && !regex_at_end(p) &&
           !(regex_peek(p, 0) == '\\' && regex_peek(p, 1) == 'E')) {
        code = regex_next_rune(p, &rune);
        if (code == 0)
            push_rune(p, rune);
    }
    p->at += regex_at_end(p) ? 0 : 2;
    return code;
}

static int
parse_backslash(struct parser *p)
{
    static const char letters[] = "AzbB";
    static const enum regex_assert asserts[] = {ASSERT_BEGIN_TEXT, ASSERT_END_TEXT, ASSERT_WORD,
                                                ASSERT_NO_WORD};
    unsigned char c = regex_peek(p, 1);
    const char *letter = c != '\0' ? strchr(letters, c) : NULL;
    struct mig_runes set = {0};
    uint32_t rune = 0;
    int code;

    if (letter != NULL) {
        push_assert(p, asserts[letter - letters]);
        p->at += 2;
        return 0;
    }
    if (c == 'Q')
        return parse_quoted(p);
    code = regex_parse_set_escape(p, &set);
    if (code > 0)
        push_runes(p, &set);
    mig_runes_fini(&set);
    if (code != 0)
        return code < 0 ? code : 0;
    code = regex_parse_escape(p, &rune);
    if (code == 0)
        push_rune(p, rune);
    return code;
}

/* '.', which is anything, or anything but a newline. */
static void
parse_dot(struct parser *p)
{
    struct mig_runes set = {0};

    if ((p->flags & FLAG_DOT_NEWLINE) == 0)
        mig_runes_add(&set, '\n', '\n');
    mig_runes_negate(&set);
    push_runes(p, &set);
    p->at++;
}

static int
parse_one(struct parser *p, size_t *last_repeat)
{
    bool lines = (p->flags & FLAG_MULTILINE) != 0;
    struct mig_runes set = {0};
    uint32_t rune = 0;
    int code;

    switch (regex_peek(p, 0)) {
    case '\\':
        return parse_backslash(p);
    case '[':
        code = regex_parse_class(p, &set);
        if (code == 0)
            push_runes(p, &set);
        mig_runes_fini(&set);
        return code;
    case '(':
        return parse_group(p);
    case ')':
        return parse_close(p);
    case '|':
        join_concat(p);
        push_mark(p, ITEM_BAR);
        p->at++;
        return 0;
    case '*':
    case '+':
    case '?':
    case '{':
        return parse_repetition(p, last_repeat);
    case '^':
        push_assert(p, lines ? ASSERT_BEGIN_LINE : ASSERT_BEGIN_TEXT);
        p->at++;
        return 0;
    case '$':
        push_assert(p, lines ? ASSERT_END_LINE : ASSERT_END_TEXT);
        p->at++;
        return 0;
    case '.':
        parse_dot(p);
        return 0;
    default:
        code = regex_next_rune(p, &rune);
        if (code == 0)
            push_rune(p, rune);
        return code;
    }
}

static int
parse_all(struct parser *p)
{
    size_t last_repeat = SIZE_MAX;
    size_t before;
    int code = 0;

    while (code == 0 && !regex_at_end(p)) {
        before = last_repeat;
        code = parse_one(p, &last_repeat);
        /* A repetition counts for what comes right after it only. */
        if (last_repeat == before)
            last_repeat = SIZE_MAX;
        if (code == 0 && p->no_memory)
            code = -ENOMEM;
    }
    if (code < 0)
        return code;
    join_alternate(p);
    code = check_height(p);
    if (code == 0 && p->items_count != 1)
        code = regex_refuse(p, p->length, "missing closing parenthesis");
    return code;
}

int
mig_regex_parse(const char *pattern, size_t length, bool groups, struct regex_tree *ret_tree,
                char *ret_message, size_t message_size)
{
    struct parser p = {.pattern = pattern, .length = length, .groups = groups};
    int code = parse_all(&p);

    if (code == 0) {
        p.tree.root = p.items[0].node;
        *ret_tree = p.tree;
        memset(&p.tree, 0, sizeof(p.tree));
    } else if (code == -ENOMEM) {
        snprintf(ret_message, message_size, "no memory for a regular expression");
    } else {
        mig_regex_explain(pattern, length, p.refused_at, p.refused, ret_message, message_size);
    }
    free(p.items);
    mig_regex_tree_fini(&p.tree);
    return code;
}

void
mig_regex_tree_fini(struct regex_tree *tree)
{
    free(tree->nodes);
    free(tree->children);
    mig_runes_fini(&tree->runes);
    memset(tree, 0, sizeof(*tree));
}
