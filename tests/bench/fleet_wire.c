/* SPDX-License-Identifier: MPL-2.0 */
/* The agents' side of the broker, on rabbitmq-c itself: mig_amqp waits for confirms, which
 * thousands of agents in one process can not. */
#include "config.h"

#include "fleet.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"
#include "transport/amqp.h"

#define EVENTS 256
#define WAIT_MS 200

static const char results[] =
    "[{\"foundanything\":true,\"success\":true,\"elements\":{\"s1\":[{\"file\":\"/usr/bin/env\","
    "\"search\":{\"description\":\"\",\"paths\":[\"/usr/bin\"],\"names\":[\"^env$\"],\"options\":"
    "{\"matchall\":true,\"maxdepth\":1000,\"matchlimit\":1000}},\"fileinfo\":{\"size\":48536,"
    "\"mode\":\"-rwxr-xr-x\",\"lastmodified\":\"2022-09-20 15:27:27 +0000 UTC\"}}]},"
    "\"statistics\":{\"filescount\":1304,\"openfailed\":0,\"totalhits\":1,"
    "\"exectime\":\"7.6ms\"},\"errors\":null}]";

struct wire {
    amqp_connection_state_t conn;
    unsigned first, count; /* agents */
};

static struct wire *wires;
static pthread_t thread;
static int started;

void
fleet_queueloc(unsigned agent, char text[64])
{
    snprintf(text, 64, "linux.host%06u.fleet%06u", agent, agent);
}

static int
fail(amqp_rpc_reply_t reply, const char *what, struct mig_err *err)
{
    if (reply.reply_type == AMQP_RESPONSE_NORMAL)
        return 0;
    return mig_err_set(err, MIG_E_PROTOCOL, "broker: %s: %s", what,
                       reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION
                           ? amqp_error_string2(reply.library_error)
                           : "refused");
}

static int
wire_connect(const struct fleet *fleet, struct wire *wire, struct mig_err *err)
{
    struct amqp_connection_info info;
    char *uri = strdup(fleet->amqp_uri);
    int rc = 0;

    amqp_default_connection_info(&info);
    if (!uri || amqp_parse_url(uri, &info) != AMQP_STATUS_OK) {
        rc = mig_err_set(err, MIG_E_CONFIG, "broker address: not understood");
        goto out;
    }
    wire->conn = amqp_new_connection();
    amqp_socket_t *socket = wire->conn ? amqp_tcp_socket_new(wire->conn) : NULL;
    if (!socket || amqp_socket_open(socket, info.host, info.port) != AMQP_STATUS_OK) {
        rc = mig_err_set(err, MIG_E_PROTOCOL, "broker: no connection");
        goto out;
    }
    rc = fail(amqp_login(wire->conn, info.vhost, 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, info.user,
                         info.password),
              "log in", err);
    if (rc == 0) {
        amqp_channel_open(wire->conn, 1);
        rc = fail(amqp_get_rpc_reply(wire->conn), "open a channel", err);
    }
    if (rc == 0) {
        amqp_basic_qos(wire->conn, 1, 0, 1, 0);
        rc = fail(amqp_get_rpc_reply(wire->conn), "set the prefetch", err);
    }
out:
    free(uri);
    return rc;
}

static int
declare(const struct fleet *fleet, const struct wire *wire, unsigned agent, struct mig_err *err)
{
    amqp_table_entry_t entry = {
        .key = amqp_cstring_bytes("x-queue-version"),
        .value = {.kind = AMQP_FIELD_KIND_I32, .value = {.i32 = (int32_t)fleet->queue_version}}};
    amqp_table_t arguments = {fleet->queue_version ? 1 : 0, &entry};
    char queueloc[64], name[96];

    fleet_queueloc(agent, queueloc);
    snprintf(name, sizeof(name), MIG_QUEUE_AGENT_PREFIX "%s", queueloc);
    amqp_bytes_t queue = amqp_cstring_bytes(name);
    amqp_queue_declare_t declaration = {
        .queue = queue, .durable = 1, .nowait = 1, .arguments = arguments};
    amqp_queue_bind_t binding = {.queue = queue,
                                 .exchange = amqp_cstring_bytes(MIG_EXCHANGE_AGENTS),
                                 .routing_key = queue,
                                 .nowait = 1};
    amqp_basic_consume_t consumer = {.queue = queue, .consumer_tag = queue, .nowait = 1};

    /* Nothing is waited for: a round trip each would take longer than the work. */
    if (amqp_send_method(wire->conn, 1, AMQP_QUEUE_DECLARE_METHOD, &declaration) < 0 ||
        amqp_send_method(wire->conn, 1, AMQP_QUEUE_BIND_METHOD, &binding) < 0 ||
        amqp_send_method(wire->conn, 1, AMQP_BASIC_CONSUME_METHOD, &consumer) < 0)
        return mig_err_set(err, MIG_E_PROTOCOL, "broker: declare a queue: the connection is lost");
    return 0;
}

/* Until the broker has done all that it was told, which the answer to this says. */
static int
settle(const struct wire *wire, struct mig_err *err)
{
    amqp_basic_qos(wire->conn, 1, 0, 1, 0);
    return fail(amqp_get_rpc_reply(wire->conn), "declare queues", err);
}

