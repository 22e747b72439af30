/* SPDX-License-Identifier: MPL-2.0 */
/*
 * One probe: a socket of its own, connected to the target, so that the kernel gives it what comes
 * from the target only, and the ICMP errors (ip(7), IP_RECVERR) that quote what it sent.
 */
#include "ping.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define SLICE_MS 50
#define BUFFER_SIZE 2048

struct probe {
    const struct mig_host *host;
    const struct ping_parameters *parameters;
    int family;
    int fd;
    bool header; /* replies come with an IPv4 header */
    uint16_t id;
    uint16_t sequence;
    int64_t started; /* microseconds */
};

static int64_t
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* ---- what came of it: 0 for nothing yet, 1 for the end, with *ret_latency ---- */

static int
succeed(const struct probe *probe, double *ret_latency)
{
    int64_t took = now() - probe->started;

    *ret_latency = (double)(took > 0 ? took : 1) / 1000;
    return 1;
}

static int
fail(int error, double *ret_latency, char reason[PING_REASON_SIZE])
{
    if (error == ECONNREFUSED) {
        *ret_latency = PING_REFUSED;
    } else if (error == ETIMEDOUT) {
        *ret_latency = PING_TIMEOUT;
    } else {
        *ret_latency = PING_OTHER;
        snprintf(reason, PING_REASON_SIZE, "%s", strerror(error));
    }
    return 1;
}

/* An ICMP error that quotes this probe, from the socket's error queue. */
static int
take_error(const struct probe *probe, double *ret_latency, char reason[PING_REASON_SIZE])
{
    uint8_t bytes[BUFFER_SIZE];
    _Alignas(struct cmsghdr) char control[512];
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof(bytes)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    struct sock_extended_err error = {0};
    ssize_t length = recvmsg(probe->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT);

    if (length < 0)
        return 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c))
        if (((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
             (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) &&
            c->cmsg_len >= CMSG_LEN(sizeof(error)))
            memcpy(&error, CMSG_DATA(c), sizeof(error));
    if (error.ee_errno == 0)
        return 0;
    if (probe->parameters->protocol == PING_ICMP &&
        !ping_packet_quoted(probe->family, bytes, (size_t)length, probe->id, probe->sequence))
        return 0;
    return fail((int)error.ee_errno, ret_latency, reason);
}

static int
take_answer(const struct probe *probe, double *ret_latency, char reason[PING_REASON_SIZE])
{
    uint8_t bytes[BUFFER_SIZE];
    ssize_t length = recv(probe->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (length < 0) {
        if (errno == EAGAIN || errno == EINTR)
            return 0;
        /* The queue said or says what it was; other probes' errors are not ours. */
        return probe->parameters->protocol == PING_ICMP ? 0 : fail(errno, ret_latency, reason);
    }
    if (probe->parameters->protocol == PING_ICMP &&
        !ping_packet_replies(probe->family, probe->header, bytes, (size_t)length, probe->id,
                             probe->sequence))
        return 0;
    return succeed(probe, ret_latency);
}

static int
take_connection(const struct probe *probe, double *ret_latency, char reason[PING_REASON_SIZE])
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    return error == 0 ? succeed(probe, ret_latency) : fail(error, ret_latency, reason);
}

static int
take(const struct probe *probe, short events, double *ret_latency, char reason[PING_REASON_SIZE])
{
    int ended = 0;

    if (probe->parameters->protocol == PING_TCP)
        return take_connection(probe, ret_latency, reason);
    if (events & POLLERR)
        ended = take_error(probe, ret_latency, reason);
    return ended != 0 ? ended : take_answer(probe, ret_latency, reason);
}

static int
wait_for(const struct probe *probe, double *ret_latency, char reason[PING_REASON_SIZE])
{
    int64_t until = probe->started + (int64_t)(probe->parameters->timeout * 1000000);
    struct pollfd poller = {.fd = probe->fd,
                            .events = probe->parameters->protocol == PING_TCP ? POLLOUT : POLLIN};

    for (;;) {
        int64_t left = (until - now() + 999) / 1000;
        if (probe->host->cancelled(probe->host))
            return -ECANCELED;
        if (left <= 0)
            break;
        poller.revents = 0;
        if (poll(&poller, 1, left < SLICE_MS ? (int)left : SLICE_MS) > 0 &&
            take(probe, poller.revents, ret_latency, reason) != 0)
            return 0;
    }
    *ret_latency = PING_TIMEOUT;
    return 0;
}

/* ---- sockets ---- */

static int
open_socket(struct probe *probe)
{
    static const int types[] = {SOCK_RAW, SOCK_STREAM, SOCK_DGRAM};
    static const int protocols[] = {0, IPPROTO_TCP, IPPROTO_UDP};
    enum ping_protocol protocol = probe->parameters->protocol;
    int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
    int icmp = probe->family == AF_INET ? IPPROTO_ICMP : (int)IPPROTO_ICMPV6;
    int number = protocol == PING_ICMP ? icmp : protocols[protocol];

    probe->header = probe->family == AF_INET;
    probe->fd = socket(probe->family, types[protocol] | flags, number);
    if (probe->fd < 0 && protocol == PING_ICMP && (errno == EPERM || errno == EACCES)) {
        /* icmp(7): some systems let everybody send echo requests. */
        probe->header = false;
        probe->fd = socket(probe->family, SOCK_DGRAM | flags, number);
    }
    return probe->fd < 0 ? -errno : 0;
}

/* With the kernel's own choice of the id where it does not leave it to us. */
static int
choose_id(struct probe *probe, bool raw)
{
    struct sockaddr_in6 own;
    socklen_t length = sizeof(own);

    if (raw)
        return getrandom(&probe->id, sizeof(probe->id), 0) == sizeof(probe->id) ? 0 : -EIO;
    if (getsockname(probe->fd, (struct sockaddr *)&own, &length) != 0)
        return -errno;
    probe->id = ntohs(own.sin6_port); /* in the same place as sin_port */
    return 0;
}

/* Only echo replies wake us; errors come by the queue. */
static void
set_filter(const struct probe *probe)
{
    struct icmp_filter v4 = {.data = ~(1u << ICMP_ECHOREPLY)};
    struct icmp6_filter v6;

    if (probe->family == AF_INET) {
        (void)setsockopt(probe->fd, SOL_RAW, ICMP_FILTER, &v4, sizeof(v4));
    } else {
        ICMP6_FILTER_SETBLOCKALL(&v6);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &v6);
        (void)setsockopt(probe->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &v6, sizeof(v6));
    }
}

