/* SPDX-License-Identifier: MPL-2.0 */
/* Whole files and descriptors. */
#ifndef MIG_BASE_FILE_H
#define MIG_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct mig_buf;

/* Appends all of a file, MIG_E_LIMIT over `max` bytes. "-" is not special. */
int mig_file_read(const char *path, size_t max, struct mig_buf *out, struct mig_err *err);
int mig_fd_read_all(int fd, size_t max, struct mig_buf *out);
int mig_fd_write_all(int fd, const void *data, size_t len);
/* Writes to a temporary file beside it, fsyncs it, renames, fsyncs the folder. */
int mig_file_replace(int dirfd, const char *name, const void *data, size_t len, mode_t mode);
/* A sealed, read-only memory file with these bytes, positioned at 0; a descriptor or -errno. */
int mig_memfd_sealed(const char *name, const void *data, size_t len);
/* Makes every missing folder of the path; 0 or -errno. */
int mig_mkdir_p(const char *path, mode_t mode);
/* Closes every descriptor above `last`. */
void mig_close_above(int last);

#endif
