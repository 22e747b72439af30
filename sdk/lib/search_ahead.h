/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside the search engine: a thread that reads a large file while what it has read is looked at.
 * Copying a file out of the cache takes a seventh of the time that its SHA-256 takes, and waiting
 * for the disk more.
 */
#ifndef MIG_SEARCH_AHEAD_H
#define MIG_SEARCH_AHEAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define AHEAD_BLOCK (128u * 1024u)
/* What is smaller is read before the thread has woken. */
#define AHEAD_LEAST (UINT64_C(16) << 20)

struct ahead;
/* NULL: no memory, or no thread is to be had. */
struct ahead *mig_ahead_new(void);
void mig_ahead_free(struct ahead *ahead);

/* Begins to read up to `length` bytes of `fd`, which must stay open until mig_ahead_stop(). */
void mig_ahead_start(struct ahead *ahead, int fd, uint64_t length);
/* How many bytes came, which are at *ret_data until the next call; 0 at the end of the file or of
 * the length; a negative errno value. After either, no more calls until the next start. */
ssize_t mig_ahead_next(struct ahead *ahead, const unsigned char **ret_data);
/* Waits until the thread has let go of the descriptor. */
void mig_ahead_stop(struct ahead *ahead);

#endif
