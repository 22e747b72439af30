/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "transport/amqp.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/time.h"

#define CHANNEL 1
#define FRAME_MAX 131072
#define RPC_TIMEOUT_S 15
#define BODY_MAX (64u << 20) /* a body over this is never held, whatever the caller's limit */
#define DRAIN_EVERY 64u      /* publishes between two looks at what the broker says */

/* A delivery that has arrived whole and that nobody has asked for yet. */
struct delivery {
    struct delivery *next;
    uint64_t tag;
    int redelivered;
    int oversize;
    struct mig_buf body;
};

/* A published message whose fate is open. Their tags are `first_tag`, `first_tag + 1` … */
struct pending {
    uint64_t cookie;
    int decided;
    int returned;
    enum mig_amqp_fate fate;
};

enum content_kind { CONTENT_NONE, CONTENT_DELIVER, CONTENT_RETURN };

struct mig_amqp {
    amqp_connection_state_t conn;
    amqp_socket_t *socket; /* conn's */
    int open;              /* logged in, and nothing has failed since */
    char where[300];       /* host:port, for messages */

    struct delivery *head, **tail;
    struct delivery *current; /* what mig_amqp_next() gave out */

    enum content_kind kind; /* the content that is being put together */
    struct delivery *incoming;
    uint64_t left;
    uint64_t returned_cookie;

    struct pending *pending;
    size_t pending_count, pending_cap;
    uint64_t first_tag;
    unsigned since_drain;
};

/* ---- errors ---- */

static int
lost(struct mig_amqp *amqp, struct mig_err *err, int code, const char *why)
{
    amqp->open = 0;
    return mig_err_set(err, code, "broker %s: %s", amqp->where, why);
}

static int
lost_server(struct mig_amqp *amqp, const amqp_method_t *method, const char *what,
            struct mig_err *err)
{
    amqp_bytes_t text = {0, NULL};
    int code = 0;

    amqp->open = 0;
    if (method->id == AMQP_CONNECTION_CLOSE_METHOD) {
        const amqp_connection_close_t *m = method->decoded;
        text = m->reply_text;
        code = m->reply_code;
    } else if (method->id == AMQP_CHANNEL_CLOSE_METHOD) {
        const amqp_channel_close_t *m = method->decoded;
        text = m->reply_text;
        code = m->reply_code;
    }
    return mig_err_set(err, code == 403 ? MIG_E_DENIED : -ECONNRESET, "broker %s: %s: %d %.*s",
                       amqp->where, what, code, (int)(text.len > 500 ? 500 : text.len),
                       text.bytes ? (const char *)text.bytes : "");
}

static int
check_reply(struct mig_amqp *amqp, amqp_rpc_reply_t reply, const char *what, struct mig_err *err)
{
    switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
        return 0;
    case AMQP_RESPONSE_SERVER_EXCEPTION:
        return lost_server(amqp, &reply.reply, what, err);
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        amqp->open = 0;
        return mig_err_set(
            err, reply.library_error == AMQP_STATUS_TIMEOUT ? MIG_E_TIMEOUT : -ECONNRESET,
            "broker %s: %s: %s", amqp->where, what, amqp_error_string2(reply.library_error));
    case AMQP_RESPONSE_NONE:
    default:
        return lost(amqp, err, -ECONNRESET, what);
    }
}

/* ---- connecting ---- */

static int
parse_uri(const char *uri, char *text, struct amqp_connection_info *info, struct mig_err *err)
{
    amqp_default_connection_info(info);
    if (amqp_parse_url(text, info) != AMQP_STATUS_OK || !info->host[0])
        return mig_err_set(err, MIG_E_CONFIG,
                           "broker address: expected amqp[s]://user:password@host:port/vhost%s",
                           strncmp(uri, "amqp", 4) == 0 ? "" : ", found another scheme");
    /* "amqp://host/" names the vhost "" by the letter; every deployment of MIG means "/". */
    if (!info->vhost || !info->vhost[0])
        info->vhost = (char *)(uintptr_t) "/";
    return 0;
}

