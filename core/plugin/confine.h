/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a worker gives up. Three steps: the first needs nothing to be known, the second is the
 * site's limits, the third is what the plugin does not need. After the third:
 *
 *   always refused   writing, making, renaming, removing files; ptrace; mounts; namespaces; kernel
 *                    modules, kexec, bpf, perf, io_uring, keyrings; leaving the process group
 *   unless needed    capabilities, sockets (and the host's network namespace), new processes and
 *                    programs, signals to others, other processes' memory
 *
 * A refused system call gives EPERM, so that a plugin can report it.
 */
#ifndef MIG_PLUGIN_CONFINE_H
#define MIG_PLUGIN_CONFINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

int mig_confine_start(struct mig_err *err);
int mig_confine_limits(size_t memory_max, unsigned open_files_max, struct mig_err *err);
/* `needs`: MIG_NEED_* bits. For the calling thread and those it starts later: call it while there
 * is but one. Fails closed. */
int mig_confine_needs(uint32_t needs, struct mig_err *err);

#endif
