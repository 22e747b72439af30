/* SPDX-License-Identifier: MPL-2.0 */
/* Sockets, by sock_diag(7). */
#include "kernel.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <mig/json.h>

/* Sockets that are being opened are TCP_SYN_RECV here, whatever they are inside the kernel. */
#define ALL_STATES (((1u << (TCP_CLOSING + 1)) - 1) & ~1u)
#define TCP_LISTENERS (1u << TCP_LISTEN)
#define UDP_UNCONNECTED (1u << TCP_CLOSE)
#define UDP_CONNECTED (1u << TCP_ESTABLISHED)

struct context {
    const struct netstat_queries *queries;
    struct netstat_tables *tables;
    uint64_t space;
    uint8_t protocol;
};

bool
netstat_query_socket(const struct netstat_query *query, const struct netstat_socket *socket)
{
    bool tcp = socket->protocol == IPPROTO_TCP;
    bool listens = socket->state == (tcp ? TCP_LISTEN : TCP_CLOSE);

    switch (query->kind) {
    case NETSTAT_LISTENINGPORT:
        return listens && socket->local_port == query->port;
    case NETSTAT_CONNECTEDIP:
        return !listens && netstat_network_has(&query->network, &socket->remote);
    default:
        return false;
    }
}

static bool
is_wanted(const struct context *context, const struct netstat_socket *socket)
{
    const struct netstat_queries *queries = context->queries;
    bool wanted = queries->kinds[NETSTAT_PROCESS];

    context->tables->examined[NETSTAT_CONNECTEDIP]++;
    for (size_t i = 0; i < queries->count && !wanted; i++)
        wanted = netstat_query_socket(&queries->list[i], socket);
    return wanted;
}

static int
on_socket(void *data, const struct nlmsghdr *message)
{
    const struct context *context = data;
    struct netstat_tables *tables = context->tables;
    const struct inet_diag_msg *info = mnl_nlmsg_get_payload(message);
    struct netstat_socket found = {.space = context->space, .protocol = context->protocol};

    if (mnl_nlmsg_get_payload_len(message) < sizeof(*info) ||
        (info->idiag_family != AF_INET && info->idiag_family != AF_INET6))
        return 0;
    found.local = netstat_address(info->idiag_family, info->id.idiag_src);
    found.remote = netstat_address(info->idiag_family, info->id.idiag_dst);
    found.local_port = ntohs(info->id.idiag_sport);
    found.remote_port = ntohs(info->id.idiag_dport);
    found.state = info->idiag_state;
    found.user = info->idiag_uid;
    found.inode = info->idiag_inode;
    if (!is_wanted(context, &found))
        return 0;
    if (netstat_grow((void **)&tables->sockets, &tables->sockets_size, tables->sockets_count,
                     sizeof(found)) != 0)
        return -ENOMEM;
    tables->sockets[tables->sockets_count++] = found;
    return 0;
}

/* Abstract names begin with a NUL and may hold more. */
static char *
take_path(const struct nlattr *attr)
{
    size_t length = attr != NULL ? mnl_attr_get_payload_len(attr) : 0;
    const char *name = attr != NULL ? mnl_attr_get_payload(attr) : NULL;
    char *path = malloc(length + 1);

    if (path == NULL)
        return NULL;
    if (length > 0 && name[0] != '\0')
        length = strnlen(name, length);
    for (size_t i = 0; i < length; i++)
        path[i] = name[i] != '\0' ? name[i] : '@';
    path[length] = '\0';
    return path;
}

static int
on_unix(void *data, const struct nlmsghdr *message)
{
    const struct context *context = data;
    struct netstat_tables *tables = context->tables;
    const struct unix_diag_msg *info = mnl_nlmsg_get_payload(message);
    const struct nlattr *attr, *name = NULL, *peer = NULL;
    struct netstat_unix found = {.space = context->space};

    if (mnl_nlmsg_get_payload_len(message) < sizeof(*info))
        return 0;
    mnl_attr_for_each(attr, message, sizeof(*info))
    {
        if (mnl_attr_get_type(attr) == UNIX_DIAG_NAME)
            name = attr;
        else if (mnl_attr_get_type(attr) == UNIX_DIAG_PEER &&
                 mnl_attr_get_payload_len(attr) >= sizeof(uint32_t))
            peer = attr;
    }
    tables->examined[NETSTAT_UNIXSOCKET]++;
    found.inode = info->udiag_ino;
    found.peer = peer != NULL ? mnl_attr_get_u32(peer) : 0;
    found.type = info->udiag_type;
    found.state = info->udiag_state;
    if (netstat_grow((void **)&tables->unixes, &tables->unixes_size, tables->unixes_count,
                     sizeof(found)) != 0 ||
        (found.path = take_path(name)) == NULL)
        return -ENOMEM;
    tables->unixes[tables->unixes_count++] = found;
    return 0;
}

