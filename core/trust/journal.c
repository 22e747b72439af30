/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The file: 16 bytes of head, then records of 56 bytes: digest (32), command id (8, little-endian),
 * expiry (8, likewise), and the first 8 bytes of the SHA-256 over those 48. A record counts when it
 * is whole; a crash can only tear the last one, which was then never reported as taken.
 */
#include "config.h"
#include "trust/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/time.h"

#define HEAD_SIZE 16
#define RECORD_SIZE 56
#define SUMMED_SIZE 48

static const char head[HEAD_SIZE] = "MIG journal 1\n";

struct record {
    unsigned char digest[MIG_JOURNAL_DIGEST];
    int64_t command_id;
    int64_t expires;
};

struct mig_journal {
    int dirfd;
    int fd;
    char *name;
    int64_t now; /* greatest time seen */
    int broken;  /* the file's state is not known: nothing is taken any more */
    struct record *records;
    size_t count;
    size_t cap;
    uint32_t *slots;    /* index + 1 of a record, 0: free; open addressing */
    size_t slots_count; /* a power of two, at least twice the records */
};

static void
put_number(unsigned char *to, int64_t value)
{
    for (size_t i = 0; i < 8; i++)
        to[i] = (unsigned char)((uint64_t)value >> (8 * i));
}

static int64_t
get_number(const unsigned char *from)
{
    uint64_t value = 0;

    for (size_t i = 0; i < 8; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return (int64_t)value;
}

static void
sum_record(const unsigned char bytes[SUMMED_SIZE], unsigned char sum[8])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    SHA256(bytes, SUMMED_SIZE, digest);
    memcpy(sum, digest, 8);
}

static void
encode_record(const struct record *record, unsigned char bytes[RECORD_SIZE])
{
    memcpy(bytes, record->digest, MIG_JOURNAL_DIGEST);
    put_number(bytes + 32, record->command_id);
    put_number(bytes + 40, record->expires);
    sum_record(bytes, bytes + SUMMED_SIZE);
}

static int
decode_record(const unsigned char bytes[RECORD_SIZE], struct record *record)
{
    unsigned char sum[8];

    sum_record(bytes, sum);
    if (memcmp(sum, bytes + SUMMED_SIZE, sizeof(sum)) != 0)
        return -EINVAL;
    memcpy(record->digest, bytes, MIG_JOURNAL_DIGEST);
    record->command_id = get_number(bytes + 32);
    record->expires = get_number(bytes + 40);
    return 0;
}

/* The slot of this digest, or the free one where it belongs. Digests are spread evenly already. */
static uint32_t *
find_slot(const struct mig_journal *journal, const unsigned char digest[MIG_JOURNAL_DIGEST])
{
    size_t mask = journal->slots_count - 1, at = (size_t)get_number(digest) & mask;

    while (journal->slots[at] != 0 &&
           memcmp(journal->records[journal->slots[at] - 1].digest, digest, MIG_JOURNAL_DIGEST) != 0)
        at = (at + 1) & mask;
    return &journal->slots[at];
}

static const struct record *
find_record(const struct mig_journal *journal, const unsigned char digest[MIG_JOURNAL_DIGEST])
{
    uint32_t slot = journal->slots_count == 0 ? 0 : *find_slot(journal, digest);

    return slot == 0 ? NULL : &journal->records[slot - 1];
}

static int
rebuild_slots(struct mig_journal *journal, size_t slots_count)
{
    uint32_t *slots = calloc(slots_count, sizeof(*slots));

    if (slots == NULL)
        return -ENOMEM;
    free(journal->slots);
    journal->slots = slots;
    journal->slots_count = slots_count;
    for (size_t i = 0; i < journal->count; i++)
        *find_slot(journal, journal->records[i].digest) = (uint32_t)(i + 1);
    return 0;
}

/* Makes room for one more record in memory. */
static int
reserve(struct mig_journal *journal)
{
    size_t cap = journal->cap == 0 ? 64 : 2 * journal->cap;
    struct record *records;
    int rc;

    if (journal->count < journal->cap)
        return 0;
    rc = rebuild_slots(journal, 2 * cap);
    if (rc < 0)
        return rc;
    records = reallocarray(journal->records, cap, sizeof(*records));
    if (records == NULL)
        return -ENOMEM;
    journal->records = records;
    journal->cap = cap;
    return 0;
}

