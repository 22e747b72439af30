/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_PLUGIN_AGENTDESTROY_H
#define MIG_PLUGIN_AGENTDESTROY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <mig/plugin.h>

#define AGENTDESTROY_VERSION_SIZE 60

/* The version that the executable open at `fd` says it is an agent of: its ELF note of owner "MIG"
 * and type 2, which mig-mkagent links into every agent. False: it is none. Any bytes. */
bool agentdestroy_identity(int fd, char ret_version[AGENTDESTROY_VERSION_SIZE]);

/* The parent of a process, from /proc; 0: it has none, or is gone. */
pid_t agentdestroy_parent(pid_t pid);

#endif
