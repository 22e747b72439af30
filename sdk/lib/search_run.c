/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/search.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "search_worker.h"

static void
reset_hits(struct mig_search_set *set)
{
    size_t i;
    size_t j;

    for (i = 0; i < set->count; i++) {
        set->searches[i].hits = 0;
        for (j = 0; j < set->searches[i].checks_count; j++)
            set->searches[i].checks[j].hits = 0;
    }
}

static void
free_worker(struct worker *worker)
{
    mig_scan_free(worker->scan);
    mig_regex_scratch_free(worker->scratch);
    free(worker->evaluation.outcomes);
    free(worker->evaluation.alive);
    free(worker->finished);
    free(worker->roots);
    free(worker->path);
    free(worker->entries);
}

int
mig_search_run(struct mig_search_set *set, const struct mig_search_host *host,
               struct mig_search_statistics *ret_statistics)
{
    struct worker worker = {.set = set, .host = host};
    int code = -ENOMEM;

    reset_hits(set);
    worker.scratch = mig_regex_scratch_new();
    worker.evaluation.outcomes = calloc(set->checks_count + 1, 1);
    worker.evaluation.alive = calloc(set->count + 1, sizeof(bool));
    worker.finished = calloc(set->count + 1, sizeof(bool));
    if (worker.scratch == NULL || worker.evaluation.outcomes == NULL ||
        worker.evaluation.alive == NULL || worker.finished == NULL)
        goto out;
    worker.scan = mig_scan_new(set, host, worker.scratch);
    if (worker.scan == NULL)
        goto out;
    code = mig_search_walk(&worker);
    if (code == 0)
        *ret_statistics = worker.statistics;
out:
    free_worker(&worker);
    return code;
}
