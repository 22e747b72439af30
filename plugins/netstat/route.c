/* SPDX-License-Identifier: MPL-2.0 */
/* Interfaces, their addresses and their neighbours, by rtnetlink(7). */
#include "kernel.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <mig/json.h>

/* A table that changes all the time is taken as it is after so many attempts. */
#define ATTEMPTS 5

struct context {
    uint64_t space;
    struct netstat_tables *tables;
};

/* The attributes of a message up to `max`, by type; what is newer is left out. */
static void
attributes(const struct nlmsghdr *message, size_t offset, const struct nlattr **ret, unsigned max)
{
    const struct nlattr *attr;

    mnl_attr_for_each(attr, message, offset)
    {
        if (mnl_attr_get_type(attr) <= max)
            ret[mnl_attr_get_type(attr)] = attr;
    }
}

static uint8_t
take_hardware(const struct nlattr *attr, uint8_t mac[NETSTAT_HARDWARE_MAX])
{
    size_t length = attr != NULL ? mnl_attr_get_payload_len(attr) : 0;

    if (length > NETSTAT_HARDWARE_MAX)
        length = NETSTAT_HARDWARE_MAX;
    if (length > 0)
        memcpy(mac, mnl_attr_get_payload(attr), length);
    return (uint8_t)length;
}

static bool
take_address(const struct nlattr *attr, int family, struct netstat_address *ret_address)
{
    size_t length = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;

    if (attr == NULL || length == 0 || mnl_attr_get_payload_len(attr) < length)
        return false;
    *ret_address = netstat_address(family, mnl_attr_get_payload(attr));
    return true;
}

static int
on_link(void *data, const struct nlmsghdr *message)
{
    static const uint8_t zero[NETSTAT_HARDWARE_MAX];
    const struct context *context = data;
    struct netstat_tables *tables = context->tables;
    const struct nlattr *attrs[IFLA_IFNAME + 1] = {NULL};
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
    struct netstat_link link = {.space = context->space};

    if (message->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(message) < sizeof(*info))
        return 0;
    attributes(message, sizeof(*info), attrs, IFLA_IFNAME);
    link.index = info->ifi_index;
    link.mac_length = take_hardware(attrs[IFLA_ADDRESS], link.mac);
    /* Of the loopback interface. */
    if (memcmp(link.mac, zero, sizeof(zero)) == 0)
        link.mac_length = 0;
    if (attrs[IFLA_IFNAME] != NULL)
        strncpy(link.name, mnl_attr_get_payload(attrs[IFLA_IFNAME]), sizeof(link.name) - 1);
    if (netstat_grow((void **)&tables->links, &tables->links_size, tables->links_count,
                     sizeof(link)) != 0)
        return -ENOMEM;
    tables->links[tables->links_count++] = link;
    return 0;
}

static int
on_local(void *data, const struct nlmsghdr *message)
{
    const struct context *context = data;
    struct netstat_tables *tables = context->tables;
    const struct nlattr *attrs[IFA_LOCAL + 1] = {NULL};
    const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
    struct netstat_local local = {.space = context->space};

    if (message->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(message) < sizeof(*info))
        return 0;
    attributes(message, sizeof(*info), attrs, IFA_LOCAL);
    local.index = (int)info->ifa_index;
    /* On a point-to-point link IFA_ADDRESS is the other end's. */
    if (!take_address(attrs[IFA_LOCAL], info->ifa_family, &local.address) &&
        !take_address(attrs[IFA_ADDRESS], info->ifa_family, &local.address))
        return 0;
    if (netstat_grow((void **)&tables->locals, &tables->locals_size, tables->locals_count,
                     sizeof(local)) != 0)
        return -ENOMEM;
    tables->locals[tables->locals_count++] = local;
    return 0;
}

