/* SPDX-License-Identifier: MPL-2.0 */
/* A run: its threads, each with what it needs of its own, and the sum of what they counted. */
#include "config.h"

#include <mig/search.h>

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "search_worker.h"

#define THREADS_MAX 64u
/* By default no more, however many cores there are: beyond, the disk is what is waited for. */
#define THREADS_DEFAULT_MAX 16u
#define STACK_SIZE (512u * 1024u)

static void
reset_hits(struct mig_search_set *set)
{
    size_t i;
    size_t j;

    for (i = 0; i < set->count; i++) {
        set->searches[i].hits = 0;
        memset(&set->searches[i].skipped, 0, sizeof(set->searches[i].skipped));
        for (j = 0; j < set->searches[i].checks_count; j++)
            set->searches[i].checks[j].hits = 0;
    }
}

/* The cores that this process may use. */
static unsigned int
count_cores(void)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : 1;

    return count > 0 ? (unsigned int)count : 1;
}

static unsigned int
count_threads(const struct mig_search_set *set)
{
    unsigned int cores = count_cores();
    unsigned int threads = cores / 2 < THREADS_DEFAULT_MAX ? cores / 2 : THREADS_DEFAULT_MAX;

    if (set->threads > 0)
        threads = set->threads < cores ? set->threads : cores;
    return threads < 1 ? 1 : threads < THREADS_MAX ? threads : THREADS_MAX;
}

static void
fini_worker(struct worker *worker)
{
    mig_scan_free(worker->scan);
    mig_regex_scratch_free(worker->scratch);
    mig_evaluation_fini(&worker->evaluation);
    free(worker->skipped);
    free(worker->file_depths);
    free(worker->path);
    free(worker->name);
    free(worker->entries);
}

static int
init_worker(struct worker *worker, struct run *run)
{
    const struct mig_search_set *set = run->set;

    worker->run = run;
    worker->set = run->set;
    worker->scratch = mig_regex_scratch_new();
    worker->skipped = calloc(set->count + 1, sizeof(*worker->skipped));
    worker->file_depths = calloc(set->count + 1, sizeof(*worker->file_depths));
    worker->entries = malloc(ENTRIES_SIZE);
    if (mig_evaluation_init(&worker->evaluation, set) < 0 || worker->scratch == NULL ||
        worker->skipped == NULL || worker->file_depths == NULL || worker->entries == NULL)
        return -ENOMEM;
    worker->scan =
        mig_scan_new(run->contents, set, run->host, worker->scratch, run->known, run->may_ahead);
    return worker->scan != NULL ? 0 : -ENOMEM;
}

static void
add_counts(struct mig_search_set *set, const struct worker *worker,
           struct mig_search_statistics *statistics)
{
    struct mig_search_skipped *to;
    const struct mig_search_skipped *from;
    size_t i;

    statistics->files += worker->statistics.files;
    statistics->open_failed += worker->statistics.open_failed;
    statistics->hits += worker->statistics.hits;
    for (i = 0; i < set->count && worker->skipped != NULL; i++) {
        to = &set->searches[i].skipped;
        from = &worker->skipped[i];
        to->permission += from->permission;
        to->type += from->type;
        to->filesystem += from->filesystem;
        to->size += from->size;
        to->vanished += from->vanished;
        to->depth += from->depth;
        to->failed += from->failed;
    }
}

static void *
work(void *worker)
{
    mig_search_walk(worker);
    return NULL;
}

/* The caller's thread is one of them; when others are not to be had, fewer do. */
static void
run_threads(struct worker *workers, unsigned int count)
{
    pthread_t threads[THREADS_MAX];
    pthread_attr_t attributes;
    unsigned int started = 1;

    if (count > 1 && pthread_attr_init(&attributes) == 0) {
        pthread_attr_setstacksize(&attributes, STACK_SIZE);
        while (started < count &&
               pthread_create(&threads[started], &attributes, work, &workers[started]) == 0)
            started++;
        pthread_attr_destroy(&attributes);
    }
    mig_search_walk(&workers[0]);
    while (started > 1)
        pthread_join(threads[--started], NULL);
}

static int
run_workers(struct run *run, struct mig_search_statistics *ret_statistics)
{
    struct mig_search_statistics statistics = {0};
    unsigned int count = count_threads(run->set);
    struct worker *workers = calloc(count, sizeof(*workers));
    unsigned int ready = 0;
    unsigned int i;
    int code = workers != NULL ? 0 : -ENOMEM;

    run->may_ahead = count < count_cores();
    while (code == 0 && ready < count && init_worker(&workers[ready], run) == 0)
        ready++;
    if (ready == 0)
        code = -ENOMEM;
    if (code == 0) {
        run_threads(workers, ready);
        code = atomic_load(&run->code);
    }
    for (i = 0; code == 0 && i < ready; i++)
        add_counts(run->set, &workers[i], &statistics);
    for (i = 0; workers != NULL && i < count; i++)
        fini_worker(&workers[i]);
    free(workers);
    statistics.cut_short = atomic_load(&run->cut_short);
    if (code == 0)
        *ret_statistics = statistics;
    return code;
}

static void
free_roots(struct run *run)
{
    size_t i;

    for (i = 0; i < run->roots_count; i++)
        free(run->roots[i].real);
    free(run->roots);
}

static bool
asks_for_digests(const struct mig_search_set *set)
{
    size_t i;

    for (i = 0; i < set->count; i++)
        if (set->searches[i].return_sha256 || set->searches[i].hashes.algorithms != 0)
            return true;
    return false;
}

int
mig_search_run(struct mig_search_set *set, const struct mig_search_host *host,
               struct mig_search_statistics *ret_statistics)
{
    struct run run = {.set = set, .host = host};
    int code = -ENOMEM;

    reset_hits(set);
    run.finished = calloc(set->count + 1, sizeof(*run.finished));
    if (run.finished == NULL || pthread_mutex_init(&run.report, NULL) != 0)
        goto out;
    run.known = asks_for_digests(set) ? mig_known_new() : NULL;
    if (mig_contents_new(set, &run.contents) == 0 && mig_search_roots(&run) == 0 &&
        mig_mounts_init(&run.mounts) == 0 &&
        mig_queue_init(&run.queue, run.roots, run.roots_count) == 0) {
        code = run_workers(&run, ret_statistics);
        mig_queue_fini(&run.queue);
    }
    mig_mounts_fini(&run.mounts);
    pthread_mutex_destroy(&run.report);
out:
    mig_contents_free(run.contents);
    mig_known_free(run.known);
    free_roots(&run);
    free(run.finished);
    return code;
}
