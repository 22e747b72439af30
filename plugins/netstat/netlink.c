/* SPDX-License-Identifier: MPL-2.0 */
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

/* The kernel fills a message of a dump up to what the first read offers, at most 32 KiB. */
#define BUFFER_SIZE 65536
#define RECEIVE_BUFFER (1 << 20)
/* An answer comes at once; this only keeps a faulty kernel from holding the worker. */
#define ANSWER_SECONDS 5

int
netstat_netlink_open(int protocol, int *ret_fd)
{
    struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    int size = RECEIVE_BUFFER;
    int code;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0) {
        code = -errno;
        close(fd);
        return code;
    }
    *ret_fd = fd;
    return 0;
}

/* Only the kernel answers: others that may send to this socket are not listened to. */
static ssize_t
receive(int fd, char *buffer)
{
    struct sockaddr_nl from = {.nl_pid = UINT32_MAX};
    struct iovec part = {.iov_base = buffer, .iov_len = BUFFER_SIZE};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1};
    ssize_t length;

    do {
        length = recvmsg(fd, &message, 0);
    } while ((length < 0 && errno == EINTR) || (length >= 0 && from.nl_pid != 0));
    if (length < 0)
        return -errno;
    return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : length;
}

struct dump {
    unsigned sequence;
    netstat_message_fn *fn;
    void *context;
    bool changed; /* the kernel says that the table changed while it was read */
    bool done;
};

static int
error_of(const struct nlmsghdr *message)
{
    const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

    return mnl_nlmsg_get_payload_len(message) < sizeof(*error) ? -EBADMSG : error->error;
}

static int
take_messages(struct dump *dump, const char *buffer, int length)
{
    const struct nlmsghdr *message = (const void *)buffer;
    int code = 0;

    for (; code == 0 && !dump->done && mnl_nlmsg_ok(message, length);
         message = mnl_nlmsg_next(message, &length)) {
        if (message->nlmsg_seq != dump->sequence)
            continue;
        dump->changed |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
            dump->done = true;
        if (message->nlmsg_type == NLMSG_ERROR)
            code = error_of(message);
        else if (message->nlmsg_type >= NLMSG_MIN_TYPE)
            code = dump->fn(dump->context, message);
    }
    return code;
}

/* To the end also when the table changed: a socket holds one dump at a time. */
static int
receive_all(const struct mig_host *host, int fd, struct dump *dump)
{
    char *buffer = malloc(BUFFER_SIZE);
    ssize_t length;
    int code = buffer != NULL ? 0 : -ENOMEM;

    while (code == 0 && !dump->done) {
        length = host->cancelled(host) ? -ECANCELED : receive(fd, buffer);
        code = length < 0 ? (int)length : take_messages(dump, buffer, (int)length);
    }
    free(buffer);
    return code == 0 && dump->changed ? -EINTR : code;
}

int
netstat_netlink_dump(const struct mig_host *host, int fd, struct nlmsghdr *request,
                     netstat_message_fn *fn, void *context)
{
    static unsigned sequence;
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct dump dump = {.sequence = ++sequence, .fn = fn, .context = context};

    request->nlmsg_seq = dump.sequence;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    if (sendto(fd, request, request->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return -errno;
    return receive_all(host, fd, &dump);
}
