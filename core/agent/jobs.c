/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A job is one command on its way through the agent:
 *
 *   CHECK     the verifier is to look at it; it is neither durable nor acknowledged
 *   REFUSE    it was refused by the journal; the verifier is to make the answer
 *   RUN       in the spool and the journal, acknowledged; operations wait or run
 *   ASSEMBLE  all operations have ended; the verifier is to make the answer
 *   READY     the answer is in the spool, to be sent
 *   SENT      the relay has it; the broker has not confirmed it
 *
 * A job that a restart finds in the spool goes on at RUN or at READY.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/assemble.h"
#include "agent/message.h"
#include "agent/pack.h"
#include "agent/site.h"
#include "agent/spool.h"
#include "agent/supervisor.h"
#include "agent/verdict.h"
#include "base/buf.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/time.h"
#include "plugin/worker.h"
#include "transport/amqp.h"
#include "trust/journal.h"

#define CHECKS_MAX 64           /* commands held before the spool has them */
#define ANSWERS_MAX 1000        /* no new command is taken over this */
#define IN_FLIGHT_MAX 16        /* answers that wait for the broker's confirm */
#define OUTPUTS_MAX (40u << 20) /* bytes of all results of one command */
#define ATTEMPTS_MAX 3          /* verifiers that may die of one command */
#define RETRY_MS 10000
#define VERIFY_TIMEOUT_MS 60000

enum job_state { JOB_CHECK, JOB_REFUSE, JOB_RUN, JOB_ASSEMBLE, JOB_READY, JOB_SENT };

struct mig_job {
    struct mig_job *next;
    enum job_state state;
    uint64_t cookie;
    int asked; /* the verifier has it */
    int attempts;
    int64_t retry_at; /* monotonic */

    int unacked;
    uint64_t instance, connection, tag;

    char *raw;
    size_t raw_len;
    struct mig_verdict verdict;
    char *refusal;

    struct mig_answer_part *parts;
    struct mig_worker **workers;
    size_t next_operation, ended;
    size_t outputs;
};

/* ---- the list ---- */

static struct mig_job *
job_new(struct mig_supervisor *s, enum job_state state)
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

/* Gives up what only a running command needs. */
static void
job_shrink(struct mig_supervisor *s, struct mig_job *job)
{
    int64_t id = job->verdict.command_id;

    for (size_t i = 0; i < job->verdict.count; i++) {
        if (job->workers && job->workers[i]) {
            mig_worker_free(job->workers[i]);
            s->running--;
        }
        if (job->parts)
            mig_answer_part_fini(&job->parts[i]);
    }
    free(job->workers);
    free(job->parts);
    free(job->raw);
    free(job->refusal);
    job->workers = NULL;
    job->parts = NULL;
    job->raw = job->refusal = NULL;
    job->raw_len = 0;
    mig_verdict_fini(&job->verdict);
    job->verdict.command_id = id;
}

static void
job_free(struct mig_supervisor *s, struct mig_job *job)
{
    for (struct mig_job **at = &s->jobs; *at; at = &(*at)->next)
        if (*at == job) {
            *at = job->next;
            break;
        }
    job_shrink(s, job);
    free(job);
}

void
mig_jobs_free(struct mig_supervisor *s)
{
    while (s->jobs)
        job_free(s, s->jobs);
}

size_t
mig_jobs_count(const struct mig_supervisor *s)
{
    size_t count = 0;

    for (const struct mig_job *job = s->jobs; job; job = job->next)
        count++;
    return count;
}

/* The job past CHECK that has this command. */
static struct mig_job *
find_command(const struct mig_supervisor *s, int64_t command_id)
{
    for (struct mig_job *job = s->jobs; job; job = job->next)
        if (job->state != JOB_CHECK && job->state != JOB_REFUSE &&
            job->verdict.command_id == command_id)
            return job;
    return NULL;
}

static void
acknowledge(struct mig_supervisor *s, struct mig_job *job)
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

static void
later(struct mig_job *job)
{
    job->retry_at = mig_time_monotonic_ms() + RETRY_MS;
}

