/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/message.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/time.h"

#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 60000
#define STEADY_MS 30000 /* a role that lived this long had no trouble starting */
#define LINGER_MS 5000
#define RELEASED_MAX 16

struct mig_child_message {
    struct mig_child_message *next;
    uint32_t type;
    size_t len;
    char data[];
};

static struct {
    pid_t pid;
    int64_t since;
} released[RELEASED_MAX];

void
mig_child_init(struct mig_child *child, const char *role, const struct mig_role_user *user)
{
    memset(child, 0, sizeof(*child));
    child->role = role;
    child->user = *user;
    child->fd = -1;
    child->backoff_ms = BACKOFF_MIN_MS;
    child->tail = &child->head;
}

/* What a role may inherit: the proxy of the heartbeats, and what sanitizers and tests need. */
static void
make_environment(char *env[], size_t max)
{
    static const char *const names[] = {"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS",
                                        "HTTPS_PROXY",  "https_proxy",  "http_proxy",
                                        "NO_PROXY",     "no_proxy",     "TZ"};
    static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", lang[] = "LC_ALL=C.UTF-8";
    size_t n = 0;

    env[n++] = path;
    env[n++] = lang;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && n + 1 < max; i++) {
        const char *value = getenv(names[i]);

        if (value && asprintf(&env[n], "%s=%s", names[i], value) > 0)
            n++;
    }
    env[n] = NULL;
}

static void __attribute__((noreturn))
become_role(const char *role, const struct mig_role_user *user, int fd, pid_t parent)
{
    char name[] = "mig-agent", at[32], uid[24] = "-", gid[24] = "-", *env[16];
    char *argv[] = {name, at, uid, gid, NULL};
    int null;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    if (user->change) {
        snprintf(uid, sizeof(uid), "%u", (unsigned)user->uid);
        snprintf(gid, sizeof(gid), "%u", (unsigned)user->gid);
    }
    snprintf(at, sizeof(at), "@%s", role);
    make_environment(env, sizeof(env) / sizeof(env[0]));
    if (fd == MIG_ROLE_FD)
        fcntl(fd, F_SETFD, 0);
    else if (dup2(fd, MIG_ROLE_FD) < 0)
        _exit(127);
    mig_close_above(MIG_ROLE_FD);
    null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
        _exit(127);
    if (null > 2)
        close(null);
    execve("/proc/self/exe", argv, env);
    _exit(127);
}

static void
start_later(struct mig_child *child)
{
    child->start_after_ms = mig_time_monotonic_ms() + child->backoff_ms;
    child->backoff_ms =
        child->backoff_ms >= BACKOFF_MAX_MS / 2 ? BACKOFF_MAX_MS : child->backoff_ms * 2;
}

int
mig_child_start(struct mig_child *child, const struct mig_buf *hello, struct mig_err *err)
{
    int fds[2] = {-1, -1};
    pid_t parent = getpid(), pid;
    int rc = mig_frame_pair(fds);

    if (rc < 0) {
        start_later(child);
        return mig_err_errno(err, -rc, "%s: socket", child->role);
    }
    pid = fork();
    if (pid == 0)
        become_role(child->role, &child->user, fds[1], parent);
    close(fds[1]);
    if (pid < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
        rc = mig_err_errno(err, errno, "%s: fork", child->role);
        close(fds[0]);
        start_later(child);
        return rc;
    }
    child->pid = pid;
    child->fd = fds[0];
    child->started_ms = mig_time_monotonic_ms();
    return mig_child_send(child, MIG_MSG_HELLO, hello->data, hello->len);
}

int
mig_child_send(struct mig_child *child, uint32_t type, const void *body, size_t len)
{
    struct mig_child_message *m;
    int rc;

    if (child->fd < 0)
        return -EPIPE;
    if (!child->head) {
        rc = mig_frame_send(child->fd, type, body, len);
        if (rc != -EAGAIN)
            return rc;
    }
    m = malloc(sizeof(*m) + len);
    if (!m)
        return -ENOMEM;
    m->next = NULL;
    m->type = type;
    m->len = len;
    if (len > 0)
        memcpy(m->data, body, len);
    *child->tail = m;
    child->tail = &m->next;
    return 0;
}

static void
drop_first(struct mig_child *child)
{
    struct mig_child_message *m = child->head;

    child->head = m->next;
    if (!child->head)
        child->tail = &child->head;
    free(m);
}

int
mig_child_flush(struct mig_child *child)
{
    while (child->head) {
        int rc = mig_frame_send(child->fd, child->head->type, child->head->data, child->head->len);

        if (rc == -EAGAIN)
            return 0;
        if (rc < 0)
            return rc;
        drop_first(child);
    }
    return 0;
}

int
mig_child_waiting(const struct mig_child *child)
{
    return child->head != NULL;
}

int
mig_child_recv(struct mig_child *child, size_t max, uint32_t *ret_type, struct mig_buf *body)
{
    return child->fd < 0 ? -EPIPE : mig_frame_recv(child->fd, max, ret_type, body, NULL);
}

static void
close_socket(struct mig_child *child)
{
    while (child->head)
        drop_first(child);
    if (child->fd >= 0)
        close(child->fd);
    child->fd = -1;
}

void
mig_child_stop(struct mig_child *child)
{
    close_socket(child);
    if (child->pid <= 0)
        return;
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    child->pid = 0;
    if (mig_time_monotonic_ms() - child->started_ms >= STEADY_MS)
        child->backoff_ms = BACKOFF_MIN_MS;
    start_later(child);
}

void
mig_child_release(struct mig_child *child)
{
    close_socket(child);
    for (size_t i = 0; child->pid > 0 && i < RELEASED_MAX; i++)
        if (released[i].pid == 0) {
            released[i].pid = child->pid;
            released[i].since = mig_time_monotonic_ms();
            child->pid = 0;
        }
    child->backoff_ms = BACKOFF_MIN_MS;
    if (child->pid > 0)
        mig_child_stop(child);
    child->start_after_ms = 0;
}

size_t
mig_child_reap(void)
{
    size_t left = 0;

    for (size_t i = 0; i < RELEASED_MAX; i++) {
        if (released[i].pid == 0)
            continue;
        if (mig_time_monotonic_ms() - released[i].since > LINGER_MS)
            kill(released[i].pid, SIGKILL);
        if (waitpid(released[i].pid, NULL, WNOHANG) != 0)
            released[i].pid = 0;
        else
            left++;
    }
    return left;
}
