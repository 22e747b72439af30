/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a host's kernel knows of its interfaces, neighbours and sockets, and who holds them.
 *
 * A run goes in three steps. Each network namespace is asked over netlink, and what it says is kept
 * in tables (kernel.h). Then the processes that hold the sockets are looked up, once for all of
 * them (process.h). Then every query is held against the tables and the elements are written.
 */
#ifndef MIG_PLUGIN_NETSTAT_H
#define MIG_PLUGIN_NETSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>

struct json_object;
struct mig_regex;
struct mig_regex_scratch;

#define NETSTAT_ADDRESS_SIZE 46
#define NETSTAT_MAC_SIZE 96 /* 32 bytes, as the longest of Linux */

/* ---- addresses (address.c) ---- */

/* An IPv4 address in IPv6 is an IPv4 address here, as in the results. */
struct netstat_address {
    uint8_t family; /* 4, 6, or 0: none */
    uint8_t bytes[16];
};

struct netstat_network {
    struct netstat_address address;
    unsigned prefix;
};

/* From the kernel's bytes; `family` is AF_INET or AF_INET6. */
struct netstat_address netstat_address(int family, const void *bytes);
bool netstat_address_any(const struct netstat_address *address);
/* Text as Go writes it (RFC 5952, never with a dotted tail). */
void netstat_address_text(const struct netstat_address *address, char text[NETSTAT_ADDRESS_SIZE]);
/* An address or a CIDR. 0, or -EINVAL. */
int netstat_network_parse(const char *text, struct netstat_network *ret_network);
bool netstat_network_has(const struct netstat_network *network,
                         const struct netstat_address *address);
void netstat_mac_text(const uint8_t *mac, size_t length, char text[NETSTAT_MAC_SIZE]);

/* ---- growing text (text.c) ---- */

struct netstat_text {
    char *data;
    size_t length;
    size_t size;
    bool failed; /* no memory: what is added from here on is dropped */
};

void netstat_text_add(struct netstat_text *text, const char *data, size_t length);
void netstat_text_adds(struct netstat_text *text, const char *string);
void netstat_text_number(struct netstat_text *text, uint64_t number);
/* A JSON string of any UTF-8 text. */
void netstat_text_string(struct netstat_text *text, const char *string);
void netstat_text_fini(struct netstat_text *text);

/* Room for one more at the end of an array of `count` elements. 0, or -ENOMEM. */
int netstat_grow(void **array, size_t *size, size_t count, size_t element);

/* ---- queries (query.c) ---- */

enum netstat_kind {
    NETSTAT_LOCALMAC,
    NETSTAT_NEIGHBORMAC,
    NETSTAT_NEIGHBORIP,
    NETSTAT_LOCALIP,
    NETSTAT_CONNECTEDIP,
    NETSTAT_LISTENINGPORT,
    NETSTAT_PROCESS,
    NETSTAT_UNIXSOCKET,
    NETSTAT_KINDS
};

struct netstat_query {
    enum netstat_kind kind;
    const char *value; /* as it was asked */
    struct mig_regex *regex;
    struct netstat_network network;
    unsigned port;
    struct netstat_text elements; /* joined by ',' */
    uint64_t hits;
    uint64_t returned;
};

struct netstat_queries {
    struct json_object *parameters;
    struct netstat_query *list;
    size_t count;
    bool kinds[NETSTAT_KINDS]; /* asked for at all */
    bool namespaces;
    bool details;
    struct mig_regex_scratch *scratch;
};

const char *netstat_kind_name(enum netstat_kind kind);
/* 0, or a negative errno value after refuse(). netstat_queries_fini() in both cases. */
int netstat_queries_init(const struct mig_host *host, const char *parameters, size_t length,
                         struct netstat_queries *ret_queries);
void netstat_queries_fini(struct netstat_queries *queries);
bool netstat_query_text(const struct netstat_queries *queries, const struct netstat_query *query,
                        const char *text);

/* ---- results ---- */

struct netstat_tables;
struct netstat_processes;

/* Holds the queries against the tables and hands elements and statistics over. */
int netstat_result(const struct mig_host *host, struct netstat_queries *queries,
                   const struct netstat_tables *tables, const struct netstat_processes *processes,
                   uint64_t nanoseconds);
int netstat_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

/* Counts, since the descriptor is a constant of another file. */
#define NETSTAT_OPTIONS_COUNT 10
#define NETSTAT_FIELDS_COUNT 69
extern const struct mig_option netstat_options[NETSTAT_OPTIONS_COUNT];
extern const struct mig_field netstat_fields[NETSTAT_FIELDS_COUNT];

#endif
