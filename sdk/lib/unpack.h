/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Decompresses a stream that comes in pieces: gzip (RFC 1952, zlib), bzip2 (libbz2), xz (liblzma)
 * and Zstandard (RFC 8878, libzstd). All but gzip may be left out of a build.
 *
 * The formats' own libraries, not libarchive: they take a stream as it is read, each has a bound on
 * its memory, and none starts a program for a format that it does not know.
 *
 * A row of members (gzip), streams (bzip2, xz) or frames (zstd) is one text. What follows the last
 * one and is none is let be in gzip and bzip2 and an error in xz and zstd, as their programs have
 * it.
 */
#ifndef MIG_UNPACK_H
#define MIG_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mig_unpack_format {
    MIG_UNPACK_NONE,
    MIG_UNPACK_GZIP,
    MIG_UNPACK_BZIP2,
    MIG_UNPACK_XZ,
    MIG_UNPACK_ZSTD,
    MIG_UNPACK_FORMATS
};

/* What a text may grow to: no more than `bytes`, and, beyond the first `free_bytes`, no more than
 * `ratio` times what was read of it. */
struct mig_unpack_limits {
    uint64_t bytes;
    uint64_t free_bytes;
    uint64_t ratio;
};
/* 4 GiB; beyond 64 MiB 1,000 times. */
extern const struct mig_unpack_limits mig_unpack_limits;
/* Of a decoder's window: a file that needs more is refused. */
#define MIG_UNPACK_MEMORY_MAX (UINT64_C(128) << 20)

#define MIG_UNPACK_MAGIC_SIZE 10u
/* By its first bytes, of which MIG_UNPACK_MAGIC_SIZE are enough. */
enum mig_unpack_format mig_unpack_detect(const void *data, size_t length);
const char *mig_unpack_name(enum mig_unpack_format format);
/* Whether this build can decompress it. */
bool mig_unpack_has(enum mig_unpack_format format);

/* Any number of texts, one after the other. NULL: no memory. */
struct mig_unpack;
struct mig_unpack *mig_unpack_new(const struct mig_unpack_limits *limits);
void mig_unpack_free(struct mig_unpack *unpack);

/* 0, -ENOTSUP or -ENOMEM. */
int mig_unpack_start(struct mig_unpack *unpack, enum mig_unpack_format format);
/* The next bytes, which stay the caller's until take() gives 0. */
void mig_unpack_give(struct mig_unpack *unpack, const void *data, size_t length);
/* 1: *ret_data is the next piece, until the next call. 0: more is to be given. -EBADMSG: no such
 * text; -EFBIG: a limit; -ENOMEM: beyond MIG_UNPACK_MEMORY_MAX, or none is left. */
int mig_unpack_take(struct mig_unpack *unpack, const void **ret_data, size_t *ret_length);
/* Nothing more comes. -EBADMSG: it was cut off. */
int mig_unpack_finish(struct mig_unpack *unpack);
/* What the last failure was, in words. */
const char *mig_unpack_trouble(const struct mig_unpack *unpack);

#endif
