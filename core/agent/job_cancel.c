/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The built-in operation `cancel` (document/cancel.h): it stops the workers of another action. It
 * has no worker of its own and waits for no free place. It ends when what it has stopped is
 * answered on disk, so that an agent that is killed meanwhile does not run again what was reported
 * cancelled.
 */
#include "config.h"

#include "agent/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/assemble.h"
#include "agent/owner_log.h"
#include "agent/supervisor.h"
#include "base/buf.h"
#include "base/log.h"
#include "plugin/worker.h"

/* The other commands that the operation means: ids alone when it names no digest. */
static int
is_meant(const struct mig_job *other, const struct mig_cancel *cancel)
{
    return other->state != JOB_CHECK && other->state != JOB_REFUSE &&
           other->verdict.action_id == cancel->action_id;
}

static int
same_text(const struct mig_job *other, const struct mig_cancel *cancel)
{
    return !cancel->has_digest ||
           memcmp(other->verdict.digest, cancel->digest, sizeof(cancel->digest)) == 0;
}

static void
cancel_operation(struct mig_supervisor *s, struct mig_job *other, size_t i,
                 struct mig_job_cancelling *ret)
{
    char text[1024];

    if (i >= other->next_operation || other->cancelling[i].active) {
        snprintf(text, sizeof(text), "%s, before it %s", other->cancelled,
                 other->cancelling[i].active ? "ended" : "started");
        other->cancelling[i].active = 0;
        ret->unstarted++;
        mig_job_end_operation(s, other, i, MIG_ANSWER_CANCELLED, text);
    } else if (other->workers[i]) {
        ret->stopped++;
        mig_worker_cancel(other->workers[i], other->cancelled);
    }
}

static void
cancel_job(struct mig_supervisor *s, const struct mig_job *job, struct mig_job *other,
           struct mig_job_cancelling *ret)
{
    struct mig_err err = {0};

    ret->commands++;
    mig_log(MIG_SEV_NOTICE, "command %" PRId64 " is cancelled by action %" PRId64 ", signed by %s",
            other->verdict.command_id, job->verdict.action_id, job->verdict.signers);
    if (other->cancelled)
        return; /* by another one: it waits for the same end */
    if (asprintf(&other->cancelled, "cancelled by action %" PRId64 ", signed by %s",
                 job->verdict.action_id, job->verdict.signers) < 0)
        other->cancelled = NULL;
    if (!other->cancelled)
        return; /* no memory: it goes on, and the cancellation waits for its end */
    if (!other->noted && mig_owner_log_accepted(s->owner_log, &other->verdict, &err) == 0)
        other->noted = 1;
    for (size_t i = 0; i < other->verdict.count && other->state == JOB_RUN; i++)
        if (!other->parts_ended[i])
            cancel_operation(s, other, i, ret);
    other->next_operation = other->verdict.count;
}

/* Why there is nothing to cancel. */
static void
say_nothing(const struct mig_supervisor *s, const struct mig_job *job,
            const struct mig_cancel *cancel, char *text, size_t size)
{
    const char *why = "no command of it is at work here";

    for (const struct mig_job *other = s->jobs; other; other = other->next)
        if (other != job && is_meant(other, cancel))
            why = same_text(other, cancel) ? "its command has ended already"
                                           : "what is at work here under this id is another action "
                                             "than the one whose sha256 was signed";
    snprintf(text, size, "action %" PRId64 " can not be cancelled: %s", cancel->action_id, why);
}

void
mig_job_cancel(struct mig_supervisor *s, struct mig_job *job, size_t i)
{
    const struct mig_cancel *cancel = &job->verdict.operations[i].cancel;
    struct mig_job_cancelling *c = &job->cancelling[i];
    char text[256];

    for (struct mig_job *other = s->jobs; other; other = other->next)
        if (other != job && other->state == JOB_RUN && is_meant(other, cancel) &&
            same_text(other, cancel))
            cancel_job(s, job, other, c);
    if (c->commands == 0) {
        say_nothing(s, job, cancel, text, sizeof(text));
        mig_job_end_operation(s, job, i, MIG_ANSWER_FAILED, text);
        return;
    }
    c->active = 1;
}

/* Whether an answer of what was cancelled is still to be made durable. */
static int
is_pending(const struct mig_supervisor *s, const struct mig_job *job,
           const struct mig_cancel *cancel)
{
    for (const struct mig_job *other = s->jobs; other; other = other->next)
        if (other != job && (other->state == JOB_RUN || other->state == JOB_ASSEMBLE) &&
            is_meant(other, cancel) && same_text(other, cancel))
            return 1;
    return 0;
}

void
mig_job_cancel_step(struct mig_supervisor *s, struct mig_job *job, size_t i)
{
    struct mig_job_cancelling *c = &job->cancelling[i];
    struct mig_answer_part *part = &job->parts[i];
    struct mig_buf out = MIG_BUF_INIT;

    if (!c->active || is_pending(s, job, &job->verdict.operations[i].cancel))
        return;
    c->active = 0;
    mig_buf_addf(&out,
                 "{\"foundanything\":true,\"success\":true,\"elements\":{\"actionid\":%" PRId64
                 ",\"commands\":%u,\"stopped\":%u,\"notstarted\":%u},\"statistics\":{},"
                 "\"errors\":null}",
                 job->verdict.operations[i].cancel.action_id, c->commands, c->stopped,
                 c->unstarted);
    part->output = mig_buf_take(&out, &part->output_len);
    mig_job_end_operation(s, job, i, part->output ? MIG_ANSWER_SUCCESS : MIG_ANSWER_FAILED,
                          part->output ? "" : "no memory");
}
