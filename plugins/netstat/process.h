/* SPDX-License-Identifier: MPL-2.0 */
/* Which processes hold which sockets: one walk over /proc/PID/fd for all of them. */
#ifndef MIG_PLUGIN_NETSTAT_PROCESS_H
#define MIG_PLUGIN_NETSTAT_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

struct netstat_process {
    uint32_t pid;
    char *name;       /* UTF-8 */
    char *executable; /* UTF-8; "": none, or not to be seen */
};

struct netstat_holder {
    uint32_t process; /* index of the process */
    uint32_t next;    /* index of the next holder + 1; 0: none */
};

struct netstat_slot {
    uint32_t inode; /* 0: free */
    uint32_t first; /* index of the first holder + 1; 0: none */
};

struct netstat_processes {
    struct netstat_process *list;
    size_t count, size;
    struct netstat_holder *holders;
    size_t holders_count, holders_size;
    struct netstat_slot *slots; /* a hash table of the sockets that are looked for */
    size_t slots_mask;
    size_t hidden;
};

/* Finds the holders of every socket in the tables. What can not be seen becomes a soft error. 0,
 * -ENOMEM or -ECANCELED; netstat_processes_fini() in both cases. */
int netstat_processes_find(const struct mig_host *host, const struct netstat_tables *tables,
                           struct netstat_processes *ret_processes);
void netstat_processes_fini(struct netstat_processes *processes);
/* The first holder of a socket, NULL: none; and the next one. */
const struct netstat_holder *netstat_holders(const struct netstat_processes *processes,
                                             uint32_t inode);
const struct netstat_holder *netstat_holder_next(const struct netstat_processes *processes,
                                                 const struct netstat_holder *holder);

#endif
