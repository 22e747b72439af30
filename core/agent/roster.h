/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The plugins of this endpoint: what lies in the plugin folder or is built in, with version, ABI,
 * digest and whether a worker would load it; and which are in quarantine.
 *
 * Quarantine: a plugin whose worker crashed three times in a row (outcome.crashed of
 * plugin/worker.h) runs no more until the agent restarts, neither operations nor a persistent
 * instance. The two are counted apart. An operation that ends in any other way, also at a limit or
 * with an error, begins its count anew; so does an instance that had run for a while.
 */
#ifndef MIG_AGENT_ROSTER_H
#define MIG_AGENT_ROSTER_H

#include <stddef.h>

struct mig_buf;
struct mig_roster;

#define MIG_ROSTER_JSON_MAX 16384u /* bytes of the text for the environment */

/* Looks at the folder, in a process of its own: what it takes in memory does not stay. NULL without
 * memory. `plugin_dir` is kept. */
struct mig_roster *mig_roster_new(const char *plugin_dir);
void mig_roster_free(struct mig_roster *roster);
/* Looks again if a file of the folder is another than before; costs a stat() a file otherwise. */
void mig_roster_refresh(struct mig_roster *roster);

/* NULL, or why the module does not run. Valid until the next call. */
const char *mig_roster_quarantine(struct mig_roster *roster, const char *module);
enum mig_roster_worker { MIG_ROSTER_OPERATION, MIG_ROSTER_INSTANCE };

/* A worker of the module has ended; `reason` is kept when it was a crash. 1 when the module is in
 * quarantine from now on. */
int mig_roster_outcome(struct mig_roster *roster, const char *module, enum mig_roster_worker what,
                       int crashed, const char *reason);

/* Appends [{"name", "version", "abi", "digest", "state", "reason"}…]; state is ok, refused or
 * quarantined, the last with a reason. At most `max` bytes: what does not fit is left out, and the
 * last entry {"name":"…","more":N} says so. */
int mig_roster_json(struct mig_roster *roster, size_t max, struct mig_buf *out);

#endif
