/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "api/auth.h"
#include "api/counters.h"
#include "api/keyring.h"
#include "api/settings.h"
#include "base/log.h"
#include "base/time.h"
#include "store/api_auth.h"
#include "store/db.h"
#include "store/whitelist.h"

#define CLEAN_MS 60000 /* how often used tokens that are too old are dropped */

struct thread {
    struct mig_pool *pool;
    struct mig_worker worker;
    pthread_t id;
    bool started;
};

struct mig_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct mig_job *first, *last;
    struct mig_keyring *keyring;
    bool finishing;
    int64_t cleaned_ms;
    unsigned count;
    struct thread threads[];
};

int
mig_worker_database(struct mig_db *db, struct mig_err *err)
{
    /* The first look may find the server's last words, only the second that it hung up. */
    mig_db_notified(db, NULL);
    mig_db_notified(db, NULL);
    return mig_db_check(db, err);
}

/* The next job; NULL when there will be none. */
static struct mig_job *
take(struct mig_pool *pool)
{
    struct mig_job *job;

    pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->finishing)
        pthread_cond_wait(&pool->wake, &pool->lock);
    job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        if (pool->first == NULL)
            pool->last = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void
clean_tokens(struct mig_pool *pool, struct mig_worker *worker)
{
    int64_t now = mig_time_monotonic_ms();
    struct mig_err err = {0};
    bool mine;

    pthread_mutex_lock(&pool->lock);
    mine = now - pool->cleaned_ms > CLEAN_MS;
    if (mine)
        pool->cleaned_ms = now;
    pthread_mutex_unlock(&pool->lock);
    if (mine && mig_store_token_clean(worker->db, &err) < 0)
        mig_log(MIG_SEV_WARNING, "- - - dropping old tokens: %s", err.text);
}

static void *
work(void *context)
{
    struct thread *thread = context;
    struct mig_job *job;

    while ((job = take(thread->pool)) != NULL) {
        struct mig_counters *counters = thread->worker.api->counters;
        int64_t start = mig_time_monotonic_ms();

        atomic_fetch_sub(&counters->waiting, 1);
        if (job->request->more != NULL)
            mig_router_more(&thread->worker, job->request);
        else
            mig_router_serve(&thread->worker, job->request, job->route);
        job->done(job);
        atomic_fetch_add(&counters->busy_us, (uint64_t)(mig_time_monotonic_ms() - start) * 1000);
        clean_tokens(thread->pool, &thread->worker);
    }
    return NULL;
}

static int
start_thread(struct mig_pool *pool, struct thread *thread, const struct mig_api *api,
             struct mig_err *err)
{
    int rc;

    thread->pool = pool;
    thread->worker.api = api;
    rc = mig_db_open(api->settings->store.conninfo, "mig-api", &thread->worker.db, err);
    if (rc >= 0)
        rc = mig_whitelist_open(api->settings->whitelist, &thread->worker.whitelist, err);
    if (rc >= 0)
        rc = mig_auth_new(pool->keyring, &thread->worker.auth, err);
    if (rc < 0)
        return rc;
    rc = pthread_create(&thread->id, NULL, work, thread);
    if (rc != 0)
        return mig_err_errno(err, rc, "starting a worker");
    thread->started = true;
    return 0;
}

int
mig_pool_start(const struct mig_api *api, unsigned workers, struct mig_pool **ret,
               struct mig_err *err)
{
    struct mig_pool *pool = calloc(1, sizeof *pool + workers * sizeof pool->threads[0]);

    if (pool == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->count = workers;
    pool->keyring = mig_keyring_new();
    if (pool->keyring == NULL) {
        mig_pool_free(pool);
        return mig_err_set(err, -ENOMEM, "out of memory");
    }
    for (unsigned i = 0; i < workers; i++) {
        int rc = start_thread(pool, &pool->threads[i], api, err);

        if (rc < 0) {
            mig_pool_finish(pool);
            mig_pool_free(pool);
            return rc;
        }
    }
    *ret = pool;
    return 0;
}

int
mig_pool_give(struct mig_pool *pool, struct mig_job *job, void (*before)(struct mig_job *job))
{
    int rc = 0;

    job->next = NULL;
    pthread_mutex_lock(&pool->lock);
    if (pool->finishing) {
        rc = -ESHUTDOWN;
    } else {
        if (before != NULL)
            before(job);
        if (pool->last != NULL)
            pool->last->next = job;
        else
            pool->first = job;
        pool->last = job;
        atomic_fetch_add(&pool->threads[0].worker.api->counters->waiting, 1);
        pthread_cond_signal(&pool->wake);
    }
    pthread_mutex_unlock(&pool->lock);
    return rc;
}

void
mig_pool_finish(struct mig_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->finishing = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->count; i++) {
        if (pool->threads[i].started)
            pthread_join(pool->threads[i].id, NULL);
        pool->threads[i].started = false;
    }
}

void
mig_pool_free(struct mig_pool *pool)
{
    if (pool == NULL)
        return;
    for (unsigned i = 0; i < pool->count; i++) {
        mig_auth_free(pool->threads[i].worker.auth);
        mig_whitelist_free(pool->threads[i].worker.whitelist);
        mig_db_close(pool->threads[i].worker.db);
        mig_db_close(pool->threads[i].worker.target_db);
    }
    mig_keyring_free(pool->keyring);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
