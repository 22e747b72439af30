/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <mig/state.h>

#include "crc.h"

#define MAGIC 0x54535047u
#define LENGTH_MAX (1u << 30)

struct head {
    uint32_t magic;
    uint32_t crc; /* of the text */
    uint64_t generation;
    uint64_t length;
    uint32_t head_crc; /* of what is above */
    uint32_t zero;
};

static bool
whole(int fd, bool writing, char *data, size_t length, off_t at)
{
    while (length > 0) {
        ssize_t n = writing ? pwrite(fd, data, length, at) : pread(fd, data, length, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n < 0 ? errno : EIO;
            return false;
        }
        data += n;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

static bool
read_head(int fd, struct head *head)
{
    return whole(fd, false, (char *)head, sizeof(*head), 0) && head->magic == MAGIC &&
           head->length <= LENGTH_MAX &&
           head->head_crc == mig_crc32(0, head, offsetof(struct head, head_crc));
}

static int
files(const struct mig_host *host, uint32_t pair, int fds[2], struct head heads[2])
{
    for (uint32_t i = 0; i < 2; i++) {
        fds[i] = host->descriptor(host, MIG_DESCRIPTOR_STATE + 2 * pair + i);
        if (fds[i] < 0)
            return fds[i];
        if (!read_head(fds[i], &heads[i]))
            heads[i] = (struct head){0};
    }
    return 0;
}

int
mig_state_save(const struct mig_host *host, uint32_t pair, const void *data, size_t length)
{
    struct head heads[2], head = {.magic = MAGIC};
    char *copy;
    int fds[2], older, rc = files(host, pair, fds, heads);

    if (rc < 0)
        return rc;
    if (length > LENGTH_MAX)
        return -EFBIG;
    copy = malloc(sizeof(head) + length);
    if (copy == NULL)
        return -ENOMEM;
    older = heads[0].generation > heads[1].generation;
    head.generation = heads[!older].generation + 1;
    head.length = length;
    head.crc = mig_crc32(0, data, length);
    head.head_crc = mig_crc32(0, &head, offsetof(struct head, head_crc));
    memcpy(copy, &head, sizeof(head));
    memcpy(copy + sizeof(head), data, length);
    if (!whole(fds[older], true, copy, sizeof(head) + length, 0) ||
        ftruncate(fds[older], (off_t)(sizeof(head) + length)) != 0 || fdatasync(fds[older]) != 0)
        rc = -errno;
    free(copy);
    return rc;
}

int
mig_state_load(const struct mig_host *host, uint32_t pair, char **ret_data, size_t *ret_length)
{
    struct head heads[2];
    int fds[2], rc = files(host, pair, fds, heads);

    for (int tries = 0; rc == 0 && tries < 2; tries++) {
        int newer = heads[1].generation > heads[0].generation;
        char *data;

        if (heads[newer].generation == 0)
            break;
        data = malloc((size_t)heads[newer].length + 1);
        if (data == NULL)
            return -ENOMEM;
        if (whole(fds[newer], false, data, (size_t)heads[newer].length, sizeof(struct head)) &&
            mig_crc32(0, data, (size_t)heads[newer].length) == heads[newer].crc) {
            data[heads[newer].length] = '\0';
            *ret_data = data;
            *ret_length = (size_t)heads[newer].length;
            return 0;
        }
        free(data);
        heads[newer] = (struct head){0};
    }
    return rc < 0 ? rc : -ENOENT;
}
