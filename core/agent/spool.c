/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/assemble.h"
#include "agent/pack.h"
#include "agent/verdict.h"
#include "base/buf.h"
#include "base/file.h"

#define JOB_MAGIC 0x33424f4a47494dull /* "MIGJOB3" */
#define JOB_MAX (128u << 20)

static void
entry_name(char name[48], int64_t id, const char *kind)
{
    snprintf(name, 48, "%" PRId64 ".%s", id, kind);
}

int
mig_spool_open(int dirfd, int *ret_fd, struct mig_err *err)
{
    int fd;

    if (mkdirat(dirfd, "spool", 0700) < 0 && errno != EEXIST)
        return mig_err_errno(err, errno, "spool folder");
    fd = openat(dirfd, "spool", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return mig_err_errno(err, errno, "spool folder");
    *ret_fd = fd;
    return 0;
}

static int
read_entry(int spool, const char *name, size_t max, struct mig_buf *out, struct mig_err *err)
{
    int fd = openat(spool, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int rc;

    if (fd < 0)
        return mig_err_errno(err, errno, "spool/%s", name);
    rc = mig_fd_read_all(fd, max, out);
    close(fd);
    return rc < 0 ? mig_err_set(err, rc, "spool/%s: %s", name, mig_strerror(rc)) : 0;
}

int
mig_spool_put_job(int spool, const struct mig_verdict *verdict, const void *raw, size_t len,
                  struct mig_err *err)
{
    struct mig_buf record = MIG_BUF_INIT, file = MIG_BUF_INIT;
    char name[48];
    int rc;

    entry_name(name, verdict->command_id, "job");
    rc = mig_verdict_pack(verdict, &record);
    mig_pack_number(&file, JOB_MAGIC);
    mig_pack_bytes(&file, record.data, record.len);
    mig_pack_bytes(&file, raw, len);
    if (rc == 0)
        rc = file.failed ? -ENOMEM : mig_file_replace(spool, name, file.data, file.len, 0600);
    mig_buf_fini(&record);
    mig_buf_fini(&file);
    return rc < 0 ? mig_err_set(err, rc, "spool/%s: %s", name, mig_strerror(rc)) : 0;
}

int
mig_spool_get_job(int spool, int64_t command_id, struct mig_verdict *ret, struct mig_buf *raw,
                  struct mig_err *err)
{
    struct mig_buf file = MIG_BUF_INIT;
    struct mig_verdict verdict = {0};
    struct mig_unpack in;
    const char *record, *body;
    size_t record_len, body_len;
    char name[48];
    uint64_t magic;
    int rc;

    entry_name(name, command_id, "job");
    rc = read_entry(spool, name, JOB_MAX, &file, err);
    if (rc < 0)
        goto out;
    mig_unpack_init(&in, file.data, file.len);
    magic = mig_unpack_number(&in);
    record = mig_unpack_bytes(&in, &record_len);
    body = mig_unpack_bytes(&in, &body_len);
    if (in.bad || in.left || magic != JOB_MAGIC ||
        mig_verdict_unpack(record, record_len, &verdict) < 0 || verdict.command_id != command_id) {
        mig_verdict_fini(&verdict);
        rc = mig_err_set(err, MIG_E_SYNTAX, "spool/%s is damaged", name);
        goto out;
    }
    rc = mig_buf_add(raw, body, body_len);
    if (rc < 0) {
        mig_verdict_fini(&verdict);
        goto out;
    }
    *ret = verdict;
out:
    mig_buf_fini(&file);
    return rc;
}

int
mig_spool_put_answer(int spool, int64_t command_id, const void *json, size_t len,
                     struct mig_err *err)
{
    char name[48];
    int rc;

    entry_name(name, command_id, "answer");
    rc = mig_file_replace(spool, name, json, len, 0600);
    if (rc < 0)
        return mig_err_set(err, rc, "spool/%s: %s", name, mig_strerror(rc));
    mig_spool_drop_job(spool, command_id);
    return 0;
}

int
mig_spool_get_answer(int spool, int64_t command_id, struct mig_buf *out, struct mig_err *err)
{
    char name[48];

    entry_name(name, command_id, "answer");
    return read_entry(spool, name, MIG_ANSWER_MAX, out, err);
}

void
mig_spool_drop_job(int spool, int64_t command_id)
{
    char name[48];

    entry_name(name, command_id, "job");
    unlinkat(spool, name, 0);
}

void
mig_spool_drop_answer(int spool, int64_t command_id)
{
    char name[48];

    entry_name(name, command_id, "answer");
    unlinkat(spool, name, 0);
}

void
mig_spool_set_aside(int spool, int64_t command_id)
{
    char name[48], aside[48];

    entry_name(name, command_id, "job");
    entry_name(aside, command_id, "job.bad");
    renameat(spool, name, spool, aside);
}

struct entry {
    int64_t id;
    int answered;
};

static int
entry_parse(const char *name, struct entry *ret)
{
    char *end, check[48];

    errno = 0;
    ret->id = strtoll(name, &end, 10);
    if (errno || *end != '.')
        return -1;
    ret->answered = strcmp(end, ".answer") == 0;
    entry_name(check, ret->id, ret->answered ? "answer" : "job");
    return strcmp(check, name) == 0 ? 0 : -1;
}

static int
entry_compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return y->answered - x->answered;
}

static int
list_entries(int spool, struct entry **ret, size_t *ret_count)
{
    struct entry *list = NULL;
    size_t count = 0, cap = 0;
    struct dirent *d;
    int fd = openat(spool, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (!dir) {
        int saved = errno;

        if (fd >= 0)
            close(fd);
        return -saved;
    }
    while ((d = readdir(dir))) {
        struct entry e, *grown;

        if (entry_parse(d->d_name, &e) < 0)
            continue;
        if (count == cap) {
            cap = cap ? cap * 2 : 64;
            grown = reallocarray(list, cap, sizeof(*list));
            if (!grown) {
                free(list);
                closedir(dir);
                return -ENOMEM;
            }
            list = grown;
        }
        list[count++] = e;
    }
    closedir(dir);
    *ret = list;
    *ret_count = count;
    return 0;
}

int
mig_spool_scan(int spool, int (*each)(void *context, int64_t command_id, int answered),
               void *context, struct mig_err *err)
{
    struct entry *list = NULL;
    size_t count = 0;
    int rc = list_entries(spool, &list, &count);

    if (rc < 0)
        return mig_err_errno(err, -rc, "spool folder");
    if (count > 1)
        qsort(list, count, sizeof(*list), entry_compare);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (i > 0 && list[i].id == list[i - 1].id)
            mig_spool_drop_job(spool, list[i].id);
        else
            rc = each(context, list[i].id, list[i].answered);
    }
    free(list);
    return rc;
}
