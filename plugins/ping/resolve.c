/* SPDX-License-Identifier: MPL-2.0 */
/* The system's resolver has time limits of its own, so it is asked in a thread that is left behind
 * when it does not answer in time. */
#include "ping.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mig/json.h>

/* How often the host is asked whether to go on. */
#define SLICE_MS 50

struct look_up {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int users; /* the last of the two frees it */
    bool done;
    int code; /* of getaddrinfo() */
    char name[PING_HOST_MAX + 1];
    struct sockaddr_storage address;
    socklen_t length;
};

static void
leave(struct look_up *look_up)
{
    int users;

    pthread_mutex_lock(&look_up->lock);
    users = --look_up->users;
    pthread_mutex_unlock(&look_up->lock);
    if (users > 0)
        return;
    pthread_cond_destroy(&look_up->wake);
    pthread_mutex_destroy(&look_up->lock);
    free(look_up);
}

static void *
ask(void *data)
{
    struct look_up *look_up = data;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int code = getaddrinfo(look_up->name, NULL, &hints, &list);

    pthread_mutex_lock(&look_up->lock);
    look_up->code = code;
    if (code == 0 && list->ai_addrlen <= sizeof(look_up->address)) {
        memcpy(&look_up->address, list->ai_addr, list->ai_addrlen);
        look_up->length = list->ai_addrlen;
    }
    look_up->done = true;
    pthread_cond_signal(&look_up->wake);
    pthread_mutex_unlock(&look_up->lock);
    if (code == 0)
        freeaddrinfo(list);
    leave(look_up);
    return NULL;
}

static int
start(const char *name, struct look_up **ret_look_up)
{
    struct look_up *look_up = calloc(1, sizeof(*look_up));
    pthread_condattr_t attr;
    pthread_t thread;
    int code;

    if (look_up == NULL)
        return -ENOMEM;
    memcpy(look_up->name, name, strlen(name) + 1);
    look_up->users = 2;
    pthread_mutex_init(&look_up->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&look_up->wake, &attr);
    pthread_condattr_destroy(&attr);
    code = pthread_create(&thread, NULL, ask, look_up);
    if (code != 0) {
        look_up->users = 1;
        leave(look_up);
        return -code;
    }
    pthread_detach(thread);
    *ret_look_up = look_up;
    return 0;
}

/* True when it is done. */
static bool
wait_for(const struct mig_host *host, struct look_up *look_up, int64_t milliseconds)
{
    struct timespec until;
    bool done;

    clock_gettime(CLOCK_MONOTONIC, &until);
    pthread_mutex_lock(&look_up->lock);
    while (!look_up->done && milliseconds > 0 && !host->cancelled(host)) {
        until.tv_nsec += SLICE_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        if (pthread_cond_timedwait(&look_up->wake, &look_up->lock, &until) == ETIMEDOUT)
            milliseconds -= SLICE_MS;
    }
    done = look_up->done;
    pthread_mutex_unlock(&look_up->lock);
    return done;
}

static int
take_address(const struct mig_host *host, const struct ping_parameters *parameters,
             struct ping_target *target)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&target->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&target->address;
    bool multicast;

    if (target->address.ss_family == AF_INET) {
        v4->sin_port = htons((uint16_t)parameters->port);
        inet_ntop(AF_INET, &v4->sin_addr, target->text, sizeof(target->text));
        multicast = IN_MULTICAST(ntohl(v4->sin_addr.s_addr)) ||
                    v4->sin_addr.s_addr == htonl(INADDR_BROADCAST);
    } else if (target->address.ss_family == AF_INET6) {
        v6->sin6_port = htons((uint16_t)parameters->port);
        inet_ntop(AF_INET6, &v6->sin6_addr, target->text, sizeof(target->text));
        multicast = IN6_IS_ADDR_MULTICAST(&v6->sin6_addr);
    } else {
        return mig_refuse(host, -EAFNOSUPPORT, "destination IP is invalid: %s",
                          parameters->destination);
    }
    /* One probe would be answered by many hosts. */
    if (multicast)
        return mig_refuse(host, -EINVAL, "destination IP is invalid: %s is not one host",
                          target->text);
    return 0;
}

int
ping_resolve(const struct mig_host *host, const struct ping_parameters *parameters,
             int64_t milliseconds, struct ping_target *ret_target)
{
    struct ping_target target = {.length = 0};
    struct look_up *look_up = NULL;
    int failure = 0;
    int code = start(parameters->destination, &look_up);

    if (code < 0)
        return mig_refuse(host, code, "the destination can not be looked up: %s", strerror(-code));
    if (!wait_for(host, look_up, milliseconds)) {
        leave(look_up);
        return mig_refuse(host, -ETIMEDOUT, "destination %s: the resolver does not answer in time",
                          parameters->destination);
    }
    target.address = look_up->address;
    target.length = look_up->length;
    failure = look_up->code;
    leave(look_up);
    if (failure != 0)
        return mig_refuse(host, -ENOENT, "destination IP is invalid: %s (%s)",
                          parameters->destination, gai_strerror(failure));
    code = take_address(host, parameters, &target);
    if (code == 0)
        *ret_target = target;
    return code;
}
