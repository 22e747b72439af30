/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The replay journal: which commands and actions this agent has taken, across restarts. An entry
 * may be forgotten once its action has expired. Append-only file, fsynced before an entry counts,
 * compacted on open; a torn last record is dropped, any other damage is an error.
 */
#ifndef MIG_TRUST_JOURNAL_H
#define MIG_TRUST_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_journal;

#define MIG_JOURNAL_MAX 262144u /* actions not expired yet; 14 MiB of file, 15 of memory */
#define MIG_JOURNAL_DIGEST 32   /* SHA-256 of the signed text */

/* Opens or makes `name` in the folder dirfd; `now` in Unix seconds: older expiries are dropped. */
int mig_journal_open(int dirfd, const char *name, int64_t now, struct mig_journal **ret,
                     struct mig_err *err);
void mig_journal_close(struct mig_journal *journal);
/* What mig_journal_take() would say of a digest that is there already, and 0 when it is not;
 * nothing is recorded. */
int mig_journal_check(const struct mig_journal *journal,
                      const unsigned char digest[MIG_JOURNAL_DIGEST], int64_t command_id,
                      struct mig_err *err);
/* Records an action by the digest of its signed text, durable when it returns 0. MIG_E_REPLAY when
 * it is there already and was taken for another command id: "replayed action …". -EEXIST when the
 * very same command was taken before: a redelivery, harmless. MIG_E_LIMIT when it is full. */
int mig_journal_take(struct mig_journal *journal, const unsigned char digest[MIG_JOURNAL_DIGEST],
                     int64_t command_id, int64_t expires, struct mig_err *err);

#endif
