/* SPDX-License-Identifier: MPL-2.0 */
#include "netstat.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

#include "kernel.h"
#include "process.h"

/* Of all elements together: what a site's limits leave to one operation. */
#define RESULT_MAX (12u << 20)

struct result {
    struct netstat_queries *queries;
    const struct netstat_tables *tables;
    const struct netstat_processes *processes;
    size_t used; /* bytes of all elements */
    uint64_t examined;
    uint64_t hits;
    const struct mig_host *host;
};

/* ---- members of an element ---- */

static void
put_name(struct netstat_text *text, const char *name)
{
    netstat_text_adds(text, text->length > 0 && text->data[text->length - 1] == '{' ? "\"" : ",\"");
    netstat_text_adds(text, name);
    netstat_text_adds(text, "\":");
}

static void
put_string(struct netstat_text *text, const char *name, const char *value)
{
    put_name(text, name);
    netstat_text_string(text, value);
}

/* Absent when it is 0, as in the original. */
static void
put_number(struct netstat_text *text, const char *name, uint64_t value)
{
    if (value == 0)
        return;
    put_name(text, name);
    netstat_text_number(text, value);
}

static void
put_address(struct netstat_text *text, const char *name, const struct netstat_address *address)
{
    char value[NETSTAT_ADDRESS_SIZE];

    netstat_address_text(address, value);
    put_string(text, name, value);
}

/* Interfaces have a namespace only when namespaces were asked for; all else always has one. */
static void
put_space(struct result *result, struct netstat_text *text, uint64_t space, bool always)
{
    char value[40];

    if (result->queries->namespaces) {
        snprintf(value, sizeof(value), "net:[%llu]", (unsigned long long)space);
        put_string(text, "namespace", value);
    } else if (always) {
        put_string(text, "namespace", "default");
    }
}

static void
put_interface(struct result *result, struct netstat_text *text, uint64_t space, int index)
{
    const struct netstat_tables *tables = result->tables;

    if (!result->queries->details)
        return;
    for (size_t i = 0; i < tables->links_count; i++)
        if (tables->links[i].space == space && tables->links[i].index == index) {
            char *name = mig_text_path(tables->links[i].name);
            if (name != NULL)
                put_string(text, "interface", name);
            free(name);
            return;
        }
}

static void
put_processes(struct result *result, struct netstat_text *text, const char *name, uint32_t inode)
{
    const struct netstat_holder *holder = netstat_holders(result->processes, inode);

    if (holder == NULL)
        return;
    put_name(text, name);
    netstat_text_adds(text, "[");
    for (; holder != NULL; holder = netstat_holder_next(result->processes, holder)) {
        const struct netstat_process *process = &result->processes->list[holder->process];
        if (text->length > 0 && text->data[text->length - 1] == '}')
            netstat_text_adds(text, ",");
        netstat_text_adds(text, "{");
        put_number(text, "pid", process->pid);
        put_string(text, "name", process->name);
        if (*process->executable != '\0')
            put_string(text, "executable", process->executable);
        netstat_text_adds(text, "}");
    }
    netstat_text_adds(text, "]");
}

static const char *
socket_state(uint8_t state, bool tcp)
{
    static const char *const names[] = {
        [TCP_ESTABLISHED] = "ESTABLISHED",
        [TCP_SYN_SENT] = "SYN_SENT",
        [TCP_SYN_RECV] = "SYN_RECV",
        [TCP_FIN_WAIT1] = "FIN_WAIT1",
        [TCP_FIN_WAIT2] = "FIN_WAIT2",
        [TCP_TIME_WAIT] = "TIME_WAIT",
        [TCP_CLOSE] = "CLOSE",
        [TCP_CLOSE_WAIT] = "CLOSE_WAIT",
        [TCP_LAST_ACK] = "LAST_ACK",
        [TCP_LISTEN] = "LISTEN",
        [TCP_CLOSING] = "CLOSING",
    };

    if (!tcp && state == TCP_CLOSE)
        return "UNCONNECTED";
    return state < MIG_COUNT(names) && names[state] != NULL ? names[state] : "UNKNOWN";
}

static const char *
neighbor_state(uint16_t state)
{
    static const struct {
        uint16_t bit;
        const char *name;
    } names[] = {
        {NUD_PERMANENT, "PERMANENT"}, {NUD_REACHABLE, "REACHABLE"}, {NUD_STALE, "STALE"},
        {NUD_DELAY, "DELAY"},         {NUD_PROBE, "PROBE"},         {NUD_INCOMPLETE, "INCOMPLETE"},
        {NUD_FAILED, "FAILED"},
    };

    for (size_t i = 0; i < MIG_COUNT(names); i++)
        if (state & names[i].bit)
            return names[i].name;
    return "UNKNOWN";
}

