/* SPDX-License-Identifier: MPL-2.0 */
/* Texts of which every match of a pattern holds one: most blocks of most files hold none. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "regex_run.h"
#include "utf8.h"

/* Alternatives within alternatives: deeper ones are not looked into. */
#define DEPTH_MAX 4u

struct set {
    struct mig_literal list[MIG_LITERALS_MAX];
    size_t count;
};

struct search {
    const struct regex_tree *tree;
    struct mig_literal run; /* what was met last, without a gap */
    bool run_cased;         /* a letter of the run is in one case only */
    struct set best;
    size_t parts;
    bool inexact; /* something else must be there as well */
    unsigned int depth;
};

static size_t
value_of(const struct set *set)
{
    size_t least = MIG_LITERAL_SIZE;
    size_t i;

    if (set->count == 0)
        return 0;
    for (i = 0; i < set->count; i++)
        if (set->list[i].length < least)
            least = set->list[i].length;
    return least * MIG_LITERALS_MAX + MIG_LITERALS_MAX - set->count;
}

static void
offer(struct search *s, const struct set *set)
{
    s->parts++;
    if (value_of(set) > value_of(&s->best))
        s->best = *set;
}

/* Something else may stand here: the run ends. */
static void
end_run(struct search *s)
{
    if (s->run.length > 0) {
        s->parts++;
        if (s->run.length * MIG_LITERALS_MAX + MIG_LITERALS_MAX - 1 > value_of(&s->best)) {
            s->best.list[0] = s->run;
            s->best.count = 1;
        }
        /* What ignores the case of all letters finds too much. */
        s->inexact = s->inexact || (s->run.fold && s->run_cased);
    }
    s->run.length = 0;
    s->run.fold = false;
    s->run_cased = false;
}

static bool
is_letter(uint32_t rune)
{
    return (rune >= 'A' && rune <= 'Z') || (rune >= 'a' && rune <= 'z');
}

/* One rune, or a letter in either case; false: something else. */
static bool
one_rune(const struct mig_rune_range *ranges, size_t count, uint32_t *ret_rune, bool *ret_fold)
{
    uint32_t rune;

    if (count == 0 || count > 2 || ranges[0].first != ranges[0].last)
        return false;
    rune = ranges[0].first;
    /* RUNE_ERROR may be any byte, a surrogate is nowhere. */
    if (rune == RUNE_ERROR || (rune >= 0xd800 && rune <= 0xdfff))
        return false;
    *ret_fold = count == 2;
    *ret_rune = rune;
    if (count == 1)
        return true;
    *ret_rune = rune | 0x20;
    return is_letter(rune) && ranges[1].first == ranges[1].last && ranges[1].first == *ret_rune &&
           rune != *ret_rune;
}

static void
take_runes(struct search *s, const struct regex_node *node)
{
    const struct mig_rune_range *ranges =
        node->count > 0 ? s->tree->runes.ranges + node->first : NULL;
    uint32_t rune = 0;
    bool fold = false;

    if (!one_rune(ranges, node->count, &rune, &fold)) {
        end_run(s);
        s->inexact = true;
        return;
    }
    if (s->run.length + 4u > MIG_LITERAL_SIZE) {
        end_run(s);
        s->inexact = true;
    }
    s->run.fold = s->run.fold || fold;
    s->run_cased = s->run_cased || (!fold && is_letter(rune));
    s->run.length += (uint8_t)mig_utf8_encode(rune, s->run.bytes + s->run.length);
}

static void take(struct search *s, uint32_t at);

/* One of each alternative, when each has some. */
static void
take_alternatives(struct search *s, const struct regex_node *node)
{
    struct set all = {.count = 0};
    struct search *sub = NULL;
    bool good = s->depth < DEPTH_MAX && (sub = malloc(sizeof(*sub))) != NULL;
    uint32_t i;

    end_run(s);
    for (i = 0; i < node->count && good; i++) {
        memset(sub, 0, sizeof(*sub));
        sub->tree = s->tree;
        sub->depth = s->depth + 1;
        take(sub, s->tree->children[node->first + i]);
        end_run(sub);
        good = sub->best.count > 0 && all.count + sub->best.count <= MIG_LITERALS_MAX;
        if (!good)
            break;
        memcpy(all.list + all.count, sub->best.list, sub->best.count * sizeof(all.list[0]));
        all.count += sub->best.count;
        s->inexact = s->inexact || sub->inexact || sub->parts != 1;
    }
    free(sub);
    if (good && all.count > 0)
        offer(s, &all);
    else
        s->inexact = true;
}

static void
take(struct search *s, uint32_t at)
{
    const struct regex_node *node = &s->tree->nodes[at];
    uint32_t i;

    switch (node->kind) {
    case NODE_RUNES:
        take_runes(s, node);
        break;
    case NODE_CONCAT:
        for (i = 0; i < node->count; i++)
            take(s, s->tree->children[node->first + i]);
        break;
    case NODE_REPEAT:
        end_run(s);
        s->inexact = true;
        if (node->min > 0)
            take(s, node->first);
        end_run(s);
        break;
    case NODE_ALTERNATE:
        take_alternatives(s, node);
        break;
    case NODE_ASSERT:
        s->inexact = true;
        break;
    default:
        break;
    }
}

int
mig_regex_find_literals(const struct regex_tree *tree, struct mig_literals *ret_literals)
{
    struct search *s = calloc(1, sizeof(*s));
    struct mig_literal *list;

    if (s == NULL)
        return -ENOMEM;
    s->tree = tree;
    take(s, tree->root);
    end_run(s);
    list = calloc(s->best.count + 1, sizeof(*list));
    if (list != NULL) {
        memcpy(list, s->best.list, s->best.count * sizeof(*list));
        ret_literals->list = list;
        ret_literals->count = s->best.count;
        ret_literals->exact = s->best.count > 0 && !s->inexact && s->parts == 1;
    }
    free(s);
    return list != NULL ? 0 : -ENOMEM;
}
