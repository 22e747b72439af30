/* SPDX-License-Identifier: MPL-2.0 */
/* The role that talks to the broker. It passes bytes on and understands none of them. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/account.h"
#include "agent/message.h"
#include "agent/pack.h"
#include "agent/role.h"
#include "agent/site.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/time.h"
#include "transport/amqp.h"
#include "transport/tunnel.h"

#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 60000
#define BEAT_COOKIE UINT64_MAX /* no answer's */
#define TICK_MS 15000          /* often enough for the broker's heartbeat of 60 s */

struct relay {
    struct mig_amqp *amqp;
    char queue[256];
    struct mig_account account;
    uint64_t connection; /* counts up: a tag means something on its own connection only */
    size_t next_address;
    int64_t retry_at;
    int backoff_ms;
    int gone;       /* the supervisor is */
    int held;       /* connected, but the broker takes nothing at present */
    const char *by; /* the proxy that leads there, as MIG_MSG_UP says it */
    char ca[32], cert[32], key[32];
    const char *proxy; /* that dial() is to use; NULL: the environment's */
};

/* rabbitmq-c takes paths only; what is built in becomes a sealed memory file. */
static int
pem_path(const char *name, const char *pem, char path[32])
{
    int fd;

    path[0] = '\0';
    if (!pem)
        return 0;
    fd = mig_memfd_sealed(name, pem, strlen(pem));
    if (fd < 0)
        return fd;
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return 0;
}

static void
tell(struct relay *r, uint32_t type, const struct mig_buf *body)
{
    int rc = body && body->failed ? -ENOMEM
                                  : mig_frame_send(MIG_ROLE_FD, type, body ? body->data : NULL,
                                                   body ? body->len : 0);

    if (rc < 0)
        r->gone = 1;
}

static void
tell_numbers(struct relay *r, uint32_t type, uint64_t a, uint64_t b)
{
    struct mig_buf body = MIG_BUF_INIT;

    mig_pack_number(&body, a);
    mig_pack_number(&body, b);
    tell(r, type, &body);
    mig_buf_fini(&body);
}

static void
on_fate(void *context, uint64_t cookie, enum mig_amqp_fate fate)
{
    if (cookie != BEAT_COOKIE)
        tell_numbers(context, MIG_MSG_FATE, cookie, fate);
    else if (fate == MIG_AMQP_RETURNED)
        mig_role_log(MIG_SEV_WARNING, "heartbeat: the broker has no queue " MIG_QUEUE_HEARTBEATS);
    else if (fate != MIG_AMQP_CONFIRMED)
        mig_role_log(MIG_SEV_WARNING, "heartbeat: the broker refuses it");
}

static int
dial(void *context, const char *host, int port, int tls, int *ret_fd, struct mig_err *err)
{
    struct relay *r = context;
    struct mig_tunnel_options options = {.proxy = r->proxy,
                                         .host = host,
                                         .port = port,
                                         .tls = tls,
                                         .ca_pem = r->ca[0] ? r->ca : NULL,
                                         .cert_pem = r->cert[0] ? r->cert : NULL,
                                         .key_pem = r->key[0] ? r->key : NULL};

    return mig_tunnel_open(&options, ret_fd, err);
}

static int
open_broker(struct relay *r, const char *uri, int proxied, struct mig_err *err)
{
    struct mig_amqp_options options = {
        .uri = uri,
        .user = r->account.user[0] ? r->account.user : NULL,
        .password = r->account.password,
        .ca_pem = r->ca[0] ? r->ca : NULL,
        .cert_pem = r->cert[0] ? r->cert : NULL,
        .key_pem = r->key[0] ? r->key : NULL,
        .client_name = "mig-agent",
        .dial = proxied ? dial : NULL,
        .dial_context = r,
    };
    int rc = mig_amqp_open(&options, &r->amqp, err);

    if (rc == 0)
        rc = mig_amqp_queue(r->amqp, r->queue, MIG_EXCHANGE_AGENTS, err);
    if (rc == 0)
        rc = mig_amqp_consume(r->amqp, r->queue, MIG_PREFETCH, err);
    if (rc < 0) {
        mig_amqp_close(r->amqp);
        r->amqp = NULL;
        if (r->account.user[0])
            mig_err_prefix(err, "account %s of relay.conf", r->account.user);
    }
    return rc;
}

/* One address: by the site's proxies in their order, by that of the environment, directly.
 * *ret_proxy: its name without a password; "" when there is none. */
