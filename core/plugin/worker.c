/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "plugin/collect.h"
#include "plugin/table.h"
#include "plugin/wire.h"

/* The worker ends by itself at its limit; this long after it, it is killed. */
#define KILL_GRACE_MS 200
/* A plugin that has crashed has this long to hand over what it had found. */
#define CRASH_GRACE_MS 1000
/* Descriptors that are handed to the child lie above those they are handed as. */
#define SAFE_FD 10
#define STDERR_KEPT 16384u
#define FRAMES_A_STEP 64

static const char broken[] = "it broke the worker protocol";

struct mig_worker {
    pid_t pid;
    int pidfd;
    int channel;
    int errors; /* the worker's stderr */
    int epoll;
    bool reaped;
    bool killed;
    bool answered;       /* MIG_WIRE_DONE came */
    const char *because; /* why it was killed, when no answer came */
    enum mig_worker_status because_status;
    int64_t started;
    int64_t kill_at; /* INT64_MAX: never */
    size_t output_max;
    int64_t timeout_ms;
    unsigned cpu_max;
    int crash; /* the signal that MIG_WIRE_CRASH named */
    mig_worker_message_fn *message;
    void *context;
    char plugin[33];
    char reason[1100];
    struct mig_buf output;
    struct mig_buf last_words;
    struct mig_worker_outcome outcome;
    bool done;
};

/* ---- starting ---- */

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Above SAFE_FD, so that no dup2() in the child hits one that is still to be handed over. */
static int
raise_fd(int *fd)
{
    int high = fcntl(*fd, F_DUPFD_CLOEXEC, SAFE_FD);
    if (high < 0)
        return -errno;
    close(*fd);
    *fd = high;
    return 0;
}

static int
spawn_attributes(posix_spawnattr_t *attr)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawnattr_setsigmask(attr, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attr, &all);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
                                                POSIX_SPAWN_SETSIGMASK);
    return rc;
}

