/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/json.h"
#include "base/time.h"
#include "plugin/wire.h"

#define ALIVE_MS 5000
#define LOGS_A_MINUTE 100u
#define DESCRIPTORS 32u

/* One instance or one operation a process. */
static struct {
    const struct mig_plugin *plugin;
    struct mig_host *host;
    int descriptors[DESCRIPTORS]; /* negative: why there is none; 0: not needed */
    bool stop;
    int64_t alive_at;
    bool kept; /* the agent has answered alert() */
    int kept_result;
    bool has_question, has_delivery; /* came while alert() waited */
    struct mig_buf question, delivery, output, body;
    void (*log)(const struct mig_host *host, uint32_t level, const char *message);
    int64_t minute;
    unsigned logged;
    pthread_mutex_t asking;
} self = {.asking = PTHREAD_MUTEX_INITIALIZER};

/* ---- what is opened ---- */

static int
open_state(const char *dir, uint64_t max, struct mig_err *err)
{
    struct rlimit limit = {max, max};
    int folder, rc = mig_mkdir_p(dir, 0700);

    if (rc < 0)
        return mig_err_errno(err, -rc, "state folder %s", dir);
    folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder < 0)
        return mig_err_errno(err, errno, "state folder %s", dir);
    for (unsigned i = 0; i < MIG_STATE_FILES; i++) {
        char name[8];

        snprintf(name, sizeof(name), "%u", i);
        self.descriptors[MIG_DESCRIPTOR_STATE + i] =
            openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (self.descriptors[MIG_DESCRIPTOR_STATE + i] < 0) {
            rc = mig_err_errno(err, errno, "state file %s/%s", dir, name);
            close(folder);
            return rc;
        }
    }
    close(folder);
    signal(SIGXFSZ, SIG_IGN); /* then writing too much gives EFBIG */
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 ? 0 : mig_err_errno(err, errno, "RLIMIT_FSIZE");
}

static int
open_watch(void)
{
    int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_UNLIMITED_MARKS |
                               FAN_NONBLOCK | FAN_CLOEXEC,
                           O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

static int
open_audit(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                  .nl_groups = 1u << (AUDIT_NLGRP_READLOG - 1)};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);
    int saved, room = 4 << 20;

    if (fd < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
        return fd;
    }
    saved = errno;
    close(fd);
    return -saved;
}

static int
open_syslog(void)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    return fd < 0 ? -errno : fd;
}

int
mig_persist_open(uint32_t needs, const char *state_dir, uint64_t state_max, struct mig_err *err)
{
    int rc = 0;

    if (needs & MIG_NEED_STATE)
        rc = state_dir != NULL ? open_state(state_dir, state_max, err)
                               : mig_err_set(err, MIG_E_PLUGIN, "it has no state folder");
    if (needs & MIG_NEED_WATCH)
        self.descriptors[MIG_DESCRIPTOR_WATCH] = open_watch();
    if (needs & MIG_NEED_AUDIT)
        self.descriptors[MIG_DESCRIPTOR_AUDIT] = open_audit();
    if (needs & MIG_NEED_SYSLOG)
        self.descriptors[MIG_DESCRIPTOR_SYSLOG] = open_syslog();
    return rc;
}

static int
service_descriptor(const struct mig_host *host, uint32_t which)
{
    (void)host;
    if (which >= DESCRIPTORS || self.descriptors[which] == 0)
        return -EPERM;
    return self.descriptors[which];
}

/* ---- what the agent says ---- */

static int
send_result(uint32_t type, int result, const char *text)
{
    char body[sizeof(int32_t) + 1024];
    int32_t code = result;
    size_t len = strnlen(text, 1024);

    memcpy(body, &code, sizeof(code));
    memcpy(body + sizeof(code), text, len);
    return mig_frame_send(MIG_WIRE_FD, type, body, sizeof(code) + len);
}

