/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside the search engine: the bytes of a file that others may be writing to. What is read is what
 * the file held when it was opened: what is appended while it is read is not looked at, so that a
 * log that grows as fast as it is read ends.
 */
#ifndef MIG_SEARCH_READING_H
#define MIG_SEARCH_READING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "search_ahead.h"

/* Files of the kernel tell no size, or one of terabytes: no more is read of them. */
#define READING_PSEUDO_MAX (UINT64_C(64) << 20)

#define READING_BLOCK AHEAD_BLOCK

struct reading {
    int fd;
    uint64_t size; /* when it was opened */
    uint64_t left;
    bool pseudo;
    bool by_thread;      /* `ahead` has the file */
    bool may_ahead;      /* large files are read by a thread of their own */
    struct ahead *ahead; /* made at the first need */
    unsigned char *block;
};

/* 0 or -ENOMEM; *ret_reading is to be freed in either case. */
int mig_reading_init(struct reading *ret_reading, bool may_ahead);
void mig_reading_fini(struct reading *reading);

void mig_reading_start(struct reading *reading, int fd, const struct stat *st);
/* How many bytes came, which are at *ret_data until the next call, 0 at the end. Negative: an errno
 * value; -ESTALE: the file became smaller than what is to be read of it; -EFBIG: a file of the
 * kernel that has more. */
ssize_t mig_reading_next(struct reading *reading, const unsigned char **ret_data);
/* Before the descriptor is closed. */
void mig_reading_stop(struct reading *reading);

#endif
