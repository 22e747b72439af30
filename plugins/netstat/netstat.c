/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Finds interfaces, neighbours, connections and listeners, by what the kernel says over netlink.
 */
#include "netstat.h"

#include <errno.h>
#include <time.h>

#include <mig/json.h>

#include "kernel.h"
#include "process.h"

static uint64_t
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Processes are looked up only for what will be shown with them. */
static bool
wants_processes(const struct netstat_queries *queries)
{
    return queries->kinds[NETSTAT_PROCESS] || queries->kinds[NETSTAT_UNIXSOCKET] ||
           (queries->details &&
            (queries->kinds[NETSTAT_CONNECTEDIP] || queries->kinds[NETSTAT_LISTENINGPORT]));
}

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    struct netstat_queries queries;
    struct netstat_tables tables = {0};
    struct netstat_processes processes = {0};
    uint64_t start = now();
    int code = netstat_queries_init(host, parameters, length, &queries);

    if (code == 0 && queries.count > 0)
        code = netstat_spaces(host, &queries, &tables);
    if (code == 0 && wants_processes(&queries) && tables.sockets_count + tables.unixes_count > 0)
        code = netstat_processes_find(host, &tables, &processes);
    if (code == -ENOMEM)
        mig_refuse(host, code, "no memory for what the kernel says");
    /* What there is so far is an answer when the time is up. */
    if (code == 0 || code == -ECANCELED)
        code = netstat_result(host, &queries, &tables, &processes, now() - start);
    netstat_processes_fini(&processes);
    netstat_tables_fini(&tables);
    netstat_queries_fini(&queries);
    return code;
}

static int
validate(const struct mig_host *host, const char *parameters, size_t length)
{
    struct netstat_queries queries;
    int code = netstat_queries_init(host, parameters, length, &queries);

    netstat_queries_fini(&queries);
    return code;
}

MIG_PLUGIN_NOTE("netstat", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    /* Processes' files are read for the names of what holds a socket. */
    MIG_NEED_NETLINK | MIG_NEED_NAMESPACES | MIG_NEED_READ_FILES, "netstat", "1.0.0",
    "find interfaces, neighbors, connections and listeners", netstat_options, NETSTAT_OPTIONS_COUNT,
    sizeof(struct mig_option), netstat_fields, NETSTAT_FIELDS_COUNT, sizeof(struct mig_field), NULL,
    "mig netstat -t all -ci 80.70.60.0/24 -ci 2001:db8::/32\n"
    "mig netstat -t all -lp 443 -namespaces -details\n"
    "mig netstat -t all -nm '^8c:70:[0-9a-f]' -ni 10.1.2.3 -ni fdda:5cc1:23:4::1f\n"
    "mig netstat -t all -lm ^8c:70: -li 10.0.0.0/8\n"
    "mig netstat -t all -ps /nginx$\n"
    "mig netstat -t local -us docker.sock$",
    run, validate, NULL, netstat_print, NULL, NULL, NULL, NULL};
