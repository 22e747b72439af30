/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/worker_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/frame.h"
#include "base/time.h"
#include "plugin/cgroup.h"
#include "plugin/collect.h"
#include "plugin/record.h"
#include "plugin/wire.h"
#include "trust/image.h"

/* Descriptors that are handed to the child lie above those they are handed as. */
#define SAFE_FD 10

void
mig_worker_close(int *fd)
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
    if (rc == 0 && worker->record >= 0)
        rc = mig_frame_send_fd(worker->channel, MIG_WIRE_RECORD, "", 0, worker->record);
    if (rc == 0)
        rc = mig_frame_send_fd(worker->channel, MIG_WIRE_SPEC, body.data, body.len, input);
    mig_buf_fini(&body);
    mig_worker_close(&input);
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
    /* It waits for its spec: nothing of a plugin's runs before it is in there. */
    worker->cgroup = mig_cgroup_new(worker->pid, worker->salvaging ? 0 : worker->memory_max);
    worker->pidfd = (int)syscall(SYS_pidfd_open, worker->pid, 0);
    if (worker->pidfd < 0)
        return -errno;
    /* Whoever polls keeps the descriptor of the first process. */
    if (worker->epoll < 0)
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
mig_worker_launch(struct mig_worker *worker, const struct mig_worker_spec *spec)
{
    int channel = -1, errors = -1;
    int rc = start_channels(worker, &channel, &errors);

    if (rc == 0)
        rc = start_process(worker, channel, errors);
    mig_worker_close(&channel);
    mig_worker_close(&errors);
    return rc == 0 ? send_spec(worker, spec) : rc;
}

static struct mig_worker *
make(const struct mig_worker_spec *spec)
{
    struct mig_worker *worker = calloc(1, sizeof(*worker));

    if (worker == NULL)
        return NULL;
    worker->pid = -1;
    worker->pidfd = worker->channel = worker->errors = worker->epoll = worker->record = -1;
    worker->started = mig_time_monotonic_ms();
    worker->timeout_ms = spec->timeout_ms;
    worker->cpu_max = spec->cpu_max;
    worker->memory_max = spec->memory_max;
    worker->message = spec->message;
    worker->context = spec->context;
    worker->kill_at = spec->timeout_ms > 0
                          ? worker->started + spec->timeout_ms + MIG_WORKER_KILL_GRACE_MS
                          : INT64_MAX;
    worker->output_max = spec->output_max > 0 ? spec->output_max : MIG_COLLECT_OUTPUT_MAX;
    if (mig_image_name_valid(spec->plugin))
        snprintf(worker->plugin, sizeof(worker->plugin), "%s", spec->plugin);
    return worker;
}

int
mig_worker_start(const struct mig_worker_spec *spec, struct mig_worker **ret, struct mig_err *err)
{
    struct mig_worker *worker = make(spec);
    int rc = 0;

    if (worker == NULL)
        return mig_err_set(err, -ENOMEM, "no worker: out of memory");
    if (spec->call == MIG_WORKER_RUN) {
        worker->record = mig_record_make(worker->output_max);
        rc = worker->record < 0 ? worker->record : 0;
    }
    if (rc == 0)
        rc = mig_worker_launch(worker, spec);
    /* A worker that is dead already is an outcome, not an error. */
    if (rc != 0 && rc != -EPIPE) {
        mig_worker_free(worker);
        return mig_err_errno(err, rc > -1000 ? -rc : EPROTO, "no worker for plugin %.64s",
                             spec->plugin);
    }
    *ret = worker;
    return 0;
}