static int
tls_socket(struct mig_amqp *amqp, const struct mig_amqp_options *o, struct mig_err *err)
{
    if (!o->ca_pem)
        return mig_err_set(err, MIG_E_CONFIG,
                           "broker %s: amqps needs a CA certificate to check the broker with",
                           amqp->where);
    amqp->socket = amqp_ssl_socket_new(amqp->conn);
    if (!amqp->socket)
        return mig_err_errno(err, ENOMEM, "broker %s: TLS", amqp->where);
    amqp_ssl_socket_set_verify_peer(amqp->socket, 1);
    amqp_ssl_socket_set_verify_hostname(amqp->socket, 1);
    if (amqp_ssl_socket_set_ssl_versions(amqp->socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) != 0)
        return mig_err_set(err, MIG_E_CRYPTO, "broker %s: TLS 1.2 is not available", amqp->where);
    if (amqp_ssl_socket_set_cacert(amqp->socket, o->ca_pem) != 0)
        return mig_err_set(err, MIG_E_CONFIG, "broker %s: the CA certificate can not be used",
                           amqp->where);
    if (o->cert_pem && o->key_pem &&
        amqp_ssl_socket_set_key(amqp->socket, o->cert_pem, o->key_pem) != 0)
        return mig_err_set(err, MIG_E_CONFIG,
                           "broker %s: the client certificate and its key can not be used",
                           amqp->where);
    return 0;
}

static int
dial(struct mig_amqp *amqp, const struct mig_amqp_options *o,
     const struct amqp_connection_info *info, struct mig_err *err)
{
    int ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : 5000;
    struct timeval timeout = {ms / 1000, (ms % 1000) * 1000};
    int rc;

    if (info->ssl) {
        rc = tls_socket(amqp, o, err);
        if (rc < 0)
            return rc;
    } else {
        amqp->socket = amqp_tcp_socket_new(amqp->conn);
        if (!amqp->socket)
            return mig_err_errno(err, ENOMEM, "broker %s", amqp->where);
    }
    rc = amqp_socket_open_noblock(amqp->socket, info->host, info->port, &timeout);
    if (rc != AMQP_STATUS_OK)
        return mig_err_set(err, rc == AMQP_STATUS_TIMEOUT ? MIG_E_TIMEOUT : -ECONNREFUSED,
                           "broker %s does not answer: %s", amqp->where, amqp_error_string2(rc));
    return 0;
}

static int
log_in(struct mig_amqp *amqp, const struct mig_amqp_options *o,
       const struct amqp_connection_info *info, struct mig_err *err)
{
    struct timeval wait = {RPC_TIMEOUT_S, 0};
    const char *name = o->client_name ? o->client_name : PACKAGE_NAME;
    amqp_table_entry_t entry = {
        .key = amqp_cstring_bytes("connection_name"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = amqp_cstring_bytes(name)}}};
    amqp_table_t properties = {1, &entry};
    int rc;

    amqp_set_handshake_timeout(amqp->conn, &wait);
    amqp_set_rpc_timeout(amqp->conn, &wait);
    rc = check_reply(amqp,
                     amqp_login_with_properties(amqp->conn, info->vhost, 1, FRAME_MAX,
                                                o->heartbeat_s > 0 ? o->heartbeat_s : 60,
                                                &properties, AMQP_SASL_METHOD_PLAIN, info->user,
                                                info->password),
                     "log in", err);
    if (rc < 0)
        return rc;
    amqp->open = 1;
    amqp_channel_open(amqp->conn, CHANNEL);
    rc = check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "open a channel", err);
    if (rc < 0)
        return rc;
    amqp_confirm_select(amqp->conn, CHANNEL);
    return check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "turn on confirms", err);
}

