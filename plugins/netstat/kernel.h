/* SPDX-License-Identifier: MPL-2.0 */
/* What the kernel says of a network namespace, over rtnetlink and sock_diag. */
#ifndef MIG_PLUGIN_NETSTAT_KERNEL_H
#define MIG_PLUGIN_NETSTAT_KERNEL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netstat.h"

struct nlmsghdr;

#define NETSTAT_HARDWARE_MAX 32

struct netstat_link {
    uint64_t space; /* inode of the network namespace */
    int index;
    uint8_t mac_length; /* 0: has none */
    uint8_t mac[NETSTAT_HARDWARE_MAX];
    char name[IF_NAMESIZE];
};

struct netstat_local {
    uint64_t space;
    int index;
    struct netstat_address address;
};

struct netstat_neighbor {
    uint64_t space;
    int index;
    uint16_t state; /* NUD_* */
    uint8_t mac_length;
    uint8_t mac[NETSTAT_HARDWARE_MAX];
    struct netstat_address address;
};

struct netstat_socket {
    uint64_t space;
    struct netstat_address local;
    struct netstat_address remote;
    uint16_t local_port;
    uint16_t remote_port;
    uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
    uint8_t state;    /* of TCP; UDP: TCP_ESTABLISHED or TCP_CLOSE */
    uint32_t user;
    uint32_t inode; /* 0: no process holds it */
};

struct netstat_unix {
    uint64_t space;
    uint32_t inode;
    uint32_t peer; /* inode, or 0 */
    uint8_t type;  /* SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET */
    uint8_t state;
    char *path; /* "": none; with '@' in place of NUL bytes; any bytes */
};

struct netstat_tables {
    struct netstat_link *links;
    size_t links_count, links_size;
    struct netstat_local *locals;
    size_t locals_count, locals_size;
    struct netstat_neighbor *neighbors;
    size_t neighbors_count, neighbors_size;
    struct netstat_socket *sockets;
    size_t sockets_count, sockets_size;
    struct netstat_unix *unixes;
    size_t unixes_count, unixes_size;
    uint64_t own;                     /* the namespace this process is in */
    uint64_t examined[NETSTAT_KINDS]; /* sockets that were looked at; by kind of query */
};

void netstat_tables_fini(struct netstat_tables *tables);

/* Asks what the queries need of one namespace. `route` and `diag` are its netlink sockets. What
 * can not be had becomes a soft error. 0, -ENOMEM or -ECANCELED. */
int netstat_route(const struct mig_host *host, const struct netstat_queries *queries, int route,
                  uint64_t space, struct netstat_tables *tables);
int netstat_diag(const struct mig_host *host, const struct netstat_queries *queries, int diag,
                 uint64_t space, struct netstat_tables *tables);
/* True when a query may want the socket, other than by its process. */
bool netstat_query_socket(const struct netstat_query *query, const struct netstat_socket *socket);

/* Every namespace that the queries want, one after the other (space.c). 0, -ENOMEM or
 * -ECANCELED. */
int netstat_spaces(const struct mig_host *host, const struct netstat_queries *queries,
                   struct netstat_tables *tables);

/* ---- netlink.c ---- */

/* A netlink socket of the calling thread's namespace. 0 or a negative errno value. */
int netstat_netlink_open(int protocol, int *ret_fd);

/* Takes one message; 0, or a negative errno value which ends the dump. */
typedef int netstat_message_fn(void *context, const struct nlmsghdr *message);

/* Sends the request (type, flags and payload set) and gives every answer to `fn`. -EINTR: the table
 * changed meanwhile, and what was given may have holes. */
int netstat_netlink_dump(const struct mig_host *host, int fd, struct nlmsghdr *request,
                         netstat_message_fn *fn, void *context);

#endif