static void
remember(struct mig_journal *journal, const struct record *record)
{
    uint32_t *slot = find_slot(journal, record->digest);

    if (*slot != 0)
        return;
    journal->records[journal->count++] = *record;
    *slot = (uint32_t)journal->count;
}

/* Takes the file's records into memory. *ret_stale: the file holds bytes that should go. */
static int
load_records(struct mig_journal *journal, const struct mig_buf *file, int *ret_stale,
             struct mig_err *err)
{
    const unsigned char *bytes = (const unsigned char *)file->data;
    size_t at;

    *ret_stale = 0;
    for (at = HEAD_SIZE; at + RECORD_SIZE <= file->len; at += RECORD_SIZE) {
        struct record record;

        if (decode_record(bytes + at, &record) < 0) {
            if (file->len - at == RECORD_SIZE)
                break;
            return mig_err_set(
                err, MIG_E_INVALID,
                "journal %s is damaged at byte %zu: replays can not be told any more; "
                "restore it, or remove it once every action taken so far has expired",
                journal->name, at);
        }
        if (record.expires < journal->now) {
            *ret_stale = 1;
            continue;
        }
        if (reserve(journal) < 0)
            return mig_err_errno(err, ENOMEM, "journal %s", journal->name);
        remember(journal, &record);
    }
    if (at != file->len)
        *ret_stale = 1;
    return 0;
}

/* Puts a file with just the records in memory in place of the one there is, and opens it. */
static int
rewrite(struct mig_journal *journal, struct mig_err *err)
{
    struct mig_buf file = MIG_BUF_INIT;
    int rc, fd = -1;

    mig_buf_reserve(&file, HEAD_SIZE + journal->count * RECORD_SIZE);
    mig_buf_add(&file, head, HEAD_SIZE);
    for (size_t i = 0; i < journal->count; i++) {
        unsigned char bytes[RECORD_SIZE];

        encode_record(&journal->records[i], bytes);
        mig_buf_add(&file, bytes, sizeof(bytes));
    }
    rc = file.failed ? -ENOMEM
                     : mig_file_replace(journal->dirfd, journal->name, file.data, file.len, 0600);
    if (rc == 0) {
        fd = openat(journal->dirfd, journal->name, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
        rc = fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
    }
    mig_buf_fini(&file);
    if (rc < 0) {
        if (fd >= 0)
            close(fd);
        return mig_err_errno(err, -rc, "journal %s", journal->name);
    }
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = fd;
    return 0;
}

/* Opens and locks the file that bears the name now. -ENOENT when there is none. */
static int
open_file(struct mig_journal *journal, struct mig_err *err)
{
    struct stat by_fd, by_name;
    int fd;

    fd = openat(journal->dirfd, journal->name, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return -ENOENT;
    if (fd < 0)
        return mig_err_errno(err, errno, "journal %s", journal->name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &by_fd) < 0 ||
        fstatat(journal->dirfd, journal->name, &by_name, AT_SYMLINK_NOFOLLOW) < 0 ||
        by_fd.st_ino != by_name.st_ino || !S_ISREG(by_fd.st_mode)) {
        close(fd);
        return mig_err_set(err, -EBUSY,
                           "journal %s is in use by another process: is an agent running already?",
                           journal->name);
    }
    journal->fd = fd;
    return 0;
}

static int
load_file(struct mig_journal *journal, int *ret_stale, struct mig_err *err)
{
    struct mig_buf file = MIG_BUF_INIT;
    int rc;

    rc = mig_fd_read_all(journal->fd, HEAD_SIZE + (MIG_JOURNAL_MAX + 1) * RECORD_SIZE, &file);
    if (rc < 0)
        rc = mig_err_errno(err, rc <= -1000 ? EFBIG : -rc, "journal %s", journal->name);
    else if (file.len < HEAD_SIZE || memcmp(file.data, head, HEAD_SIZE) != 0)
        rc = mig_err_set(err, MIG_E_INVALID,
                         "journal %s does not begin as a journal: it is damaged or another file",
                         journal->name);
    else
        rc = load_records(journal, &file, ret_stale, err);
    mig_buf_fini(&file);
    return rc;
}

int
mig_journal_open(int dirfd, const char *name, int64_t now, struct mig_journal **ret,
                 struct mig_err *err)
{
    struct mig_journal *journal = calloc(1, sizeof(*journal));
    int stale = 1, rc;

    if (journal == NULL)
        return mig_err_errno(err, ENOMEM, "journal %s", name);
    journal->fd = -1;
    journal->now = now;
    journal->name = strdup(name);
    journal->dirfd = dirfd == AT_FDCWD ? openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                       : fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
    if (journal->name == NULL || journal->dirfd < 0) {
        rc = mig_err_errno(err, journal->name == NULL ? ENOMEM : errno, "journal %s", name);
        goto out;
    }
    rc = open_file(journal, err);
    if (rc == 0)
        rc = load_file(journal, &stale, err);
    else if (rc == -ENOENT)
        rc = 0;
    if (rc == 0 && stale)
        rc = rewrite(journal, err);
    if (rc == 0) {
        *ret = journal;
        journal = NULL;
    }
out:
    mig_journal_close(journal);
    return rc;
}

void
mig_journal_close(struct mig_journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->fd >= 0)
        close(journal->fd);
    if (journal->dirfd >= 0)
        close(journal->dirfd);
    free(journal->name);
    free(journal->records);
    free(journal->slots);
    free(journal);
}

