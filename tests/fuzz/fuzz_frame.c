/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Messages between processes, as raw packets: each is a flags byte (1: a sealed descriptor goes
 * along, 2: an unsealed one), two bytes of length and the packet. A message that is taken keeps its
 * bound, and no descriptor is left open.
 */
#include "config.h"

#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/frame.h"

#define BODY_MAX 4096u

static int
descriptor(uint8_t flags)
{
    if (flags & 1)
        return mig_memfd_sealed("fuzz", "0123456789abcdef", 16);
    if (flags & 2)
        return memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return -1;
}

static int
send_packet(int to, const uint8_t *packet, size_t len, int pass)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec iov = {(void *)(uintptr_t)packet, len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    if (pass >= 0) {
        msg.msg_control = control.space;
        msg.msg_controllen = sizeof(control.space);
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(sizeof(pass));
        memcpy(CMSG_DATA(cmsg), &pass, sizeof(pass));
    }
    return sendmsg(to, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}

static void
receive(int from)
{
    struct mig_buf body = MIG_BUF_INIT;
    uint32_t type = 0;
    int passed = -1;
    int rc = mig_frame_recv(from, BODY_MAX, &type, &body, &passed);

    if (rc == 0) {
        MUST(body.len <= BODY_MAX);
        MUST(body.len == 0 || body.data != NULL);
    }
    if (rc == 0 && passed >= 0)
        close(passed);
    mig_buf_fini(&body);
}

/* The lowest number that is free: it stays what it was when nothing is left open. */
static int
lowest_free(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    MUST(fd >= 0);
    close(fd);
    return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int before = lowest_free();
    int pair[2];

    MUST(mig_frame_pair(pair) == 0);
    MUST(fcntl(pair[1], F_SETFL, O_NONBLOCK) == 0);
    while (size >= 3) {
        size_t len = (size_t)data[1] | (size_t)data[2] << 8;
        int pass = descriptor(data[0]);
        len = len < size - 3 ? len : size - 3;
        if (send_packet(pair[0], data + 3, len, pass) == 0)
            receive(pair[1]);
        if (pass >= 0)
            close(pass);
        data += 3 + len;
        size -= 3 + len;
    }
    close(pair[0]);
    receive(pair[1]);
    close(pair[1]);
    MUST(lowest_free() == before);
    return 0;
}
