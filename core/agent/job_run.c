/* SPDX-License-Identifier: MPL-2.0 */
/* Jobs and workers: the operations of an accepted command. */
#include "config.h"

#include "agent/job.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/assemble.h"
#include "agent/narrow.h"
#include "agent/owner_log.h"
#include "agent/persist.h"
#include "agent/roster.h"
#include "agent/site.h"
#include "agent/supervisor.h"
#include "base/log.h"
#include "base/time.h"
#include "plugin/wire.h"
#include "plugin/worker.h"

#define OUTPUTS_MAX (40u << 20) /* bytes of all results of one command */

void
mig_job_end_operation(struct mig_supervisor *s, struct mig_job *job, size_t i,
                      enum mig_answer_status status, const char *reason)
{
    static const char *const names[] = {
        [MIG_ANSWER_SUCCESS] = "success",
        [MIG_ANSWER_FAILED] = "failed",
        [MIG_ANSWER_TIMEOUT] = "timeout",
        [MIG_ANSWER_CANCELLED] = "cancelled",
    };
    struct mig_answer_part *part = &job->parts[i];

    s->active_at = mig_time_monotonic_ms();
    job->parts_ended[i] = 1;
    part->status = status;
    if (!part->reason && reason[0])
        part->reason = strdup(reason);
    mig_owner_log_ran(s->owner_log, job->verdict.command_id, job->verdict.operations[i].module,
                      names[status], part->reason, part->output, part->output_len);
    job->ended++;
    if (job->ended == job->verdict.count) {
        job->state = JOB_ASSEMBLE;
        job->attempts = 0;
    }
}

/* Milliseconds that the operation may take; 0 or less: its action has expired. */
static int64_t
time_left(const struct mig_supervisor *s, const struct mig_job *job)
{
    int64_t left = job->verdict.expires - mig_time_now().sec;

    if (left > s->site->module_timeout_ms / 1000)
        return s->site->module_timeout_ms;
    return left * 1000;
}

static void
reply(void *worker, int result, const char *text, size_t len)
{
    if (mig_worker_reply(worker, MIG_WIRE_REPLY, result, text, len) < 0)
        mig_log(MIG_SEV_WARNING, "an answer of a persistent module could not be handed over");
}

/* A worker may ask the instance of the plugin that it runs, and no other. */
static int
hear(void *context, struct mig_worker *worker, uint32_t type, const char *body, size_t len)
{
    struct mig_supervisor *s = context;

    if (type != MIG_WIRE_ASK)
        return MIG_E_PROTOCOL;
    return mig_persist_ask(s->persist, mig_worker_plugin(worker), worker, reply, body, len);
}

static void
start_operation(struct mig_supervisor *s, struct mig_job *job, size_t i)
{
    const struct mig_verdict_operation *op = &job->verdict.operations[i];
    struct mig_worker_spec spec = {.call = MIG_WORKER_RUN,
                                   .plugin = op->module,
                                   .plugin_dir = mig_site_plugin_dir(s->site),
                                   .input = op->parameters,
                                   .input_len = op->parameters_len,
                                   .timeout_ms = time_left(s, job),
                                   .output_max = s->site->output_max,
                                   .memory_max = s->site->memory_max,
                                   .cpu_max = (unsigned)s->site->cpu_max,
                                   .open_files_max = (unsigned)s->site->open_files_max,
                                   .private_mode = s->site->private_mode != 0,
                                   .message = hear,
                                   .context = s};
    struct mig_err err = {0};
    const char *quarantine;
    char text[160];

    if (mig_narrow_is_off(s->site, op->module)) {
        snprintf(text, sizeof(text),
                 "module '%.64s' is switched off on this endpoint (modules.off)", op->module);
        mig_job_end_operation(s, job, i, MIG_ANSWER_FAILED, text);
        return;
    }
    if (op->cancel.action_id) {
        mig_job_cancel(s, job, i);
        return;
    }
    quarantine = mig_roster_quarantine(s->roster, op->module);
    if (quarantine) {
        mig_job_end_operation(s, job, i, MIG_ANSWER_FAILED, quarantine);
        return;
    }
    if (spec.timeout_ms <= 0) {
        mig_job_end_operation(s, job, i, MIG_ANSWER_TIMEOUT,
                              "the action expired before the operation started");
        return;
    }
    if (mig_worker_start(&spec, &job->workers[i], &err) < 0) {
        mig_job_end_operation(s, job, i, MIG_ANSWER_FAILED, err.text);
        return;
    }
    s->running++;
}

