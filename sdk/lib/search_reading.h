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

/* Files of the kernel tell no size, or one of terabytes: no more is read of them. */
#define READING_PSEUDO_MAX (UINT64_C(64) << 20)

struct reading {
    int fd;
    uint64_t size; /* when it was opened */
    uint64_t left;
    bool pseudo;
};

void mig_reading_start(struct reading *reading, int fd, const struct stat *st);
/* How many bytes came, 0 at the end. Negative: an errno value; -ESTALE: the file became smaller
 * than what is to be read of it; -EFBIG: a file of the kernel that has more. */
ssize_t mig_reading_next(struct reading *reading, void *block, size_t room);

#endif
