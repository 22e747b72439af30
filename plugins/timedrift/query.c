/* SPDX-License-Identifier: MPL-2.0 */
#include "timedrift.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ADDRESSES 4u
#define SAMPLES 4u
/* Between two: servers that limit rates let so many pass. */
#define SAMPLE_PAUSE_MS 250
#define ANSWER_MS 5000
#define RESOLVE_MS 5000
/* How often the host is asked whether to go on. */
#define SLICE_MS 50
#define CHRONY_MS 500

static int64_t
now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * TIMEDRIFT_SECOND + time.tv_nsec;
}

/* Only what the address that was asked sends comes in, and what says that it can not be asked. */
static int
open_to(const struct mig_address *address)
{
    int fd = socket(address->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int code;

    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&address->address, address->length) == 0)
        return fd;
    code = -errno;
    close(fd);
    return code;
}

/* Bytes of the next datagram, or -ETIMEDOUT, -ECANCELED or what the network says. */
static ssize_t
receive(const struct mig_host *host, int fd, int64_t until, uint8_t *bytes, size_t size)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};

    for (;;) {
        int64_t left = (until - now(CLOCK_MONOTONIC)) / 1000000;
        ssize_t length = recv(fd, bytes, size, MSG_DONTWAIT);

        if (length >= 0)
            return length;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
        if (host->cancelled(host))
            return -ECANCELED;
        if (left <= 0)
            return -ETIMEDOUT;
        (void)poll(&poller, 1, left < SLICE_MS ? (int)left : SLICE_MS);
    }
}

/* One question. The wall clock is read once and then followed by the other one, so that a clock
 * that is set in between does no harm. */
static int
sample(const struct mig_host *host, int fd, struct timedrift_answer *ret_answer, bool *ret_stop,
       char reason[TIMEDRIFT_REASON_SIZE])
{
    uint8_t cookie[8], packet[TIMEDRIFT_NTP_SIZE], bytes[512];
    struct timedrift_reply reply = {.stop = false};
    int64_t wall, start, elapsed, until;
    ssize_t length;
    int code;

    if (getrandom(cookie, sizeof(cookie), 0) != sizeof(cookie))
        return -EIO;
    timedrift_ntp_make(cookie, packet);
    start = now(CLOCK_MONOTONIC);
    wall = now(CLOCK_REALTIME);
    until = start + ANSWER_MS * 1000000ll;
    if (send(fd, packet, sizeof(packet), MSG_NOSIGNAL) < 0)
        return -errno;
    do {
        length = receive(host, fd, until, bytes, sizeof(bytes));
        if (length < 0)
            return (int)length;
        elapsed = now(CLOCK_MONOTONIC) - start;
        code = timedrift_ntp_take(bytes, (size_t)length, cookie, &reply, reason);
    } while (code == -EAGAIN);
    *ret_stop = reply.stop;
    if (code < 0)
        return code;
    ret_answer->delay = elapsed - (reply.sent - reply.received);
    if (ret_answer->delay < 0)
        ret_answer->delay = 0;
    ret_answer->offset = (reply.received - wall) / 2 + (reply.sent - (wall + elapsed)) / 2;
    ret_answer->time = reply.sent;
    ret_answer->stratum = reply.stratum;
    return 0;
}

/* The best of some: the less the packets waited on their way, the less wrong the offset can be. */
static int
ask(const struct mig_host *host, int fd, struct timedrift_answer *ret_answer,
    char reason[TIMEDRIFT_REASON_SIZE])
{
    struct timedrift_answer best = {.samples = 0}, one = {.samples = 0};
    bool stop = false;
    int code = 0;

    for (unsigned i = 0; i < SAMPLES && !stop; i++) {
        if (i > 0)
            (void)poll(NULL, 0, SAMPLE_PAUSE_MS);
        code = sample(host, fd, &one, &stop, reason);
        if (code < 0)
            break;
        if (best.samples == 0 || one.delay < best.delay) {
            one.samples = best.samples;
            best = one;
        }
        best.samples++;
    }
    if (best.samples == 0)
        return code;
    *ret_answer = best;
    return 0;
}

int
timedrift_query(const struct mig_host *host, const struct timedrift_server *server,
                struct timedrift_answer *ret_answer, char reason[TIMEDRIFT_REASON_SIZE])
{
    struct mig_address addresses[ADDRESSES];
    const char *why = "";
    size_t count = 0;
    int code = mig_resolve(host, server->name, RESOLVE_MS, ADDRESSES, addresses, &count, &why);
    int fd;

    reason[0] = '\0';
    if (code == -ENOENT)
        snprintf(reason, TIMEDRIFT_REASON_SIZE, "%s", why);
    else if (code == -ETIMEDOUT)
        snprintf(reason, TIMEDRIFT_REASON_SIZE, "the resolver does not answer in time");
    for (size_t i = 0; i < count; i++) {
        mig_address_port(&addresses[i], server->port);
        reason[0] = '\0';
        code = fd = open_to(&addresses[i]);
        if (fd >= 0) {
            code = ask(host, fd, ret_answer, reason);
            close(fd);
        }
        if (code == 0 || code == -ECANCELED)
            break;
    }
    if (code == -ETIMEDOUT && reason[0] == '\0')
        snprintf(reason, TIMEDRIFT_REASON_SIZE, "no answer in time");
    else if (code < 0 && reason[0] == '\0')
        snprintf(reason, TIMEDRIFT_REASON_SIZE, "%s", strerror(-code));
    return code;
}

int
timedrift_ask_chrony(const struct mig_host *host, uint16_t port,
                     struct timedrift_tracking *ret_tracking)
{
    struct mig_address address = {.length = sizeof(struct sockaddr_in)};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address.address;
    uint8_t packet[TIMEDRIFT_TRACKING_SIZE], bytes[512];
    int64_t until = now(CLOCK_MONOTONIC) + CHRONY_MS * 1000000ll;
    uint32_t sequence;
    ssize_t length;
    int code = -EAGAIN, fd;

    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    mig_address_port(&address, port);
    if (getrandom(&sequence, sizeof(sequence), 0) != sizeof(sequence))
        return -EIO;
    fd = open_to(&address);
    if (fd < 0)
        return fd;
    timedrift_tracking_make(sequence, packet);
    if (send(fd, packet, sizeof(packet), MSG_NOSIGNAL) < 0)
        code = -errno;
    while (code == -EAGAIN) {
        length = receive(host, fd, until, bytes, sizeof(bytes));
        code = length < 0 ? (int)length
                          : timedrift_tracking_take(bytes, (size_t)length, sequence, ret_tracking);
    }
    close(fd);
    return code;
}
