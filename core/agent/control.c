/* SPDX-License-Identifier: MPL-2.0 */
/* The one thing that listens on an endpoint: a socket in the run folder for its owner. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mig/plugin.h>
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
#include "plugin/ask.h"
#include "plugin/layers.h"

#define PEERS_MAX 8
#define REPLY_TIMEOUT_S 10

struct peer {
    int fd;                      /* -1: free */
    struct mig_supervisor *asks; /* an instance, which has not answered yet */
};

struct mig_control {
    int fd;
    struct peer peers[PEERS_MAX];
};

int
mig_control_open(int dirfd, struct mig_control **ret, struct mig_err *err)
{
    struct mig_control *control = calloc(1, sizeof(*control));
    struct sockaddr_un address;

    if (!control)
        return mig_err_errno(err, ENOMEM, MIG_ASK_SOCKET);
    for (size_t i = 0; i < PEERS_MAX; i++)
        control->peers[i].fd = -1;
    control->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlinkat(dirfd, MIG_ASK_SOCKET, 0);
    mig_ask_address(dirfd, &address);
    /* The umask makes it 0600; the folder is 0700 as well. */
    if (control->fd < 0 ||
        bind(control->fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(control->fd, 8) < 0) {
        int rc = mig_err_errno(err, errno, MIG_ASK_SOCKET);

        mig_control_close(control, -1);
        return rc;
    }
    *ret = control;
    return 0;
}

static void
hang_up(struct peer *peer)
{
    if (peer->asks)
        mig_persist_forget(peer->asks->persist, peer);
    peer->asks = NULL;
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
}

void
mig_control_close(struct mig_control *control, int dirfd)
{
    if (!control)
        return;
    for (size_t i = 0; i < PEERS_MAX; i++)
        hang_up(&control->peers[i]);
    if (control->fd >= 0)
        close(control->fd);
    if (dirfd >= 0)
        unlinkat(dirfd, MIG_ASK_SOCKET, 0);
    free(control);
}

size_t
mig_control_poll(struct mig_control *control, struct pollfd *fds, size_t max)
{
    size_t n = 0;

    if (max > 0)
        fds[n++] = (struct pollfd){.fd = control->fd, .events = POLLIN};
    for (size_t i = 0; i < PEERS_MAX && n < max; i++)
        if (control->peers[i].fd >= 0)
            fds[n++] = (struct pollfd){.fd = control->peers[i].fd, .events = POLLIN};
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

        if (control->peers[i].fd >= 0)
            continue;
        fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        if (peer_allowed(fd))
            control->peers[i].fd = fd;
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

static void
answer_query(int fd, const char *query, struct mig_supervisor *s)
{
    struct mig_buf reply = MIG_BUF_INIT;

    if (strcmp(query, "pid") == 0) {
        mig_buf_addf(&reply, "%d", (int)getpid());
    } else if (strcmp(query, "status") == 0) {
        status_text(s, &reply);
    } else if (strcmp(query, "plugins") == 0) {
        mig_roster_refresh(s->roster);
        mig_roster_json(s->roster, MIG_ROSTER_JSON_MAX, &reply);
    } else if (strcmp(query, "persist") == 0) {
        mig_persist_json(s->persist, &reply);
    } else if (strcmp(query, "confinement") == 0) {
        mig_layers_json(&reply);
    } else if (strcmp(query, "shutdown") == 0) {
        mig_log(MIG_SEV_NOTICE, "told to shut down");
        mig_buf_adds(&reply, "shutdown");
        s->stopping = 1;
    } else {
        mig_buf_adds(&reply, "unknown query");
    }
    mig_frame_send(fd, MIG_ASK_REPLY, reply.data, reply.len);
    mig_buf_fini(&reply);
}

static void
answer_module(void *asker, int result, const char *text, size_t len)
{
    struct peer *peer = asker;
    struct mig_buf body = MIG_BUF_INIT;
    int32_t code = result;

    mig_buf_add(&body, &code, sizeof(code));
    if (mig_buf_add(&body, text, len) == 0)
        mig_frame_send(peer->fd, MIG_ASK_ANSWER, body.data, body.len);
    mig_buf_fini(&body);
    peer->asks = NULL; /* it is forgotten already */
    hang_up(peer);
}

static void
ask_module(struct peer *peer, const struct mig_buf *message, struct mig_supervisor *s)
{
    size_t name = strnlen(message->data, message->len);

    if (name == message->len) {
        hang_up(peer);
        return;
    }
    peer->asks = s;
    mig_persist_ask(s->persist, message->data, peer, answer_module, message->data + name + 1,
                    message->len - name - 1);
}

static void
serve_peer(struct peer *peer, struct mig_supervisor *s)
{
    struct mig_buf message = MIG_BUF_INIT;
    uint32_t type;
    int rc = mig_frame_recv(peer->fd, MIG_QUESTION_MAX + 256, &type, &message, NULL);

    if (rc == 0 && type == MIG_ASK_MODULE && message.data && !peer->asks) {
        ask_module(peer, &message, s);
    } else if (rc != -EAGAIN) {
        if (rc == 0 && type == MIG_ASK_QUERY && message.data && message.len <= 64)
            answer_query(peer->fd, message.data, s);
        hang_up(peer);
    }
    mig_buf_fini(&message);
}

void
mig_control_step(struct mig_control *control, struct mig_supervisor *s)
{
    accept_peers(control);
    for (size_t i = 0; i < PEERS_MAX; i++)
        if (control->peers[i].fd >= 0)
            serve_peer(&control->peers[i], s);
}

int
mig_control_ask(const struct mig_site *site, const char *query, struct mig_buf *reply)
{
    int dirfd = open(mig_site_run_dir(site), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uint32_t type;
    int rc = dirfd < 0 ? -errno
                       : mig_ask_socket(dirfd, MIG_ASK_QUERY, query, strlen(query), REPLY_TIMEOUT_S,
                                        65536, &type, reply);

    if (dirfd >= 0)
        close(dirfd);
    return rc;
}

int
mig_control_query(const struct mig_site *site, const char *query)
{
    static const char *const known[] = {"confinement", "persist",  "pid",
                                        "plugins",     "shutdown", "status"};
    struct mig_buf reply = MIG_BUF_INIT;
    int rc;

    for (size_t i = 0; i < MIG_COUNT(known) && strcmp(query, known[i]) != 0; i++)
        if (i == MIG_COUNT(known) - 1) {
            fprintf(stderr,
                    "mig-agent: -q takes confinement, persist, pid, plugins, shutdown or status, "
                    "not '%s'\n",
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
