/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a pattern needs, as a simpler pattern of bytes for a multi-pattern engine. It may match
 * more, never less: assertions about words are left out, great counts become small ones without a
 * limit, wide classes take any bytes of other than ASCII. So it stays small, whatever the pattern:
 * the time to compile it is bounded.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regex_run.h"
#include "utf8.h"

/* Of bytes and classes, repetitions counted out. */
#define POSITIONS_MAX 400u
#define COPIES_MAX 8u
#define SINGLES_MAX 8u

struct filter {
    const struct regex_tree *tree;
    FILE *out;
    bool failed; /* too large, or matches nothing or everything */
    size_t positions;
};

static void
put_byte(struct filter *f, unsigned char byte)
{
    fprintf(f->out, "\\x%02x", byte);
}

static void
put_rune(struct filter *f, uint32_t rune)
{
    char text[4];
    size_t length = mig_utf8_encode(rune, text);
    size_t i;

    f->positions += length;
    for (i = 0; i < length; i++)
        put_byte(f, (unsigned char)text[i]);
}

/* How many runes beyond ASCII the ranges hold, up to a limit. */
static size_t
count_wide(const struct mig_rune_range *ranges, size_t count)
{
    size_t wide = 0;
    size_t i;

    for (i = 0; i < count && wide <= SINGLES_MAX; i++) {
        uint32_t first = ranges[i].first < 0x80 ? 0x80 : ranges[i].first;
        if (ranges[i].last >= first)
            wide += ranges[i].last - first + 1;
        if (ranges[i].first <= RUNE_ERROR && ranges[i].last >= RUNE_ERROR)
            return SIZE_MAX;
    }
    return wide;
}

/* The ranges below 0x80 in brackets, and the bytes above when `wide`; false: there is nothing. */
static bool
put_class(struct filter *f, const struct mig_rune_range *ranges, size_t count, bool wide)
{
    bool any = wide;
    size_t i;

    for (i = 0; i < count; i++)
        any = any || ranges[i].first < 0x80;
    if (!any)
        return false;
    fputc('[', f->out);
    for (i = 0; i < count && ranges[i].first < 0x80; i++)
        fprintf(f->out, "\\x%02x-\\x%02x", ranges[i].first,
                ranges[i].last < 0x80 ? ranges[i].last : 0x7f);
    fputs(wide ? "\\x80-\\xff]" : "]", f->out);
    f->positions++;
    return true;
}

static void
put_singles(struct filter *f, const struct mig_rune_range *ranges, size_t count, bool first)
{
    uint32_t rune;
    size_t i;

    for (i = 0; i < count; i++) {
        for (rune = ranges[i].first < 0x80 ? 0x80 : ranges[i].first; rune <= ranges[i].last;
             rune++) {
            if (!first)
                fputc('|', f->out);
            first = false;
            put_rune(f, rune);
        }
    }
}

static void
put_runes(struct filter *f, const struct regex_node *node)
{
    const struct mig_rune_range *ranges = f->tree->runes.ranges + node->first;
    size_t wide = count_wide(ranges, node->count);
    bool ascii;

    if (node->count == 0) {
        f->failed = true;
    } else if (node->count == 1 && ranges->first == ranges->last && wide != SIZE_MAX) {
        put_rune(f, ranges->first);
    } else if (wide == 0) {
        put_class(f, ranges, node->count, false);
    } else {
        fputs("(?:", f->out);
        ascii = put_class(f, ranges, node->count, false);
        if (wide <= SINGLES_MAX) {
            put_singles(f, ranges, node->count, !ascii);
        } else {
            fputs(ascii ? "|[\\x80-\\xff]{1,4}" : "[\\x80-\\xff]{1,4}", f->out);
            f->positions += 4;
        }
        fputc(')', f->out);
    }
}

static void put_node(struct filter *f, uint32_t at);