static void
answer(const struct mig_buf *question)
{
    int rc = -ENOSYS;

    mig_buf_reset(&self.output);
    if (self.plugin->answer != NULL)
        rc = self.plugin->answer(self.host, question->data != NULL ? question->data : "",
                                 question->len);
    for (size_t at = 0; rc == 0 && at < self.output.len; at += MIG_FRAME_INLINE) {
        size_t part = self.output.len - at;

        rc = mig_frame_send(MIG_WIRE_FD, MIG_WIRE_ANSWER, self.output.data + at,
                            part < MIG_FRAME_INLINE ? part : MIG_FRAME_INLINE);
    }
    (void)send_result(MIG_WIRE_ANSWERED, rc, rc == 0 ? "" : strerror(-rc));
}

static void
deliver(const struct mig_buf *alert)
{
    int rc =
        self.plugin->deliver != NULL
            ? self.plugin->deliver(self.host, alert->data != NULL ? alert->data : "", alert->len)
            : -ENOSYS;

    (void)send_result(MIG_WIRE_DELIVERED, rc, "");
}

static void
keep_for_later(struct mig_buf *to, bool *has)
{
    mig_buf_reset(to);
    *has = mig_buf_add(to, self.body.data != NULL ? self.body.data : "", self.body.len) == 0;
}

/* One message; 0 or negative when the agent is gone. */
static int
hear(void)
{
    uint32_t type = 0;
    int rc = mig_frame_recv(MIG_WIRE_FD, MIG_FRAME_INLINE, &type, &self.body, NULL);

    if (rc < 0)
        return rc;
    if (type == MIG_WIRE_STOP) {
        self.stop = true;
    } else if (type == MIG_WIRE_KEPT && self.body.len >= sizeof(int32_t)) {
        int32_t code;

        memcpy(&code, self.body.data, sizeof(code));
        self.kept = true;
        self.kept_result = code;
    } else if (type == MIG_WIRE_QUESTION) {
        keep_for_later(&self.question, &self.has_question);
    } else if (type == MIG_WIRE_DELIVER) {
        keep_for_later(&self.delivery, &self.has_delivery);
    }
    return 0;
}

static void
serve(void)
{
    if (self.has_question) {
        self.has_question = false;
        answer(&self.question);
    }
    if (self.has_delivery) {
        self.has_delivery = false;
        deliver(&self.delivery);
    }
}

static uint32_t
service_wait(const struct mig_host *host, int fd, int64_t timeout_ms)
{
    int64_t now = mig_time_monotonic_ms();
    int64_t end = timeout_ms < 0 ? INT64_MAX : now + timeout_ms;

    (void)host;
    for (;;) {
        struct pollfd fds[2] = {{.fd = MIG_WIRE_FD, .events = POLLIN},
                                {.fd = fd, .events = POLLIN}};
        int64_t wait;

        now = mig_time_monotonic_ms();
        if (now - self.alive_at >= ALIVE_MS) {
            self.alive_at = now;
            (void)mig_frame_send(MIG_WIRE_FD, MIG_WIRE_ALIVE, "", 0);
        }
        wait = end - now < ALIVE_MS ? end - now : ALIVE_MS;
        if (self.has_question || self.has_delivery || wait < 0)
            wait = 0;
        if (poll(fds, 2, (int)wait) < 0 && errno != EINTR)
            return MIG_WAIT_STOP;
        if (fds[0].revents != 0 && hear() < 0)
            self.stop = true;
        serve();
        if (self.stop)
            return MIG_WAIT_STOP;
        if (fd >= 0 && fds[1].revents != 0)
            return MIG_WAIT_READABLE;
        if (mig_time_monotonic_ms() >= end)
            return 0;
    }
}

static int
service_alert(const struct mig_host *host, const char *json, size_t length)
{
    int rc;

    (void)host;
    if (length > MIG_ALERT_MAX)
        return -EMSGSIZE;
    if (length == 0 || json[0] != '{' || mig_json_check(json, length, NULL, NULL) != 0)
        return -EINVAL;
    self.kept = false;
    rc = mig_frame_send(MIG_WIRE_FD, MIG_WIRE_ALERT, json, length);
    while (rc == 0 && !self.kept)
        rc = hear();
    if (rc < 0) {
        self.stop = true;
        return -EPIPE;
    }
    return self.kept_result;
}

