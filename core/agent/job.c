/* SPDX-License-Identifier: MPL-2.0 */
/* The list of jobs, and what a job holds. */
#include "config.h"

#include "agent/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/assemble.h"
#include "agent/message.h"
#include "agent/pack.h"
#include "agent/persist.h"
#include "agent/supervisor.h"
#include "base/buf.h"
#include "base/time.h"
#include "plugin/worker.h"

#define RETRY_MS 10000

struct mig_job *
mig_job_new(struct mig_supervisor *s, enum mig_job_state state)
{
    struct mig_job **at = &s->jobs;
    struct mig_job *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    job->state = state;
    job->cookie = ++s->last_cookie;
    while (*at)
        at = &(*at)->next;
    *at = job;
    return job;
}

void
mig_job_shrink(struct mig_supervisor *s, struct mig_job *job)
{
    int64_t id = job->verdict.command_id;

    for (size_t i = 0; i < job->verdict.count; i++) {
        if (job->workers && job->workers[i]) {
            mig_persist_forget(s->persist, job->workers[i]);
            mig_worker_free(job->workers[i]);
            s->running--;
        }
        if (job->parts)
            mig_answer_part_fini(&job->parts[i]);
    }
    free(job->workers);
    free(job->cancelling);
    free(job->parts_ended);
    free(job->cancelled);
    free(job->parts);
    free(job->raw);
    free(job->refusal);
    job->workers = NULL;
    job->cancelling = NULL;
    job->parts_ended = NULL;
    job->cancelled = NULL;
    job->parts = NULL;
    job->raw = job->refusal = NULL;
    job->raw_len = 0;
    mig_verdict_fini(&job->verdict);
    job->verdict.command_id = id;
}

void
mig_job_free(struct mig_supervisor *s, struct mig_job *job)
{
    for (struct mig_job **at = &s->jobs; *at; at = &(*at)->next)
        if (*at == job) {
            *at = job->next;
            break;
        }
    mig_job_shrink(s, job);
    free(job);
}

struct mig_job *
mig_job_find(const struct mig_supervisor *s, int64_t command_id)
{
    for (struct mig_job *job = s->jobs; job; job = job->next)
        if (job->state != JOB_CHECK && job->state != JOB_REFUSE &&
            job->verdict.command_id == command_id)
            return job;
    return NULL;
}

void
mig_job_acknowledge(struct mig_supervisor *s, struct mig_job *job)
{
    struct mig_buf body = MIG_BUF_INIT;

    if (!job->unacked)
        return;
    job->unacked = 0;
    mig_pack_number(&body, job->connection);
    mig_pack_number(&body, job->tag);
    if (!body.failed && job->instance == s->relay_instance)
        mig_child_send(&s->relay, MIG_MSG_ACK, body.data, body.len);
    mig_buf_fini(&body);
}

void
mig_job_later(struct mig_job *job)
{
    job->retry_at = mig_time_monotonic_ms() + RETRY_MS;
}

int
mig_job_prepare(struct mig_job *job)
{
    size_t count = job->verdict.count ? job->verdict.count : 1;

    job->parts = calloc(count, sizeof(*job->parts));
    job->workers = calloc(count, sizeof(struct mig_worker *));
    job->cancelling = calloc(count, sizeof(*job->cancelling));
    job->parts_ended = calloc(count, 1);
    if (!job->parts || !job->workers || !job->cancelling || !job->parts_ended)
        return -ENOMEM;
    job->state = JOB_RUN;
    return 0;
}

void
mig_job_refuse(struct mig_job *job, const struct mig_err *err)
{
    struct mig_err reason = *err;

    mig_err_prefix(&reason, "action validation failed");
    free(job->refusal);
    job->refusal = strdup(reason.text);
    job->state = JOB_REFUSE;
    job->attempts = 0;
}
