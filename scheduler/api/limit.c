/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/limit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"

#define SETS 1024u
#define WAYS 8u

struct bucket {
    uint64_t name; /* a keyed hash: whoever does not know the key can not aim at another's bucket */
    int64_t at_ms;
    double tokens;
};

struct mig_limit {
    pthread_mutex_t lock;
    double rate, burst;
    uint64_t key[2];
    struct bucket buckets[SETS][WAYS];
};

struct mig_limit *
mig_limit_new(double rate, double burst)
{
    struct mig_limit *limit = calloc(1, sizeof *limit);

    if (limit == NULL)
        return NULL;
    if (mig_random(limit->key, sizeof limit->key) < 0) {
        free(limit);
        return NULL;
    }
    pthread_mutex_init(&limit->lock, NULL);
    limit->rate = rate;
    limit->burst = burst < 1 ? 1 : burst;
    return limit;
}

void
mig_limit_free(struct mig_limit *limit)
{
    if (limit == NULL)
        return;
    pthread_mutex_destroy(&limit->lock);
    free(limit);
}

/* Multiply and fold (wyhash's mixing step), with a random key. */
static uint64_t
mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t
hash(const struct mig_limit *limit, const char *text)
{
    uint64_t value = limit->key[0];

    for (; *text != '\0'; text++)
        value = mix(value ^ (unsigned char)*text, limit->key[1] | 1);
    value = mix(value ^ limit->key[0], limit->key[1] | 1);
    return value == 0 ? 1 : value;
}

/* The client's bucket, filled up to now; the one of its set that was not asked for longest is made
 * its own when there is none. */
static struct bucket *
find(struct mig_limit *limit, const char *client, int64_t now_ms)
{
    uint64_t name = hash(limit, client);
    struct bucket *set = limit->buckets[name % SETS];
    struct bucket *oldest = &set[0];

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].name == name) {
            set[i].tokens += (double)(now_ms - set[i].at_ms) * limit->rate / 1000;
            if (set[i].tokens > limit->burst)
                set[i].tokens = limit->burst;
            set[i].at_ms = now_ms;
            return &set[i];
        }
        if (set[i].at_ms < oldest->at_ms)
            oldest = &set[i];
    }
    *oldest = (struct bucket){name, now_ms, limit->burst};
    return oldest;
}

int64_t
mig_limit_take(struct mig_limit *limit, const char *client, double tokens, int64_t now_ms)
{
    int64_t wait = 0;

    if (limit->rate <= 0)
        return 0;
    pthread_mutex_lock(&limit->lock);
    struct bucket *bucket = find(limit, client, now_ms);
    if (bucket->tokens >= tokens)
        bucket->tokens -= tokens;
    else
        wait = (int64_t)((tokens - bucket->tokens) * 1000 / limit->rate) + 1;
    pthread_mutex_unlock(&limit->lock);
    return wait;
}

void
mig_limit_charge(struct mig_limit *limit, const char *client, double tokens, int64_t now_ms)
{
    if (limit->rate <= 0)
        return;
    pthread_mutex_lock(&limit->lock);
    struct bucket *bucket = find(limit, client, now_ms);
    bucket->tokens -= tokens;
    if (bucket->tokens < -limit->burst)
        bucket->tokens = -limit->burst;
    pthread_mutex_unlock(&limit->lock);
}

void
mig_limit_client(const char *address, char client[64])
{
    struct in6_addr ip;

    if (inet_pton(AF_INET6, address, &ip) == 1 && !IN6_IS_ADDR_V4MAPPED(&ip)) {
        memset(&ip.s6_addr[8], 0, 8);
        if (inet_ntop(AF_INET6, &ip, client, 64) != NULL)
            return;
    }
    snprintf(client, 64, "%s", address);
}