static int
send_probe(struct probe *probe, const struct mig_address *target)
{
    static const char udp[] = "Ping!Ping!Ping!";
    uint8_t packet[PING_PACKET_SIZE];
    enum ping_protocol protocol = probe->parameters->protocol;
    int on = 1;
    int type = 0;
    int code = 0;
    socklen_t size = sizeof(type);

    if (probe->family == AF_INET)
        (void)setsockopt(probe->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
    else
        (void)setsockopt(probe->fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
    (void)getsockopt(probe->fd, SOL_SOCKET, SO_TYPE, &type, &size);
    if (type == SOCK_RAW)
        set_filter(probe);
    probe->started = now();
    if (connect(probe->fd, (const struct sockaddr *)&target->address, target->length) != 0)
        return errno == EINPROGRESS ? 0 : -errno;
    if (protocol == PING_TCP)
        return 0;
    if (protocol == PING_ICMP)
        code = choose_id(probe, type == SOCK_RAW);
    if (code < 0)
        return code;
    ping_packet_make(probe->family, probe->id, probe->sequence, packet);
    probe->started = now();
    if (send(probe->fd, protocol == PING_ICMP ? (const void *)packet : udp,
             protocol == PING_ICMP ? sizeof(packet) : sizeof(udp) - 1, MSG_NOSIGNAL) < 0)
        return -errno;
    return 0;
}

int
ping_probe(const struct mig_host *host, const struct ping_parameters *parameters,
           const struct mig_address *target, unsigned sequence, double *ret_latency,
           char reason[PING_REASON_SIZE])
{
    struct probe probe = {.host = host,
                          .parameters = parameters,
                          .family = target->address.ss_family,
                          .fd = -1,
                          .sequence = (uint16_t)sequence};
    int code = open_socket(&probe);

    if (code == 0)
        code = send_probe(&probe, target);
    if (code == 0) {
        code = wait_for(&probe, ret_latency, reason);
    } else {
        (void)fail(-code, ret_latency, reason);
        code = 0;
    }
    if (probe.fd >= 0)
        close(probe.fd);
    return code;
}
