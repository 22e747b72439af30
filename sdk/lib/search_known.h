/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside the search engine: the digests of large files that were read already. A file that has more
 * names, by hard links or symbolic ones (each version of a library has three), is read once. It is
 * the same file when device, inode, size and the times of its last modification and change are. The
 * memory is bounded: the digests of larger files stay. For any number of threads.
 */
#ifndef MIG_SEARCH_KNOWN_H
#define MIG_SEARCH_KNOWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "digest.h"

/* To read a smaller file again costs little. */
#define KNOWN_LEAST (256 * 1024)
/* What a file's digests may take together. */
#define KNOWN_ROOM 128u

struct known;
/* NULL: no memory. */
struct known *mig_known_new(void);
void mig_known_free(struct known *known);

/* `st` is of when the file was opened, before it was read. */
void mig_known_keep(struct known *known, const struct stat *st, enum mig_digest algorithm,
                    const uint8_t *digest);
/* The digests whose bit (1u << algorithm) is set, one after the other in the order of the
 * algorithms. false, and nothing is written: not all are known. */
bool mig_known_find(struct known *known, const struct stat *st, unsigned int algorithms,
                    uint8_t ret_digests[KNOWN_ROOM]);

#endif
