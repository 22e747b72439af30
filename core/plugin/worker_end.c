/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/worker_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/time.h"
#include "plugin/cgroup.h"
#include "plugin/record.h"
#include "plugin/wire.h"

/* Reading a record of the greatest size takes a fraction of it. */
#define SALVAGE_MS 10000

/* The last line, or the one by which a sanitizer sums up. */
static bool
last_words(struct mig_worker *worker, char *line, size_t size)
{
    const char *text = worker->last_words.data;
    size_t len = worker->last_words.len;
    if (text == NULL || len == 0)
        return false;
    const char *start = strstr(text, "SUMMARY: ");
    if (start == NULL) {
        while (len > 0 && text[len - 1] == '\n')
            len--;
        start = text + len;
        while (start > text && start[-1] != '\n')
            start--;
    }
    mig_worker_clean_line(start, strcspn(start, "\n"), line, size);
    return line[0] != '\0';
}

static void
say_crash(struct mig_worker *worker, const char *how)
{
    char line[256];
    bool words = last_words(worker, line, sizeof(line));
    worker->outcome.status = MIG_WORKER_FAILED;
    worker->outcome.crashed = true;
    snprintf(worker->reason, sizeof(worker->reason), "plugin %s crashed: %s", worker->plugin, how);
    /* What a plugin wrote may be what it read on the endpoint, so it stays here. */
    if (words)
        mig_log(MIG_SEV_WARNING, "plugin %s crashed: %s: %s", worker->plugin, how, line);
#ifdef MIG_SANITIZERS
    if (words)
        snprintf(worker->reason, sizeof(worker->reason), "plugin %s crashed: %s: %s",
                 worker->plugin, how, line);
#endif
}

static void
say_because(struct mig_worker *worker)
{
    worker->outcome.status = worker->because_status;
    worker->outcome.crashed = worker->because == mig_worker_broken;
    if (worker->because_status == MIG_WORKER_TIMEOUT)
        snprintf(worker->reason, sizeof(worker->reason),
                 "timeout: plugin %s was killed at its limit of %lld ms", worker->plugin,
                 (long long)worker->timeout_ms);
    else if (worker->because_status == MIG_WORKER_CANCELLED)
        snprintf(worker->reason, sizeof(worker->reason), "%s", worker->because);
    else
        snprintf(worker->reason, sizeof(worker->reason),
                 "plugin %s was killed: %s (output limit %zu bytes)", worker->plugin,
                 worker->because, worker->output_max);
}

/* The kernel's limit lies a little above. */
static bool
over_cpu(const struct mig_worker *worker)
{
    return worker->cpu_max > 0 && worker->outcome.cpu_ms >= (int64_t)worker->cpu_max * 1000;
}

/* Waits for the leader, which has ended, and for nobody else. The rest of the group is killed while
 * the leader still holds its number. */
