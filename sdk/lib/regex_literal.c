/* SPDX-License-Identifier: MPL-2.0 */
/* The longest text that every match of a pattern holds: most blocks of most files do not. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "regex_run.h"
#include "utf8.h"

struct literal {
    const struct regex_tree *tree;
    char *run; /* what was met last, without a gap */
    size_t used;
    char *best;
    size_t best_length;
    size_t room;
};

/* Something else may stand here: the run ends. */
static void
end_run(struct literal *l)
{
    if (l->used > l->best_length) {
        memcpy(l->best, l->run, l->used);
        l->best_length = l->used;
    }
    l->used = 0;
}

static void
take_runes(struct literal *l, const struct regex_node *node)
{
    const struct mig_rune_range *range =
        node->count == 1 ? l->tree->runes.ranges + node->first : NULL;

    /* RUNE_ERROR may be any byte, a surrogate is nowhere. */
    if (range == NULL || range->first != range->last || range->first == RUNE_ERROR ||
        (range->first >= 0xd800 && range->first <= 0xdfff)) {
        end_run(l);
        return;
    }
    if (l->used + 4 > l->room)
        end_run(l);
    l->used += mig_utf8_encode(range->first, l->run + l->used);
}

/* As deep as the tree, which is bounded. */
static void
take(struct literal *l, uint32_t at)
{
    const struct regex_node *node = &l->tree->nodes[at];
    uint32_t i;

    switch (node->kind) {
    case NODE_RUNES:
        take_runes(l, node);
        break;
    case NODE_CONCAT:
        for (i = 0; i < node->count; i++)
            take(l, l->tree->children[node->first + i]);
        break;
    case NODE_REPEAT:
        end_run(l);
        if (node->min > 0)
            take(l, node->first);
        end_run(l);
        break;
    case NODE_ALTERNATE:
        end_run(l);
        break;
    default:
        break;
    }
}

int
mig_regex_literal(const struct regex_tree *tree, char **ret_literal, size_t *ret_length)
{
    /* Longer ones are found no faster. */
    struct literal l = {.tree = tree, .room = 64};

    l.run = malloc(l.room);
    l.best = malloc(l.room);
    if (l.run == NULL || l.best == NULL) {
        free(l.run);
        free(l.best);
        return -ENOMEM;
    }
    take(&l, tree->root);
    end_run(&l);
    free(l.run);
    *ret_literal = l.best;
    *ret_length = l.best_length;
    return 0;
}
