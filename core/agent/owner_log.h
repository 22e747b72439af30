/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The owner's log: what was asked of this endpoint, under which signatures, what ran and what left.
 * "owner.log" in the run folder, one JSON object a line, only ever appended to, readable by the
 * agent's owner; "owner.log.1" to ".4" are older. The platform has no part in it.
 *
 * Events: accepted (before the first operation runs, and durable by then), refused, ran (one for
 * each operation), sent (the broker has the answer), started (the agent).
 */
#ifndef MIG_AGENT_OWNER_LOG_H
#define MIG_AGENT_OWNER_LOG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

struct mig_owner_log;
struct mig_site;
struct mig_verdict;

#define MIG_OWNER_LOG_MAX (4u << 20) /* bytes of one file; there are five at most */

/* Opens or makes it. A line that a crash cut short stays, and ends there. */
int mig_owner_log_open(int dirfd, struct mig_owner_log **ret, struct mig_err *err);
void mig_owner_log_close(struct mig_owner_log *log);

void mig_owner_log_started(struct mig_owner_log *log);
/* On disk when it returns 0: until then the command is not to be run. */
int mig_owner_log_accepted(struct mig_owner_log *log, const struct mig_verdict *verdict,
                           struct mig_err *err);
void mig_owner_log_refused(struct mig_owner_log *log, const struct mig_verdict *verdict,
                           const char *reason);
/* `output` is the result of the operation, of which only its size and whether it found anything are
 * kept. */
void mig_owner_log_ran(struct mig_owner_log *log, int64_t command_id, const char *module,
                       const char *status, const char *reason, const char *output, size_t len);
void mig_owner_log_sent(struct mig_owner_log *log, int64_t command_id, size_t bytes);

/* `mig-agent log`: prints the last `count` events (0: all), oldest first, as text or as the lines
 * of the log. The exit status. */
int mig_owner_log_show(const struct mig_site *site, size_t count, int json, FILE *out);
/* The same of a run folder. 0 or negative. */
int mig_owner_log_print(int dirfd, const char *const *signers, size_t count, int json, FILE *out,
                        struct mig_err *err);

#endif
