/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_reading.h"

#include <errno.h>
#include <unistd.h>

#include "search_fs.h"

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

ssize_t
mig_reading_next(struct reading *reading, void *block, size_t room)
{
    size_t wanted = reading->left < room ? (size_t)reading->left : room;
    ssize_t got;

    if (wanted == 0 && !reading->pseudo)
        return 0;
    /* To see whether there is more. */
    if (wanted == 0)
        wanted = room;
    do
        got = read(reading->fd, block, wanted);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    if (got == 0)
        return end_early(reading);
    if (reading->left == 0)
        return -EFBIG;
    reading->left -= (uint64_t)got;
    return got;
}
