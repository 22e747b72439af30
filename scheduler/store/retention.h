/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What `mig-admin prune` deletes. Each batch is a transaction of its own and finds its rows by an
 * index, so that a table of any size is pruned beside a working platform, and a run that is broken
 * off is taken up by the next.
 */
#ifndef MIG_STORE_RETENTION_H
#define MIG_STORE_RETENTION_H

#include <stdint.h>

#include "base/error.h"

struct mig_db;

/* Ages in milliseconds; below 0: kept for ever. */
struct mig_retention_ages {
    int64_t actions; /* since their end, with their commands and signatures */
    int64_t agents;  /* offline or destroyed, since the last beat, when no command names them */
    int64_t stats;   /* rows of agents_stats */
};

struct mig_retention_counts {
    int64_t actions, commands, agents, stats, tokens;
};

/* How much there is to delete now. Of agents, those whose commands go too are counted. */
int mig_retention_count(struct mig_db *db, const struct mig_retention_ages *ages,
                        struct mig_retention_counts *ret, struct mig_err *err);
/* Deletes it, at most `batch` rows a transaction. *ret is what was deleted, also on failure. Used
 * tokens that have expired go too. Actions that are not over are never deleted. */
int mig_retention_prune(struct mig_db *db, const struct mig_retention_ages *ages, int64_t batch,
                        struct mig_retention_counts *ret, struct mig_err *err);

#endif
