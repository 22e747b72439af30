/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of a worker's starting side share; nobody else includes it. */
#ifndef MIG_PLUGIN_WORKER_INTERNAL_H
#define MIG_PLUGIN_WORKER_INTERNAL_H

#include <sys/types.h>

#include "base/buf.h"
#include "plugin/worker.h"

/* The worker ends by itself at its limit; this long after it, it is killed. */
#define MIG_WORKER_KILL_GRACE_MS 200
#define MIG_WORKER_FRAMES_A_STEP 64

struct mig_worker {
    pid_t pid;
    int pidfd;
    int channel;
    int errors; /* the worker's stderr */
    int epoll;
    struct mig_cgroup *cgroup; /* NULL: none */
    int record;                /* of an operation, plugin/record.h; -1: none */
    bool reaped;
    bool killed;
    bool oom_killed;     /* in its cgroup, by its memory limit */
    bool answered;       /* MIG_WIRE_DONE came */
    bool salvaging;      /* the first process is gone, a second one makes a result of the record */
    const char *because; /* why it was killed, when no answer came */
    enum mig_worker_status because_status;
    int64_t started;
    int64_t kill_at; /* INT64_MAX: never */
    size_t output_max;
    size_t memory_max;
    int64_t timeout_ms;
    unsigned cpu_max;
    mig_worker_message_fn *message;
    void *context;
    char plugin[33];
    char cancelled[1024]; /* why */
    char reason[1100];
    struct mig_buf output;
    struct mig_buf last_words;
    struct mig_worker_outcome outcome;
    bool done;
};

/* ---- worker_start.c ---- */

void mig_worker_close(int *fd);
/* Starts the process and tells it what to do. -EPIPE: it is dead already, which is an outcome. */
int mig_worker_launch(struct mig_worker *worker, const struct mig_worker_spec *spec);

/* ---- worker_hear.c ---- */

extern const char mig_worker_broken[]; /* `because`: it broke the protocol */

/* One line of clean text: the worker is not believed. */
void mig_worker_clean_line(const char *text, size_t len, char *line, size_t size);
void mig_worker_kill(struct mig_worker *worker, enum mig_worker_status status, const char *because);
/* The process group, for no reason of its own. */
void mig_worker_kill_group(struct mig_worker *worker);
/* Takes up to `most` messages. */
void mig_worker_drain(struct mig_worker *worker, int most);
void mig_worker_drain_errors(struct mig_worker *worker);

/* ---- worker_end.c ---- */

/* Waits for the leader, and only for it; its wait status. */
int mig_worker_reap(struct mig_worker *worker);
/* It was reaped with this status: true when all is done, false when its record is being read. */
bool mig_worker_conclude(struct mig_worker *worker, int status);

#endif
