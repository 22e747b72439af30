/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/worker_internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/json.h"
#include "base/log.h"
#include "plugin/cgroup.h"
#include "plugin/wire.h"

#define STDERR_KEPT 16384u

const char mig_worker_broken[] = "it broke the worker protocol";

void
mig_worker_clean_line(const char *text, size_t len, char *line, size_t size)
{
    size_t n = len < size - 1 ? len : size - 1;
    while (n > 0 && n < len && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    memcpy(line, text, n);
    line[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    if (!mig_utf8_valid(line, n))
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)line[i] >= 0x80)
                line[i] = '?';
}

/* The group lives as long as its leader is not reaped, so the number can not be another's. */
void
mig_worker_kill_group(struct mig_worker *worker)
{
    if (worker->pid > 0 && !worker->reaped) {
        kill(-worker->pid, SIGKILL);
        mig_cgroup_kill(worker->cgroup);
    }
    worker->killed = true;
}

void
mig_worker_kill(struct mig_worker *worker, enum mig_worker_status status, const char *because)
{
    if (worker->because == NULL && !worker->answered) {
        worker->because = because;
        worker->because_status = status;
    }
    mig_worker_kill_group(worker);
}

static void
take_output(struct mig_worker *worker, const struct mig_buf *body)
{
    if (worker->killed)
        return;
    if (body->len > worker->output_max - worker->output.len)
        mig_worker_kill(worker, MIG_WORKER_FAILED, "over its output limit");
    else if (mig_buf_add(&worker->output, body->data, body->len) != 0)
        mig_worker_kill(worker, MIG_WORKER_FAILED, "out of memory for its output");
}

static void
take_done(struct mig_worker *worker, const struct mig_buf *body)
{
    uint32_t status;
    if (worker->killed || body->len < sizeof(status))
        return;
    memcpy(&status, body->data, sizeof(status));
    if (status > MIG_WORKER_REFUSED) {
        mig_worker_kill(worker, MIG_WORKER_FAILED, "its answer has an unknown status");
        return;
    }
    worker->answered = true;
    if (worker->salvaging)
        return; /* how it ended is known */
    worker->outcome.status = (enum mig_worker_status)status;
    mig_worker_clean_line(body->data + sizeof(status), body->len - sizeof(status), worker->reason,
                          sizeof(worker->reason));
    /* All is said; whatever the plugin started goes with it. */
    mig_worker_kill_group(worker);
}

static void
take_log(const struct mig_worker *worker, const struct mig_buf *body)
{
    uint32_t level;
    char line[1024];
    if (body->len < sizeof(level))
        return;
    memcpy(&level, body->data, sizeof(level));
    mig_worker_clean_line(body->data + sizeof(level), body->len - sizeof(level), line,
                          sizeof(line));
    int severity = level <= MIG_SEV_ERR    ? MIG_SEV_ERR
                   : level > MIG_SEV_DEBUG ? MIG_SEV_DEBUG
                                           : (int)level;
    mig_log(severity, "plugin %s: %s", worker->plugin, line);
}

const char *
mig_worker_plugin(const struct mig_worker *worker)
{
    return worker->plugin;
}

int
mig_worker_send(struct mig_worker *worker, uint32_t type, const void *body, size_t len)
{
    return worker->channel < 0 ? -EPIPE : mig_frame_send(worker->channel, type, body, len);
}

int
mig_worker_reply(struct mig_worker *worker, uint32_t type, int result, const char *text, size_t len)
{
    struct mig_buf body = MIG_BUF_INIT;
    int32_t code = result;
    int rc;

    mig_buf_add(&body, &code, sizeof(code));
    rc = mig_buf_add(&body, text, len);
    if (rc == 0)
        rc = mig_worker_send(worker, type, body.data, body.len);
    mig_buf_fini(&body);
    return rc;
}

static void
take_message(struct mig_worker *worker, uint32_t type, const struct mig_buf *body)
{
    static const char alone[] = "no agent that runs it is asked from here";
    int rc = MIG_E_PROTOCOL;

    if (worker->message != NULL)
        rc = worker->message(worker->context, worker, type, body->data != NULL ? body->data : "",
                             body->len);
    else if (type == MIG_WIRE_ASK)
        rc = mig_worker_reply(worker, MIG_WIRE_REPLY, -ENOENT, alone, sizeof(alone) - 1);
    if (rc < 0)
        mig_worker_kill(worker, MIG_WORKER_FAILED, mig_worker_broken);
}

void
mig_worker_drain(struct mig_worker *worker, int most)
{
    struct mig_buf body = MIG_BUF_INIT;
    uint32_t type;
    int rc = 0;

    for (int i = 0; i < most && worker->channel >= 0; i++) {
        rc = mig_frame_recv(worker->channel, MIG_FRAME_INLINE, &type, &body, NULL);
        if (rc != 0)
            break;
        if (type == MIG_WIRE_OUTPUT)
            take_output(worker, &body);
        else if (type == MIG_WIRE_DONE)
            take_done(worker, &body);
        else if (type == MIG_WIRE_LOG)
            take_log(worker, &body);
        else
            take_message(worker, type, &body);
    }
    if (rc != 0 && rc != -EAGAIN) {
        if (rc != -EPIPE)
            mig_worker_kill(worker, MIG_WORKER_FAILED, mig_worker_broken);
        mig_worker_close(&worker->channel); /* leaves the epoll set by itself */
    }
    mig_buf_fini(&body);
}

void
mig_worker_drain_errors(struct mig_worker *worker)
{
    char bytes[4096];
    for (int i = 0; i < MIG_WORKER_FRAMES_A_STEP && worker->errors >= 0; i++) {
        ssize_t n = read(worker->errors, bytes, sizeof(bytes));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            mig_worker_close(&worker->errors);
            return;
        }
        if (worker->last_words.len + (size_t)n > STDERR_KEPT)
            mig_buf_reset(&worker->last_words);
        mig_buf_add(&worker->last_words, bytes, (size_t)n);
    }
}
