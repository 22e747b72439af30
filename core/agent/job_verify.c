/* SPDX-License-Identifier: MPL-2.0 */
/* Jobs and the verifier: the check of a command, and the making of its answer. */
#include "config.h"

#include "agent/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "agent/assemble.h"
#include "agent/message.h"
#include "agent/owner_log.h"
#include "agent/spool.h"
#include "agent/supervisor.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/time.h"
#include "trust/journal.h"

#define ANSWERS_MAX 1000 /* no new command is taken over this */
#define ATTEMPTS_MAX 3   /* verifiers that may die of one command */
#define VERIFY_TIMEOUT_MS 60000

/* ---- to the verifier ---- */

static struct mig_job *
asked_job(const struct mig_supervisor *s)
{
    struct mig_job *job = s->jobs;

    while (job && !job->asked)
        job = job->next;
    return job;
}

static int
send_assemble(struct mig_supervisor *s, struct mig_job *job)
{
    struct mig_buf body = MIG_BUF_INIT;
    int rc = mig_assemble_pack(&body, job->raw, job->raw_len, job->refusal, job->parts,
                               job->refusal ? 0 : job->verdict.count);

    if (rc == 0)
        rc = mig_child_send(&s->verifier, MIG_MSG_ASSEMBLE, body.data, body.len);
    mig_buf_fini(&body);
    return rc;
}

void
mig_job_ask_verifier(struct mig_supervisor *s)
{
    int64_t now = mig_time_monotonic_ms();
    struct mig_job *job = s->jobs;
    int rc;

    if (s->verifier_deadline != 0)
        return;
    while (job && (job->retry_at > now || job->state == JOB_RUN || job->state >= JOB_READY ||
                   (job->state == JOB_CHECK && s->answers >= ANSWERS_MAX)))
        job = job->next;
    if (!job || mig_supervisor_verifier(s) < 0)
        return;
    rc = job->state == JOB_CHECK
             ? mig_child_send(&s->verifier, MIG_MSG_CHECK, job->raw, job->raw_len)
             : send_assemble(s, job);
    if (rc < 0) {
        mig_job_later(job);
        return;
    }
    job->asked = 1;
    s->verifier_deadline = now + VERIFY_TIMEOUT_MS;
}

static void
poison(struct mig_supervisor *s, struct mig_job *job)
{
    mig_log(MIG_SEV_ERR, "command %" PRId64 " is given up: the verifier failed %d times on it",
            job->verdict.command_id, job->attempts);
    if (job->state == JOB_ASSEMBLE)
        mig_spool_set_aside(s->spool_fd, job->verdict.command_id);
    mig_job_acknowledge(s, job);
    mig_job_free(s, job);
}

void
mig_jobs_verifier_lost(struct mig_supervisor *s)
{
    struct mig_job *job = asked_job(s);

    s->verifier_deadline = 0;
    if (!job)
        return;
    job->asked = 0;
    if (++job->attempts >= ATTEMPTS_MAX)
        poison(s, job);
}

/* ---- from the verifier ---- */

static void
ready(struct mig_supervisor *s, struct mig_job *job)
{
    mig_job_acknowledge(s, job);
    mig_job_shrink(s, job);
    job->state = JOB_READY;
    job->retry_at = 0;
    s->answers++;
}

/* Makes the answer durable; when that fails the job stays where it is and is asked again later. */
static void
keep_answer(struct mig_supervisor *s, struct mig_job *job, const void *json, size_t len)
{
    const struct mig_job *other = mig_job_find(s, job->verdict.command_id);
    struct mig_err err = {0};

    if (other && other != job) {
        mig_job_acknowledge(s, job);
        mig_job_free(s, job);
        return;
    }
    if (mig_spool_put_answer(s->spool_fd, job->verdict.command_id, json, len, &err) < 0) {
        mig_log(MIG_SEV_ERR, "%s", err.text);
        mig_job_later(job);
        return;
    }
    ready(s, job);
}

/* The spool before the journal: what the journal knows and the spool has lost would never run. But
 * nothing that the journal knows already goes to the spool: there it would be taken for a command
 * that was not finished. */
static void
accept(struct mig_supervisor *s, struct mig_job *job)
{
    struct mig_verdict *v = &job->verdict;
    struct mig_err err = {0};
    int rc = mig_journal_check(s->journal, v->digest, v->command_id, &err);

    if (rc == 0 && mig_spool_put_job(s->spool_fd, v, job->raw, job->raw_len, &err) < 0) {
        mig_log(MIG_SEV_ERR, "%s", err.text);
        mig_verdict_fini(v);
        mig_job_later(job);
        return;
    }
    if (rc == 0)
        rc = mig_journal_take(s->journal, v->digest, v->command_id, v->expires, &err);
    if (rc == -EEXIST) {
        mig_log(MIG_SEV_INFO, "command %" PRId64 " came again and is done already", v->command_id);
        mig_job_acknowledge(s, job);
        mig_job_free(s, job);
        return;
    }
    if (rc < 0) {
        mig_log(MIG_SEV_WARNING, "action %" PRId64 " refused: %s", v->action_id, err.text);
        s->refused++;
        mig_owner_log_refused(s->owner_log, v, err.text);
        mig_spool_drop_job(s->spool_fd, v->command_id);
        mig_job_refuse(job, &err);
        return;
    }
    if (mig_job_prepare(job) < 0) {
        mig_job_later(job);
        return;
    }
    s->accepted++;
    mig_log(MIG_SEV_INFO, "action %" PRId64 " accepted: command %" PRId64 ", signed by %s",
            v->action_id, v->command_id, v->signers);
    mig_job_acknowledge(s, job);
}

static void
take_verdict(struct mig_supervisor *s, struct mig_job *job)
{
    struct mig_verdict *v = &job->verdict;

    if (v->kind == MIG_VERDICT_UNREADABLE) {
        mig_log(MIG_SEV_WARNING, "a message that is not a command was dropped: %s", v->reason);
    } else if (mig_job_find(s, v->command_id)) {
        mig_log(MIG_SEV_INFO, "command %" PRId64 " came again while it is at work", v->command_id);
    } else if (v->kind == MIG_VERDICT_REFUSED) {
        mig_log(MIG_SEV_WARNING, "action %" PRId64 " refused: %s", v->action_id, v->reason);
        s->refused++;
        mig_owner_log_refused(s->owner_log, v, v->reason);
        keep_answer(s, job, v->answer, v->answer_len);
        return;
    } else {
        accept(s, job);
        return;
    }
    mig_job_acknowledge(s, job);
    mig_job_free(s, job);
}

int
mig_jobs_verdict(struct mig_supervisor *s, const void *data, size_t len)
{
    struct mig_job *job = asked_job(s);
    int rc;

    if (!job || job->state != JOB_CHECK)
        return MIG_E_PROTOCOL;
    mig_verdict_fini(&job->verdict);
    rc = mig_verdict_unpack(data, len, &job->verdict);
    if (rc < 0)
        return rc;
    job->asked = 0;
    s->verifier_deadline = 0;
    take_verdict(s, job);
    return 0;
}

int
mig_jobs_answer(struct mig_supervisor *s, const void *data, size_t len)
{
    struct mig_job *job = asked_job(s);

    if (!job || (job->state != JOB_ASSEMBLE && job->state != JOB_REFUSE))
        return MIG_E_PROTOCOL;
    job->asked = 0;
    s->verifier_deadline = 0;
    if (len == 0) {
        job->attempts = ATTEMPTS_MAX;
        poison(s, job);
        return 0;
    }
    keep_answer(s, job, data, len);
    return 0;
}
