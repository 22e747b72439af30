/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_ahead.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define BLOCKS 8u
#define LOOK_AGAIN_NS 200000 /* what is full lasts for longer */
#define STACK_SIZE (128u * 1024u)

struct block {
    unsigned char *data;
    ssize_t got;
};

struct ahead {
    pthread_t thread;
    pthread_mutex_t lock; /* of all below but the data of blocks */
    pthread_cond_t filled;
    pthread_cond_t wanted;
    struct block blocks[BLOCKS];
    unsigned int first; /* the oldest of those that are full */
    unsigned int full;  /* with the one that is lent */
    bool lent;          /* the oldest is the reader's */
    bool reading;       /* the thread has a file */
    bool stop;          /* it is to let go of it */
    bool end;           /* it is to end */
    bool reader_waits;  /* for a block */
    int fd;
    uint64_t left;
};

static ssize_t
read_block(int fd, unsigned char *data, uint64_t left)
{
    size_t wanted = left < AHEAD_BLOCK ? (size_t)left : AHEAD_BLOCK;
    ssize_t got;

    if (wanted == 0)
        return 0;
    do
        got = read(fd, data, wanted);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

/* Looks again by itself: to be woken for each block would cost the reader more than the block. */
static void
wait_for_room(struct ahead *ahead)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_AGAIN_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&ahead->wanted, &ahead->lock, &until);
}

/* Reads the file at hand to its end, or until it is to stop. With the lock held. */
static void
read_file(struct ahead *ahead)
{
    struct block *block;
    ssize_t got = 1;

    while (got > 0 && !ahead->stop) {
        if (ahead->full == BLOCKS) {
            wait_for_room(ahead);
            continue;
        }
        block = &ahead->blocks[(ahead->first + ahead->full) % BLOCKS];
        pthread_mutex_unlock(&ahead->lock);
        got = read_block(ahead->fd, block->data, ahead->left);
        pthread_mutex_lock(&ahead->lock);
        block->got = got;
        ahead->left -= got > 0 ? (uint64_t)got : 0;
        ahead->full++;
        if (ahead->reader_waits)
            pthread_cond_signal(&ahead->filled);
    }
    ahead->reading = false;
    pthread_cond_signal(&ahead->filled);
}

static void *
work(void *context)
{
    struct ahead *ahead = context;

    pthread_mutex_lock(&ahead->lock);
    while (!ahead->end) {
        if (ahead->reading)
            read_file(ahead);
        else
            pthread_cond_wait(&ahead->wanted, &ahead->lock);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

static bool
start_thread(struct ahead *ahead)
{
    pthread_attr_t attributes;
    bool started;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    started = pthread_create(&ahead->thread, &attributes, work, ahead) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

static void
free_all(struct ahead *ahead)
{
    pthread_cond_destroy(&ahead->wanted);
    pthread_cond_destroy(&ahead->filled);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead->blocks[0].data);
    free(ahead);
}

struct ahead *
mig_ahead_new(void)
{
    struct ahead *ahead = calloc(1, sizeof(*ahead));
    unsigned char *data = malloc((size_t)BLOCKS * AHEAD_BLOCK);
    pthread_condattr_t clock;
    size_t i;

    if (ahead == NULL || data == NULL) {
        free(ahead);
        free(data);
        return NULL;
    }
    for (i = 0; i < BLOCKS; i++)
        ahead->blocks[i].data = data + i * AHEAD_BLOCK;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->filled, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&ahead->wanted, &clock);
    pthread_condattr_destroy(&clock);
    if (start_thread(ahead))
        return ahead;
    free_all(ahead);
    return NULL;
}

void
mig_ahead_start(struct ahead *ahead, int fd, uint64_t length)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->fd = fd;
    ahead->left = length;
    ahead->first = ahead->full = 0;
    ahead->lent = ahead->stop = false;
    ahead->reading = true;
    pthread_cond_signal(&ahead->wanted);
    pthread_mutex_unlock(&ahead->lock);
}

ssize_t
mig_ahead_next(struct ahead *ahead, const unsigned char **ret_data)
{
    const struct block *block;

    pthread_mutex_lock(&ahead->lock);
    if (ahead->lent) {
        ahead->first = (ahead->first + 1) % BLOCKS;
        ahead->full--;
    }
    while (ahead->full == 0) {
        pthread_cond_signal(&ahead->wanted);
        ahead->reader_waits = true;
        pthread_cond_wait(&ahead->filled, &ahead->lock);
        ahead->reader_waits = false;
    }
    ahead->lent = true;
    block = &ahead->blocks[ahead->first];
    pthread_mutex_unlock(&ahead->lock);
    *ret_data = block->data;
    return block->got;
}

void
mig_ahead_stop(struct ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->stop = true;
    pthread_cond_signal(&ahead->wanted);
    while (ahead->reading)
        pthread_cond_wait(&ahead->filled, &ahead->lock);
    pthread_mutex_unlock(&ahead->lock);
}

void
mig_ahead_free(struct ahead *ahead)
{
    if (ahead == NULL)
        return;
    mig_ahead_stop(ahead);
    pthread_mutex_lock(&ahead->lock);
    ahead->end = true;
    pthread_cond_signal(&ahead->wanted);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    free_all(ahead);
}
