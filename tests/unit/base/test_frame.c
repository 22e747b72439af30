/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/frame.h"

/* The header as it travels, restated: a change of the layout must show here. */
struct wire {
    uint32_t magic;
    uint16_t version;
    uint16_t flags;
    uint32_t type;
    uint32_t reserved;
    uint64_t length;
};

static int fds[2] = {-1, -1};

static int
open_pair(void **state)
{
    (void)state;
    return mig_frame_pair(fds);
}

static int
close_pair(void **state)
{
    (void)state;
    close(fds[0]);
    close(fds[1]);
    return 0;
}

static size_t
open_descriptors(void)
{
    size_t count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void
bodies_arrive(void **state)
{
    static const size_t sizes[] = {0, 1, MIG_FRAME_INLINE, MIG_FRAME_INLINE + 1, 1u << 20};
    size_t before = open_descriptors();

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct mig_buf body = MIG_BUF_INIT;
        char *sent = malloc(sizes[i] + 1);
        uint32_t type = 0;
        int passed = 5;
        memset(sent, 'a' + (int)i, sizes[i]);
        assert_int_equal(mig_frame_send(fds[0], 40 + (uint32_t)i, sent, sizes[i]), 0);
        assert_int_equal(mig_frame_recv(fds[1], MIG_FRAME_MAX, &type, &body, &passed), 0);
        assert_int_equal(type, 40 + i);
        assert_int_equal(body.len, sizes[i]);
        assert_memory_equal(body.data, sent, sizes[i]);
        assert_int_equal(passed, -1);
        free(sent);
        mig_buf_fini(&body);
    }
    assert_int_equal(open_descriptors(), before);
}

static void
descriptors_are_passed(void **state)
{
    struct mig_buf body = MIG_BUF_INIT;
    int memfd = mig_memfd_sealed("t", "inside", 6);
    uint32_t type = 0;
    int passed = -1;
    char text[8] = "";

    (void)state;
    assert_int_equal(mig_frame_send_fd(fds[0], 7, "beside", 6, memfd), 0);
    assert_int_equal(mig_frame_recv(fds[1], 100, &type, &body, &passed), 0);
    assert_string_equal(body.data, "beside");
    assert_int_equal(pread(passed, text, 7, 0), 6);
    assert_string_equal(text, "inside");
    assert_int_equal(fcntl(passed, F_GETFD), FD_CLOEXEC);
    close(passed);
    assert_int_equal(mig_frame_send_fd(fds[0], 7, "", 0, -1), -EBADF);
    close(memfd);
    mig_buf_fini(&body);
}

static void
unwanted_descriptors_are_refused(void **state)
{
    struct mig_buf body = MIG_BUF_INIT;
    uint32_t type = 0;
    size_t before = open_descriptors();

    (void)state;
    assert_int_equal(mig_frame_send_fd(fds[0], 7, "", 0, STDIN_FILENO), 0);
    assert_int_equal(mig_frame_recv(fds[1], 100, &type, &body, NULL), MIG_E_PROTOCOL);
    assert_int_equal(open_descriptors(), before);
    mig_buf_fini(&body);
}

static void
send_raw(const struct wire *header, size_t header_len, size_t body_len, const int *pass,
         size_t count)
{
    char space[CMSG_SPACE(8 * sizeof(int))] __attribute__((aligned(8))) = {0};
    char body[16] = "0123456789abcdef";
    struct iovec iov[2] = {{(void *)(uintptr_t)header, header_len}, {body, body_len}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

    if (count > 0) {
        struct cmsghdr *c;
        msg.msg_control = space;
        msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(c), pass, count * sizeof(int));
    }
    assert_int_equal(sendmsg(fds[0], &msg, 0), header_len + body_len);
}

