/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"

#define ID_FILE ".migagtid"
#define LOCK_FILE "lock"
#define NEW_UID_LEN 96

int
mig_rundir_open(const char *path, int *ret_fd, struct mig_err *err)
{
    struct stat st;
    int fd = -1, rc;

    rc = mig_mkdir_p(path, 0700);
    if (rc < 0)
        return mig_err_errno(err, -rc, "run folder %s can not be made", path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        rc = mig_err_errno(err, errno, "run folder %s", path);
        goto out;
    }
    if (st.st_uid != geteuid() || (st.st_mode & 022)) {
        rc = mig_err_set(err, -EPERM,
                         "run folder %s: expected to be owned by user %d and writable by nobody "
                         "else, found owner %d and mode %04o; mend it with chown and chmod 0700",
                         path, (int)geteuid(), (int)st.st_uid, (unsigned)st.st_mode & 07777u);
        goto out;
    }
    if ((st.st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0) {
        rc = mig_err_errno(err, errno, "run folder %s: mode 0700", path);
        goto out;
    }
    *ret_fd = fd;
    fd = -1;
out:
    if (fd >= 0)
        close(fd);
    return rc;
}

int
mig_rundir_lock(int dirfd, const char *path, int *ret_fd, struct mig_err *err)
{
    char text[32] = "";
    int fd, rc = 0, len;

    fd = openat(dirfd, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return mig_err_errno(err, errno, "%s/" LOCK_FILE, path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

        text[got > 0 ? strcspn(text, "\n") : 0] = '\0';
        rc = mig_err_set(err, -EBUSY,
                         "an agent (pid %s) already serves %s; stop it with mig-agent -q shutdown",
                         text[0] ? text : "unknown", path);
        goto out;
    }
    len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        rc = mig_err_errno(err, errno, "%s/" LOCK_FILE, path);
        goto out;
    }
    *ret_fd = fd;
    fd = -1;
out:
    if (fd >= 0)
        close(fd);
    return rc;
}

static int
uid_valid(const char *uid)
{
    size_t len = strspn(uid, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    return uid[len] == '\0' && len >= MIG_UID_MIN && len <= MIG_UID_MAX;
}

int
mig_identity(int dirfd, char uid[MIG_UID_MAX + 1], struct mig_err *err)
{
    char text[MIG_UID_MAX + 2] = "";
    ssize_t got = 0;
    int fd, rc;

    fd = openat(dirfd, ID_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) {
        got = read(fd, text, sizeof(text) - 1);
        close(fd);
        text[got > 0 ? got : 0] = '\0';
        text[strcspn(text, "\r\n")] = '\0';
    }
    if (!uid_valid(text)) {
        rc = mig_random_text(text, NEW_UID_LEN);
        if (rc == 0)
            rc = mig_file_replace(dirfd, ID_FILE, text, NEW_UID_LEN, 0400);
        if (rc < 0)
            return mig_err_errno(err, -rc, "the agent's identity (" ID_FILE ") can not be written");
    }
    memcpy(uid, text, strlen(text) + 1);
    return 0;
}

static int
user_by_number(const char *user, uid_t *ret_uid, gid_t *ret_gid)
{
    char *end;
    unsigned long uid, gid;

    if (user[0] < '0' || user[0] > '9')
        return -1;
    errno = 0;
    uid = gid = strtoul(user, &end, 10);
    if (*end == ':')
        gid = strtoul(end + 1, &end, 10);
    if (*end || errno || uid >= UINT32_MAX || gid >= UINT32_MAX)
        return -1;
    *ret_uid = (uid_t)uid;
    *ret_gid = (gid_t)gid;
    return 0;
}

int
mig_user_resolve(const char *key, const char *user, uid_t *ret_uid, gid_t *ret_gid,
                 struct mig_err *err)
{
    struct passwd *pw;
    uid_t uid;
    gid_t gid;

    if (user_by_number(user, &uid, &gid) < 0) {
        pw = getpwnam(user);
        if (!pw)
            return mig_err_set(
                err, MIG_E_CONFIG,
                "%s: there is no user '%s'; make it with useradd --system --no-create-home "
                "--shell /usr/sbin/nologin %s, or name another one in the site",
                key, user, user);
        uid = pw->pw_uid;
        gid = pw->pw_gid;
    }
    if (uid == 0 || gid == 0)
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s: '%s' is the superuser or its group; name an "
                           "unprivileged user",
                           key, user);
    *ret_uid = uid;
    *ret_gid = gid;
    return 0;
}
