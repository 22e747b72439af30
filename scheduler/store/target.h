/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Target expressions: an investigator's SQL over the table `agents`, as the protocol has it.
 * Whoever wrote it is not trusted with the database:
 *
 *  - it runs on a connection that logged in as a role with nothing but migreadonly's grants
 * (migtarget). SET ROLE would not do: an expression may call set_config('role', …), and functions
 * as query_to_xml() then run what they are given with the rights of that role. mig_target_open()
 * refuses any other role.
 *  - it runs by the extended protocol, which takes one statement, in a READ ONLY transaction that
 * is always rolled back, with a statement_timeout; what a session can keep (settings, advisory
 * locks) is discarded.
 *  - what comes back is agent ids only, and whoever inserts commands for them looks them up again:
 * an expression that breaks out of its parentheses gains nothing but a refusal.
 */
#ifndef MIG_STORE_TARGET_H
#define MIG_STORE_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_db;

#define MIG_TARGET_TIMEOUT_MS 2000
#define MIG_TARGET_MAX 2048u /* bytes */

/* Connects and checks that the role has no more rights than targets may have. */
int mig_target_open(const char *conninfo, struct mig_db **ret, struct mig_err *err);

/* Checks the form without a database: not empty, not too long, balanced parentheses, closed quotes
 * and comments, no semicolon. MIG_E_INVALID says what is wrong and where. It is there for clear
 * messages; safety does not rest on it. */
int mig_target_check(const char *target, struct mig_err *err);

/* The ids of the agents, one a queue location (the one that beat last), that are online or idle and
 * match. *ret_ids is to be free()d. MIG_E_INVALID with the server's message when the expression is
 * at fault, MIG_E_TIMEOUT when it took too long, MIG_E_DATABASE otherwise. */
int mig_target_expand(struct mig_db *db, const char *target, int timeout_ms, int64_t **ret_ids,
                      size_t *ret_count, struct mig_err *err);

#endif
