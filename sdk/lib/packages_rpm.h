/* SPDX-License-Identifier: MPL-2.0 */
/*
 * rpm's databases. librpm is not asked: it opens a database by its path, so links of a container's
 * root would lead out of it, knows only the formats that its distribution chose, and takes what is
 * in a database for well-formed.
 */
#ifndef MIG_SDK_PACKAGES_RPM_H
#define MIG_SDK_PACKAGES_RPM_H

#include "packages_read.h"

/* The header of a package as a database keeps it. Only its start is read: the index, and what is
 * wanted of the data, which is small and in front. */
struct mig_packages_blob {
    void *context;
    uint64_t size;
    /* All of the bytes at `offset`, which are within the size. 0 or a negative code. */
    int (*read)(void *context, uint64_t offset, void *buffer, size_t length);
};

/* Tells the package, or counts it as broken. 0, or what ends the reading. */
int mig_packages_rpm_header(struct mig_packages_reader *reader,
                            const struct mig_packages_blob *blob);

/* All of the bytes at `offset`. 0, or -EIO when there are fewer. */
int mig_packages_rpm_pread(int fd, uint64_t offset, void *buffer, size_t length);

/* The readers of each format: as in packages_read.h. `wal`: the write-ahead log beside it, -1:
 * none. */
int mig_packages_rpm_sqlite(struct mig_packages_reader *reader, int fd, int wal);
int mig_packages_rpm_bdb(struct mig_packages_reader *reader, int fd);
int mig_packages_rpm_ndb(struct mig_packages_reader *reader, int fd);

#endif