static int
connect_once(struct relay *r, const char **ret_proxy, struct mig_err *err)
{
    const char *uri = mig_site.relays[r->next_address];
    const char *const *proxies = mig_site.proxies;

    r->next_address++;
    if (!mig_site.relays[r->next_address])
        r->next_address = 0;
    for (; proxies && *proxies && !r->gone; proxies++) {
        r->proxy = *proxies;
        if (open_broker(r, uri, 1, err) == 0) {
            *ret_proxy = mig_site_proxy_name(*proxies);
            return 0;
        }
        mig_role_log(MIG_SEV_WARNING, "%s", err->text);
    }
    if (mig_tunnel_environment()) {
        r->proxy = NULL;
        if (open_broker(r, uri, 1, err) == 0) {
            *ret_proxy = "of the environment";
            return 0;
        }
        mig_role_log(MIG_SEV_WARNING, "%s", err->text);
    }
    *ret_proxy = "";
    return open_broker(r, uri, 0, err);
}

/* Half of the wait is random: thousands of agents lose a broker at one moment. */
static void
back_off(struct relay *r)
{
    int wait = r->backoff_ms / 2 + (int)(random() % (r->backoff_ms / 2 + 1));

    r->retry_at = mig_time_monotonic_ms() + wait;
    r->backoff_ms = r->backoff_ms >= BACKOFF_MAX_MS / 2 ? BACKOFF_MAX_MS : r->backoff_ms * 2;
}

static void
tell_up(struct relay *r)
{
    struct mig_buf body = MIG_BUF_INIT;

    mig_pack_text(&body, r->by);
    tell(r, MIG_MSG_UP, &body);
    mig_buf_fini(&body);
}

static void
try_connect(struct relay *r)
{
    struct mig_err err = {0};

    if (connect_once(r, &r->by, &err) < 0) {
        back_off(r);
        mig_role_log(MIG_SEV_WARNING, "%s", err.text);
        return;
    }
    r->connection++;
    r->backoff_ms = BACKOFF_MIN_MS;
    tell_up(r);
}

static void
disconnect(struct relay *r, const struct mig_err *err)
{
    mig_amqp_close(r->amqp);
    r->amqp = NULL;
    r->held = 0;
    back_off(r);
    mig_role_log(MIG_SEV_WARNING, "%s; connecting again", err->text);
    tell(r, MIG_MSG_DOWN, NULL);
}

/* A broker without disk or memory to spare: answers wait with the supervisor, and the connection
 * stays, as thousands that come anew would be the last that such a broker needs. */
static void
hold_or_go_on(struct relay *r)
{
    const char *why = mig_amqp_blocked(r->amqp);

    if (why && !r->held) {
        mig_role_log(MIG_SEV_WARNING, "the broker takes nothing at present: %s; answers wait", why);
        tell(r, MIG_MSG_DOWN, NULL);
    } else if (!why && r->held) {
        mig_role_log(MIG_SEV_NOTICE, "the broker takes answers again");
        tell_up(r);
    }
    r->held = why != NULL;
}

/* Hands over every message that is there. */
static int
receive(struct relay *r, struct mig_err *err)
{
    struct mig_amqp_message message;

    for (;;) {
        struct mig_buf body = MIG_BUF_INIT;
        int rc = mig_amqp_next(r->amqp, 0, MIG_COMMAND_MAX, &message, err);

        if (rc == MIG_E_TIMEOUT)
            return 0;
        if (rc == MIG_E_LIMIT) {
            mig_role_log(MIG_SEV_WARNING, "%s", err->text);
            continue;
        }
        if (rc < 0)
            return rc;
        mig_pack_number(&body, r->connection);
        mig_pack_number(&body, message.tag);
        mig_pack_bytes(&body, message.body, message.len);
        tell(r, MIG_MSG_COMMAND, &body);
        mig_buf_fini(&body);
        if (r->gone)
            return 0;
    }
}

static int
on_ack(struct relay *r, struct mig_unpack *in, struct mig_err *err)
{
    uint64_t connection = mig_unpack_number(in);
    uint64_t tag = mig_unpack_number(in);

    if (!r->amqp || connection != r->connection)
        return 0; /* the broker has it back already and will deliver it again */
    return mig_amqp_ack(r->amqp, tag, 0, err);
}

static int
on_result(struct relay *r, struct mig_unpack *in, struct mig_err *err)
{
    uint64_t cookie = mig_unpack_number(in);
    size_t len;
    const char *body = mig_unpack_bytes(in, &len);
    int rc = -EBUSY;

    if (r->amqp)
        rc = mig_amqp_publish(r->amqp, MIG_EXCHANGE_SCHEDULERS, MIG_QUEUE_RESULTS, body, len,
                              MIG_AMQP_PERSISTENT | MIG_AMQP_MANDATORY, 0, cookie, err);
    if (rc != -EBUSY)
        return rc;
    tell_numbers(r, MIG_MSG_FATE, cookie, MIG_FATE_LOST);
    return 0;
}

/* One that can not be sent now is not missed: the next one follows, at the latest when the broker
 * is there again. */
