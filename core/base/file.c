/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/id.h"

/* For a descriptor that somebody made non-blocking: these functions promise all or an error. */
static int
wait_for(int fd, short events)
{
    struct pollfd pfd = {.fd = fd, .events = events};

    if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
        return -errno;
    return 0;
}

int
mig_fd_read_all(int fd, size_t max, struct mig_buf *out)
{
    size_t start = out->len;

    for (;;) {
        size_t room = 65536;
        ssize_t got;
        int rc = mig_buf_reserve(out, room);
        if (rc != 0)
            return rc;
        got = read(fd, out->data + out->len, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN) {
            rc = wait_for(fd, POLLIN);
            if (rc != 0)
                return rc;
            continue;
        }
        if (got < 0)
            return -errno;
        if (got == 0) {
            out->data[out->len] = '\0';
            return 0;
        }
        out->len += (size_t)got;
        out->data[out->len] = '\0';
        if (out->len - start > max)
            return MIG_E_LIMIT;
    }
}

int
mig_file_read(const char *path, size_t max, struct mig_buf *out, struct mig_err *err)
{
    size_t start = out->len;
    int rc;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return mig_err_errno(err, errno, "cannot open %s", path);
    rc = mig_fd_read_all(fd, max, out);
    close(fd);
    if (rc == 0)
        return 0;
    if (!out->failed && out->data != NULL) {
        out->len = start;
        out->data[start] = '\0';
    }
    if (rc == MIG_E_LIMIT)
        return mig_err_set(err, rc, "%s is larger than the %zu bytes that are allowed", path, max);
    return mig_err_errno(err, -rc, "cannot read %s", path);
}

int
mig_fd_write_all(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len > 0) {
        ssize_t done = write(fd, at, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno == EAGAIN) {
            int rc = wait_for(fd, POLLOUT);
            if (rc != 0)
                return rc;
            continue;
        }
        if (done < 0)
            return -errno;
        at += done;
        len -= (size_t)done;
    }
    return 0;
}

static int
write_synced(int dirfd, const char *name, const void *data, size_t len, mode_t mode)
{
    int rc;
    int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

    if (fd < 0)
        return -errno;
    rc = mig_fd_write_all(fd, data, len);
    /* The mode is what the caller asked for, whatever the umask. */
    if (rc == 0 && fchmod(fd, mode) != 0)
        rc = -errno;
    if (rc == 0 && fsync(fd) != 0)
        rc = -errno;
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    return rc;
}

static int
sync_folder(int dirfd, const char *name)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(name, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - name);
    int rc;
    int fd;

    if (slash != NULL && len == 0)
        len = 1;
    if (len >= sizeof folder)
        return -ENAMETOOLONG;
    memcpy(folder, name, len);
    folder[len] = '\0';
    fd = openat(dirfd, len == 0 ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    rc = fsync(fd) != 0 ? -errno : 0;
    close(fd);
    return rc;
}

int
mig_file_replace(int dirfd, const char *name, const void *data, size_t len, mode_t mode)
{
    char suffix[13];
    char *temporary = NULL;
    int rc = mig_random_text(suffix, sizeof suffix - 1);

    if (rc != 0)
        return rc;
    if (asprintf(&temporary, "%s.%s~", name, suffix) < 0)
        return -ENOMEM;
    rc = write_synced(dirfd, temporary, data, len, mode);
    if (rc == 0 && renameat(dirfd, temporary, dirfd, name) != 0)
        rc = -errno;
    if (rc != 0 && rc != -EEXIST)
        unlinkat(dirfd, temporary, 0);
    if (rc == 0)
        rc = sync_folder(dirfd, name);
    free(temporary);
    return rc;
}

int
mig_memfd_sealed(const char *name, const void *data, size_t len)
{
    int rc;
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -errno;
    rc = mig_fd_write_all(fd, data, len);
    if (rc == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        rc = -errno;
    if (rc == 0 && lseek(fd, 0, SEEK_SET) != 0)
        rc = -errno;
    if (rc != 0) {
        close(fd);
        return rc;
    }
    return fd;
}

static int
make_folder(const char *path, mode_t mode)
{
    struct stat st;

    if (mkdir(path, mode) == 0)
        return 0;
    if (errno != EEXIST)
        return -errno;
    if (stat(path, &st) != 0)
        return -errno;
    return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int
mig_mkdir_p(const char *path, mode_t mode)
{
    char *copy;
    int rc = 0;

    if (path[0] == '\0')
        return -ENOENT;
    copy = strdup(path);
    if (copy == NULL)
        return -ENOMEM;
    for (char *at = copy + 1; rc == 0 && *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        rc = make_folder(copy, mode);
        *at = '/';
    }
    if (rc == 0)
        rc = make_folder(copy, mode);
    free(copy);
    return rc;
}

void
mig_close_above(int last)
{
    if (last < INT_MAX && close_range((unsigned)last + 1, ~0U, 0) != 0) {
        /* A kernel before 5.9. */
        long max = sysconf(_SC_OPEN_MAX);
        for (int fd = last + 1; fd < max; fd++)
            close(fd);
    }
}
