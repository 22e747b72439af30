/* SPDX-License-Identifier: MPL-2.0 */
/* The states of agents over time, and the statistics about them (facts 7.7). */
#ifndef MIG_STORE_AGENTS_H
#define MIG_STORE_AGENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_db;

/* idle and no beat for `timeout_ms` -> offline; then online and no beat for 5 x `freq_ms` -> idle.
 * Agents that were told to destroy themselves stay so. */
int mig_agents_age(struct mig_db *db, int64_t timeout_ms, int64_t freq_ms, size_t *ret_idle,
                   size_t *ret_offline, struct mig_err *err);
/* Adds one row to agents_stats. */
int mig_agents_stats(struct mig_db *db, struct mig_err *err);

#endif