int
mig_amqp_open(const struct mig_amqp_options *options, struct mig_amqp **ret, struct mig_err *err)
{
    struct amqp_connection_info info;
    struct mig_amqp *amqp = NULL;
    char *uri = NULL;
    int rc;

    uri = strdup(options->uri);
    amqp = calloc(1, sizeof(*amqp));
    if (!uri || !amqp) {
        rc = mig_err_errno(err, ENOMEM, "broker connection");
        goto out;
    }
    amqp->tail = &amqp->head;
    amqp->first_tag = 1;
    rc = parse_uri(options->uri, uri, &info, err);
    if (rc < 0)
        goto out;
    snprintf(amqp->where, sizeof(amqp->where), "%.255s:%d", info.host, info.port);
    amqp->conn = amqp_new_connection();
    if (!amqp->conn) {
        rc = mig_err_errno(err, ENOMEM, "broker %s", amqp->where);
        goto out;
    }
    rc = dial(amqp, options, &info, err);
    if (rc == 0)
        rc = log_in(amqp, options, &info, err);
    if (rc < 0)
        goto out;
    *ret = amqp;
    amqp = NULL;
out:
    if (uri)
        explicit_bzero(uri, strlen(options->uri));
    free(uri);
    mig_amqp_close(amqp);
    return rc;
}

static void
delivery_free(struct delivery *delivery)
{
    if (!delivery)
        return;
    mig_buf_fini(&delivery->body);
    free(delivery);
}

void
mig_amqp_close(struct mig_amqp *amqp)
{
    struct timeval wait = {2, 0};

    if (!amqp)
        return;
    if (amqp->open) {
        amqp_set_rpc_timeout(amqp->conn, &wait);
        amqp_connection_close(amqp->conn, AMQP_REPLY_SUCCESS);
    }
    if (amqp->conn)
        amqp_destroy_connection(amqp->conn);
    while (amqp->head) {
        struct delivery *next = amqp->head->next;

        delivery_free(amqp->head);
        amqp->head = next;
    }
    delivery_free(amqp->current);
    delivery_free(amqp->incoming);
    free(amqp->pending);
    free(amqp);
}

int
mig_amqp_fd(struct mig_amqp *amqp)
{
    return amqp_get_sockfd(amqp->conn);
}

/* ---- topology ---- */

int
mig_amqp_exchange(struct mig_amqp *amqp, const char *name, const char *type, struct mig_err *err)
{
    amqp_exchange_declare(amqp->conn, CHANNEL, amqp_cstring_bytes(name), amqp_cstring_bytes(type),
                          0, 1, 0, 0, amqp_empty_table);
    return check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "declare an exchange", err);
}

int
mig_amqp_queue(struct mig_amqp *amqp, const char *queue, const char *exchange, struct mig_err *err)
{
    amqp_bytes_t name = amqp_cstring_bytes(queue);
    int rc;

    amqp_queue_declare(amqp->conn, CHANNEL, name, 0, 1, 0, 0, amqp_empty_table);
    rc = check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "declare a queue", err);
    if (rc < 0)
        return rc;
    amqp_queue_bind(amqp->conn, CHANNEL, name, amqp_cstring_bytes(exchange), name,
                    amqp_empty_table);
    return check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "bind a queue", err);
}

int
mig_amqp_consume(struct mig_amqp *amqp, const char *queue, uint16_t prefetch, struct mig_err *err)
{
    int rc;

    amqp_basic_qos(amqp->conn, CHANNEL, 0, prefetch, 0);
    rc = check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "set the prefetch", err);
    if (rc < 0)
        return rc;
    amqp_basic_consume(amqp->conn, CHANNEL, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0,
                       amqp_empty_table);
    return check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "consume a queue", err);
}

/* ---- what the broker sends ---- */

static void
decide(struct mig_amqp *amqp, uint64_t tag, int multiple, enum mig_amqp_fate fate)
{
    size_t last, i;

    if (tag < amqp->first_tag && tag != 0)
        return;
    /* Tag 0 with `multiple` is "all so far". */
    last = tag == 0 ? amqp->pending_count : (size_t)(tag - amqp->first_tag) + 1;
    if (last > amqp->pending_count || last == 0)
        return;
    for (i = multiple ? 0 : last - 1; i < last; i++) {
        struct pending *p = &amqp->pending[i];

        if (p->decided)
            continue;
        p->decided = 1;
        p->fate = fate == MIG_AMQP_CONFIRMED && p->returned ? MIG_AMQP_RETURNED : fate;
    }
}

