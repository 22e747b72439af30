/* SPDX-License-Identifier: MPL-2.0 */
/* What confines the workers of this process on this kernel. */
#ifndef MIG_PLUGIN_LAYERS_H
#define MIG_PLUGIN_LAYERS_H

struct mig_buf;

/* Appends {"landlock": its ABI version, 0 none; "seccomp", "capabilities", "netns": true or false;
 * "cgroup": the object of plugin/cgroup.h}. capabilities: there are some to drop; netns: a worker
 * gets a network namespace of its own. */
int mig_layers_json(struct mig_buf *out);

#endif
