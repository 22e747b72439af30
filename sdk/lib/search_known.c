/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_known.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* As in search_hashes.c. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#define SETS 1024u
#define WAYS 4u

struct identity {
    uint64_t device;
    uint64_t inode;
    uint64_t size; /* 0: nothing is here */
    int64_t times[4];
};

struct entry {
    struct identity identity;
    unsigned int algorithms;
    uint8_t digests[KNOWN_ROOM]; /* in the order of the algorithms */
};

struct known {
    pthread_mutex_t lock;
    struct entry entries[SETS][WAYS];
};

struct known *
mig_known_new(void)
{
    /* Zeroed by the kernel: what is not used takes no memory. */
    struct known *known = calloc(1, sizeof(*known));

    if (known != NULL && pthread_mutex_init(&known->lock, NULL) != 0) {
        free(known);
        return NULL;
    }
    return known;
}

void
mig_known_free(struct known *known)
{
    if (known != NULL)
        pthread_mutex_destroy(&known->lock);
    free(known);
}

static struct identity
identity_of(const struct stat *st)
{
    return (struct identity){
        .device = st->st_dev,
        .inode = st->st_ino,
        .size = (uint64_t)st->st_size,
        .times = {st->st_mtim.tv_sec, st->st_mtim.tv_nsec, st->st_ctim.tv_sec, st->st_ctim.tv_nsec},
    };
}

/* How many bytes the digests take that come before those of `end`. */
static size_t
size_before(unsigned int algorithms, unsigned int end)
{
    size_t size = 0;
    unsigned int i;

    for (i = 0; i < end; i++)
        if (algorithms & (1u << i))
            size += mig_digest_size((enum mig_digest)i);
    return size;
}

/* With the lock held: the entry of a file, else NULL. *ret_other: the one that costs least to lose.
 */
static struct entry *
find(struct known *known, const struct identity *identity, struct entry **ret_other)
{
    const uint64_t file[] = {identity->device, identity->inode};
    struct entry *set = known->entries[XXH3_64bits(file, sizeof(file)) % SETS];
    struct entry *other = &set[0];
    size_t i;

    for (i = 0; i < WAYS; i++) {
        if (memcmp(&set[i].identity, identity, sizeof(*identity)) == 0)
            return &set[i];
        if (set[i].identity.size < other->identity.size)
            other = &set[i];
    }
    *ret_other = other;
    return NULL;
}

void
mig_known_keep(struct known *known, const struct stat *st, enum mig_digest algorithm,
               const uint8_t *digest)
{
    const struct identity identity = identity_of(st);
    size_t size = mig_digest_size(algorithm);
    struct entry *other;
    struct entry *entry;
    size_t before;
    size_t all;

    if (st->st_size < KNOWN_LEAST)
        return;
    pthread_mutex_lock(&known->lock);
    entry = find(known, &identity, &other);
    if (entry == NULL) {
        entry = other;
        entry->identity = identity;
        entry->algorithms = 0;
    }
    all = size_before(entry->algorithms, MIG_DIGEST_COUNT);
    if ((entry->algorithms & (1u << algorithm)) == 0 && all + size <= KNOWN_ROOM) {
        before = size_before(entry->algorithms, algorithm);
        memmove(entry->digests + before + size, entry->digests + before, all - before);
        memcpy(entry->digests + before, digest, size);
        entry->algorithms |= 1u << algorithm;
    }
    pthread_mutex_unlock(&known->lock);
}

bool
mig_known_find(struct known *known, const struct stat *st, unsigned int algorithms,
               uint8_t ret_digests[KNOWN_ROOM])
{
    const struct identity identity = identity_of(st);
    const struct entry *entry;
    struct entry *other;
    unsigned int i;
    bool complete;

    if (st->st_size < KNOWN_LEAST)
        return false;
    pthread_mutex_lock(&known->lock);
    entry = find(known, &identity, &other);
    complete = entry != NULL && (entry->algorithms & algorithms) == algorithms;
    for (i = 0; complete && i < MIG_DIGEST_COUNT; i++)
        if (algorithms & (1u << i))
            memcpy(ret_digests + size_before(algorithms, i),
                   entry->digests + size_before(entry->algorithms, i),
                   mig_digest_size((enum mig_digest)i));
    pthread_mutex_unlock(&known->lock);
    return complete;
}
