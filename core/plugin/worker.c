/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/worker_internal.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

int
mig_worker_fd(const struct mig_worker *worker)
{
    return worker->epoll;
}

int64_t
mig_worker_timeout(const struct mig_worker *worker)
{
    if (worker->done)
        return 0;
    if (worker->killed || worker->kill_at == INT64_MAX)
        return -1;
    int64_t left = worker->kill_at - mig_time_monotonic_ms();
    return left > 0 ? left : 0;
}

int
mig_worker_step(struct mig_worker *worker)
{
    if (worker->done)
        return 1;
    /* First whether it has ended, then what it said: nothing is lost between. */
    struct pollfd ended = {.fd = worker->pidfd, .events = POLLIN};
    bool over = poll(&ended, 1, 0) == 1;

    /* Then the others of its group are at their end too, and what they sent is finite. */
    if (over)
        kill(-worker->pid, SIGKILL);
    mig_worker_drain(worker, over ? INT32_MAX : MIG_WORKER_FRAMES_A_STEP);
    mig_worker_drain_errors(worker);
    if (over) {
        /* The plugin's children may hold the channel open; nothing of theirs counts. */
        return mig_worker_conclude(worker, mig_worker_reap(worker));
    }
    if (!worker->killed && mig_time_monotonic_ms() >= worker->kill_at)
        mig_worker_kill(worker, MIG_WORKER_TIMEOUT, "timeout");
    return 0;
}

void
mig_worker_cancel(struct mig_worker *worker, const char *reason)
{
    if (worker->done || worker->killed || worker->salvaging)
        return;
    snprintf(worker->cancelled, sizeof(worker->cancelled), "%s", reason);
    mig_worker_kill(worker, MIG_WORKER_CANCELLED, worker->cancelled);
}

const struct mig_worker_outcome *
mig_worker_outcome(const struct mig_worker *worker)
{
    return worker->done ? &worker->outcome : NULL;
}

void
mig_worker_free(struct mig_worker *worker)
{
    if (worker == NULL)
        return;
    if (worker->pid > 0 && !worker->reaped)
        mig_worker_reap(worker);
    mig_worker_close(&worker->pidfd);
    mig_worker_close(&worker->channel);
    mig_worker_close(&worker->errors);
    mig_worker_close(&worker->epoll);
    mig_worker_close(&worker->record);
    mig_buf_fini(&worker->output);
    mig_buf_fini(&worker->last_words);
    free(worker);
}

int
mig_worker_call(const struct mig_worker_spec *spec, struct mig_worker **ret, struct mig_err *err)
{
    struct mig_worker *worker = NULL;
    int rc = mig_worker_start(spec, &worker, err);
    if (rc != 0)
        return rc;
    while (mig_worker_step(worker) == 0) {
        struct pollfd event = {.fd = mig_worker_fd(worker), .events = POLLIN};
        int64_t wait = mig_worker_timeout(worker);
        (void)poll(&event, 1, wait < 0 ? -1 : wait > 60000 ? 60000 : (int)wait + 1);
    }
    *ret = worker;
    return 0;
}