int
mig_worker_reap(struct mig_worker *worker)
{
    struct rusage usage = {0};
    int status = 0;

    mig_worker_kill_group(worker);
    pid_t got;
    do
        got = wait4(worker->pid, &status, 0, &usage);
    while (got < 0 && errno == EINTR);
    worker->reaped = true;
    worker->oom_killed |= mig_cgroup_out_of_memory(worker->cgroup);
    mig_cgroup_free(worker->cgroup);
    worker->cgroup = NULL;
    if (worker->salvaging)
        return status;
    worker->outcome.cpu_ms = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                             (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    worker->outcome.peak_kib = usage.ru_maxrss;
    return status;
}

/* An allocation that the limit refused, and then an end by the plugin's own hand. */
static bool
over_memory(const struct mig_worker *worker, const struct mig_record_state *record, int status)
{
    return worker->memory_max > 0 && record->memory_refused > 0 && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

static void
say_memory(struct mig_worker *worker)
{
    worker->outcome.status = MIG_WORKER_FAILED;
    snprintf(worker->reason, sizeof(worker->reason),
             "stopped: plugin %s needed more than %zu bytes of memory, the site's limit "
             "(limits.memory)",
             worker->plugin, worker->memory_max);
}

static void
say_signal(struct mig_worker *worker, const struct mig_record_state *record, int number)
{
    char how[192], limit[96] = "";

    if (worker->memory_max > 0 && record->memory_refused > 0)
        snprintf(limit, sizeof(limit),
                 " after the site's limit of %zu bytes of memory (limits.memory) was reached",
                 worker->memory_max);
    /* One that it brought upon itself, or one that came from outside or before it ran. */
    snprintf(how, sizeof(how), "%ssignal %d (%s)%s",
             record->running && number != SIGKILL ? "" : "killed by ", number, strsignal(number),
             limit);
    say_crash(worker, how);
}

/* Why there is no answer. */
static void
say_why(struct mig_worker *worker, int status)
{
    struct mig_record_state record = {0};
    char how[128];

    mig_record_peek(worker->record, &record);
    if (worker->because != NULL) {
        say_because(worker);
    } else if (WIFSIGNALED(status) && over_cpu(worker)) {
        worker->outcome.status = MIG_WORKER_FAILED;
        snprintf(worker->reason, sizeof(worker->reason),
                 "stopped: plugin %s used %u s of CPU time, the site's limit (limits.cpu)",
                 worker->plugin, worker->cpu_max);
    } else if (worker->oom_killed || over_memory(worker, &record, status)) {
        say_memory(worker);
    } else if (WIFSIGNALED(status)) {
        say_signal(worker, &record, WTERMSIG(status));
    } else {
        snprintf(how, sizeof(how), "its process ended with status %d and no answer",
                 WEXITSTATUS(status));
        say_crash(worker, how);
    }
}

static bool
done(struct mig_worker *worker)
{
    struct mig_worker_outcome *outcome = &worker->outcome;

    /* Half an answer is none. */
    if (!worker->answered || worker->output.data == NULL)
        mig_buf_reset(&worker->output);
    outcome->output = worker->output.data != NULL ? worker->output.data : "";
    outcome->output_len = worker->output.len;
    outcome->reason = worker->reason;
    outcome->wall_ms = mig_time_monotonic_ms() - worker->started;
    return worker->done = true;
}

/* ---- the record ---- */

static void
add_partial(char *reason, size_t size)
{
    size_t len = strlen(reason);
    snprintf(reason + len, size - len, "; partial result");
}

/* What the plugin had handed over is made a result of by a second worker, since bytes that it may
 * have forged are not for this process. */
static bool
salvage(struct mig_worker *worker)
{
    struct mig_record_state record;
    char reason[sizeof(worker->reason)];
    struct mig_worker_spec spec = {.call = (enum mig_worker_call)MIG_WIRE_SALVAGE,
                                   .plugin = worker->plugin,
                                   .input = reason,
                                   .timeout_ms = SALVAGE_MS};

    if (!mig_record_peek(worker->record, &record) || !record.running)
        return false;
    memcpy(reason, worker->reason, sizeof(reason));
    add_partial(reason, sizeof(reason));
    spec.input_len = strlen(reason);
    mig_worker_close(&worker->pidfd);
    mig_worker_close(&worker->channel);
    mig_worker_close(&worker->errors);
    mig_buf_reset(&worker->output);
    worker->salvaging = true;
    worker->killed = worker->reaped = false;
    worker->pid = -1;
    worker->kill_at = mig_time_monotonic_ms() + SALVAGE_MS;
    return mig_worker_launch(worker, &spec) == 0;
}

bool
mig_worker_conclude(struct mig_worker *worker, int status)
{
    if (worker->salvaging) {
        if (worker->answered && worker->output.len > 0)
            add_partial(worker->reason, sizeof(worker->reason));
        else
            mig_log(MIG_SEV_WARNING, "the partial result of plugin %s could not be read",
                    worker->plugin);
        return done(worker);
    }
    if (worker->answered)
        return done(worker);
    say_why(worker, status);
    if (salvage(worker))
        return false;
    return done(worker);
}