/* Forgets what has expired by now; an agent that runs for years would fill up otherwise. */
static int
compact(struct mig_journal *journal, struct mig_err *err)
{
    int64_t now = mig_time_now().sec;
    size_t kept = 0;

    if (now > journal->now)
        journal->now = now;
    for (size_t i = 0; i < journal->count; i++) {
        if (journal->records[i].expires >= journal->now)
            journal->records[kept++] = journal->records[i];
    }
    if (kept == journal->count)
        return mig_err_set(err, MIG_E_LIMIT,
                           "journal %s is full: %u actions are taken and not expired yet",
                           journal->name, MIG_JOURNAL_MAX);
    journal->count = kept;
    if (rebuild_slots(journal, journal->slots_count) < 0)
        return mig_err_errno(err, ENOMEM, "journal %s", journal->name);
    return rewrite(journal, err);
}

/* Appends the record and waits for the disk. A record that may be there in part is taken back. */
static int
append(struct mig_journal *journal, const struct record *record, struct mig_err *err)
{
    unsigned char bytes[RECORD_SIZE];
    off_t end = lseek(journal->fd, 0, SEEK_END);
    int rc;

    encode_record(record, bytes);
    rc = end < 0 ? -errno : mig_fd_write_all(journal->fd, bytes, sizeof(bytes));
    if (rc == 0 && fdatasync(journal->fd) < 0) {
        /* After a failed sync the kernel may have dropped the page: what is on disk is unknown. */
        rc = -errno;
        journal->broken = 1;
    }
    if (rc == 0)
        return 0;
    if (end < 0 || ftruncate(journal->fd, end) < 0)
        journal->broken = 1;
    return mig_err_errno(err, -rc, "journal %s", journal->name);
}

int
mig_journal_check(const struct mig_journal *journal, const unsigned char digest[MIG_JOURNAL_DIGEST],
                  int64_t command_id, struct mig_err *err)
{
    const struct record *old = find_record(journal, digest);

    if (old != NULL && old->command_id == command_id)
        return mig_err_set(err, -EEXIST, "command %lld was taken before", (long long)command_id);
    if (old != NULL)
        return mig_err_set(err, MIG_E_REPLAY,
                           "replayed action: it was taken as command %lld, and comes again as "
                           "command %lld",
                           (long long)old->command_id, (long long)command_id);
    return 0;
}

int
mig_journal_take(struct mig_journal *journal, const unsigned char digest[MIG_JOURNAL_DIGEST],
                 int64_t command_id, int64_t expires, struct mig_err *err)
{
    struct record record = {.command_id = command_id, .expires = expires};
    int rc = mig_journal_check(journal, digest, command_id, err);

    if (rc < 0)
        return rc;
    if (journal->broken)
        return mig_err_set(err, -EIO, "journal %s could not be written before: restart the agent",
                           journal->name);
    if (journal->count >= MIG_JOURNAL_MAX)
        rc = compact(journal, err);
    if (rc < 0)
        return rc;
    if (reserve(journal) < 0)
        return mig_err_errno(err, ENOMEM, "journal %s", journal->name);
    memcpy(record.digest, digest, sizeof(record.digest));
    rc = append(journal, &record, err);
    if (rc == 0)
        remember(journal, &record);
    return rc;
}
