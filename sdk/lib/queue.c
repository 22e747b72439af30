/* SPDX-License-Identifier: MPL-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mig/queue.h>

#include "crc.h"

#define HEADER_MAGIC 0x31455545555147ull
#define RECORD_MAGIC 0x5245434du
#define HEADER_SIZE 4096
#define COPY_AT 2048 /* the header is written to one of two places in turn */
#define CAPACITY_MAX (1ull << 32)

/* Offsets only grow; the place in the file is the offset modulo the capacity. */
struct header {
    uint64_t magic;
    uint64_t generation;
    uint64_t capacity;
    uint64_t head; /* of the oldest record */
    uint64_t head_number;
    uint64_t lost;
    uint32_t crc; /* of what is above */
    uint32_t zero;
};

struct record {
    uint32_t magic;
    uint32_t length;
    uint64_t number;
    uint32_t data_crc;
    uint32_t crc; /* of what is above */
};

struct mig_queue {
    int fd;
    struct header header;
    uint64_t disk_head; /* what a crash would go back to: not to be overwritten */
    uint64_t tail;
    uint64_t next;
};

static uint64_t
padded(uint64_t length)
{
    return sizeof(struct record) + ((length + 7) & ~7ull);
}

static int
write_all(int fd, const char *data, size_t length, off_t at)
{
    while (length > 0) {
        ssize_t n = pwrite(fd, data, length, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        data += n;
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

static int
read_all(int fd, char *data, size_t length, off_t at)
{
    while (length > 0) {
        ssize_t n = pread(fd, data, length, at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -ENODATA;
        data += n;
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

/* Bytes of the ring, which may go over its end. */
static int
ring(const struct mig_queue *q, bool writing, char *data, size_t length, uint64_t offset)
{
    uint64_t at = offset % q->header.capacity;
    size_t first = length < q->header.capacity - at ? length : (size_t)(q->header.capacity - at);
    int rc;

    if (writing) {
        rc = write_all(q->fd, data, first, (off_t)(HEADER_SIZE + at));
        return rc < 0 ? rc : write_all(q->fd, data + first, length - first, HEADER_SIZE);
    }
    rc = read_all(q->fd, data, first, (off_t)(HEADER_SIZE + at));
    return rc < 0 ? rc : read_all(q->fd, data + first, length - first, HEADER_SIZE);
}

static int
write_header(struct mig_queue *q)
{
    q->header.generation++;
    q->header.crc = mig_crc32(0, &q->header, offsetof(struct header, crc));
    return write_all(q->fd, (const char *)&q->header, sizeof(q->header),
                     q->header.generation % 2 ? COPY_AT : 0);
}

/* Of a queue that is made anew: what lies in the file from before must not bear the numbers of what
 * is to come, or it would be taken for it. Microseconds stay below 2^53, which JSON can carry. */
static uint64_t
first_number(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void
read_header(struct mig_queue *q, uint64_t capacity)
{
    struct header found = {0}, copy;

    for (off_t at = 0; at <= COPY_AT; at += COPY_AT)
        if (read_all(q->fd, (char *)&copy, sizeof(copy), at) == 0 && copy.magic == HEADER_MAGIC &&
            copy.capacity == capacity &&
            copy.crc == mig_crc32(0, &copy, offsetof(struct header, crc)) &&
            copy.generation >= found.generation)
            found = copy;
    if (found.magic == 0)
        found = (struct header){
            .magic = HEADER_MAGIC, .capacity = capacity, .head_number = first_number()};
    q->header = found;
}

/* The record at an offset, checked against its number; its text is allocated. */
static int
read_record(const struct mig_queue *q, uint64_t offset, uint64_t number, char **ret_data,
            size_t *ret_length)
{
    struct record record;
    char *data;
    int rc = ring(q, false, (char *)&record, sizeof(record), offset);

    if (rc < 0)
        return rc;
    if (record.magic != RECORD_MAGIC || record.number != number ||
        record.crc != mig_crc32(0, &record, offsetof(struct record, crc)) ||
        padded(record.length) > q->header.capacity)
        return -ENODATA;
    data = malloc((size_t)record.length + 1);
    if (data == NULL)
        return -ENOMEM;
    rc = ring(q, false, data, record.length, offset + sizeof(record));
    if (rc == 0 && record.data_crc != mig_crc32(0, data, record.length))
        rc = -ENODATA;
    if (rc < 0) {
        free(data);
        return rc;
    }
    data[record.length] = '\0';
    *ret_data = data;
    *ret_length = record.length;
    return 0;
}

/* The end is where no record of the next number is. */
static int
find_tail(struct mig_queue *q)
{
    q->tail = q->disk_head = q->header.head;
    q->next = q->header.head_number;
    while (q->tail - q->header.head < q->header.capacity) {
        char *data = NULL;
        size_t length = 0;
        int rc = read_record(q, q->tail, q->next, &data, &length);

        free(data);
        if (rc == -ENODATA)
            break;
        if (rc < 0)
            return rc;
        q->tail += padded(length);
        q->next++;
    }
    return 0;
}

int
mig_queue_open(int fd, uint64_t capacity, struct mig_queue **ret_queue)
{
    struct mig_queue *q;
    int rc;

    capacity &= ~7ull;
    if (capacity < 4096 || capacity > CAPACITY_MAX)
        return -EINVAL;
    q = calloc(1, sizeof(*q));
    if (q == NULL)
        return -ENOMEM;
    q->fd = fd;
    read_header(q, capacity);
    rc = find_tail(q);
    if (rc == 0)
        rc = write_header(q);
    if (rc < 0) {
        free(q);
        return rc;
    }
    *ret_queue = q;
    return 0;
}

void
mig_queue_close(struct mig_queue *queue)
{
    free(queue);
}

int
mig_queue_sync(struct mig_queue *queue)
{
    uint64_t head = queue->header.head;

    if (fdatasync(queue->fd) < 0)
        return -errno;
    queue->disk_head = head;
    return 0;
}

/* Room for a record, or -ENOSPC. */
static int
make_room(struct mig_queue *q, uint64_t need)
{
    int rc;

    if (need > q->header.capacity || q->tail + need - q->header.head > q->header.capacity) {
        q->header.lost++;
        rc = write_header(q);
        return rc < 0 ? rc : -ENOSPC;
    }
    if (q->tail + need - q->disk_head <= q->header.capacity)
        return 0;
    return mig_queue_sync(q);
}

int
mig_queue_add(struct mig_queue *queue, const void *data, size_t length)
{
    struct record record = {.magic = RECORD_MAGIC, .number = queue->next};
    uint64_t need = padded(length);
    char *copy;
    int rc = length > UINT32_MAX ? -EMSGSIZE : make_room(queue, need);

    if (rc < 0)
        return rc;
    copy = calloc(1, (size_t)need);
    if (copy == NULL)
        return -ENOMEM;
    record.length = (uint32_t)length;
    record.data_crc = mig_crc32(0, data, length);
    record.crc = mig_crc32(0, &record, offsetof(struct record, crc));
    memcpy(copy, &record, sizeof(record));
    memcpy(copy + sizeof(record), data, length);
    rc = ring(queue, true, copy, (size_t)need, queue->tail);
    free(copy);
    if (rc < 0)
        return rc;
    queue->tail += need;
    queue->next++;
    return 0;
}

int
mig_queue_first(struct mig_queue *queue, char **ret_data, size_t *ret_length)
{
    if (queue->header.head == queue->tail)
        return -ENOENT;
    return read_record(queue, queue->header.head, queue->header.head_number, ret_data, ret_length);
}

int
mig_queue_drop(struct mig_queue *queue)
{
    char *data = NULL;
    size_t length = 0;
    int rc = mig_queue_first(queue, &data, &length);

    free(data);
    if (rc == -ENODATA) { /* damaged under way: what follows can not be found */
        queue->header.lost += queue->next - queue->header.head_number;
        queue->header.head = queue->tail;
        queue->header.head_number = queue->next;
        return write_header(queue);
    }
    if (rc < 0)
        return rc;
    queue->header.head += padded(length);
    queue->header.head_number++;
    return write_header(queue);
}

uint64_t
mig_queue_count(const struct mig_queue *queue)
{
    return queue->next - queue->header.head_number;
}

uint64_t
mig_queue_bytes(const struct mig_queue *queue)
{
    return queue->tail - queue->header.head;
}

uint64_t
mig_queue_lost(const struct mig_queue *queue)
{
    return queue->header.lost;
}

uint64_t
mig_queue_next(const struct mig_queue *queue)
{
    return queue->next;
}