static int
dump_inet(const struct mig_host *host, int fd, uint8_t family, uint32_t states,
          struct context *context)
{
    char buffer[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct inet_diag_req_v2))];
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    struct inet_diag_req_v2 *wanted = mnl_nlmsg_put_extra_header(request, sizeof(*wanted));

    request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    wanted->sdiag_family = family;
    wanted->sdiag_protocol = context->protocol;
    wanted->idiag_states = states;
    return netstat_netlink_dump(host, fd, request, on_socket, context);
}

static int
dump_unix(const struct mig_host *host, int fd, struct context *context)
{
    char buffer[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct unix_diag_req))];
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    struct unix_diag_req *wanted = mnl_nlmsg_put_extra_header(request, sizeof(*wanted));

    request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    wanted->sdiag_family = AF_UNIX;
    wanted->udiag_states = UINT32_MAX;
    wanted->udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER;
    return netstat_netlink_dump(host, fd, request, on_unix, context);
}

/* 0, or what ends the run; a protocol that can not be listed is a soft error. */
static int
check(const struct mig_host *host, const char *what, uint64_t space, int code)
{
    if (code == 0 || code == -ENOMEM || code == -ECANCELED)
        return code;
    mig_error(host, "the %s sockets of net:[%llu] can not be listed: %s", what,
              (unsigned long long)space,
              code == -ENOENT ? "the kernel has no sock_diag module for them" : strerror(-code));
    return 0;
}

int
netstat_diag(const struct mig_host *host, const struct netstat_queries *queries, int diag,
             uint64_t space, struct netstat_tables *tables)
{
    const bool *kinds = queries->kinds;
    struct context context = {.queries = queries, .tables = tables, .space = space};
    uint32_t tcp = 0;
    uint32_t udp = 0;
    int code = 0;

    if (kinds[NETSTAT_LISTENINGPORT]) {
        tcp |= TCP_LISTENERS;
        udp |= UDP_UNCONNECTED;
    }
    if (kinds[NETSTAT_CONNECTEDIP]) {
        tcp |= ALL_STATES & ~TCP_LISTENERS;
        udp |= UDP_CONNECTED;
    }
    if (kinds[NETSTAT_PROCESS])
        tcp = udp = ALL_STATES;
    const struct {
        uint32_t states;
        uint8_t family;
        uint8_t protocol;
        const char *what;
    } dumps[] = {
        {tcp, AF_INET, IPPROTO_TCP, "IPv4 TCP"},
        {udp, AF_INET, IPPROTO_UDP, "IPv4 UDP"},
        {tcp, AF_INET6, IPPROTO_TCP, "IPv6 TCP"},
        {udp, AF_INET6, IPPROTO_UDP, "IPv6 UDP"},
    };
    for (size_t i = 0; i < MIG_COUNT(dumps) && code == 0; i++) {
        context.protocol = dumps[i].protocol;
        if (dumps[i].states != 0)
            code = check(host, dumps[i].what, space,
                         dump_inet(host, diag, dumps[i].family, dumps[i].states, &context));
    }
    if (code == 0 && kinds[NETSTAT_UNIXSOCKET])
        code = check(host, "UNIX", space, dump_unix(host, diag, &context));
    return code;
}

void
netstat_tables_fini(struct netstat_tables *tables)
{
    for (size_t i = 0; i < tables->unixes_count; i++)
        free(tables->unixes[i].path);
    free(tables->links);
    free(tables->locals);
    free(tables->neighbors);
    free(tables->sockets);
    free(tables->unixes);
    memset(tables, 0, sizeof(*tables));
}
