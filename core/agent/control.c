/* SPDX-License-Identifier: MPL-2.0 */
/* The one thing that listens on an endpoint: a socket in the run folder for its owner. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/persist.h"
#include "agent/roster.h"
#include "agent/site.h"
#include "agent/supervisor.h"
#include "base/buf.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/time.h"
#include "plugin/layers.h"

#define SOCKET_NAME "agent.sock"
#define PEERS_MAX 8
#define MSG_QUERY 1
#define MSG_REPLY 2
#define REPLY_TIMEOUT_S 10

struct mig_control {
    int fd;
    int peers[PEERS_MAX]; /* -1: free */
};

/* A socket's path has 108 bytes; the run folder's may have more. */
static void
socket_address(int dirfd, struct sockaddr_un *address)
{
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/" SOCKET_NAME, dirfd);
}

int
mig_control_open(int dirfd, struct mig_control **ret, struct mig_err *err)
{
    struct mig_control *control = calloc(1, sizeof(*control));
    struct sockaddr_un address;

    if (!control)
        return mig_err_errno(err, ENOMEM, SOCKET_NAME);
    for (size_t i = 0; i < PEERS_MAX; i++)
        control->peers[i] = -1;
    control->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlinkat(dirfd, SOCKET_NAME, 0);
    socket_address(dirfd, &address);
    /* The umask makes it 0600; the folder is 0700 as well. */
    if (control->fd < 0 ||
        bind(control->fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(control->fd, 8) < 0) {
        int rc = mig_err_errno(err, errno, SOCKET_NAME);

        mig_control_close(control, -1);
        return rc;
    }
    *ret = control;
    return 0;
}

void
mig_control_close(struct mig_control *control, int dirfd)
{
    if (!control)
        return;
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (control->peers[i] >= 0)
            close(control->peers[i]);
    if (control->fd >= 0)
        close(control->fd);
    if (dirfd >= 0)
        unlinkat(dirfd, SOCKET_NAME, 0);
    free(control);
}

size_t
mig_control_poll(struct mig_control *control, struct pollfd *fds, size_t max)
{
    size_t n = 0;

    if (max > 0)
        fds[n++] = (struct pollfd){.fd = control->fd, .events = POLLIN};
    for (size_t i = 0; i < PEERS_MAX && n < max; i++)
        if (control->peers[i] >= 0)
            fds[n++] = (struct pollfd){.fd = control->peers[i], .events = POLLIN};
    return n;
}

static int
peer_allowed(int fd)
{
    struct ucred who;
    socklen_t len = sizeof(who);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
           (who.uid == 0 || who.uid == geteuid());
}

static void
accept_peers(struct mig_control *control)
{
    for (size_t i = 0; i < PEERS_MAX; i++) {
        int fd;

        if (control->peers[i] >= 0)
            continue;
        fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        if (peer_allowed(fd))
            control->peers[i] = fd;
        else
            close(fd);
    }
}

static void
status_text(const struct mig_supervisor *s, struct mig_buf *out)
{
    mig_buf_addf(out,
                 "{\"pid\":%d,\"version\":\"" PACKAGE_VERSION "\",\"uptime\":%" PRId64
                 ",\"queueloc\":\"%s\",\"broker\":\"%s\",\"commands\":%zu,\"workers\":%u,"
                 "\"answersspooled\":%zu,\"accepted\":%" PRIu64 ",\"refused\":%" PRIu64
                 ",\"answered\":%" PRIu64 ",\"persist\":",
                 (int)getpid(), mig_time_now().sec - s->started, s->queueloc,
                 s->relay_up ? "connected" : "not connected", mig_jobs_count(s), s->running,
                 s->answers, s->accepted, s->refused, s->answered);
    mig_persist_status(s->persist, out);
    mig_buf_adds(out, ",\"confinement\":");
    mig_layers_json(out);
    mig_buf_addc(out, '}');
}

/* 0: there is nothing to read yet. */
static int
serve_peer(int fd, struct mig_supervisor *s)
{
    struct mig_buf query = MIG_BUF_INIT, reply = MIG_BUF_INIT;
    uint32_t type;
    int rc = mig_frame_recv(fd, 64, &type, &query, NULL);

    if (rc == -EAGAIN)
        return 0;
    if (rc == 0 && type == MSG_QUERY && query.data) {
        if (strcmp(query.data, "pid") == 0) {
            mig_buf_addf(&reply, "%d", (int)getpid());
        } else if (strcmp(query.data, "status") == 0) {
            status_text(s, &reply);
        } else if (strcmp(query.data, "plugins") == 0) {
            mig_roster_refresh(s->roster);
            mig_roster_json(s->roster, MIG_ROSTER_JSON_MAX, &reply);
        } else if (strcmp(query.data, "shutdown") == 0) {
            mig_log(MIG_SEV_NOTICE, "told to shut down");
            mig_buf_adds(&reply, "shutdown");
            s->stopping = 1;
        } else {
            mig_buf_adds(&reply, "unknown query");
        }
        mig_frame_send(fd, MSG_REPLY, reply.data, reply.len);
    }
    mig_buf_fini(&query);
    mig_buf_fini(&reply);
    return 1;
}

void
mig_control_step(struct mig_control *control, struct mig_supervisor *s)
{
    accept_peers(control);
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (control->peers[i] >= 0 && serve_peer(control->peers[i], s)) {
            close(control->peers[i]);
            control->peers[i] = -1;
        }
}

static int
ask(int dirfd, const char *query, struct mig_buf *reply)
{
    struct timeval wait = {REPLY_TIMEOUT_S, 0};
    struct sockaddr_un address;
    uint32_t type;
    int rc = 0;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    socket_address(dirfd, &address);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        rc = -errno;
    if (rc == 0)
        rc = mig_frame_send(fd, MSG_QUERY, query, strlen(query));
    if (rc == 0)
        rc = mig_frame_recv(fd, 65536, &type, reply, NULL);
    close(fd);
    return rc;
}

int
mig_control_ask(const struct mig_site *site, const char *query, struct mig_buf *reply)
{
    int dirfd = open(mig_site_run_dir(site), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = dirfd < 0 ? -errno : ask(dirfd, query, reply);

    if (dirfd >= 0)
        close(dirfd);
    return rc;
}

int
mig_control_query(const struct mig_site *site, const char *query)
{
    static const char *const known[] = {"pid", "plugins", "shutdown", "status"};
    struct mig_buf reply = MIG_BUF_INIT;
    int rc;

    for (size_t i = 0; i < 4 && strcmp(query, known[i]) != 0; i++)
        if (i == 3) {
            fprintf(stderr, "mig-agent: -q takes pid, plugins, shutdown or status, not '%s'\n",
                    query);
            return 2;
        }
    rc = mig_control_ask(site, query, &reply);
    if (rc < 0)
        fprintf(stderr, "mig-agent: no agent answers in %s: %s\n", mig_site_run_dir(site),
                mig_strerror(rc));
    else
        printf("%s\n", reply.data ? reply.data : "");
    mig_buf_fini(&reply);
    return rc < 0 ? 1 : 0;
}