static int
spawn_files(posix_spawn_file_actions_t *files, int channel, int errors)
{
    int rc = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(files, 1, "/dev/null", O_WRONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(files, errors, 2);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(files, channel, MIG_WIRE_FD);
    return rc;
}

/* This program once more. posix_spawn() shares no state with the child after it returns and is safe
 * with threads; what else is open here is close-on-exec, and the worker closes what is not. */
static int
spawn(struct mig_worker *worker, int channel, int errors)
{
    char argv0[] = MIG_WIRE_ARGV0;
    char argv1[] = MIG_WIRE_ARGV1;
    char *argv[] = {argv0, argv1, worker->plugin[0] != '\0' ? worker->plugin : NULL, NULL};
    char *envp[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;

    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    int rc = spawn_attributes(&attr);
    if (rc == 0)
        rc = spawn_files(&files, channel, errors);
    if (rc == 0)
        rc = posix_spawn(&worker->pid, "/proc/self/exe", &files, &attr, argv, envp);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    return -rc;
}

static int
send_spec(const struct mig_worker *worker, const struct mig_worker_spec *spec)
{
    struct mig_wire_spec wire = {
        .call = spec->call,
        .print_flags = spec->print_flags,
        .private_mode = spec->private_mode != 0,
        .open_files_max = spec->open_files_max,
        .timeout_ms = spec->timeout_ms,
        .output_max = worker->output_max,
        .memory_max = spec->memory_max,
        .cpu_max = spec->cpu_max,
        .parent = getpid(),
        .has_dir = spec->plugin_dir != NULL,
        .has_state_dir = spec->state_dir != NULL,
        .state_max = spec->state_max,
    };
    struct mig_buf body = MIG_BUF_INIT;
    int input = mig_memfd_sealed("mig-input", spec->input != NULL ? spec->input : "",
                                 spec->input != NULL ? spec->input_len : 0);
    int rc = input < 0 ? input : 0;

    if (rc == 0) {
        mig_buf_add(&body, &wire, sizeof(wire));
        /* No plugin's name is this long; what is cut is refused all the same. */
        mig_buf_add(&body, spec->plugin, strnlen(spec->plugin, 255));
        mig_buf_addc(&body, '\0');
        mig_buf_adds(&body, spec->plugin_dir != NULL ? spec->plugin_dir : "");
        mig_buf_addc(&body, '\0');
        mig_buf_adds(&body, spec->state_dir != NULL ? spec->state_dir : "");
        rc = mig_buf_addc(&body, '\0');
    }
    if (rc == 0)
        rc = mig_frame_send_fd(worker->channel, MIG_WIRE_SPEC, body.data, body.len, input);
    mig_buf_fini(&body);
    close_fd(&input);
    return rc;
}

static int
watch(const struct mig_worker *worker, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

static int
start_process(struct mig_worker *worker, int channel, int errors)
{
    int rc = spawn(worker, channel, errors);
    if (rc != 0) {
        worker->pid = -1;
        return rc;
    }
    worker->pidfd = (int)syscall(SYS_pidfd_open, worker->pid, 0);
    if (worker->pidfd < 0)
        return -errno;
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (worker->epoll < 0)
        return -errno;
    rc = watch(worker, worker->pidfd);
    if (rc == 0)
        rc = watch(worker, worker->channel);
    if (rc == 0)
        rc = watch(worker, worker->errors);
    return rc;
}

static int
start_channels(struct mig_worker *worker, int *ret_channel, int *ret_errors)
{
    int pair[2], words[2];
    int rc = mig_frame_pair(pair);
    if (rc != 0)
        return rc;
    worker->channel = pair[0];
    *ret_channel = pair[1];
    if (pipe2(words, O_CLOEXEC | O_NONBLOCK) != 0)
        return -errno;
    worker->errors = words[0];
    *ret_errors = words[1];
    if (fcntl(worker->channel, F_SETFL, O_NONBLOCK) != 0)
        return -errno;
    rc = raise_fd(ret_channel);
    return rc == 0 ? raise_fd(ret_errors) : rc;
}

int
mig_worker_start(const struct mig_worker_spec *spec, struct mig_worker **ret, struct mig_err *err)
{
    int channel = -1, errors = -1;
    struct mig_worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return mig_err_set(err, -ENOMEM, "no worker: out of memory");
    worker->pid = -1;
    worker->pidfd = worker->channel = worker->errors = worker->epoll = -1;
    worker->started = mig_time_monotonic_ms();
    worker->timeout_ms = spec->timeout_ms;
    worker->cpu_max = spec->cpu_max;
    worker->message = spec->message;
    worker->context = spec->context;
    worker->kill_at =
        spec->timeout_ms > 0 ? worker->started + spec->timeout_ms + KILL_GRACE_MS : INT64_MAX;
    worker->output_max = spec->output_max > 0 ? spec->output_max : MIG_COLLECT_OUTPUT_MAX;
    if (mig_table_plain_name(spec->plugin))
        snprintf(worker->plugin, sizeof(worker->plugin), "%s", spec->plugin);

    int rc = start_channels(worker, &channel, &errors);
    if (rc == 0)
        rc = start_process(worker, channel, errors);
    close_fd(&channel);
    close_fd(&errors);
    if (rc == 0)
        rc = send_spec(worker, spec);
    /* A worker that is dead already is an outcome, not an error. */
    if (rc != 0 && rc != -EPIPE) {
        mig_worker_free(worker);
        return mig_err_errno(err, rc > -1000 ? -rc : EPROTO, "no worker for plugin %.64s",
                             spec->plugin);
    }
    *ret = worker;
    return 0;
}

/* ---- what it says ---- */

/* One line of clean text: the worker is not believed. */
static void
clean_line(const char *text, size_t len, char *line, size_t size)
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
static void
kill_group(struct mig_worker *worker)
{
    if (worker->pid > 0 && !worker->reaped)
        kill(-worker->pid, SIGKILL);
    worker->killed = true;
}

static void
kill_because(struct mig_worker *worker, enum mig_worker_status status, const char *because)
{
    if (worker->because == NULL && !worker->answered) {
        worker->because = because;
        worker->because_status = status;
    }
    kill_group(worker);
}

static void
take_output(struct mig_worker *worker, const struct mig_buf *body)
{
    if (worker->killed)
        return;
    if (body->len > worker->output_max - worker->output.len)
        kill_because(worker, MIG_WORKER_FAILED, "over its output limit");
    else if (mig_buf_add(&worker->output, body->data, body->len) != 0)
        kill_because(worker, MIG_WORKER_FAILED, "out of memory for its output");
}

static void
take_done(struct mig_worker *worker, const struct mig_buf *body)
{
    uint32_t status;
    if (worker->killed || body->len < sizeof(status))
        return;
    memcpy(&status, body->data, sizeof(status));
    if (status > MIG_WORKER_REFUSED) {
        kill_because(worker, MIG_WORKER_FAILED, "its answer has an unknown status");
        return;
    }
    worker->answered = true;
    worker->outcome.status = (enum mig_worker_status)status;
    clean_line(body->data + sizeof(status), body->len - sizeof(status), worker->reason,
               sizeof(worker->reason));
    /* All is said; whatever the plugin started goes with it. */
    kill_group(worker);
}

/* It goes on for as long as it takes to save its result. */
static void
take_crash(struct mig_worker *worker, const struct mig_buf *body)
{
    uint32_t number;
    int64_t until = mig_time_monotonic_ms() + CRASH_GRACE_MS;
    if (body->len != sizeof(number) || worker->crash != 0)
        return;
    memcpy(&number, body->data, sizeof(number));
    worker->crash = number > 0 && number < 65 ? (int)number : SIGABRT;
    worker->outcome.crashed = true;
    if (until < worker->kill_at)
        worker->kill_at = until;
}

static void
take_log(const struct mig_worker *worker, const struct mig_buf *body)
{
    uint32_t level;
    char line[1024];
    if (body->len < sizeof(level))
        return;
    memcpy(&level, body->data, sizeof(level));
    clean_line(body->data + sizeof(level), body->len - sizeof(level), line, sizeof(line));
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
        kill_because(worker, MIG_WORKER_FAILED, broken);
}

/* Takes up to `most` messages. */
static void
drain_channel(struct mig_worker *worker, int most)
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
        else if (type == MIG_WIRE_CRASH)
            take_crash(worker, &body);
        else
            take_message(worker, type, &body);
    }
    if (rc != 0 && rc != -EAGAIN) {
        if (rc != -EPIPE)
            kill_because(worker, MIG_WORKER_FAILED, broken);
        close_fd(&worker->channel); /* leaves the epoll set by itself */
    }
    mig_buf_fini(&body);
}

static void
drain_errors(struct mig_worker *worker)
{
    char bytes[4096];
    for (int i = 0; i < FRAMES_A_STEP && worker->errors >= 0; i++) {
        ssize_t n = read(worker->errors, bytes, sizeof(bytes));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            close_fd(&worker->errors);
            return;
        }
        if (worker->last_words.len + (size_t)n > STDERR_KEPT)
            mig_buf_reset(&worker->last_words);
        mig_buf_add(&worker->last_words, bytes, (size_t)n);
    }
}

