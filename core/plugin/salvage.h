/* SPDX-License-Identifier: MPL-2.0 */
/* A partial result from the record that a worker left behind. */
#ifndef MIG_PLUGIN_SALVAGE_H
#define MIG_PLUGIN_SALVAGE_H

struct mig_collect;
struct mig_err;

/* Hands all that the record `fd` holds to `collect`, which has no field table: it passed one when
 * it was recorded. What makes no sense ends it there, and is said among the errors. Negative only
 * when there is no record to read. */
int mig_salvage(int fd, struct mig_collect *collect, struct mig_err *err);

#endif