int
fleet_wire_open(struct fleet *fleet, struct mig_err *err)
{
    int rc = 0;

    wires = calloc(fleet->connections, sizeof(*wires));
    if (!wires)
        return mig_err_set(err, -ENOMEM, "out of memory");
    for (unsigned i = 0; rc == 0 && i < fleet->connections; i++) {
        struct wire *wire = &wires[i];
        wire->first = (unsigned)((uint64_t)fleet->agents * i / fleet->connections);
        wire->count =
            (unsigned)((uint64_t)fleet->agents * (i + 1) / fleet->connections) - wire->first;
        rc = wire_connect(fleet, wire, err);
        if (rc == 0 && i == 0) {
            amqp_exchange_declare(wire->conn, 1, amqp_cstring_bytes(MIG_EXCHANGE_AGENTS),
                                  amqp_cstring_bytes("direct"), 0, 1, 0, 0, amqp_empty_table);
            rc = fail(amqp_get_rpc_reply(wire->conn), "declare an exchange", err);
        }
        for (unsigned k = 0; rc == 0 && k < wire->count; k++)
            rc = declare(fleet, wire, wire->first + k, err);
    }
    for (unsigned i = 0; rc == 0 && i < fleet->connections; i++)
        rc = settle(&wires[i], err);
    return rc;
}

/* The command goes back with its status and results changed, all else as it came. */
static int
write_answer(const char *command, size_t len, struct mig_buf *out)
{
    static const char *const keep[] = {"id", "action", "agent", "starttime"};
    char now[MIG_TIME_TEXT];

    mig_buf_reset(out);
    for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++) {
        const char *value = NULL;
        size_t value_len = 0;
        if (mig_json_raw_member(command, len, keep[i], &value, &value_len) < 0)
            return -1;
        mig_buf_addf(out, "%c\"%s\":", i ? ',' : '{', keep[i]);
        mig_buf_add(out, value, value_len);
    }
    mig_time_format(mig_time_now(), now);
    mig_buf_addf(out, ",\"status\":\"success\",\"finishtime\":\"%s\",\"results\":", now);
    mig_buf_add(out, results, sizeof(results) - 1);
    mig_buf_addc(out, '}');
    return out->failed ? -1 : 0;
}

static int
answer(struct fleet *fleet, struct wire *wire, const amqp_envelope_t *envelope, struct mig_buf *out)
{
    amqp_basic_properties_t properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG,
                                          .delivery_mode = 2};

    fleet->commands++;
    if (write_answer(envelope->message.body.bytes, envelope->message.body.len, out) < 0)
        return -1;
    amqp_bytes_t body = {out->len, out->data};
    if (amqp_basic_publish(wire->conn, 1, amqp_cstring_bytes(MIG_EXCHANGE_SCHEDULERS),
                           amqp_cstring_bytes(MIG_QUEUE_RESULTS), 0, 0, &properties,
                           body) != AMQP_STATUS_OK)
        return -1;
    fleet->answers++;
    return 0;
}

static int
drain(struct fleet *fleet, struct wire *wire, struct mig_buf *out)
{
    uint64_t last = 0;
    int rc = 0;

    while (rc == 0) {
        struct timeval none = {0, 0};
        amqp_envelope_t envelope;
        amqp_rpc_reply_t reply = amqp_consume_message(wire->conn, &envelope, &none, 0);
        if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
            rc = reply.library_error == AMQP_STATUS_TIMEOUT ? 1 : -1;
            break;
        }
        last = envelope.delivery_tag;
        rc = answer(fleet, wire, &envelope, out);
        amqp_destroy_envelope(&envelope);
    }
    if (rc >= 0 && last && amqp_basic_ack(wire->conn, 1, last, 1) != AMQP_STATUS_OK)
        rc = -1;
    amqp_maybe_release_buffers(wire->conn);
    return rc < 0 ? rc : 0;
}

static void *
serve(void *context)
{
    struct fleet *fleet = context;
    struct epoll_event events[EVENTS];
    struct mig_buf out = MIG_BUF_INIT;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    for (unsigned i = 0; i < fleet->connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &wires[i]};
        drain(fleet, &wires[i], &out);
        epoll_ctl(epoll, EPOLL_CTL_ADD, amqp_get_sockfd(wires[i].conn), &event);
    }
    while (!fleet->stop) {
        int count = epoll_wait(epoll, events, EVENTS, WAIT_MS);
        for (int i = 0; i < count; i++)
            if (drain(fleet, events[i].data.ptr, &out) < 0) {
                fprintf(stderr, "fleet: a connection is lost\n");
                fleet->stop = 1;
            }
    }
    mig_buf_fini(&out);
    return NULL;
}

int
fleet_wire_start(struct fleet *fleet, struct mig_err *err)
{
    if (pthread_create(&thread, NULL, serve, fleet) != 0)
        return mig_err_set(err, -EAGAIN, "no thread");
    started = 1;
    return 0;
}

void
fleet_wire_close(struct fleet *fleet)
{
    fleet->stop = 1;
    if (started)
        pthread_join(thread, NULL);
    for (unsigned i = 0; wires && i < fleet->connections; i++)
        if (wires[i].conn)
            amqp_destroy_connection(wires[i].conn);
    free(wires);
}
