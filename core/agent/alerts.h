/* SPDX-License-Identifier: MPL-2.0 */
/* The agent's queue of alerts: a bounded file in the run folder (<mig/queue.h>). */
#ifndef MIG_AGENT_ALERTS_H
#define MIG_AGENT_ALERTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_alerts;
struct mig_buf;

int mig_alerts_open(int run_fd, uint64_t capacity, struct mig_alerts **ret, struct mig_err *err);
void mig_alerts_close(struct mig_alerts *alerts);
/* Adds {"id","time","module","alert"}; `json` has been checked by nobody. 0; -EINVAL; -ENOSPC: it
 * is full, counted, and told of as an alert of the agent's own when there is room again. */
int mig_alerts_add(struct mig_alerts *alerts, const char *module, const char *json, size_t len);
/* What was added is on disk when this gives 0. */
int mig_alerts_sync(struct mig_alerts *alerts);
/* The oldest, appended. -ENOENT: none. */
int mig_alerts_first(struct mig_alerts *alerts, struct mig_buf *out);
void mig_alerts_drop(struct mig_alerts *alerts);
/* Appends {"alerts":n,"bytes":n,"capacity":n,"lost":n}. */
void mig_alerts_status(const struct mig_alerts *alerts, struct mig_buf *out);

#endif
