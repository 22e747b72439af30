/* SPDX-License-Identifier: MPL-2.0 */
/* The connection, its end, and what there is at the broker: exchanges, queues, consumers. */
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
#include <unistd.h>

#include "transport/amqp_internal.h"

#define FRAME_MAX 131072
#define RPC_TIMEOUT_S 15

/* ---- errors ---- */

int
mig_amqp_lost(struct mig_amqp *amqp, struct mig_err *err, int code, const char *why)
{
    amqp->open = 0;
    return mig_err_set(err, code, "broker %s: %s", amqp->where, why);
}

int
mig_amqp_lost_server(struct mig_amqp *amqp, const amqp_method_t *method, const char *what,
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
        return mig_amqp_lost_server(amqp, &reply.reply, what, err);
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
        amqp->open = 0;
        return mig_err_set(
            err, reply.library_error == AMQP_STATUS_TIMEOUT ? MIG_E_TIMEOUT : -ECONNRESET,
            "broker %s: %s: %s", amqp->where, what, amqp_error_string2(reply.library_error));
    case AMQP_RESPONSE_NONE:
    default:
        return mig_amqp_lost(amqp, err, -ECONNRESET, what);
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

/* The option `dial` has the connection made elsewhere. */
static int
dial_out(struct mig_amqp *amqp, const struct mig_amqp_options *o,
         const struct amqp_connection_info *info, struct mig_err *err)
{
    int fd = -1;
    int rc = o->dial(o->dial_context, info->host, info->port, info->ssl, &fd, err);

    if (rc < 0)
        return rc;
    amqp->socket = amqp_tcp_socket_new(amqp->conn);
    if (!amqp->socket) {
        close(fd);
        return mig_err_errno(err, ENOMEM, "broker %s", amqp->where);
    }
    amqp_tcp_socket_set_sockfd(amqp->socket, fd);
    return 0;
}

static int
dial(struct mig_amqp *amqp, const struct mig_amqp_options *o,
     const struct amqp_connection_info *info, struct mig_err *err)
{
    int ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : 5000;
    struct timeval timeout = {ms / 1000, (ms % 1000) * 1000};
    int rc;

    if (o->dial)
        return dial_out(amqp, o, info, err);
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

/* The numbers of confirms begin anew with each channel. */
static int
open_channel(struct mig_amqp *amqp, struct mig_err *err)
{
    int rc;

    amqp_channel_open(amqp->conn, MIG_AMQP_CHANNEL);
    rc = check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "open a channel", err);
    if (rc < 0)
        return rc;
    amqp_confirm_select(amqp->conn, MIG_AMQP_CHANNEL);
    amqp->first_tag = 1;
    return check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "turn on confirms", err);
}

static int
log_in(struct mig_amqp *amqp, const struct mig_amqp_options *o,
       const struct amqp_connection_info *info, struct mig_err *err)
{
    struct timeval wait = {RPC_TIMEOUT_S, 0};
    const char *name = o->client_name ? o->client_name : PACKAGE_NAME;
    /* The broker says then when it takes nothing for want of disk or memory (connection.blocked).
     */
    amqp_table_entry_t blocked = {
        .key = amqp_cstring_bytes("connection.blocked"),
        .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value = {.boolean = 1}}};
    amqp_table_entry_t entries[] = {
        {.key = amqp_cstring_bytes("connection_name"),
         .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = amqp_cstring_bytes(name)}}},
        {.key = amqp_cstring_bytes("capabilities"),
         .value = {.kind = AMQP_FIELD_KIND_TABLE, .value = {.table = {1, &blocked}}}}};
    amqp_table_t properties = {2, entries};
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
    return open_channel(amqp, err);
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
    rc = parse_uri(options->uri, uri, &info, err);
    if (rc < 0)
        goto out;
    if (options->user) {
        info.user = (char *)(uintptr_t)options->user;
        info.password = (char *)(uintptr_t)options->password;
    }
    snprintf(amqp->where, sizeof(amqp->where), "%.255s:%d", info.host, info.port);
    if (strlen(info.user) < sizeof(amqp->user))
        snprintf(amqp->user, sizeof(amqp->user), "%s", info.user);
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