/* ---- elements ---- */

/* Starts an element; where it starts. */
static size_t
begin(struct netstat_query *query)
{
    size_t before = query->elements.length;

    netstat_text_adds(&query->elements, before > 0 ? ",{" : "{");
    return before;
}

/* Ends it, and takes it back when there is no room for it. */
static void
end(struct result *result, struct netstat_query *query, size_t before)
{
    size_t size;

    netstat_text_adds(&query->elements, "}");
    size = query->elements.length - before;
    query->hits++;
    result->hits++;
    if (result->used + size > RESULT_MAX) {
        query->elements.length = before;
        result->used = RESULT_MAX;
        return;
    }
    result->used += size;
    query->returned++;
}

static void
add_links(struct result *result, struct netstat_query *query)
{
    for (size_t i = 0; i < result->tables->links_count; i++) {
        const struct netstat_link *link = &result->tables->links[i];
        char mac[NETSTAT_MAC_SIZE];
        size_t before;

        netstat_mac_text(link->mac, link->mac_length, mac);
        if (link->mac_length == 0 || !netstat_query_text(result->queries, query, mac))
            continue;
        before = begin(query);
        put_string(&query->elements, "localmacaddr", mac);
        put_space(result, &query->elements, link->space, false);
        put_interface(result, &query->elements, link->space, link->index);
        end(result, query, before);
    }
    result->examined += result->tables->links_count;
}

static void
add_locals(struct result *result, struct netstat_query *query)
{
    for (size_t i = 0; i < result->tables->locals_count; i++) {
        const struct netstat_local *local = &result->tables->locals[i];
        size_t before;

        if (!netstat_network_has(&query->network, &local->address))
            continue;
        before = begin(query);
        put_address(&query->elements, "localaddr", &local->address);
        put_space(result, &query->elements, local->space, false);
        put_interface(result, &query->elements, local->space, local->index);
        end(result, query, before);
    }
    result->examined += result->tables->locals_count;
}

static void
add_neighbors(struct result *result, struct netstat_query *query)
{
    for (size_t i = 0; i < result->tables->neighbors_count; i++) {
        const struct netstat_neighbor *neighbor = &result->tables->neighbors[i];
        char mac[NETSTAT_MAC_SIZE];
        size_t before;

        netstat_mac_text(neighbor->mac, neighbor->mac_length, mac);
        if (query->kind == NETSTAT_NEIGHBORMAC
                ? !netstat_query_text(result->queries, query, mac)
                : !netstat_network_has(&query->network, &neighbor->address))
            continue;
        before = begin(query);
        put_string(&query->elements, "remotemacaddr", mac);
        put_address(&query->elements, "remoteaddr", &neighbor->address);
        put_space(result, &query->elements, neighbor->space, true);
        put_interface(result, &query->elements, neighbor->space, neighbor->index);
        if (result->queries->details)
            put_string(&query->elements, "state", neighbor_state(neighbor->state));
        end(result, query, before);
    }
    result->examined += result->tables->neighbors_count;
}

static bool
held_by(const struct result *result, const struct netstat_query *query, uint32_t inode)
{
    const struct netstat_holder *holder = netstat_holders(result->processes, inode);

    for (; holder != NULL; holder = netstat_holder_next(result->processes, holder)) {
        const struct netstat_process *process = &result->processes->list[holder->process];
        if (netstat_query_text(result->queries, query, process->name) ||
            netstat_query_text(result->queries, query, process->executable))
            return true;
    }
    return false;
}

static void
put_socket(struct result *result, struct netstat_query *query, const struct netstat_socket *socket)
{
    struct netstat_text *text = &query->elements;
    bool tcp = socket->protocol == IPPROTO_TCP;
    size_t before = begin(query);

    put_address(text, "localaddr", &socket->local);
    put_number(text, "localport", socket->local_port);
    if (query->kind != NETSTAT_LISTENINGPORT && socket->remote_port != 0) {
        put_address(text, "remoteaddr", &socket->remote);
        put_number(text, "remoteport", socket->remote_port);
    }
    put_space(result, text, socket->space, true);
    if (result->queries->details || query->kind == NETSTAT_PROCESS) {
        put_string(text, "protocol", tcp ? "tcp" : "udp");
        put_string(text, "state", socket_state(socket->state, tcp));
        put_name(text, "uid");
        netstat_text_number(text, socket->user);
        put_processes(result, text, "processes", socket->inode);
    }
    end(result, query, before);
}

