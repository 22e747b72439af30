/* SPDX-License-Identifier: MPL-2.0 */
#include <mig/resolve.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often the host is asked whether to go on. */
#define SLICE_MS 50
#define ADDRESSES_MAX 16u

struct look_up {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int users; /* the last of the two frees it */
    bool done;
    int code; /* of getaddrinfo() */
    char name[MIG_RESOLVE_NAME_MAX + 1];
    struct mig_address addresses[ADDRESSES_MAX];
    size_t count;
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

static void
take(struct look_up *look_up, const struct addrinfo *info)
{
    struct mig_address *address = &look_up->addresses[look_up->count];
    const void *bytes;

    if (look_up->count == ADDRESSES_MAX || info->ai_addrlen > sizeof(address->address))
        return;
    if (info->ai_family == AF_INET)
        bytes = &((struct sockaddr_in *)(void *)info->ai_addr)->sin_addr;
    else if (info->ai_family == AF_INET6)
        bytes = &((struct sockaddr_in6 *)(void *)info->ai_addr)->sin6_addr;
    else
        return;
    memcpy(&address->address, info->ai_addr, info->ai_addrlen);
    address->length = info->ai_addrlen;
    inet_ntop(info->ai_family, bytes, address->text, sizeof(address->text));
    look_up->count++;
}

static void *
ask(void *data)
{
    struct look_up *look_up = data;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL, *it;
    int code = getaddrinfo(look_up->name, NULL, &hints, &list);

    pthread_mutex_lock(&look_up->lock);
    look_up->code = code;
    for (it = code == 0 ? list : NULL; it != NULL; it = it->ai_next)
        take(look_up, it);
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

int
mig_resolve(const struct mig_host *host, const char *name, int64_t milliseconds, size_t max,
            struct mig_address *ret_addresses, size_t *ret_count, const char **ret_reason)
{
    struct look_up *look_up = NULL;
    int code;

    if (*name == '\0' || strlen(name) > MIG_RESOLVE_NAME_MAX)
        return -EINVAL;
    code = start(name, &look_up);
    if (code < 0)
        return code;
    if (!wait_for(host, look_up, milliseconds)) {
        leave(look_up);
        return -ETIMEDOUT;
    }
    if (look_up->code != 0 || look_up->count == 0) {
        *ret_reason = look_up->code != 0 ? gai_strerror(look_up->code) : "no address";
        code = -ENOENT;
    } else {
        *ret_count = look_up->count < max ? look_up->count : max;
        memcpy(ret_addresses, look_up->addresses, *ret_count * sizeof(*ret_addresses));
    }
    leave(look_up);
    return code;
}

void
mig_address_port(struct mig_address *address, uint16_t port)
{
    if (address->address.ss_family == AF_INET)
        ((struct sockaddr_in *)&address->address)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)&address->address)->sin6_port = htons(port);
}