void
mig_amqp_delivery_free(struct delivery *delivery)
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

        mig_amqp_delivery_free(amqp->head);
        amqp->head = next;
    }
    mig_amqp_delivery_free(amqp->current);
    mig_amqp_delivery_free(amqp->incoming);
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
    amqp_exchange_declare(amqp->conn, MIG_AMQP_CHANNEL, amqp_cstring_bytes(name),
                          amqp_cstring_bytes(type), 0, 1, 0, 0, amqp_empty_table);
    return check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "declare an exchange", err);
}

/* After the broker has closed it for one refused request; the connection stays. */
static int
reopen_channel(struct mig_amqp *amqp, struct mig_err *err)
{
    amqp_channel_close_ok_t answer = {0};

    if (amqp_send_method(amqp->conn, MIG_AMQP_CHANNEL, AMQP_CHANNEL_CLOSE_OK_METHOD, &answer) !=
        AMQP_STATUS_OK)
        return mig_amqp_lost(amqp, err, -ECONNRESET, "the connection is gone");
    amqp->open = 1;
    return open_channel(amqp, err);
}

/* Whether the last request was refused with this code and cost the channel only. */
static int
refused(const amqp_rpc_reply_t *reply, int code)
{
    const amqp_channel_close_t *m = reply->reply.decoded;

    return reply->reply_type == AMQP_RESPONSE_SERVER_EXCEPTION &&
           reply->reply.id == AMQP_CHANNEL_CLOSE_METHOD && m->reply_code == code;
}

int
mig_amqp_queue_typed(struct mig_amqp *amqp, const char *queue, const char *exchange,
                     const char *type, struct mig_err *err)
{
    amqp_bytes_t name = amqp_cstring_bytes(queue);
    amqp_table_entry_t entry = {
        .key = amqp_cstring_bytes("x-queue-type"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8,
                  .value = {.bytes = amqp_cstring_bytes(type ? type : "")}}};
    amqp_table_t arguments = {type && strcmp(type, "classic") != 0 ? 1 : 0, &entry};
    amqp_rpc_reply_t reply;
    int rc;

    amqp_queue_declare(amqp->conn, MIG_AMQP_CHANNEL, name, 0, 1, 0, 0, arguments);
    reply = amqp_get_rpc_reply(amqp->conn);
    if (refused(&reply, 406)) {
        amqp->open = 0;
        return mig_err_set(
            err, MIG_E_CONFIG,
            "broker %s: queue %s is there and not of the type %s: stop what publishes "
            "to it, let it run empty, delete it",
            amqp->where, queue, type ? type : "classic");
    }
    rc = check_reply(amqp, reply, "declare a queue", err);
    if (rc < 0)
        return rc;
    amqp_queue_bind(amqp->conn, MIG_AMQP_CHANNEL, name, amqp_cstring_bytes(exchange), name,
                    amqp_empty_table);
    reply = amqp_get_rpc_reply(amqp->conn);
    if (refused(&reply, 403))
        return reopen_channel(amqp, err);
    return check_reply(amqp, reply, "bind a queue", err);
}

int
mig_amqp_queue(struct mig_amqp *amqp, const char *queue, const char *exchange, struct mig_err *err)
{
    return mig_amqp_queue_typed(amqp, queue, exchange, NULL, err);
}

int
mig_amqp_queue_delete(struct mig_amqp *amqp, const char *queue, int *ret_deleted,
                      struct mig_err *err)
{
    amqp_rpc_reply_t reply;
    int rc, in_use;

    amqp_queue_delete(amqp->conn, MIG_AMQP_CHANNEL, amqp_cstring_bytes(queue), 1, 1);
    reply = amqp_get_rpc_reply(amqp->conn);
    in_use = refused(&reply, 406);
    rc = in_use || refused(&reply, 404) ? reopen_channel(amqp, err)
                                        : check_reply(amqp, reply, "delete a queue", err);
    if (rc == 0)
        *ret_deleted = !in_use;
    return rc;
}

int
mig_amqp_consume(struct mig_amqp *amqp, const char *queue, uint16_t prefetch, struct mig_err *err)
{
    int rc;

    amqp_basic_qos(amqp->conn, MIG_AMQP_CHANNEL, 0, prefetch, 0);
    rc = check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "set the prefetch", err);
    if (rc < 0)
        return rc;
    amqp_basic_consume(amqp->conn, MIG_AMQP_CHANNEL, amqp_cstring_bytes(queue), amqp_empty_bytes, 0,
                       0, 0, amqp_empty_table);
    return check_reply(amqp, amqp_get_rpc_reply(amqp->conn), "consume a queue", err);
}
