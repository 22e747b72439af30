/* SPDX-License-Identifier: MPL-2.0 */
/* Queue locations that may beat (facts 7.6): a file with one entry a line, either exact or `re:`
 * and a POSIX extended expression that has to match all of it. Empty lines and those with # are
 * skipped. */
#ifndef MIG_STORE_WHITELIST_H
#define MIG_STORE_WHITELIST_H

#include "base/error.h"

struct mig_whitelist;

/* `path` NULL or "": everybody is listed. Errors name the file and the line. */
int mig_whitelist_open(const char *path, struct mig_whitelist **ret, struct mig_err *err);
void mig_whitelist_free(struct mig_whitelist *list);
/* 1 or 0. The file is read anew when it has changed; while it can not be read, or is wrong, nobody
 * is listed, and the log says so once. One thread at a time. */
int mig_whitelist_has(struct mig_whitelist *list, const char *queueloc);

#endif
