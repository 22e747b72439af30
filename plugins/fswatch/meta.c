/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "fswatch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#define CHUNK 65536
/* Between two signs of life. */
#define ALIVE_EVERY (16u << 20)

static int64_t
nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void
from_stat(const struct stat *st, struct meta *meta)
{
    *meta = (struct meta){.mode = st->st_mode,
                          .uid = st->st_uid,
                          .gid = st->st_gid,
                          .size = (uint64_t)st->st_size,
                          .device = st->st_dev,
                          .inode = st->st_ino,
                          .mtime = nanoseconds(st->st_mtim),
                          .ctime = nanoseconds(st->st_ctim)};
    meta->kind = S_ISREG(st->st_mode)   ? KIND_FILE
                 : S_ISDIR(st->st_mode) ? KIND_FOLDER
                 : S_ISLNK(st->st_mode) ? KIND_LINK
                                        : KIND_OTHER;
}

/* The change time can not be set by a program: a file with the same one is the same file. */
static bool
unchanged(const struct meta *a, const struct meta *b)
{
    return a->kind == b->kind && a->device == b->device && a->inode == b->inode &&
           a->size == b->size && a->mtime == b->mtime && a->ctime == b->ctime;
}

static int
hash_fd(const struct mig_host *host, int fd, EVP_MD_CTX *digest)
{
    static uint8_t data[CHUNK]; /* there is one thread */
    uint64_t done = 0;
    ssize_t n;

    while ((n = read(fd, data, sizeof(data))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (EVP_DigestUpdate(digest, data, (size_t)n) != 1)
            return -EIO;
        if ((done += (uint64_t)n) % ALIVE_EVERY < (uint64_t)n &&
            (host->wait(host, -1, 0) & MIG_WAIT_STOP))
            return -ECANCELED;
    }
    return 0;
}

/* Hashes a regular file; the meta becomes that of the file that was open. */
static int
hash_file(struct fswatch *fs, int folder, const char *name, struct meta *meta)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    int code = fd < 0 ? -errno : digest == NULL ? -ENOMEM : 0;

    if (code == 0 && fstat(fd, &st) != 0)
        code = -errno;
    if (code == 0)
        from_stat(&st, meta);
    if (code == 0 && meta->kind == KIND_FILE && meta->size <= fs->settings.max_size) {
        if (EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
            code = -EIO;
        if (code == 0)
            code = hash_fd(fs->host, fd, digest);
        if (code == 0 && EVP_DigestFinal_ex(digest, meta->hash, NULL) == 1)
            meta->hashed = true;
    }
    EVP_MD_CTX_free(digest);
    if (fd >= 0)
        close(fd);
    return code;
}

static void
hash_link(int folder, const char *name, struct meta *meta)
{
    char target[4096];
    ssize_t length = readlinkat(folder, name, target, sizeof(target));

    meta->hashed = length >= 0 &&
                   EVP_Digest(target, (size_t)length, meta->hash, NULL, EVP_sha256(), NULL) == 1;
}

int
fswatch_meta_read(struct fswatch *fs, int folder, const char *name, const struct meta *known,
                  struct meta *ret_meta)
{
    struct stat st;
    struct meta meta;
    int code = 0;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return -errno;
        *ret_meta = (struct meta){0};
        return 0;
    }
    from_stat(&st, &meta);
    if (unchanged(&meta, known)) {
        meta.hashed = known->hashed;
        memcpy(meta.hash, known->hash, sizeof(meta.hash));
    } else if (meta.kind == KIND_LINK) {
        hash_link(folder, name, &meta);
    } else if (meta.kind == KIND_FILE) {
        code = hash_file(fs, folder, name, &meta);
        if (code == -ENOENT) {
            meta = (struct meta){0};
            code = 0;
        } else if (code != -ECANCELED && code != 0) {
            fs->unreadable++;
            code = 0;
        }
    }
    if (code == 0)
        *ret_meta = meta;
    return code;
}

bool
fswatch_meta_same(const struct meta *a, const struct meta *b)
{
    if (a->kind != b->kind || a->mode != b->mode || a->uid != b->uid || a->gid != b->gid)
        return false;
    if (a->kind == KIND_NONE || a->kind == KIND_FOLDER || a->kind == KIND_OTHER)
        return true;
    if (a->hashed != b->hashed || (a->hashed && memcmp(a->hash, b->hash, sizeof(a->hash)) != 0))
        return false;
    return a->hashed || (a->size == b->size && a->mtime == b->mtime);
}

void
fswatch_meta_hex(const struct meta *meta, char ret_text[2 * FSWATCH_HASH_SIZE + 1])
{
    ret_text[0] = '-';
    ret_text[1] = '\0';
    for (size_t i = 0; meta->hashed && i < FSWATCH_HASH_SIZE; i++)
        snprintf(ret_text + 2 * i, 3, "%02x", meta->hash[i]);
}