/* ---- from the broker ---- */

void
mig_jobs_command(struct mig_supervisor *s, uint64_t connection, uint64_t tag, const void *raw,
                 size_t len)
{
    struct mig_job *job;
    size_t held = 0;

    for (job = s->jobs; job; job = job->next)
        held += job->state == JOB_CHECK;
    job = held >= CHECKS_MAX ? NULL : job_new(s, JOB_CHECK);
    if (job) {
        job->raw = malloc(len + 1);
        if (!job->raw) {
            job_free(s, job);
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

static void
ask_verifier(struct mig_supervisor *s)
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
        later(job);
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
    acknowledge(s, job);
    job_free(s, job);
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
    acknowledge(s, job);
    job_shrink(s, job);
    job->state = JOB_READY;
    job->retry_at = 0;
    s->answers++;
}

/* Makes the answer durable; when that fails the job stays where it is and is asked again later. */
static void
keep_answer(struct mig_supervisor *s, struct mig_job *job, const void *json, size_t len)
{
    const struct mig_job *other = find_command(s, job->verdict.command_id);
    struct mig_err err = {0};

    if (other && other != job) {
        acknowledge(s, job);
        job_free(s, job);
        return;
    }
    if (mig_spool_put_answer(s->spool_fd, job->verdict.command_id, json, len, &err) < 0) {
        mig_log(MIG_SEV_ERR, "%s", err.text);
        later(job);
        return;
    }
    ready(s, job);
}

static int
prepare_run(struct mig_job *job)
{
    size_t count = job->verdict.count ? job->verdict.count : 1;

    job->parts = calloc(count, sizeof(*job->parts));
    job->workers = calloc(count, sizeof(struct mig_worker *));
    if (!job->parts || !job->workers)
        return -ENOMEM;
    job->state = JOB_RUN;
    return 0;
}

static void
refuse(struct mig_job *job, const struct mig_err *err)
{
    struct mig_err reason = *err;

    mig_err_prefix(&reason, "action validation failed");
    free(job->refusal);
    job->refusal = strdup(reason.text);
    job->state = JOB_REFUSE;
    job->attempts = 0;
}

/* The spool before the journal: what the journal knows and the spool has lost would never run. */
static void
accept(struct mig_supervisor *s, struct mig_job *job)
{
    struct mig_verdict *v = &job->verdict;
    struct mig_err err = {0};
    int rc = mig_spool_put_job(s->spool_fd, v, job->raw, job->raw_len, &err);

    if (rc < 0) {
        mig_log(MIG_SEV_ERR, "%s", err.text);
        mig_verdict_fini(v);
        later(job);
        return;
    }
    rc = mig_journal_take(s->journal, v->digest, v->command_id, v->expires, &err);
    if (rc == -EEXIST) {
        mig_log(MIG_SEV_INFO, "command %" PRId64 " came again and is done already", v->command_id);
        mig_spool_drop_job(s->spool_fd, v->command_id);
        acknowledge(s, job);
        job_free(s, job);
        return;
    }
    if (rc < 0) {
        mig_log(MIG_SEV_WARNING, "action %" PRId64 " refused: %s", v->action_id, err.text);
        s->refused++;
        mig_spool_drop_job(s->spool_fd, v->command_id);
        refuse(job, &err);
        return;
    }
    if (prepare_run(job) < 0) {
        later(job);
        return;
    }
    s->accepted++;
    mig_log(MIG_SEV_INFO, "action %" PRId64 " accepted: command %" PRId64 ", signed by %s",
            v->action_id, v->command_id, v->signers);
    acknowledge(s, job);
}

static void
take_verdict(struct mig_supervisor *s, struct mig_job *job)
{
    struct mig_verdict *v = &job->verdict;

    if (v->kind == MIG_VERDICT_UNREADABLE) {
        mig_log(MIG_SEV_WARNING, "a message that is not a command was dropped: %s", v->reason);
    } else if (find_command(s, v->command_id)) {
        mig_log(MIG_SEV_INFO, "command %" PRId64 " came again while it is at work", v->command_id);
    } else if (v->kind == MIG_VERDICT_REFUSED) {
        mig_log(MIG_SEV_WARNING, "action %" PRId64 " refused: %s", v->action_id, v->reason);
        s->refused++;
        keep_answer(s, job, v->answer, v->answer_len);
        return;
    } else {
        accept(s, job);
        return;
    }
    acknowledge(s, job);
    job_free(s, job);
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

/* ---- workers ---- */

static void
end_operation(struct mig_job *job, size_t i, enum mig_answer_status status, const char *reason)
{
    job->parts[i].status = status;
    if (!job->parts[i].reason && reason[0])
        job->parts[i].reason = strdup(reason);
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
                                   .memory_max = s->site->memory_max};
    struct mig_err err = {0};

    if (spec.timeout_ms <= 0) {
        end_operation(job, i, MIG_ANSWER_TIMEOUT,
                      "the action expired before the operation started");
        return;
    }
    if (mig_worker_start(&spec, &job->workers[i], &err) < 0) {
        end_operation(job, i, MIG_ANSWER_FAILED, err.text);
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
    }
    if (outcome->output && outcome->output_len > 0)
        keep_output(job, i, outcome);
    if (job->parts[i].reason) /* the output was too much */
        status = MIG_ANSWER_FAILED;
    if (status != MIG_ANSWER_SUCCESS)
        mig_log(MIG_SEV_WARNING, "command %" PRId64 ": operation %zu, %s: %s",
                job->verdict.command_id, i, module, reason);
    end_operation(job, i, status, reason);
    mig_worker_free(job->workers[i]);
    job->workers[i] = NULL;
    s->running--;
}

static void
start_workers(struct mig_supervisor *s)
{
    for (struct mig_job *job = s->jobs; job; job = job->next)
        while (job->state == JOB_RUN && job->next_operation < job->verdict.count &&
               s->running < s->site->max_workers)
            start_operation(s, job, job->next_operation++);
}

void
mig_jobs_step(struct mig_supervisor *s)
{
    for (struct mig_job *job = s->jobs; job; job = job->next)
        for (size_t i = 0; job->state == JOB_RUN && i < job->next_operation; i++)
            if (job->workers[i] && mig_worker_step(job->workers[i]) != 0)
                finish_operation(s, job, i);
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

/* ---- answers ---- */

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
        mig_pack_bytes(&body, json.data, json.len);
        rc = body.failed ? -ENOMEM : mig_child_send(&s->relay, MIG_MSG_RESULT, body.data, body.len);
    }
    mig_buf_fini(&json);
    mig_buf_fini(&body);
    return rc;
}

static void
send_answers(struct mig_supervisor *s)
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
            later(job);
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
        later(job);
        return;
    }
    mig_log(MIG_SEV_DEBUG, "command %" PRId64 " answered", job->verdict.command_id);
    mig_spool_drop_answer(s->spool_fd, job->verdict.command_id);
    s->answers--;
    s->answered++;
    job_free(s, job);
}

void
mig_jobs_relay_down(struct mig_supervisor *s)
{
    s->relay_up = 0;
    for (struct mig_job *job = s->jobs; job; job = job->next)
        if (job->state == JOB_SENT)
            job->state = JOB_READY;
}

/* ---- all together ---- */

void
mig_jobs_work(struct mig_supervisor *s)
{
    start_workers(s);
    ask_verifier(s);
    send_answers(s);
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
        job_free(s, job);
        return;
    }
    job->raw = mig_buf_take(&raw, &job->raw_len);
    /* It may have been written a moment before the journal was. */
    rc = mig_journal_take(s->journal, v->digest, v->command_id, v->expires, &err);
    if (rc < 0 && rc != -EEXIST)
        refuse(job, &err);
    else if (!job->raw || prepare_run(job) < 0)
        job_free(s, job);
    else
        mig_log(MIG_SEV_NOTICE, "command %" PRId64 " was not finished; it runs again", command_id);
}

static int
load_entry(void *context, int64_t command_id, int answered)
{
    struct mig_supervisor *s = context;
    struct mig_job *job = job_new(s, JOB_READY);

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
