/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the search engine: one pass over a file's bytes for all that is asked of them. */
#ifndef MIG_SEARCH_SCAN_H
#define MIG_SEARCH_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search_contents.h"
#include "search_known.h"

struct scan;
/* `known` is shared by all threads; NULL: every file is read. With may_ahead, large files are read
 * by one more thread. */
struct scan *mig_scan_new(const struct contents *contents, const struct mig_search_set *set,
                          const struct mig_search_host *host, struct mig_regex_scratch *scratch,
                          struct known *known, bool may_ahead);
void mig_scan_free(struct scan *scan);

/* True when a search that is alive needs the file's bytes. */
bool mig_scan_needed(const struct evaluation *evaluation);
/* Decides the open checks, which are of contents and hashes, of the searches that are alive in the
 * file that `fd` is, as it was when it was opened and `st` taken. On failure a message says why,
 * and the checks that could not be decided stay open. -ECANCELED: host->cancelled(). */
int mig_scan_run(struct scan *scan, struct evaluation *evaluation, int fd, const struct stat *st,
                 char *ret_message, size_t message_size);

#endif
