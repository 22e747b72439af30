/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Messages between the processes of one program, over SOCK_SEQPACKET: a header with magic, version,
 * type and length, then at most MIG_FRAME_INLINE bytes; a longer body travels as a sealed memfd in
 * the same message. The receiver checks every length and the seals before it reads.
 */
#ifndef MIG_BASE_FRAME_H
#define MIG_BASE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_buf;

#define MIG_FRAME_INLINE 32768u
#define MIG_FRAME_MAX (64u << 20)

/* Two ends, close-on-exec. */
int mig_frame_pair(int ret_fds[2]);
/* Blocks unless the socket is non-blocking (-EAGAIN then). */
int mig_frame_send(int fd, uint32_t type, const void *body, size_t len);
/* Same, and passes the descriptor `pass` (>= 0) along beside the body; the body must fit inline. */
int mig_frame_send_fd(int fd, uint32_t type, const void *body, size_t len, int pass);
/* Receives one message; `body` is reset and filled. *ret_fd (may be NULL) gets a passed descriptor
 * or -1. -EPIPE when the peer is gone, -EAGAIN, MIG_E_PROTOCOL for a malformed message, MIG_E_LIMIT
 * over `max` bytes. */
int mig_frame_recv(int fd, size_t max, uint32_t *ret_type, struct mig_buf *body, int *ret_fd);

#endif
