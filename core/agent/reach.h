/* SPDX-License-Identifier: MPL-2.0 */
/* Requests of the agent to its API: by each of the site's proxies in turn, then as the environment
 * says, or directly. */
#ifndef MIG_AGENT_REACH_H
#define MIG_AGENT_REACH_H

#include "base/error.h"

struct mig_buf;
struct mig_site;

/* `path` is added to the site's API address; `body` NULL: GET, else POST of JSON. Appends the
 * answer. 0 for a status of 2xx alone. timeout_ms is for all attempts together. */
int mig_reach_api(const struct mig_site *site, const char *path, const struct mig_buf *body,
                  int timeout_ms, struct mig_buf *out, struct mig_err *err);

#endif