/* ---- the end ---- */

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
    clean_line(start, strcspn(start, "\n"), line, size);
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
    worker->outcome.crashed = worker->because == broken;
    if (worker->because_status == MIG_WORKER_TIMEOUT)
        snprintf(worker->reason, sizeof(worker->reason),
                 "timeout: plugin %s was killed at its limit of %lld ms", worker->plugin,
                 (long long)worker->timeout_ms);
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

static void
conclude(struct mig_worker *worker, int status)
{
    char how[128];
    struct mig_worker_outcome *outcome = &worker->outcome;

    if (worker->answered) {
        ; /* it said all itself */
    } else if (worker->crash != 0) {
        snprintf(how, sizeof(how), "signal %d (%s)", worker->crash, strsignal(worker->crash));
        say_crash(worker, how);
    } else if (worker->because != NULL) {
        say_because(worker);
    } else if (WIFSIGNALED(status) && over_cpu(worker)) {
        worker->outcome.status = MIG_WORKER_FAILED;
        snprintf(worker->reason, sizeof(worker->reason),
                 "stopped: plugin %s used %u s of CPU time, the site's limit (limits.cpu)",
                 worker->plugin, worker->cpu_max);
    } else if (WIFSIGNALED(status)) {
        snprintf(how, sizeof(how), "killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
        say_crash(worker, how);
    } else {
        snprintf(how, sizeof(how), "its process ended with status %d and no answer",
                 WEXITSTATUS(status));
        say_crash(worker, how);
    }
    /* Half an answer is none. */
    if (!worker->answered || worker->output.data == NULL)
        mig_buf_reset(&worker->output);
    outcome->output = worker->output.data != NULL ? worker->output.data : "";
    outcome->output_len = worker->output.len;
    outcome->reason = worker->reason;
    outcome->wall_ms = mig_time_monotonic_ms() - worker->started;
    worker->done = true;
}

/* Waits for the leader, which has ended, and for nobody else. The rest of the group is killed while
 * the leader still holds its number. */
static int
reap(struct mig_worker *worker)
{
    struct rusage usage = {0};
    int status = 0;

    kill_group(worker);
    pid_t got;
    do
        got = wait4(worker->pid, &status, 0, &usage);
    while (got < 0 && errno == EINTR);
    worker->reaped = true;
    worker->outcome.cpu_ms = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                             (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
    worker->outcome.peak_kib = usage.ru_maxrss;
    return status;
}

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
    drain_channel(worker, over ? INT32_MAX : FRAMES_A_STEP);
    drain_errors(worker);
    if (over) {
        /* The plugin's children may hold the channel open; nothing of theirs counts. */
        conclude(worker, reap(worker));
        return 1;
    }
    if (!worker->killed && mig_time_monotonic_ms() >= worker->kill_at)
        kill_because(worker, MIG_WORKER_TIMEOUT, "timeout");
    return 0;
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
        reap(worker);
    close_fd(&worker->pidfd);
    close_fd(&worker->channel);
    close_fd(&worker->errors);
    close_fd(&worker->epoll);
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
