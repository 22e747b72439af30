/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_reading.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "search_fs.h"

int
mig_reading_init(struct reading *ret_reading, bool may_ahead)
{
    *ret_reading = (struct reading){.fd = -1, .may_ahead = may_ahead};
    ret_reading->block = malloc(READING_BLOCK);
    return ret_reading->block != NULL ? 0 : -ENOMEM;
}

void
mig_reading_fini(struct reading *reading)
{
    mig_ahead_free(reading->ahead);
    free(reading->block);
}

/* Without memory or a thread the file is read as others are. */
static void
read_ahead(struct reading *reading)
{
    if (reading->ahead == NULL)
        reading->ahead = mig_ahead_new();
    reading->may_ahead = reading->by_thread = reading->ahead != NULL;
    if (reading->by_thread)
        mig_ahead_start(reading->ahead, reading->fd, reading->left);
}

void
mig_reading_start(struct reading *reading, int fd, const struct stat *st)
{
    const char *type;

    reading->fd = fd;
    reading->size = (uint64_t)st->st_size;
    /* Ordinary files without blocks are empty, sparse or small; to ask of each would be a call
     * more for many. */
    reading->pseudo = st->st_blocks == 0 &&
                      (reading->size == 0 || reading->size > READING_PSEUDO_MAX) &&
                      mig_search_fs(fd, st->st_dev, &type) == FS_PSEUDO;
    reading->left = reading->pseudo ? READING_PSEUDO_MAX : reading->size;
    if (reading->may_ahead && !reading->pseudo && reading->left >= AHEAD_LEAST)
        read_ahead(reading);
}

void
mig_reading_stop(struct reading *reading)
{
    if (reading->by_thread)
        mig_ahead_stop(reading->ahead);
    reading->by_thread = false;
}

/* At an early end. A file of sysfs tells a page and has less. */
static ssize_t
end_early(const struct reading *reading)
{
    struct stat st;

    if (fstat(reading->fd, &st) != 0)
        return -errno;
    return !reading->pseudo && (uint64_t)st.st_size < reading->size ? -ESTALE : 0;
}

static ssize_t
read_here(struct reading *reading)
{
    size_t wanted = reading->left < READING_BLOCK ? (size_t)reading->left : READING_BLOCK;
    ssize_t got;

    /* To see whether there is more. */
    if (wanted == 0)
        wanted = READING_BLOCK;
    do
        got = read(reading->fd, reading->block, wanted);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

ssize_t
mig_reading_next(struct reading *reading, const unsigned char **ret_data)
{
    const unsigned char *data = reading->block;
    ssize_t got;

    if (reading->left == 0 && !reading->pseudo)
        return 0;
    got = reading->by_thread ? mig_ahead_next(reading->ahead, &data) : read_here(reading);
    if (got < 0)
        return got;
    if (got == 0)
        return end_early(reading);
    if (reading->left == 0)
        return -EFBIG;
    reading->left -= (uint64_t)got;
    *ret_data = data;
    return got;
}