static void
mark_returned(struct mig_amqp *amqp, uint64_t cookie)
{
    for (size_t i = 0; i < amqp->pending_count; i++)
        if (amqp->pending[i].cookie == cookie && !amqp->pending[i].decided) {
            amqp->pending[i].returned = 1;
            return;
        }
}

static void
content_done(struct mig_amqp *amqp)
{
    if (amqp->kind == CONTENT_DELIVER) {
        *amqp->tail = amqp->incoming;
        amqp->tail = &amqp->incoming->next;
        amqp->incoming = NULL;
    } else {
        mark_returned(amqp, amqp->returned_cookie);
    }
    amqp->kind = CONTENT_NONE;
}

static int
on_header(struct mig_amqp *amqp, const amqp_frame_t *frame, struct mig_err *err)
{
    const amqp_basic_properties_t *p = frame->payload.properties.decoded;
    char digits[24] = "";

    if (amqp->kind == CONTENT_NONE)
        return lost(amqp, err, MIG_E_PROTOCOL, "a content header out of turn");
    amqp->left = frame->payload.properties.body_size;
    if (amqp->kind == CONTENT_RETURN) {
        if ((p->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) && p->message_id.len < sizeof(digits))
            memcpy(digits, p->message_id.bytes, p->message_id.len);
        amqp->returned_cookie = strtoull(digits, NULL, 10);
    } else if (amqp->left > BODY_MAX) {
        amqp->incoming->oversize = 1;
    }
    if (amqp->left == 0)
        content_done(amqp);
    return 0;
}

static int
on_body(struct mig_amqp *amqp, const amqp_frame_t *frame, struct mig_err *err)
{
    amqp_bytes_t part = frame->payload.body_fragment;

    if (amqp->kind == CONTENT_NONE || part.len > amqp->left)
        return lost(amqp, err, MIG_E_PROTOCOL, "a content body out of turn");
    if (amqp->kind == CONTENT_DELIVER && !amqp->incoming->oversize &&
        mig_buf_add(&amqp->incoming->body, part.bytes, part.len) < 0)
        return lost(amqp, err, -ENOMEM, "no memory for a message");
    amqp->left -= part.len;
    if (amqp->left == 0)
        content_done(amqp);
    return 0;
}

static int
on_deliver(struct mig_amqp *amqp, const amqp_basic_deliver_t *m, struct mig_err *err)
{
    struct delivery *delivery = calloc(1, sizeof(*delivery));

    if (!delivery)
        return lost(amqp, err, -ENOMEM, "no memory for a message");
    delivery->tag = m->delivery_tag;
    delivery->redelivered = m->redelivered != 0;
    delivery_free(amqp->incoming);
    amqp->incoming = delivery;
    amqp->kind = CONTENT_DELIVER;
    return 0;
}

static int
on_method(struct mig_amqp *amqp, const amqp_frame_t *frame, struct mig_err *err)
{
    const amqp_method_t *method = &frame->payload.method;

    switch (method->id) {
    case AMQP_BASIC_DELIVER_METHOD:
        return on_deliver(amqp, method->decoded, err);
    case AMQP_BASIC_RETURN_METHOD:
        amqp->kind = CONTENT_RETURN;
        return 0;
    case AMQP_BASIC_ACK_METHOD: {
        const amqp_basic_ack_t *m = method->decoded;
        decide(amqp, m->delivery_tag, m->multiple, MIG_AMQP_CONFIRMED);
        return 0;
    }
    case AMQP_BASIC_NACK_METHOD: {
        const amqp_basic_nack_t *m = method->decoded;
        decide(amqp, m->delivery_tag, m->multiple, MIG_AMQP_REFUSED);
        return 0;
    }
    case AMQP_BASIC_CANCEL_METHOD:
        return lost(amqp, err, -ECONNRESET, "the queue that was consumed is gone");
    case AMQP_CONNECTION_CLOSE_METHOD:
        return lost_server(amqp, method, "closed the connection", err);
    case AMQP_CHANNEL_CLOSE_METHOD:
        return lost_server(amqp, method, "closed the channel", err);
    default: /* connection.blocked and the like: nothing to do */
        return 0;
    }
}

