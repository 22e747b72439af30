/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a worker gives up. Three steps: the first needs nothing to be known, the second is the
 * site's limits, the third is what the plugin does not need. After the third:
 *
 *   always refused   writing, making, renaming files; ptrace; mounts; namespaces; kernel
 *                    modules, kexec, bpf, perf, io_uring, keyrings; leaving the process group;
 *                    listening; ioctl() that changes anything; raising the own priority
 *   unless needed    capabilities, sockets (and the host's network namespace), new processes and
 *                    programs, signals to others, other processes' memory, removing files, the
 *                    state of the clock, files beyond those that a C library reads
 *                    (plugin/landlock.h), machine code made at run time
 *
 * A refused system call gives EPERM, ioctl() ENOTTY, a file or program that is out of bounds
 * EACCES, so that a plugin can report it. Machine code: memory that is or becomes executable only
 * by mapping a file, except with MIG_NEED_READ_FILES or MIG_NEED_PROCESS_MEMORY: a search's engine
 * may compile its patterns.
 */
#ifndef MIG_PLUGIN_CONFINE_H
#define MIG_PLUGIN_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

int mig_confine_start(struct mig_err *err);

struct mig_confine_budget {
    size_t memory_max;       /* bytes of address space; 0: no limit */
    unsigned open_files_max; /* 0: 256 */
    unsigned cpu_max;        /* seconds of one process; 0: no limit */
};

int mig_confine_limits(const struct mig_confine_budget *budget, struct mig_err *err);
unsigned mig_confine_open_files(unsigned open_files_max);

struct mig_confine_spec {
    uint32_t needs;              /* MIG_NEED_* bits */
    const char *const *programs; /* that may be executed; NULL-terminated, or NULL */
    bool idle;                   /* at the lowest CPU and IO priority */
    bool yields; /* its session to others too: not for what must keep up with events */
};

/* For the calling thread and those it starts later: call it while there
 * is but one. Fails closed. */
int mig_confine_needs(const struct mig_confine_spec *spec, struct mig_err *err);

#endif
