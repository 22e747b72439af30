/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "base/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define FRAME_MAGIC 0x4d494746u /* "MIGF" */
#define FRAME_VERSION 1u
#define FRAME_BODY_FD (1u << 0) /* the body is in the descriptor */
#define FRAME_PASS_FD (1u << 1) /* the descriptor is for the receiver */
#define FRAME_SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define FRAME_MAX_FDS 4 /* more than one is refused, but must be received to be closed */

/* Both ends are one machine, and one binary or two of one release: host byte order. */
struct frame_header {
    uint32_t magic;
    uint16_t version;
    uint16_t flags;
    uint32_t type;
    uint32_t reserved;
    uint64_t length;
};

int
mig_frame_pair(int ret_fds[2])
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return -errno;
    ret_fds[0] = fds[0];
    ret_fds[1] = fds[1];
    return 0;
}

static int
send_message(int fd, struct frame_header *header, const void *body, size_t inline_len, int pass)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov[2] = {{header, sizeof *header}, {(void *)(uintptr_t)body, inline_len}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = inline_len > 0 ? 2 : 1};
    ssize_t sent;

    if (pass >= 0) {
        struct cmsghdr *cmsg;
        memset(&control, 0, sizeof control);
        msg.msg_control = control.space;
        msg.msg_controllen = sizeof control.space;
        cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(sizeof pass);
        memcpy(CMSG_DATA(cmsg), &pass, sizeof pass);
    }
    do
        sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == ECONNRESET ? -EPIPE : -errno;
    return 0;
}

int
mig_frame_send(int fd, uint32_t type, const void *body, size_t len)
{
    struct frame_header header = {
        .magic = FRAME_MAGIC, .version = FRAME_VERSION, .type = type, .length = len};
    int memfd;
    int rc;

    if (len <= MIG_FRAME_INLINE)
        return send_message(fd, &header, body, len, -1);
    if (len > MIG_FRAME_MAX)
        return MIG_E_LIMIT;
    memfd = mig_memfd_sealed("mig-frame", body, len);
    if (memfd < 0)
        return memfd;
    header.flags = FRAME_BODY_FD;
    rc = send_message(fd, &header, NULL, 0, memfd);
    close(memfd);
    return rc;
}

int
mig_frame_send_fd(int fd, uint32_t type, const void *body, size_t len, int pass)
{
    struct frame_header header = {.magic = FRAME_MAGIC,
                                  .version = FRAME_VERSION,
                                  .flags = FRAME_PASS_FD,
                                  .type = type,
                                  .length = len};

    if (pass < 0)
        return -EBADF;
    if (len > MIG_FRAME_INLINE)
        return MIG_E_LIMIT;
    return send_message(fd, &header, body, len, pass);
}

struct received {
    struct frame_header header;
    size_t inline_len;
    int fds[FRAME_MAX_FDS];
    size_t fds_count;
    int flags;
};

static void
take_descriptors(struct msghdr *msg, struct received *got)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
        size_t count;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (got->fds_count < FRAME_MAX_FDS)
                got->fds[got->fds_count++] = fd;
            else
                close(fd);
        }
    }
}

/* Reads one message; its inline bytes go to the end of `body`. */
static int
receive_message(int fd, struct mig_buf *body, struct received *got)
{
    union {
        char space[CMSG_SPACE(FRAME_MAX_FDS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov[2];
    struct msghdr msg;
    ssize_t n;
    int rc = mig_buf_reserve(body, MIG_FRAME_INLINE);

    if (rc != 0)
        return rc;
    do {
        iov[0] = (struct iovec){&got->header, sizeof got->header};
        iov[1] = (struct iovec){body->data, MIG_FRAME_INLINE};
        msg = (struct msghdr){.msg_iov = iov,
                              .msg_iovlen = 2,
                              .msg_control = control.space,
                              .msg_controllen = sizeof control.space};
        n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == ECONNRESET ? -EPIPE : -errno;
    take_descriptors(&msg, got);
    if (n == 0)
        return -EPIPE;
    got->flags = msg.msg_flags;
    if ((size_t)n < sizeof got->header)
        return MIG_E_PROTOCOL;
    got->inline_len = (size_t)n - sizeof got->header;
    return 0;
}

static int
check_message(const struct received *got, size_t max)
{
    const struct frame_header *h = &got->header;

    if (got->flags & (MSG_TRUNC | MSG_CTRUNC))
        return MIG_E_PROTOCOL;
    if (h->magic != FRAME_MAGIC || h->version != FRAME_VERSION || h->reserved != 0)
        return MIG_E_PROTOCOL;
    if (h->flags != 0 && h->flags != FRAME_BODY_FD && h->flags != FRAME_PASS_FD)
        return MIG_E_PROTOCOL;
    if (got->fds_count != (h->flags != 0 ? 1u : 0u))
        return MIG_E_PROTOCOL;
    if (h->flags == FRAME_BODY_FD ? got->inline_len != 0 || h->length > MIG_FRAME_MAX
                                  : got->inline_len != h->length)
        return MIG_E_PROTOCOL;
    return h->length > max ? MIG_E_LIMIT : 0;
}

/* Only a fully sealed memory file is read: what was measured can not change under the reader, and
 * no read of it can block or fail half-way. F_GET_SEALS fails on anything else. */
static int
read_sealed(int fd, size_t len, struct mig_buf *body)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);
    size_t done = 0;
    int rc;

    if (seals < 0 || (seals & FRAME_SEALS) != FRAME_SEALS)
        return MIG_E_PROTOCOL;
    if (fstat(fd, &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size != len)
        return MIG_E_PROTOCOL;
    rc = mig_buf_reserve(body, len);
    if (rc != 0)
        return rc;
    while (done < len) {
        ssize_t n = pread(fd, body->data + done, len - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : MIG_E_PROTOCOL;
        done += (size_t)n;
    }
    body->len = len;
    body->data[len] = '\0';
    return 0;
}

int
mig_frame_recv(int fd, size_t max, uint32_t *ret_type, struct mig_buf *body, int *ret_fd)
{
    struct received got = {.fds_count = 0};
    int rc;

    mig_buf_reset(body);
    rc = receive_message(fd, body, &got);
    if (rc == 0)
        rc = check_message(&got, max);
    if (rc == 0 && got.header.flags == FRAME_BODY_FD) {
        rc = read_sealed(got.fds[0], (size_t)got.header.length, body);
    } else if (rc == 0) {
        body->len = got.inline_len;
        body->data[body->len] = '\0';
    }
    if (rc == 0 && got.header.flags == FRAME_PASS_FD && ret_fd == NULL)
        rc = MIG_E_PROTOCOL; /* a descriptor that nobody asked for */
    if (rc == 0) {
        *ret_type = got.header.type;
        if (ret_fd != NULL)
            *ret_fd = got.header.flags == FRAME_PASS_FD ? got.fds[0] : -1;
        if (got.header.flags == FRAME_PASS_FD)
            return 0;
    }
    for (size_t i = 0; i < got.fds_count; i++)
        close(got.fds[i]);
    return rc;
}