static void
put_repeat(struct filter *f, const struct regex_node *node)
{
    const struct regex_node *child = &f->tree->nodes[node->first];
    uint32_t min = node->min;
    uint32_t max = node->max;
    size_t before = f->positions;
    size_t copies;

    if (min > COPIES_MAX)
        min = COPIES_MAX;
    if (max > COPIES_MAX || max != node->max || min != node->min)
        max = REGEX_NO_LIMIT;
    if (max == 0)
        return;
    fputs("(?:", f->out);
    /* Any number of wide characters is any number of bytes. */
    if (max == REGEX_NO_LIMIT && child->kind == NODE_RUNES && child->count > 0 &&
        count_wide(f->tree->runes.ranges + child->first, child->count) > SINGLES_MAX)
        put_class(f, f->tree->runes.ranges + child->first, child->count, true);
    else
        put_node(f, node->first);
    fputc(')', f->out);
    if (max == REGEX_NO_LIMIT)
        fprintf(f->out, "{%u,}", min);
    else
        fprintf(f->out, "{%u,%u}", min, max);
    copies = max == REGEX_NO_LIMIT ? (min > 0 ? min : 1) : max;
    f->positions += (f->positions - before) * (copies - 1);
}

static void
put_assert(struct filter *f, enum regex_assert assert)
{
    /* A text is one line here, so that its ends are the line's. */
    if (assert == ASSERT_BEGIN_TEXT || assert == ASSERT_BEGIN_LINE)
        fputc('^', f->out);
    else if (assert == ASSERT_END_TEXT || assert == ASSERT_END_LINE)
        fputs("\\r?$", f->out);
}

static void
put_node(struct filter *f, uint32_t at)
{
    const struct regex_node *node = &f->tree->nodes[at];
    uint32_t i;

    if (f->positions > POSITIONS_MAX)
        f->failed = true;
    if (f->failed)
        return;
    switch (node->kind) {
    case NODE_RUNES:
        put_runes(f, node);
        break;
    case NODE_CONCAT:
        for (i = 0; i < node->count && !f->failed; i++)
            put_node(f, f->tree->children[node->first + i]);
        break;
    case NODE_ALTERNATE:
        fputs("(?:", f->out);
        for (i = 0; i < node->count && !f->failed; i++) {
            if (i > 0)
                fputc('|', f->out);
            put_node(f, f->tree->children[node->first + i]);
        }
        fputc(')', f->out);
        break;
    case NODE_REPEAT:
        put_repeat(f, node);
        break;
    case NODE_ASSERT:
        put_assert(f, node->assert);
        break;
    default:
        break;
    }
}

/* The fewest runes that a node takes, capped. */
static uint32_t
least(const struct regex_tree *tree, uint32_t at)
{
    const struct regex_node *node = &tree->nodes[at];
    uint32_t sum = 0;
    uint32_t one;
    uint32_t i;

    if (node->kind == NODE_RUNES)
        return 1;
    if (node->kind == NODE_REPEAT)
        return node->min == 0 ? 0 : least(tree, node->first);
    for (i = 0; (node->kind == NODE_CONCAT || node->kind == NODE_ALTERNATE) && i < node->count;
         i++) {
        one = least(tree, tree->children[node->first + i]);
        if (node->kind == NODE_CONCAT)
            sum = sum + one > 16 ? 16 : sum + one;
        else if (i == 0 || one < sum)
            sum = one;
    }
    return sum;
}

int
mig_regex_filter(const struct regex_tree *tree, char **ret_filter)
{
    struct filter f = {.tree = tree};
    char *text = NULL;
    size_t length = 0;

    *ret_filter = NULL;
    /* One character is everywhere. */
    if (tree->children_count > POSITIONS_MAX * 16 || least(tree, tree->root) < 2)
        return 0;
    f.out = open_memstream(&text, &length);
    if (f.out == NULL)
        return -ENOMEM;
    put_node(&f, tree->root);
    if (fclose(f.out) != 0) {
        free(text);
        return -ENOMEM;
    }
    if (f.failed || f.positions > POSITIONS_MAX) {
        free(text);
        return 0;
    }
    *ret_filter = text;
    return 0;
}
