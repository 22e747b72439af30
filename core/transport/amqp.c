/* SPDX-License-Identifier: MPL-2.0 */
/* Messages: what the broker sends, what is published, and what became of that. */
#include "config.h"

#include "transport/amqp.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "transport/amqp_internal.h"

#define BODY_MAX (64u << 20) /* a body over this is never held, whatever the caller's limit */
#define DRAIN_EVERY 64u      /* publishes between two looks at what the broker says */

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
        return mig_amqp_lost(amqp, err, MIG_E_PROTOCOL, "a content header out of turn");
    amqp->left = frame->payload.properties.body_size;
    if (amqp->kind == CONTENT_RETURN) {
        if ((p->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) && p->message_id.len < sizeof(digits))
            memcpy(digits, p->message_id.bytes, p->message_id.len);
        amqp->returned_cookie = strtoull(digits, NULL, 10);
    } else {
        amqp->incoming->oversize = amqp->left > BODY_MAX;
        if ((p->_flags & AMQP_BASIC_USER_ID_FLAG) &&
            p->user_id.len < sizeof(amqp->incoming->user) &&
            !memchr(p->user_id.bytes, 0, p->user_id.len))
            memcpy(amqp->incoming->user, p->user_id.bytes, p->user_id.len);
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
        return mig_amqp_lost(amqp, err, MIG_E_PROTOCOL, "a content body out of turn");
    if (amqp->kind == CONTENT_DELIVER && !amqp->incoming->oversize &&
        mig_buf_add(&amqp->incoming->body, part.bytes, part.len) < 0)
        return mig_amqp_lost(amqp, err, -ENOMEM, "no memory for a message");
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
        return mig_amqp_lost(amqp, err, -ENOMEM, "no memory for a message");
    delivery->tag = m->delivery_tag;
    delivery->redelivered = m->redelivered != 0;
    mig_amqp_delivery_free(amqp->incoming);
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
        return mig_amqp_lost(amqp, err, -ECONNRESET, "the queue that was consumed is gone");
    case AMQP_CONNECTION_CLOSE_METHOD:
        return mig_amqp_lost_server(amqp, method, "closed the connection", err);
    case AMQP_CHANNEL_CLOSE_METHOD:
        return mig_amqp_lost_server(amqp, method, "closed the channel", err);
    case AMQP_CONNECTION_BLOCKED_METHOD: {
        const amqp_connection_blocked_t *m = method->decoded;
        snprintf(amqp->blocked, sizeof(amqp->blocked), "%.*s", (int)m->reason.len,
                 m->reason.bytes ? (const char *)m->reason.bytes : "");
        return 0;
    }
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
        amqp->blocked[0] = '\0';
        return 0;
    default: /* nothing to do */
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
        return mig_amqp_lost(amqp, err, -ECONNRESET, "the connection is gone");
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
        return mig_amqp_lost(amqp, err, -ECONNRESET, amqp_error_string2(rc));
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

    mig_amqp_delivery_free(amqp->current);
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
    ret->user = d->user;
    return 0;
}

int
mig_amqp_ack(struct mig_amqp *amqp, uint64_t tag, int multiple, struct mig_err *err)
{
    int rc;

    if (!amqp->open)
        return mig_amqp_lost(amqp, err, -ECONNRESET, "the connection is gone");
    rc = amqp_basic_ack(amqp->conn, MIG_AMQP_CHANNEL, tag, multiple);
    return rc == AMQP_STATUS_OK ? 0 : mig_amqp_lost(amqp, err, -ECONNRESET, amqp_error_string2(rc));
}

int
mig_amqp_requeue(struct mig_amqp *amqp, uint64_t tag, struct mig_err *err)
{
    int rc;

    if (!amqp->open)
        return mig_amqp_lost(amqp, err, -ECONNRESET, "the connection is gone");
    rc = amqp_basic_nack(amqp->conn, MIG_AMQP_CHANNEL, tag, 0, 1);
    return rc == AMQP_STATUS_OK ? 0 : mig_amqp_lost(amqp, err, -ECONNRESET, amqp_error_string2(rc));
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

const char *
mig_amqp_blocked(const struct mig_amqp *amqp)
{
    return amqp->blocked[0] ? amqp->blocked : NULL;
}

/* A broker without disk or memory to spare reads nothing more from who publishes: a write would
 * wait for as long as that lasts. A new connection would be no better, and the old one stays with
 * the broker until it reads again. */
static int
check_blocked(struct mig_amqp *amqp, struct mig_err *err)
{
    int rc = 0;

    while (rc == 0 && amqp->blocked[0])
        rc = step(amqp, 0, err);
    if (rc < 0 && rc != MIG_E_TIMEOUT)
        return rc;
    if (!amqp->blocked[0])
        return 0;
    return mig_err_set(err, -EBUSY, "broker %s: it takes nothing at present: %s", amqp->where,
                       amqp->blocked);
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
        return mig_amqp_lost(amqp, err, -ECONNRESET, "the connection is gone");
    rc = check_blocked(amqp, err);
    if (rc < 0)
        return rc;
    if (pending_add(amqp, cookie) < 0)
        return mig_err_errno(err, ENOMEM, "broker %s: publish", amqp->where);
    snprintf(id, sizeof(id), "%llu", (unsigned long long)cookie);
    p._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
               AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
    p.content_type = amqp_cstring_bytes("text/plain");
    p.delivery_mode = flags & MIG_AMQP_PERSISTENT ? 2 : 1;
    p.timestamp = (uint64_t)time(NULL);
    p.message_id = amqp_cstring_bytes(id);
    /* The broker refuses a name that is not the connection's, so that whoever reads may trust it.
     */
    if (amqp->user[0]) {
        p._flags |= AMQP_BASIC_USER_ID_FLAG;
        p.user_id = amqp_cstring_bytes(amqp->user);
    }
    if (ttl_ms > 0) {
        /* RabbitMQ refuses an expiration beyond 2^32 - 1 by closing the connection. */
        snprintf(ttl, sizeof(ttl), "%lld",
                 (long long)(ttl_ms > UINT32_MAX ? (int64_t)UINT32_MAX : ttl_ms));
        p._flags |= AMQP_BASIC_EXPIRATION_FLAG;
        p.expiration = amqp_cstring_bytes(ttl);
    }
    rc = amqp_basic_publish(amqp->conn, MIG_AMQP_CHANNEL, amqp_cstring_bytes(exchange),
                            amqp_cstring_bytes(key), flags & MIG_AMQP_MANDATORY ? 1 : 0, 0, &p,
                            bytes);
    if (rc != AMQP_STATUS_OK)
        return mig_amqp_lost(amqp, err, -ECONNRESET, amqp_error_string2(rc));
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

    while (rc == 0 && !all_decided(amqp)) {
        rc = step(amqp, deadline, err);
        if (rc == 0)
            rc = check_blocked(amqp, err);
    }
    report(amqp, fate, context);
    if (rc == MIG_E_TIMEOUT)
        return mig_err_set(err, rc, "broker %s: %zu messages not confirmed in %d ms", amqp->where,
                           amqp->pending_count, timeout_ms);
    return rc;
}