static int
on_heartbeat(struct relay *r, const struct mig_buf *body, struct mig_err *err)
{
    int rc = -EBUSY;

    if (r->amqp)
        rc = mig_amqp_publish(r->amqp, MIG_EXCHANGE_SCHEDULERS, MIG_QUEUE_HEARTBEATS, body->data,
                              body->len, MIG_AMQP_MANDATORY, 0, BEAT_COOKIE, err);
    return rc == -EBUSY ? 0 : rc;
}

/* Takes one message of the supervisor; an error means that the broker is lost. */
static int
obey(struct relay *r, struct mig_err *err)
{
    struct mig_buf body = MIG_BUF_INIT;
    struct mig_unpack in;
    uint32_t type = 0;
    int rc = mig_frame_recv(MIG_ROLE_FD, MIG_FRAME_MAX, &type, &body, NULL);

    if (rc < 0) {
        r->gone = 1;
        rc = 0;
        goto out;
    }
    mig_unpack_init(&in, body.data, body.len);
    if (type == MIG_MSG_ACK)
        rc = on_ack(r, &in, err);
    else if (type == MIG_MSG_RESULT)
        rc = on_result(r, &in, err);
    else if (type == MIG_MSG_HEARTBEAT)
        rc = on_heartbeat(r, &body, err);
out:
    mig_buf_fini(&body);
    return rc;
}

static int
serve_broker(struct relay *r, struct mig_err *err)
{
    int rc = receive(r, err);

    if (rc == 0)
        rc = mig_amqp_flush(r->amqp, 0, on_fate, r, err);
    if (rc < 0 && rc != MIG_E_TIMEOUT && rc != -EBUSY)
        return rc;
    hold_or_go_on(r);
    return 0;
}

static void
wait_for_work(struct relay *r, struct pollfd fds[2])
{
    int64_t left = TICK_MS;

    fds[0] = (struct pollfd){.fd = MIG_ROLE_FD, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = -1, .events = POLLIN};
    if (r->amqp)
        fds[1].fd = mig_amqp_fd(r->amqp);
    else
        left = r->retry_at - mig_time_monotonic_ms();
    if (poll(fds, 2, left < 0 ? 0 : (int)left) < 0)
        fds[0].revents = fds[1].revents = 0;
}

static void
run(struct relay *r)
{
    while (!r->gone) {
        struct mig_err err = {0};
        struct pollfd fds[2];
        int rc = 0;

        if (!r->amqp && mig_time_monotonic_ms() >= r->retry_at)
            try_connect(r);
        /* First, as what was read along with an answer of the broker wakes nobody. */
        if (r->amqp)
            rc = serve_broker(r, &err);
        if (rc == 0 && !r->gone) {
            wait_for_work(r, fds);
            if (fds[0].revents)
                rc = obey(r, &err);
        }
        if (rc < 0)
            disconnect(r, &err);
    }
}

static void
unpack_text(struct mig_unpack *in, char to[MIG_ACCOUNT_MAX])
{
    size_t len = 0;
    const char *text = mig_unpack_bytes(in, &len);

    if (in->bad || len >= MIG_ACCOUNT_MAX)
        in->bad = 1;
    else
        memcpy(to, text, len);
}

int
mig_relay_main(const struct mig_role_user *user)
{
    struct relay r = {.backoff_ms = BACKOFF_MIN_MS, .by = ""};
    struct mig_buf hello = MIG_BUF_INIT;
    struct mig_unpack in;
    struct mig_err err = {0};
    char *queueloc = NULL;
    unsigned got;
    int status = 1;

    if (mig_role_confine(user, MIG_ROLE_NETWORK, &got, &err) < 0) {
        mig_role_log(MIG_SEV_ERR, "%s", err.text);
        goto out;
    }
    if (mig_role_hello(&hello) < 0)
        goto out;
    mig_unpack_init(&in, hello.data, hello.len);
    queueloc = mig_unpack_dup(&in, NULL);
    unpack_text(&in, r.account.user);
    unpack_text(&in, r.account.password);
    if (in.bad)
        goto out;
    snprintf(r.queue, sizeof(r.queue), MIG_QUEUE_AGENT_PREFIX "%s", queueloc);
    srandom((unsigned)getpid() ^ (unsigned)mig_time_monotonic_ms());
    if (pem_path("ca", mig_site.ca_pem, r.ca) < 0 ||
        pem_path("cert", mig_site.cert_pem, r.cert) < 0 ||
        pem_path("key", mig_site.key_pem, r.key) < 0) {
        mig_role_log(MIG_SEV_ERR, "the built-in TLS material can not be laid out in memory");
        goto out;
    }
    run(&r);
    status = 0;
out:
    mig_amqp_close(r.amqp);
    free(queueloc);
    mig_buf_fini(&hello);
    return status;
}
