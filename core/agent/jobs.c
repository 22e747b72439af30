/* SPDX-License-Identifier: MPL-2.0 */
/* All jobs together: commands that come, what the spool holds from before, a turn of the loop. */
#include "config.h"

#include "agent/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/job.h"
#include "agent/spool.h"
#include "base/buf.h"
#include "base/log.h"
#include "trust/journal.h"

#define CHECKS_MAX 64 /* commands held before the spool has them */

void
mig_jobs_free(struct mig_supervisor *s)
{
    while (s->jobs)
        mig_job_free(s, s->jobs);
}

size_t
mig_jobs_count(const struct mig_supervisor *s)
{
    size_t count = 0;

    for (const struct mig_job *job = s->jobs; job; job = job->next)
        count++;
    return count;
}

void
mig_jobs_command(struct mig_supervisor *s, uint64_t connection, uint64_t tag, const void *raw,
                 size_t len)
{
    struct mig_job *job;
    size_t held = 0;

    for (job = s->jobs; job; job = job->next)
        held += job->state == JOB_CHECK;
    job = held >= CHECKS_MAX ? NULL : mig_job_new(s, JOB_CHECK);
    if (job) {
        job->raw = malloc(len + 1);
        if (!job->raw) {
            mig_job_free(s, job);
            job = NULL;
        }
    }
    if (!job) {
        mig_log(MIG_SEV_ERR, "a command is left to the broker: too many are waiting");
        return;
    }
    memcpy(job->raw, raw, len);
    job->raw[len] = '\0';
    job->raw_len = len;
    job->unacked = 1;
    job->instance = s->relay_instance;
    job->connection = connection;
    job->tag = tag;
}

void
mig_jobs_work(struct mig_supervisor *s)
{
    mig_job_start_workers(s);
    mig_job_ask_verifier(s);
    mig_job_send_answers(s);
}

static void
load_job(struct mig_supervisor *s, struct mig_job *job, int64_t command_id)
{
    struct mig_buf raw = MIG_BUF_INIT;
    struct mig_err err = {0};
    struct mig_verdict *v = &job->verdict;
    int rc = mig_spool_get_job(s->spool_fd, command_id, v, &raw, &err);

    if (rc < 0) {
        mig_log(MIG_SEV_ERR, "%s; it is put aside", err.text);
        mig_spool_set_aside(s->spool_fd, command_id);
        mig_job_free(s, job);
        return;
    }
    job->raw = mig_buf_take(&raw, &job->raw_len);
    /* It may have been written a moment before the journal was. */
    rc = mig_journal_take(s->journal, v->digest, v->command_id, v->expires, &err);
    if (rc < 0 && rc != -EEXIST)
        mig_job_refuse(job, &err);
    else if (!job->raw || mig_job_prepare(job) < 0)
        mig_job_free(s, job);
    else
        mig_log(MIG_SEV_NOTICE, "command %" PRId64 " was not finished; it runs again", command_id);
}

static int
load_entry(void *context, int64_t command_id, int answered)
{
    struct mig_supervisor *s = context;
    struct mig_job *job = mig_job_new(s, JOB_READY);

    if (!job)
        return -ENOMEM;
    if (!answered) {
        load_job(s, job, command_id);
        return 0;
    }
    job->verdict.command_id = command_id;
    s->answers++;
    return 0;
}

int
mig_jobs_load(struct mig_supervisor *s, struct mig_err *err)
{
    return mig_spool_scan(s->spool_fd, load_entry, s, err);
}
