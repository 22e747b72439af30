/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Records between the agent's processes and in its spool: 64-bit little-endian numbers, and byte
 * strings preceded by their length. The reader checks every length; it is the only parser that the
 * privileged process has for what an unprivileged one says.
 */
#ifndef MIG_AGENT_PACK_H
#define MIG_AGENT_PACK_H

#include <stddef.h>
#include <stdint.h>

struct mig_buf;

/* 0 or -ENOMEM. */
int mig_pack_number(struct mig_buf *out, uint64_t value);
int mig_pack_bytes(struct mig_buf *out, const void *data, size_t len);
int mig_pack_text(struct mig_buf *out, const char *text); /* NULL: "" */

struct mig_unpack {
    const unsigned char *at;
    size_t left;
    int bad; /* a length was wrong; all later reads give 0 or "" */
};

void mig_unpack_init(struct mig_unpack *in, const void *data, size_t len);
uint64_t mig_unpack_number(struct mig_unpack *in);
/* A count of things that take at least `each` bytes: bad when they can not be there. */
size_t mig_unpack_count(struct mig_unpack *in, size_t each);
/* Points into the record. */
const char *mig_unpack_bytes(struct mig_unpack *in, size_t *ret_len);
/* A copy with a NUL behind it, to free(); NULL when bad or without memory (bad is set then). */
char *mig_unpack_dup(struct mig_unpack *in, size_t *ret_len);

#endif