/* Takes one frame, waiting until `deadline` of the monotonic clock. 0, MIG_E_TIMEOUT, or lost. */
static int
step(struct mig_amqp *amqp, int64_t deadline, struct mig_err *err)
{
    int64_t left = deadline - mig_time_monotonic_ms();
    struct timeval wait = {0, 0};
    amqp_frame_t frame;
    int rc;

    if (!amqp->open)
        return lost(amqp, err, -ECONNRESET, "the connection is gone");
    if (left > 0) {
        wait.tv_sec = left / 1000;
        wait.tv_usec = (left % 1000) * 1000;
    }
    if (amqp->kind == CONTENT_NONE)
        amqp_maybe_release_buffers(amqp->conn);
    rc = amqp_simple_wait_frame_noblock(amqp->conn, &frame, &wait);
    if (rc == AMQP_STATUS_TIMEOUT)
        return MIG_E_TIMEOUT;
    if (rc != AMQP_STATUS_OK)
        return lost(amqp, err, -ECONNRESET, amqp_error_string2(rc));
    switch (frame.frame_type) {
    case AMQP_FRAME_METHOD:
        return on_method(amqp, &frame, err);
    case AMQP_FRAME_HEADER:
        return on_header(amqp, &frame, err);
    case AMQP_FRAME_BODY:
        return on_body(amqp, &frame, err);
    default:
        return 0;
    }
}

/* ---- receiving ---- */

int
mig_amqp_next(struct mig_amqp *amqp, int timeout_ms, size_t max, struct mig_amqp_message *ret,
              struct mig_err *err)
{
    int64_t deadline = mig_time_monotonic_ms() + timeout_ms;
    struct delivery *d;
    int rc;

    delivery_free(amqp->current);
    amqp->current = NULL;
    while (!amqp->head) {
        rc = step(amqp, deadline, err);
        if (rc < 0)
            return rc == MIG_E_TIMEOUT ? mig_err_set(err, rc, "no message") : rc;
    }
    d = amqp->head;
    amqp->head = d->next;
    if (!amqp->head)
        amqp->tail = &amqp->head;
    amqp->current = d;
    if (d->oversize || d->body.len > max) {
        rc = mig_amqp_ack(amqp, d->tag, 0, err);
        return rc < 0 ? rc
                      : mig_err_set(err, MIG_E_LIMIT,
                                    "a message over %zu bytes was dropped and acknowledged", max);
    }
    ret->tag = d->tag;
    ret->body = d->body.data ? d->body.data : "";
    ret->len = d->body.len;
    ret->redelivered = d->redelivered;
    return 0;
}

int
mig_amqp_ack(struct mig_amqp *amqp, uint64_t tag, int multiple, struct mig_err *err)
{
    int rc;

    if (!amqp->open)
        return lost(amqp, err, -ECONNRESET, "the connection is gone");
    rc = amqp_basic_ack(amqp->conn, CHANNEL, tag, multiple);
    return rc == AMQP_STATUS_OK ? 0 : lost(amqp, err, -ECONNRESET, amqp_error_string2(rc));
}

int
mig_amqp_requeue(struct mig_amqp *amqp, uint64_t tag, struct mig_err *err)
{
    int rc;

    if (!amqp->open)
        return lost(amqp, err, -ECONNRESET, "the connection is gone");
    rc = amqp_basic_nack(amqp->conn, CHANNEL, tag, 0, 1);
    return rc == AMQP_STATUS_OK ? 0 : lost(amqp, err, -ECONNRESET, amqp_error_string2(rc));
}

/* ---- sending ---- */

