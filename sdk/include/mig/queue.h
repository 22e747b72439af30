/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A bounded first-in first-out queue of texts in one file, which survives the end of the process
 * and of the machine. For a plugin that keeps what it has to send (a file of
 * MIG_DESCRIPTOR_STATE), and the agent's own queue of alerts. Link with libmig-sdk.
 *
 * The file is a ring of `capacity` bytes behind a header of 4096. What mig_queue_sync() has
 * returned from is there after a crash; what was dropped may come again once.
 */
#ifndef MIG_QUEUE_H
#define MIG_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct mig_queue;

/* Takes up what the file (read and write; it stays the caller's) holds: an empty one, and one of
 * another capacity or a damaged header, becomes an empty queue; a record that was written in part
 * is cut off. 0 or a negative errno value. */
int mig_queue_open(int fd, uint64_t capacity, struct mig_queue **ret_queue);
void mig_queue_close(struct mig_queue *queue);

/* Appends. -ENOSPC: it is full, and mig_queue_lost() is one more. */
int mig_queue_add(struct mig_queue *queue, const void *data, size_t length);
/* What was added before is on disk when this gives 0. */
int mig_queue_sync(struct mig_queue *queue);
/* The oldest, to be freed, with a NUL behind it. -ENOENT: there is none. */
int mig_queue_first(struct mig_queue *queue, char **ret_data, size_t *ret_length);
/* Forgets the oldest. */
int mig_queue_drop(struct mig_queue *queue);

uint64_t mig_queue_count(const struct mig_queue *queue);
uint64_t mig_queue_bytes(const struct mig_queue *queue);
/* How many were refused for want of room since the file was made. */
uint64_t mig_queue_lost(const struct mig_queue *queue);
/* The number of the next one to be added; each has its own, for the life of the file. The first is
 * the time in microseconds at which the queue was made. */
uint64_t mig_queue_next(const struct mig_queue *queue);

#endif
