/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/record.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "plugin/fields.h"

#define MAGIC 0x4d494752u
/* Room for keys, errors and for the lengths of many small elements. The pages that are never
 * written are never there. */
#define EXTRA_BYTES (1u << 20)
#define FRAME_MAX 20u /* two numbers */

struct head {
    uint32_t magic;
    _Atomic uint32_t running;
    _Atomic uint32_t found;
    _Atomic uint32_t full;
    _Atomic uint64_t used; /* bytes behind the head */
    _Atomic uint64_t lost;
    _Atomic uint64_t memory_refused;
    struct mig_fields_report report;
};

struct mig_record {
    struct head *head;
    char *bytes;
    size_t size; /* of the mapping */
    size_t room; /* of the bytes */
};

/* The one that this process writes. */
static struct mig_record *written;

/* ---- the process that starts workers ---- */

int
mig_record_make(size_t output_max)
{
    struct head head = {.magic = MAGIC};
    int fd;

    if (output_max > SIZE_MAX / 4)
        return -EFBIG;
    fd = memfd_create("mig-record", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
        ftruncate(fd, (off_t)(sizeof(head) + 2 * output_max + EXTRA_BYTES)) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

bool
mig_record_peek(int fd, struct mig_record_state *ret)
{
    struct head head;

    if (fd < 0 || pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head))
        return false;
    ret->running = head.running != 0;
    ret->memory_refused = head.memory_refused;
    return true;
}

/* ---- mapping ---- */

static int
map(int fd, int protection, struct mig_record **ret)
{
    struct stat st;
    struct mig_record *record = calloc(1, sizeof(*record));

    if (record == NULL)
        return -ENOMEM;
    int rc = fstat(fd, &st) != 0 ? -errno : 0;
    if (rc == 0 && (st.st_size < (off_t)sizeof(struct head) || (uint64_t)st.st_size > SIZE_MAX))
        rc = MIG_E_PROTOCOL;
    if (rc == 0) {
        record->size = (size_t)st.st_size;
        record->room = record->size - sizeof(struct head);
        void *at = mmap(NULL, record->size, protection, MAP_SHARED, fd, 0);
        rc = at == MAP_FAILED ? -errno : 0;
        if (rc == 0) {
            record->head = at;
            record->bytes = (char *)at + sizeof(struct head);
        }
    }
    if (rc == 0 && record->head->magic != MAGIC)
        rc = MIG_E_PROTOCOL;
    if (rc != 0)
        mig_record_close(record);
    else
        *ret = record;
    return rc;
}

void
mig_record_close(struct mig_record *record)
{
    if (record == NULL)
        return;
    if (record->head != NULL)
        munmap(record->head, record->size);
    free(record);
}

/* ---- the worker ---- */

/* Two writers would spoil it: a child of the plugin has none. */
static void
forget_in_child(void)
{
    written->head = NULL;
}

int
mig_record_open(int fd, struct mig_record **ret)
{
    int rc = map(fd, PROT_READ | PROT_WRITE, ret);

    if (rc != 0)
        return rc;
    (void)madvise((*ret)->head, (*ret)->size, MADV_DONTFORK);
    written = *ret;
    return -pthread_atfork(NULL, NULL, forget_in_child);
}

void
mig_record_running(struct mig_record *record)
{
    if (record != NULL && record->head != NULL)
        atomic_store(&record->head->running, 1);
}

static size_t
put_number(char *to, uint64_t number)
{
    size_t n = 0;

    for (; number >= 0x80; number >>= 7)
        to[n++] = (char)(number | 0x80);
    to[n++] = (char)number;
    return n;
}

void
mig_record_add(struct mig_record *record, enum mig_record_kind kind, size_t place, const void *text,
               size_t len)
{
    char frame[FRAME_MAX];

    if (record == NULL || record->head == NULL)
        return;
    size_t frame_len = put_number(frame, (uint64_t)place << 3 | kind);
    frame_len += put_number(frame + frame_len, len);
    size_t used = (size_t)atomic_load(&record->head->used);
    /* Whoever shares the process may have put any number there. */
    if (used > record->room || len > record->room - used || frame_len > record->room - used - len) {
        atomic_fetch_add(&record->head->lost, 1);
        return;
    }
    memcpy(record->bytes + used, frame, frame_len);
    if (len > 0)
        memcpy(record->bytes + used + frame_len, text, len);
    atomic_store(&record->head->used, used + frame_len + len);
}

void
mig_record_found(struct mig_record *record, bool found)
{
    if (record != NULL && record->head != NULL)
        atomic_store(&record->head->found, found);
}

void
mig_record_full(struct mig_record *record)
{
    if (record != NULL && record->head != NULL)
        atomic_store(&record->head->full, 1);
}

void
mig_record_report(struct mig_record *record, const struct mig_fields_report *report)
{
    if (record != NULL && record->head != NULL)
        record->head->report = *report;
}

void
mig_record_memory_refused(struct mig_record *record, size_t bytes)
{
    if (record != NULL && record->head != NULL)
        atomic_store(&record->head->memory_refused, bytes);
}

bool
mig_record_memory(const struct mig_record *record)
{
    return record != NULL && record->head != NULL && atomic_load(&record->head->memory_refused) > 0;
}

/* ---- reading back ---- */

int
mig_record_read(int fd, struct mig_record **ret)
{
    return map(fd, PROT_READ, ret);
}

static int
get_number(const char **at, const char *end, uint64_t *ret)
{
    uint64_t number = 0;

    for (unsigned shift = 0; *at < end && shift < 63; shift += 7) {
        unsigned char byte = (unsigned char)*(*at)++;

        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret = number;
            return 0;
        }
    }
    return MIG_E_PROTOCOL;
}

int
mig_record_next(const struct mig_record *record, size_t *at, struct mig_record_entry *ret)
{
    uint64_t used = atomic_load(&record->head->used), what = 0, len = 0;

    if (used > record->room)
        used = record->room;
    if (*at >= used)
        return 0;
    const char *p = record->bytes + *at, *end = record->bytes + used;
    if (get_number(&p, end, &what) != 0 || get_number(&p, end, &len) != 0 ||
        len > (uint64_t)(end - p) || (what & 7) > MIG_RECORD_ERROR)
        return MIG_E_PROTOCOL;
    *ret = (struct mig_record_entry){
        .kind = (uint32_t)(what & 7), .place = (size_t)(what >> 3), .text = p, .len = (size_t)len};
    *at = (size_t)(p - record->bytes) + (size_t)len;
    return 1;
}

void
mig_record_summary(const struct mig_record *record, struct mig_record_summary *ret,
                   struct mig_fields_report *ret_report)
{
    ret->found = atomic_load(&record->head->found) != 0;
    ret->full = atomic_load(&record->head->full) != 0;
    ret->lost = atomic_load(&record->head->lost);
    *ret_report = record->head->report;
    ret_report->first_undeclared[sizeof(ret_report->first_undeclared) - 1] = '\0';
    ret_report->first_mistyped[sizeof(ret_report->first_mistyped) - 1] = '\0';
    ret_report->first_cut[sizeof(ret_report->first_cut) - 1] = '\0';
}