static int
pending_add(struct mig_amqp *amqp, uint64_t cookie)
{
    if (amqp->pending_count == amqp->pending_cap) {
        size_t cap = amqp->pending_cap ? amqp->pending_cap * 2 : 64;
        struct pending *grown = reallocarray(amqp->pending, cap, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        amqp->pending = grown;
        amqp->pending_cap = cap;
    }
    amqp->pending[amqp->pending_count++] = (struct pending){.cookie = cookie};
    return 0;
}

/* Reads what the broker says meanwhile, so that neither side stops on a full socket. */
static int
drain(struct mig_amqp *amqp, struct mig_err *err)
{
    int rc = 0;

    if (++amqp->since_drain < DRAIN_EVERY)
        return 0;
    amqp->since_drain = 0;
    while (rc == 0)
        rc = step(amqp, 0, err);
    return rc == MIG_E_TIMEOUT ? 0 : rc;
}

int
mig_amqp_publish(struct mig_amqp *amqp, const char *exchange, const char *key, const void *body,
                 size_t len, unsigned flags, int64_t ttl_ms, uint64_t cookie, struct mig_err *err)
{
    amqp_basic_properties_t p = {0};
    amqp_bytes_t bytes = {len, (void *)(uintptr_t)body};
    char ttl[24], id[24];
    int rc;

    if (!amqp->open)
        return lost(amqp, err, -ECONNRESET, "the connection is gone");
    if (pending_add(amqp, cookie) < 0)
        return mig_err_errno(err, ENOMEM, "broker %s: publish", amqp->where);
    snprintf(id, sizeof(id), "%llu", (unsigned long long)cookie);
    p._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
               AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
    p.content_type = amqp_cstring_bytes("text/plain");
    p.delivery_mode = flags & MIG_AMQP_PERSISTENT ? 2 : 1;
    p.timestamp = (uint64_t)time(NULL);
    p.message_id = amqp_cstring_bytes(id);
    if (ttl_ms > 0) {
        /* RabbitMQ refuses an expiration beyond 2^32 - 1 by closing the connection. */
        snprintf(ttl, sizeof(ttl), "%lld",
                 (long long)(ttl_ms > UINT32_MAX ? (int64_t)UINT32_MAX : ttl_ms));
        p._flags |= AMQP_BASIC_EXPIRATION_FLAG;
        p.expiration = amqp_cstring_bytes(ttl);
    }
    rc = amqp_basic_publish(amqp->conn, CHANNEL, amqp_cstring_bytes(exchange),
                            amqp_cstring_bytes(key), flags & MIG_AMQP_MANDATORY ? 1 : 0, 0, &p,
                            bytes);
    if (rc != AMQP_STATUS_OK)
        return lost(amqp, err, -ECONNRESET, amqp_error_string2(rc));
    return drain(amqp, err);
}

/* Tells of the decided messages at the front, and forgets them. */
static void
report(struct mig_amqp *amqp, void (*fate)(void *, uint64_t, enum mig_amqp_fate), void *context)
{
    size_t n = 0;

    while (n < amqp->pending_count && amqp->pending[n].decided) {
        if (fate)
            fate(context, amqp->pending[n].cookie, amqp->pending[n].fate);
        n++;
    }
    if (n == 0)
        return;
    amqp->pending_count -= n;
    amqp->first_tag += n;
    memmove(amqp->pending, amqp->pending + n, amqp->pending_count * sizeof(*amqp->pending));
}

static int
all_decided(const struct mig_amqp *amqp)
{
    for (size_t i = amqp->pending_count; i > 0; i--)
        if (!amqp->pending[i - 1].decided)
            return 0;
    return 1;
}

int
mig_amqp_flush(struct mig_amqp *amqp, int timeout_ms,
               void (*fate)(void *context, uint64_t cookie, enum mig_amqp_fate fate), void *context,
               struct mig_err *err)
{
    int64_t deadline = mig_time_monotonic_ms() + timeout_ms;
    int rc = 0;

    while (rc == 0 && !all_decided(amqp))
        rc = step(amqp, deadline, err);
    report(amqp, fate, context);
    if (rc == MIG_E_TIMEOUT)
        return mig_err_set(err, rc, "broker %s: %zu messages not confirmed in %d ms", amqp->where,
                           amqp->pending_count, timeout_ms);
    return rc;
}
