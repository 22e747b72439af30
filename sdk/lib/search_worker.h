/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside the search engine: what one walker has of its own. Several could share a set, when the
 * searches' counts of hits are shared with care.
 */
#ifndef MIG_SEARCH_WORKER_H
#define MIG_SEARCH_WORKER_H

#include "search_scan.h"

struct root {
    const char *path; /* of a search */
    bool reached;
};

struct worker {
    struct mig_search_set *set;
    const struct mig_search_host *host;
    struct mig_search_statistics statistics;
    struct mig_regex_scratch *scratch;
    struct scan *scan;
    struct evaluation evaluation;
    bool *finished; /* by search: its matchlimit is reached */
    size_t finished_count;
    struct root *roots; /* sorted, each once */
    size_t roots_count;
    char *path; /* of the folder or file at hand */
    size_t path_length;
    size_t path_room;
    char *entries; /* of getdents */
    bool stop;     /* nothing more is to be found, or it was cut short */
    int code;      /* why, when it is an error */
};

/* A file to be evaluated: worker.path, reached by `name` in the folder `dirfd`. */
struct candidate {
    int dirfd;
    const char *name;
    const char *base; /* for the name checks */
    bool link;        /* follow it */
    dev_t device;     /* of the folder: a link may lead to another one; 0: any */
};

/* Ends the run before its time. */
void mig_search_cut(struct worker *worker);
/* An error about worker.path: "ERROR: open PATH: reason". */
void mig_search_fail(struct worker *worker, const char *what, int error);
/* An error with worker.path between two texts. */
void mig_search_tell(struct worker *worker, const char *before, const char *after);

/* Evaluates a regular file for the searches with depths[i] > 0. */
void mig_search_evaluate(struct worker *worker, const struct candidate *candidate,
                         const uint64_t *depths);
/* Walks all the roots. */
int mig_search_walk(struct worker *worker);

#endif
