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
struct mig_agents_row {
    int64_t id;
    const char *status, *name, *queueloc, *pid, *version;
    const char *lastbeat; /* RFC 3339 */
};
/* Agents of this status (NULL: of any but destroyed), by queue location. */
int mig_agents_list(struct mig_db *db, const char *status,
                    void (*each)(const struct mig_agents_row *agent, void *context), void *context,
                    struct mig_err *err);

/*
 * Duplicates: two processes that answer at one queue location, because an endpoint runs two agents
 * or because two endpoints carry the same id file (a cloned disk). Each gets the commands in turn.
 * They are told from a restart by a beat of the older process after the newer one was first seen.
 */
struct mig_agents_duplicate {
    const char *queueloc;
    const char *names;     /* of their endpoints, ", " between them */
    const char *pids;      /* likewise */
    const char *lastbeats; /* RFC 3339, likewise */
};
/* Both have beaten within `window_ms`. */
int mig_agents_duplicates(struct mig_db *db, int64_t window_ms,
                          void (*each)(const struct mig_agents_duplicate *duplicate, void *context),
                          void *context, struct mig_err *err);
/* Marks agents as destroyed: no command is made for them, and their beats do not bring them back.
 * `which` is an id (one process) or a queue location (all of them). MIG_E_NOT_FOUND. */
int mig_agents_remove(struct mig_db *db, const char *which, size_t *ret_removed,
                      struct mig_err *err);

/* Queue locations without an agent that is online or idle, whose last beat is older than `age_ms`
 * and whose queue was not deleted since; at most `limit`, `each` is called with one after another.
 * When it gives a negative code that ends it. */
int mig_agents_vanished(struct mig_db *db, int64_t age_ms, size_t limit, size_t *ret_count,
                        int (*each)(const char *queueloc, void *context), void *context,
                        struct mig_err *err);
/* Notes that the queue is no more. */
int mig_agents_queue_deleted(struct mig_db *db, const char *queueloc, struct mig_err *err);

/* Adds one row to agents_stats. */
int mig_agents_stats(struct mig_db *db, struct mig_err *err);

#endif
