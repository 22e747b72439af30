/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Answers on their way in, and actions on their way to their end. An answer for a command that is
 * already final changes nothing, so that every batch may come twice.
 */
#ifndef MIG_STORE_COLLECT_H
#define MIG_STORE_COLLECT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/time.h"

struct mig_db;

struct mig_collect_result {
    int64_t command;
    char *queueloc; /* of the agent that answers; must be that of the command */
    char *status;   /* success, failed, timeout, cancelled */
    char *results;  /* a JSON array as text */
    struct mig_time finishtime;
};

/* Stores the answers in one transaction of its own. *ret_actions (to be free()d) names the actions
 * whose commands have changed, each once; *ret_changed counts the commands. */
int mig_collect_store(struct mig_db *db, const struct mig_collect_result *results, size_t count,
                      int64_t **ret_actions, size_t *ret_actions_count, size_t *ret_changed,
                      struct mig_err *err);

/* Actions that have no open command left become `completed`; the others are marked as updated. To
 * be called after the commit of what has changed their commands: two lanes that each store one of
 * the last two answers would otherwise both find the other's still open. */
int mig_collect_land(struct mig_db *db, const int64_t *actions, size_t count, struct mig_err *err);

/* Open commands of actions that are over become `expired`, unsent ones of actions that were
 * cancelled `cancelled`, at most `limit` of each at a time; and actions without an open command are
 * landed, also those that a crash has left so. */
int mig_collect_expire(struct mig_db *db, size_t limit, size_t *ret_expired, size_t *ret_cancelled,
                       struct mig_err *err);
/* Milliseconds until the next action is over, at most `max`; 0 when one is already, or was
 * cancelled and has unsent commands. */
int mig_collect_due(struct mig_db *db, int64_t max, int64_t *ret_ms, struct mig_err *err);

#endif
