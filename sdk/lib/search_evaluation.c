/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_evaluation.h"

#include <errno.h>
#include <stdlib.h>

int
mig_evaluation_init(struct evaluation *evaluation, const struct mig_search_set *set)
{
    evaluation->set = set;
    evaluation->alive = calloc(set->count + 1, sizeof(*evaluation->alive));
    evaluation->open = calloc(set->count + 1, sizeof(*evaluation->open));
    evaluation->yes = calloc(set->count + 1, sizeof(*evaluation->yes));
    return evaluation->alive != NULL && evaluation->open != NULL && evaluation->yes != NULL
               ? 0
               : -ENOMEM;
}

void
mig_evaluation_fini(struct evaluation *evaluation)
{
    free(evaluation->alive);
    free(evaluation->open);
    free(evaluation->yes);
    free(evaluation->found);
}

void
mig_evaluation_start(struct evaluation *evaluation)
{
    size_t i;

    for (i = 0; i < evaluation->set->count; i++) {
        evaluation->open[i] = evaluation->set->searches[i].checks_count;
        evaluation->yes[i] = 0;
    }
    evaluation->found_count = 0;
    evaluation->has_sha256 = false;
}

static bool
make_room(struct evaluation *evaluation)
{
    size_t room = evaluation->found_room == 0 ? 16 : evaluation->found_room * 2;
    struct found *grown = reallocarray(evaluation->found, room, sizeof(*grown));

    if (grown == NULL)
        return false;
    evaluation->found = grown;
    evaluation->found_room = room;
    return true;
}

void
mig_evaluation_decide(struct evaluation *evaluation, size_t search, size_t check, bool outcome)
{
    evaluation->open[search]--;
    if (evaluation->set->searches[search].match_all) {
        evaluation->alive[search] = evaluation->alive[search] && outcome;
        return;
    }
    if (!outcome)
        return;
    if (evaluation->found_count == evaluation->found_room && !make_room(evaluation)) {
        evaluation->lost = true;
        return;
    }
    evaluation->found[evaluation->found_count++] = (struct found){search, check};
    evaluation->yes[search]++;
}

static int
compare_found(const void *a, const void *b)
{
    const struct found *x = a;
    const struct found *y = b;

    if (x->search != y->search)
        return x->search < y->search ? -1 : 1;
    return (x->check > y->check) - (x->check < y->check);
}

void
mig_evaluation_sort(struct evaluation *evaluation)
{
    if (evaluation->found_count > 1)
        qsort(evaluation->found, evaluation->found_count, sizeof(*evaluation->found),
              compare_found);
}