static void
malformed_messages_are_refused(void **state)
{
    const int many[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    const struct {
        struct wire header;
        size_t header_len;
        size_t body_len;
        size_t pass;
    } table[] = {
        {{0x4d494746, 1, 0, 1, 0, 4}, 4, 0, 0},  /* cut short */
        {{0x4d494747, 1, 0, 1, 0, 4}, 24, 4, 0}, /* magic */
        {{0x4d494746, 2, 0, 1, 0, 4}, 24, 4, 0}, /* version */
        {{0x4d494746, 1, 4, 1, 0, 4}, 24, 4, 0}, /* unknown flag */
        {{0x4d494746, 1, 0, 1, 9, 4}, 24, 4, 0}, /* reserved */
        {{0x4d494746, 1, 0, 1, 0, 5}, 24, 4, 0}, /* more promised than sent */
        {{0x4d494746, 1, 0, 1, 0, 3}, 24, 4, 0}, /* less */
        {{0x4d494746, 1, 0, 1, 0, UINT64_MAX}, 24, 4, 0},
        {{0x4d494746, 1, 1, 1, 0, 4}, 24, 0, 0}, /* body descriptor missing */
        {{0x4d494746, 1, 2, 1, 0, 4}, 24, 4, 0}, /* passed descriptor missing */
        {{0x4d494746, 1, 0, 1, 0, 4}, 24, 4, 1}, /* one that was not announced */
        {{0x4d494746, 1, 3, 1, 0, 4}, 24, 4, 2}, /* both */
        {{0x4d494746, 1, 2, 1, 0, 4}, 24, 4, 2}, /* two */
        {{0x4d494746, 1, 2, 1, 0, 4}, 24, 4, 8}, /* a heap of them */
        {{0x4d494746, 1, 1, 1, 0, 0}, 24, 0, 1}, /* body that is no memory file */
        {{0x4d494746, 1, 1, 1, 0, UINT64_MAX}, 24, 0, 1},
    };
    size_t before = open_descriptors();

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_buf body = MIG_BUF_INIT;
        uint32_t type = 99;
        int passed = 77;
        int rc;
        send_raw(&table[i].header, table[i].header_len, table[i].body_len, many, table[i].pass);
        rc = mig_frame_recv(fds[1], MIG_FRAME_MAX, &type, &body, &passed);
        if (rc != MIG_E_PROTOCOL)
            fail_msg("message %zu: %d", i, rc);
        assert_int_equal(type, 99);
        assert_int_equal(passed, 77);
        assert_int_equal(open_descriptors(), before);
        mig_buf_fini(&body);
    }
}

/* A memory file that its sender could still change, or of another size than announced. */
static void
unsealed_bodies_are_refused(void **state)
{
    static const struct {
        int seals;
        uint64_t length;
        int expected;
    } table[] = {
        {0, 5, MIG_E_PROTOCOL},
        {F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_SEAL, 5, MIG_E_PROTOCOL},
        {F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SEAL, 5, MIG_E_PROTOCOL},
        {F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, 5, MIG_E_PROTOCOL},
        {F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW, 5, MIG_E_PROTOCOL},
        {F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, 4, MIG_E_PROTOCOL},
        {F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, 6, MIG_E_PROTOCOL},
        {F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, 5, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct wire header = {0x4d494746, 1, 1, 1, 0, table[i].length};
        struct mig_buf body = MIG_BUF_INIT;
        int memfd = memfd_create("t", MFD_ALLOW_SEALING | MFD_CLOEXEC);
        uint32_t type;
        assert_int_equal(write(memfd, "hello", 5), 5);
        assert_int_equal(fcntl(memfd, F_ADD_SEALS, table[i].seals), 0);
        send_raw(&header, sizeof header, 0, &memfd, 1);
        close(memfd);
        assert_int_equal(mig_frame_recv(fds[1], 100, &type, &body, NULL), table[i].expected);
        mig_buf_fini(&body);
    }
}

static void
sizes_are_limited(void **state)
{
    struct mig_buf body = MIG_BUF_INIT;
    char *big = calloc(1, MIG_FRAME_INLINE + 1);
    uint32_t type;

    (void)state;
    assert_int_equal(mig_frame_send(fds[0], 1, big, 101), 0);
    assert_int_equal(mig_frame_recv(fds[1], 100, &type, &body, NULL), MIG_E_LIMIT);
    assert_int_equal(mig_frame_send(fds[0], 1, big, MIG_FRAME_INLINE + 1), 0);
    assert_int_equal(mig_frame_recv(fds[1], MIG_FRAME_INLINE, &type, &body, NULL), MIG_E_LIMIT);
    assert_int_equal(mig_frame_send(fds[0], 1, big, MIG_FRAME_MAX + 1), MIG_E_LIMIT);
    assert_int_equal(mig_frame_send_fd(fds[0], 1, big, MIG_FRAME_INLINE + 1, 0), MIG_E_LIMIT);
    /* A datagram longer than any frame is cut by the kernel: it must not pass for a short one. */
    assert_int_equal(send(fds[0], big, MIG_FRAME_INLINE + 1, 0), MIG_FRAME_INLINE + 1);
    assert_int_equal(mig_frame_recv(fds[1], 100, &type, &body, NULL), MIG_E_PROTOCOL);
    free(big);
    mig_buf_fini(&body);
}

static void
ends_are_told(void **state)
{
    struct mig_buf body = MIG_BUF_INIT;
    uint32_t type;
    int pair[2];

    (void)state;
    assert_int_equal(mig_frame_pair(pair), 0);
    assert_int_equal(fcntl(pair[0], F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(mig_frame_recv(pair[1], 100, &type, &body, NULL), -EAGAIN);
    close(pair[0]);
    assert_int_equal(mig_frame_recv(pair[1], 100, &type, &body, NULL), -EPIPE);
    assert_int_equal(mig_frame_send(pair[1], 1, "x", 1), -EPIPE);
    close(pair[1]);
    mig_buf_fini(&body);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bodies_arrive, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(descriptors_are_passed, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(unwanted_descriptors_are_refused, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(malformed_messages_are_refused, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(unsealed_bodies_are_refused, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(sizes_are_limited, open_pair, close_pair),
        cmocka_unit_test(ends_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
