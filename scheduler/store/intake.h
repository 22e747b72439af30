/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Actions on their way in (facts 7.3, 7.4): pending -> preparing with its commands, or invalid with
 * a reason. The functions that take one action run inside the caller's transaction, which holds the
 * action's row.
 */
#ifndef MIG_STORE_INTAKE_H
#define MIG_STORE_INTAKE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_db;

/* Waited for by the intake lane; whoever stores a pending action notifies it in the same
 * transaction. */
#define MIG_CHANNEL_ACTIONS "mig_actions"
/* There are new commands to dispatch. */
#define MIG_CHANNEL_COMMANDS "mig_commands"
/* An agent is new or is back; the payload is its queue location. */
#define MIG_CHANNEL_AGENTS "mig_agents"
/* An action has been completed; the payload is its id. */
#define MIG_CHANNEL_RESULTS "mig_results"

struct mig_intake_action {
    int64_t id;
    char *name;
    char *target;
};

void mig_intake_action_fini(struct mig_intake_action *action);

/* Locks the next pending action whose window contains now and that no other scheduler holds: 1, or
 * 0 when there is none. */
int mig_intake_claim(struct mig_db *db, struct mig_intake_action *ret, struct mig_err *err);

/* Inserts one command for each of the agents that still is online or idle, and makes the action
 * `preparing`. *ret_commands says how many; with 0 nothing was changed. */
int mig_intake_prepare(struct mig_db *db, int64_t action, const int64_t *agents, size_t count,
                       int64_t *ret_commands, struct mig_err *err);

/* The action ends as `invalid`. */
int mig_intake_invalid(struct mig_db *db, int64_t action, const char *reason, struct mig_err *err);

/* Pending actions whose whole window has passed, or that were cancelled, become `invalid`. A
 * transaction of its own. */
int mig_intake_expire(struct mig_db *db, int64_t *ret_count, struct mig_err *err);

/* Milliseconds until a pending action's window opens or ends, at most `max`; never below 0. */
int mig_intake_due(struct mig_db *db, int64_t max, int64_t *ret_ms, struct mig_err *err);

#endif
