/* SPDX-License-Identifier: MPL-2.0 */
/* Jobs and the broker: answers on their way out. */
#include "config.h"

#include "agent/job.h"

#include <errno.h>
#include <inttypes.h>

#include "agent/message.h"
#include "agent/owner_log.h"
#include "agent/pack.h"
#include "agent/spool.h"
#include "agent/supervisor.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/time.h"
#include "transport/amqp.h"

#define IN_FLIGHT_MAX 16 /* answers that wait for the broker's confirm */

static int
send_answer(struct mig_supervisor *s, struct mig_job *job)
{
    struct mig_buf json = MIG_BUF_INIT, body = MIG_BUF_INIT;
    struct mig_err err = {0};
    int rc = mig_spool_get_answer(s->spool_fd, job->verdict.command_id, &json, &err);

    if (rc < 0) {
        mig_log(MIG_SEV_ERR, "%s", err.text);
    } else {
        mig_pack_number(&body, job->cookie);
        job->answer_size = json.len;
        mig_pack_bytes(&body, json.data, json.len);
        rc = body.failed ? -ENOMEM : mig_child_send(&s->relay, MIG_MSG_RESULT, body.data, body.len);
    }
    mig_buf_fini(&json);
    mig_buf_fini(&body);
    return rc;
}

void
mig_job_send_answers(struct mig_supervisor *s)
{
    int64_t now = mig_time_monotonic_ms();
    size_t in_flight = 0;

    for (struct mig_job *job = s->jobs; job; job = job->next)
        in_flight += job->state == JOB_SENT;
    for (struct mig_job *job = s->jobs; job; job = job->next) {
        if (!s->relay_up || in_flight >= IN_FLIGHT_MAX)
            return;
        if (job->state != JOB_READY || job->retry_at > now)
            continue;
        if (send_answer(s, job) < 0) {
            mig_job_later(job);
            continue;
        }
        job->state = JOB_SENT;
        in_flight++;
    }
}

void
mig_jobs_fate(struct mig_supervisor *s, uint64_t cookie, uint64_t fate)
{
    struct mig_job *job = s->jobs;

    while (job && (job->cookie != cookie || job->state != JOB_SENT))
        job = job->next;
    if (!job)
        return;
    if (fate != MIG_AMQP_CONFIRMED) {
        if (fate == MIG_AMQP_RETURNED)
            mig_log(MIG_SEV_WARNING, "the broker has no queue " MIG_QUEUE_RESULTS
                                     "; the answer is sent again until it has");
        job->state = JOB_READY;
        mig_job_later(job);
        return;
    }
    mig_log(MIG_SEV_DEBUG, "command %" PRId64 " answered", job->verdict.command_id);
    mig_owner_log_sent(s->owner_log, job->verdict.command_id, job->answer_size);
    mig_spool_drop_answer(s->spool_fd, job->verdict.command_id);
    s->answers--;
    s->answered++;
    mig_job_free(s, job);
}

void
mig_jobs_relay_down(struct mig_supervisor *s)
{
    if (s->relay_up)
        s->down_since = mig_time_monotonic_ms();
    s->relay_up = 0;
    for (struct mig_job *job = s->jobs; job; job = job->next)
        if (job->state == JOB_SENT)
            job->state = JOB_READY;
}
