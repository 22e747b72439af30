/* SPDX-License-Identifier: MPL-2.0 */
/* The workers and their queue. */
#ifndef MIG_API_POOL_H
#define MIG_API_POOL_H

#include "api/api.h"
#include "api/router.h"

struct mig_pool;

/* One request, or the next part of its answer, that waits for a worker. It belongs to the giver;
 * done() is called, by the worker, when the answer is set. */
struct mig_job {
    struct mig_request *request;
    const struct mig_route *route;
    void (*done)(struct mig_job *job);
    struct mig_job *next;
};

int mig_pool_start(const struct mig_api *api, unsigned workers, struct mig_pool **ret,
                   struct mig_err *err);
/* 0, or -ESHUTDOWN once mig_pool_finish() was called. `before` (may be NULL) is called with the job
 * just before it is given, and only when it is. */
int mig_pool_give(struct mig_pool *pool, struct mig_job *job, void (*before)(struct mig_job *job));
/* Serves what was given, takes nothing more, and ends the workers. */
void mig_pool_finish(struct mig_pool *pool);
void mig_pool_free(struct mig_pool *pool);

#endif
