/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A cgroup (version 2, Documentation/admin-guide/cgroup-v2.rst) for each worker, where a part of
 * the tree is delegated to this process: memory.max and pids.max bound the worker and all that it
 * starts together, cgroup.kill ends all of it at once. It comes on top of the rlimits and the
 * process group; where there is none, nothing changes.
 *
 * Delegated is the process's own folder when whoever manages the tree says so (systemd's Delegate=,
 * the extended attribute trusted.delegate or user.delegate), when it belongs to this user, who is
 * not root, or when it is the root that this process sees. Controllers that are not there are left
 * out, and said to be.
 */
#ifndef MIG_PLUGIN_CGROUP_H
#define MIG_PLUGIN_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mig_buf;
struct mig_cgroup;

/* Once, before the first child is started: the process moves to a leaf of its own, since a folder
 * with processes passes no controllers on. What an earlier agent left behind is ended. */
void mig_cgroup_start(void);
/* Gives the folder up; workers that run keep theirs. */
void mig_cgroup_stop(void);

/* Puts a process that has not started its work into a cgroup of its own. NULL: there is none.
 * `memory_max`: bytes; 0: no limit. */
struct mig_cgroup *mig_cgroup_new(pid_t pid, size_t memory_max);
/* The kernel killed in it because of memory_max. */
bool mig_cgroup_out_of_memory(const struct mig_cgroup *cgroup);
void mig_cgroup_kill(const struct mig_cgroup *cgroup);
/* Kills what is in it, and removes it, as soon as the kernel lets go. */
void mig_cgroup_free(struct mig_cgroup *cgroup);

/* Appends {"active":true,"memory","pids","kill": true or false} or {"active":false,"reason"}. */
int mig_cgroup_json(struct mig_buf *out);

#endif