static void
add_sockets(struct result *result, struct netstat_query *query)
{
    for (size_t i = 0; i < result->tables->sockets_count; i++) {
        const struct netstat_socket *socket = &result->tables->sockets[i];

        if (query->kind == NETSTAT_PROCESS ? held_by(result, query, socket->inode)
                                           : netstat_query_socket(query, socket))
            put_socket(result, query, socket);
    }
    result->examined += result->tables->examined[NETSTAT_CONNECTEDIP];
}

static void
put_unix(struct result *result, struct netstat_query *query, const struct netstat_unix *socket)
{
    struct netstat_text *text = &query->elements;
    size_t before = begin(query);
    char *path = mig_text_path(socket->path);

    if (path == NULL)
        text->failed = true;
    else if (*path != '\0')
        put_string(text, "path", path);
    free(path);
    put_space(result, text, socket->space, true);
    put_string(text, "protocol", "unix");
    put_string(text, "type",
               socket->type == SOCK_STREAM  ? "stream"
               : socket->type == SOCK_DGRAM ? "dgram"
                                            : "seqpacket");
    put_string(text, "state", socket_state(socket->state, false));
    put_processes(result, text, "processes", socket->inode);
    put_processes(result, text, "peers", socket->peer);
    end(result, query, before);
}

static void
add_unixes(struct result *result, struct netstat_query *query)
{
    for (size_t i = 0; i < result->tables->unixes_count; i++)
        if (netstat_query_text(result->queries, query, result->tables->unixes[i].path))
            put_unix(result, query, &result->tables->unixes[i]);
    result->examined += result->tables->examined[NETSTAT_UNIXSOCKET];
}

static void
add(struct result *result, struct netstat_query *query)
{
    switch (query->kind) {
    case NETSTAT_LOCALMAC:
        add_links(result, query);
        break;
    case NETSTAT_LOCALIP:
        add_locals(result, query);
        break;
    case NETSTAT_NEIGHBORMAC:
    case NETSTAT_NEIGHBORIP:
        add_neighbors(result, query);
        break;
    case NETSTAT_UNIXSOCKET:
        add_unixes(result, query);
        break;
    default:
        add_sockets(result, query);
    }
    if (query->returned < query->hits)
        mig_error(result->host, "%s '%s': %llu found, %llu returned: there is no room for more",
                  netstat_kind_name(query->kind), query->value, (unsigned long long)query->hits,
                  (unsigned long long)query->returned);
}

/* ---- handing over ---- */

/* All searches of a kind are one member of the elements: {"value": [element, …] or null, …}. */
static int
hand_over(struct result *result, enum netstat_kind kind)
{
    struct netstat_text text = {0};
    int code = 0;

    netstat_text_adds(&text, "{");
    for (size_t i = 0; i < result->queries->count; i++) {
        struct netstat_query *query = &result->queries->list[i];
        if (query->kind != kind)
            continue;
        netstat_text_adds(&text, text.length > 1 ? "," : "");
        netstat_text_string(&text, query->value);
        netstat_text_adds(&text, query->returned > 0 ? ":[" : ":null");
        netstat_text_add(&text, query->elements.data, query->elements.length);
        netstat_text_adds(&text, query->returned > 0 ? "]" : "");
        text.failed |= query->elements.failed;
        netstat_text_fini(&query->elements);
    }
    netstat_text_adds(&text, "}");
    if (text.failed)
        code = mig_refuse(result->host, -ENOMEM, "no memory for the results");
    else
        code = result->host->set(result->host, netstat_kind_name(kind), text.data, text.length);
    netstat_text_fini(&text);
    return code;
}

int
netstat_result(const struct mig_host *host, struct netstat_queries *queries,
               const struct netstat_tables *tables, const struct netstat_processes *processes,
               uint64_t nanoseconds)
{
    struct result result = {
        .queries = queries, .tables = tables, .processes = processes, .host = host};
    char time[MIG_TEXT_DURATION_SIZE];
    int code = 0;

    for (size_t i = 0; i < queries->count && !host->cancelled(host); i++)
        add(&result, &queries->list[i]);
    for (int kind = 0; kind < NETSTAT_KINDS && code == 0; kind++)
        if (queries->kinds[kind])
            code = hand_over(&result, (enum netstat_kind)kind);
    mig_text_duration(nanoseconds, time);
    mig_json_statistic(host, "examined", json_object_new_int64((int64_t)result.examined));
    mig_json_statistic(host, "exectime", json_object_new_string(time));
    mig_json_statistic(host, "totalhits", json_object_new_int64((int64_t)result.hits));
    host->found(host, result.hits > 0);
    return code;
}