static int
on_neighbor(void *data, const struct nlmsghdr *message)
{
    const struct context *context = data;
    struct netstat_tables *tables = context->tables;
    const struct nlattr *attrs[NDA_LLADDR + 1] = {NULL};
    const struct ndmsg *info = mnl_nlmsg_get_payload(message);
    struct netstat_neighbor neighbor = {.space = context->space};

    if (message->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(message) < sizeof(*info))
        return 0;
    /* Those without resolution (multicast, loopback) are nobody that was seen. */
    if (info->ndm_state == NUD_NONE || info->ndm_state & NUD_NOARP)
        return 0;
    attributes(message, sizeof(*info), attrs, NDA_LLADDR);
    if (!take_address(attrs[NDA_DST], info->ndm_family, &neighbor.address))
        return 0;
    neighbor.index = info->ndm_ifindex;
    neighbor.state = info->ndm_state;
    neighbor.mac_length = take_hardware(attrs[NDA_LLADDR], neighbor.mac);
    if (neighbor.mac_length == 0)
        neighbor.mac_length = 6; /* did not answer: zeros, as the ARP table shows it */
    if (netstat_grow((void **)&tables->neighbors, &tables->neighbors_size, tables->neighbors_count,
                     sizeof(neighbor)) != 0)
        return -ENOMEM;
    tables->neighbors[tables->neighbors_count++] = neighbor;
    return 0;
}

/* One dump into the array that `count` counts, again when the kernel says that it has holes. */
static int
dump(const struct mig_host *host, int fd, uint16_t type, uint8_t family, netstat_message_fn *fn,
     struct context *context, size_t *count)
{
    char buffer[MNL_NLMSG_HDRLEN + 64];
    size_t before = *count;
    int code = -EINTR;

    for (int i = 0; i < ATTEMPTS && code == -EINTR; i++) {
        struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
        /* Each of the headers begins with the family, and an older kernel reads no further. */
        size_t size = type == RTM_GETLINK   ? sizeof(struct ifinfomsg)
                      : type == RTM_GETADDR ? sizeof(struct ifaddrmsg)
                                            : sizeof(struct ndmsg);
        uint8_t *payload = mnl_nlmsg_put_extra_header(request, size);
        payload[0] = family;
        request->nlmsg_type = type;
        *count = before;
        code = netstat_netlink_dump(host, fd, request, fn, context);
    }
    return code;
}

int
netstat_route(const struct mig_host *host, const struct netstat_queries *queries, int route,
              uint64_t space, struct netstat_tables *tables)
{
    struct context context = {.space = space, .tables = tables};
    const bool *kinds = queries->kinds;
    bool neighbors = kinds[NETSTAT_NEIGHBORMAC] || kinds[NETSTAT_NEIGHBORIP];
    bool links =
        kinds[NETSTAT_LOCALMAC] || (queries->details && (neighbors || kinds[NETSTAT_LOCALIP]));
    const struct {
        bool wanted;
        uint16_t type;
        uint8_t family;
        netstat_message_fn *fn;
        size_t *count;
        const char *what;
    } dumps[] = {
        {links, RTM_GETLINK, AF_UNSPEC, on_link, &tables->links_count, "interfaces"},
        {kinds[NETSTAT_LOCALIP], RTM_GETADDR, AF_UNSPEC, on_local, &tables->locals_count,
         "addresses"},
        {neighbors, RTM_GETNEIGH, AF_INET, on_neighbor, &tables->neighbors_count, "IPv4 neighbors"},
        {neighbors, RTM_GETNEIGH, AF_INET6, on_neighbor, &tables->neighbors_count,
         "IPv6 neighbors"},
    };

    for (size_t i = 0; i < MIG_COUNT(dumps); i++) {
        int code = dumps[i].wanted ? dump(host, route, dumps[i].type, dumps[i].family, dumps[i].fn,
                                          &context, dumps[i].count)
                                   : 0;
        if (code == -ENOMEM || code == -ECANCELED)
            return code;
        if (code == -EINTR)
            mig_error(host, "the %s of net:[%llu] change too fast: some may be missing",
                      dumps[i].what, (unsigned long long)space);
        else if (code < 0)
            mig_error(host, "the %s of net:[%llu] can not be listed: %s", dumps[i].what,
                      (unsigned long long)space, strerror(-code));
    }
    return 0;
}