/* ---- what is different in an instance ---- */

static int
service_cancelled(const struct mig_host *host)
{
    (void)host;
    return self.stop;
}

static int64_t
service_remaining(const struct mig_host *host)
{
    (void)host;
    return INT64_MAX;
}

static int
service_output(const struct mig_host *host, const char *text, size_t length)
{
    (void)host;
    if (length > MIG_ANSWER_MAX - self.output.len)
        return -ENOBUFS;
    return mig_buf_add(&self.output, text, length);
}

static int
no_element(const struct mig_host *host, const char *key, const char *json, size_t length)
{
    (void)host;
    (void)key;
    (void)json;
    (void)length;
    return -EPERM;
}

static void
service_log(const struct mig_host *host, uint32_t level, const char *message)
{
    int64_t minute = mig_time_monotonic_ms() / 60000;

    if (minute != self.minute) {
        self.minute = minute;
        self.logged = 0;
    }
    if (++self.logged <= LOGS_A_MINUTE)
        self.log(host, level, message);
}

static int
service_error(const struct mig_host *host, const char *message)
{
    service_log(host, MIG_LOG_ERR, message);
    return 0;
}

/* ---- in run() ---- */

static int
service_ask(const struct mig_host *host, const char *question, size_t length,
            void (*reply)(void *context, const char *answer, size_t length), void *context)
{
    struct mig_buf body = MIG_BUF_INIT;
    uint32_t type = 0;
    int32_t code = -EPIPE;
    int rc;

    if (length > MIG_QUESTION_MAX)
        return -EMSGSIZE;
    pthread_mutex_lock(&self.asking);
    rc = mig_frame_send(MIG_WIRE_FD, MIG_WIRE_ASK, question, length);
    if (rc == 0)
        rc = mig_frame_recv(MIG_WIRE_FD, MIG_ANSWER_MAX + sizeof(code), &type, &body, NULL);
    if (rc == 0 && (type != MIG_WIRE_REPLY || body.len < sizeof(code)))
        rc = -EPIPE;
    if (rc == 0) {
        memcpy(&code, body.data, sizeof(code));
        rc = code;
        if (rc == 0)
            reply(context, body.data + sizeof(code), body.len - sizeof(code));
        else
            host->refuse(host, body.data + sizeof(code));
    }
    pthread_mutex_unlock(&self.asking);
    mig_buf_fini(&body);
    return rc;
}

/* ---- the tables ---- */

static uint32_t
no_wait(const struct mig_host *host, int fd, int64_t timeout_ms)
{
    (void)host;
    (void)fd;
    (void)timeout_ms;
    return MIG_WAIT_STOP;
}

static int
no_alert(const struct mig_host *host, const char *json, size_t length)
{
    return no_element(host, NULL, json, length);
}

static int
no_ask(const struct mig_host *host, const char *question, size_t length,
       void (*reply)(void *context, const char *answer, size_t length), void *context)
{
    (void)reply;
    (void)context;
    return no_element(host, NULL, question, length);
}

void
mig_persist_services(struct mig_host *host, const struct mig_plugin *plugin, bool persistent)
{
    self.plugin = plugin;
    self.host = host;
    self.log = host->log;
    host->wait = persistent ? service_wait : no_wait;
    host->alert = persistent ? service_alert : no_alert;
    host->ask = persistent ? no_ask : service_ask;
    host->descriptor = service_descriptor;
    if (!persistent)
        return;
    host->cancelled = service_cancelled;
    host->remaining = service_remaining;
    host->output = service_output;
    host->log = service_log;
    host->error = service_error;
    host->emit = host->set = host->statistic = no_element;
}

int
mig_persist_ready(const struct mig_plugin *plugin)
{
    uint32_t delivers = plugin->deliver != NULL;

    self.alive_at = mig_time_monotonic_ms();
    return mig_frame_send(MIG_WIRE_FD, MIG_WIRE_READY, &delivers, sizeof(delivers));
}
