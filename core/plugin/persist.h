/* SPDX-License-Identifier: MPL-2.0 */
/* The worker's side of ABI 1.1: what a persistent instance is given, and ask(). */
#ifndef MIG_PLUGIN_PERSIST_H
#define MIG_PLUGIN_PERSIST_H

#include <stdbool.h>
#include <stdint.h>

#include <mig/plugin.h>

#include "base/error.h"

/* Needs that only persist() has. */
#define MIG_PERSIST_NEEDS (MIG_NEED_STATE | MIG_NEED_WATCH | MIG_NEED_AUDIT | MIG_NEED_SYSLOG)

/* Opens what `needs` says, with the rights that the worker is about to give up. What the kernel
 * does not have is told to the plugin that asks for it; a state that can not be opened is an error.
 */
int mig_persist_open(uint32_t needs, const char *state_dir, uint64_t state_max,
                     struct mig_err *err);
/* Fills the services of 1.1 in. `plugin` is kept. */
void mig_persist_services(struct mig_host *host, const struct mig_plugin *plugin, bool persistent);
/* Tells the agent that persist() is about to be called. */
int mig_persist_ready(const struct mig_plugin *plugin);

#endif
