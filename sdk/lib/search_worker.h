/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside the search engine: a run, which its threads share, and what each thread has of its own.
 * What a function takes of a worker is that thread's; what it takes of the run is constant, atomic,
 * or guarded by the lock that is named.
 */
#ifndef MIG_SEARCH_WORKER_H
#define MIG_SEARCH_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#define ENTRIES_SIZE 65536u

#include "search_folder.h"
#include "search_fs.h"
#include "search_scan.h"

/* What all threads of a run share. */
struct run {
    struct mig_search_set *set;
    const struct mig_search_host *host;
    struct contents *contents;
    struct known *known; /* NULL: no search asks for digests */
    struct mounts mounts;
    struct queue queue;
    struct root *roots; /* sorted, each once */
    size_t roots_count;
    bool may_ahead;         /* there are cores for reading large files by threads of their own */
    pthread_mutex_t report; /* hit(), error(), the counts of hits and finished_count */
    atomic_bool *finished;  /* by search: its matchlimit is reached */
    size_t finished_count;
    atomic_bool stop;      /* nothing more is to be found, or it was cut short */
    atomic_bool cut_short; /* by cancelled() or hit() */
    atomic_int code;       /* why, when it is an error */
};

/* What a thread has of its own. */
struct worker {
    struct run *run;
    struct mig_search_set *set; /* the run's */
    struct mig_search_statistics statistics;
    struct mig_search_skipped *skipped; /* by search */
    struct mig_regex_scratch *scratch;
    struct scan *scan;
    struct evaluation evaluation;
    const uint64_t *depths; /* by search, of the folder or file at hand; 0: not here */
    uint64_t *file_depths;  /* room for those of a file that is a root */
    char *path;             /* of the folder or file at hand */
    size_t path_length;
    size_t path_room;
    char *name; /* of the folder to enter */
    size_t name_room;
    char *entries; /* of getdents */
};

/* A file to be evaluated: worker.path, reached by `name` in the folder `dirfd`. */
struct candidate {
    int dirfd;
    const char *name;
    const char *base;         /* for the name checks */
    bool link;                /* follow it */
    dev_t device;             /* of the folder: a link may lead to another one; 0: any */
    const struct stat *known; /* when the file has been looked at already, else NULL */
};

enum skip {
    SKIP_PERMISSION,
    SKIP_TYPE,
    SKIP_FILE_SYSTEM,
    SKIP_SIZE,
    SKIP_VANISHED,
    SKIP_DEPTH,
    SKIP_FAILED
};

/* Ends the run before its time. */
void mig_search_cut(struct worker *worker);
/* Ends the run for want of memory. */
void mig_search_out_of_memory(struct worker *worker);
static inline bool
mig_search_stopped(const struct worker *worker)
{
    return atomic_load_explicit(&worker->run->stop, memory_order_relaxed);
}

/* An error about worker.path: "ERROR: open PATH: reason". */
void mig_search_fail(struct worker *worker, const char *what, int error);
/* An error with worker.path between two texts. */
void mig_search_tell(struct worker *worker, const char *before, const char *after);
/* Counts what `search` does not get to see, and, in the second form, all searches that
 * worker.depths says are here. */
void mig_search_skip_one(struct worker *worker, size_t search, enum skip why);
void mig_search_skip(struct worker *worker, enum skip why);
/* Why, by the errno value of what failed. */
enum skip mig_search_skip_reason(int error);

/* Evaluates a regular file for the searches with worker.depths[i] > 0. */
void mig_search_evaluate(struct worker *worker, const struct candidate *candidate);
/* Finds the roots of the set's searches. 0 or -ENOMEM. */
int mig_search_roots(struct run *run);
/* The root that the path at hand is, unless it is the only one, where the walk began. */
struct root *mig_search_root_here(const struct worker *worker);
/* Makes `path` depth 1 for the searches that name it. */
void mig_search_start(const struct worker *worker, const char *path, uint64_t *depths);
/* What a thread does: takes what the queue has until nothing is left. */
void mig_search_walk(struct worker *worker);

#endif