static void
keep_output(struct mig_job *job, size_t i, const struct mig_worker_outcome *outcome)
{
    struct mig_answer_part *part = &job->parts[i];

    if (outcome->output_len > OUTPUTS_MAX - job->outputs) {
        part->status = MIG_ANSWER_FAILED;
        part->reason = strdup("the result was dropped: all results of the command are over 40 MiB");
        return;
    }
    part->output = malloc(outcome->output_len + 1);
    if (!part->output)
        return;
    memcpy(part->output, outcome->output, outcome->output_len);
    part->output[outcome->output_len] = '\0';
    part->output_len = outcome->output_len;
    job->outputs += outcome->output_len;
}

static void
finish_operation(struct mig_supervisor *s, struct mig_job *job, size_t i)
{
    const struct mig_worker_outcome *outcome = mig_worker_outcome(job->workers[i]);
    const char *module = job->verdict.operations[i].module;
    enum mig_answer_status status = MIG_ANSWER_FAILED;
    const char *reason = outcome->reason ? outcome->reason : "";
    char text[1024];

    if (outcome->status == MIG_WORKER_REFUSED) {
        snprintf(text, sizeof(text), "module '%.64s' is not available: %s", module, reason);
        reason = text;
    } else if (outcome->status == MIG_WORKER_SUCCESS) {
        status = MIG_ANSWER_SUCCESS;
    } else if (outcome->status == MIG_WORKER_TIMEOUT) {
        status = MIG_ANSWER_TIMEOUT;
    } else if (outcome->status == MIG_WORKER_CANCELLED) {
        status = MIG_ANSWER_CANCELLED;
    }
    if (outcome->output && outcome->output_len > 0)
        keep_output(job, i, outcome);
    if (job->parts[i].reason) /* the output was too much */
        status = MIG_ANSWER_FAILED;
    if (status != MIG_ANSWER_SUCCESS)
        mig_log(MIG_SEV_WARNING, "command %" PRId64 ": operation %zu, %s: %s",
                job->verdict.command_id, i, module, reason);
    if (outcome->status != MIG_WORKER_REFUSED && outcome->status != MIG_WORKER_CANCELLED &&
        mig_roster_outcome(s->roster, module, MIG_ROSTER_OPERATION, outcome->crashed, reason))
        mig_log(MIG_SEV_ERR, "%s", mig_roster_quarantine(s->roster, module));
    mig_job_end_operation(s, job, i, status, reason);
    mig_persist_forget(s->persist, job->workers[i]);
    mig_worker_free(job->workers[i]);
    job->workers[i] = NULL;
    s->running--;
}

/* What the owner can not read of afterwards does not run, unless it is too late to run anyway. */
static int
note(struct mig_supervisor *s, struct mig_job *job)
{
    struct mig_err err = {0};

    if (job->noted || time_left(s, job) <= 0)
        return 0;
    if (job->retry_at > mig_time_monotonic_ms())
        return -EAGAIN;
    if (mig_owner_log_accepted(s->owner_log, &job->verdict, &err) < 0) {
        mig_job_later(job);
        return -EAGAIN;
    }
    job->noted = 1;
    return 0;
}

void
mig_job_start_workers(struct mig_supervisor *s)
{
    for (struct mig_job *job = s->jobs; job; job = job->next)
        while (job->state == JOB_RUN && job->next_operation < job->verdict.count &&
               (s->running < s->site->max_workers ||
                job->verdict.operations[job->next_operation].cancel.action_id) &&
               note(s, job) == 0)
            start_operation(s, job, job->next_operation++);
}

void
mig_jobs_step(struct mig_supervisor *s)
{
    for (struct mig_job *job = s->jobs; job; job = job->next)
        for (size_t i = 0; job->state == JOB_RUN && i < job->next_operation; i++) {
            if (job->workers[i] && mig_worker_step(job->workers[i]) != 0)
                finish_operation(s, job, i);
            else
                mig_job_cancel_step(s, job, i);
        }
}

static void
lower(int *timeout_ms, int64_t left)
{
    if (left < 0)
        left = 0;
    if (*timeout_ms < 0 || left < *timeout_ms)
        *timeout_ms = left > 60000 ? 60000 : (int)left;
}

size_t
mig_jobs_poll(struct mig_supervisor *s, struct pollfd *fds, size_t max, int *timeout_ms)
{
    int64_t now = mig_time_monotonic_ms();
    size_t n = 0;

    for (struct mig_job *job = s->jobs; job; job = job->next) {
        if (job->retry_at > now)
            lower(timeout_ms, job->retry_at - now);
        for (size_t i = 0; job->workers && i < job->next_operation && n < max; i++) {
            int64_t left;

            if (!job->workers[i])
                continue;
            left = mig_worker_timeout(job->workers[i]);
            if (left >= 0)
                lower(timeout_ms, left);
            fds[n++] = (struct pollfd){.fd = mig_worker_fd(job->workers[i]), .events = POLLIN};
        }
    }
    return n;
}
