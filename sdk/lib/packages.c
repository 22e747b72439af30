/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/packages.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "packages_rpm.h"

#define MESSAGE_MAX 1024
#define CANCELLED_EVERY 64u /* packages */

const char *
mig_packages_system(enum mig_version_system system)
{
    return system == MIG_VERSION_DPKG  ? "dpkg"
           : system == MIG_VERSION_RPM ? "rpm"
           : system == MIG_VERSION_APK ? "apk"
                                       : "unknown";
}

/* ---- for the readers ---- */

bool
mig_packages_text_ok(const char *text, size_t length)
{
    size_t i;

    if (length > MIG_PACKAGE_TEXT_MAX)
        return false;
    for (i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    return true;
}

int
mig_packages_tell(struct mig_packages_reader *reader, const char *name, const char *version,
                  const char *arch)
{
    const struct mig_package package = {name, version, arch, reader->system};

    if (name[0] == '\0' || version[0] == '\0' || !mig_packages_text_ok(name, strlen(name)) ||
        !mig_packages_text_ok(version, strlen(version)) ||
        !mig_packages_text_ok(arch, strlen(arch))) {
        reader->broken++;
        return 0;
    }
    if (reader->packages++ % CANCELLED_EVERY == 0 && mig_packages_cancelled(reader))
        return -ECANCELED;
    return reader->host->package(reader->host->context, &package);
}

void
mig_packages_error(const struct mig_packages_reader *reader, const char *format, ...)
{
    char reason[MESSAGE_MAX / 2];
    char message[MESSAGE_MAX + sizeof(reason)];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    snprintf(message, sizeof(message), "%.*s: %s", MESSAGE_MAX - 8, reader->path, reason);
    reader->host->error(reader->host->context, message);
}

int
mig_packages_cancelled(const struct mig_packages_reader *reader)
{
    return reader->host->cancelled(reader->host->context);
}

/* ---- a root ---- */

#define SEEN_MAX 16u

struct sweep {
    const struct mig_packages_host *host;
    const char *root; /* without a slash at the end */
    int fd;
    struct stat seen[SEEN_MAX]; /* databases are at several paths, one a link to the other */
    size_t seen_count;
};

static int
finish(struct mig_packages_reader *reader)
{
    const struct mig_packages_database database = {reader->path, reader->system, reader->packages,
                                                   reader->broken};

    if (reader->broken > 0)
        mig_packages_error(reader, "%llu entries could not be read",
                           (unsigned long long)reader->broken);
    if (reader->host->database != NULL)
        reader->host->database(reader->host->context, &database);
    return 0;
}

static bool
is_new(struct sweep *sweep, int fd)
{
    struct stat st;
    size_t i;

    if (fstat(fd, &st) != 0 || sweep->seen_count == SEEN_MAX)
        return false;
    for (i = 0; i < sweep->seen_count; i++)
        if (sweep->seen[i].st_dev == st.st_dev && sweep->seen[i].st_ino == st.st_ino)
            return false;
    sweep->seen[sweep->seen_count++] = st;
    return true;
}

/* A file or a folder, when it is there and was not read yet. -1: nothing to read. */
static int
look(struct sweep *sweep, struct mig_packages_reader *reader, const char *name, unsigned type)
{
    int fd = mig_packages_root_open(sweep->fd, name, type);

    if (fd == -ENOENT || fd == -ENOTDIR)
        return -1;
    if (fd < 0) {
        mig_packages_error(reader, "%s",
                           fd != -EINVAL     ? strerror(-fd)
                           : type == S_IFREG ? "this is not a regular file"
                                             : "this is not a folder");
        return fd == -ENOMEM ? fd : -1;
    }
    if (!is_new(sweep, fd)) {
        close(fd);
        return -1;
    }
    return fd;
}

typedef int read_fn(struct sweep *sweep, struct mig_packages_reader *reader, const char *name);

static int
read_dpkg(struct sweep *sweep, struct mig_packages_reader *reader, const char *name)
{
    int fd = look(sweep, reader, name, S_IFREG);
    int folder;
    int code;

    if (fd < 0)
        return fd == -1 ? 0 : fd;
    folder = mig_packages_root_open(sweep->fd, "var/lib/dpkg", S_IFDIR);
    code = mig_packages_dpkg_status(reader, fd, folder);
    if (folder >= 0)
        close(folder);
    close(fd);
    return code == 0 ? finish(reader) : code;
}

static int
is_stanza_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_name[0] != '.' &&
           (length < 8 || strcmp(entry->d_name + length - 8, ".md5sums") != 0);
}

static int
read_dpkg_folder(struct sweep *sweep, struct mig_packages_reader *reader, const char *name)
{
    struct dirent **entries = NULL;
    int folder = look(sweep, reader, name, S_IFDIR);
    int count, i, fd;
    int code = 0;

    if (folder < 0)
        return folder == -1 ? 0 : folder;
    count = scandirat(folder, ".", &entries, is_stanza_file, alphasort);
    if (count < 0)
        mig_packages_error(reader, "%s", strerror(errno));
    for (i = 0; i < count; i++) {
        fd = code == 0 ? mig_packages_root_open(folder, entries[i]->d_name, S_IFREG) : -1;
        if (fd >= 0) {
            code = mig_packages_dpkg_plain(reader, fd);
            close(fd);
        }
        free(entries[i]);
    }
    free(entries);
    close(folder);
    return code == 0 ? finish(reader) : code;
}

static int
read_apk(struct sweep *sweep, struct mig_packages_reader *reader, const char *name)
{
    int fd = look(sweep, reader, name, S_IFREG);
    int code;

    if (fd < 0)
        return fd == -1 ? 0 : fd;
    code = mig_packages_apk(reader, fd);
    close(fd);
    return code == 0 ? finish(reader) : code;
}

/* ---- rpm ---- */

static int
read_sqlite(struct sweep *sweep, struct mig_packages_reader *reader, const char *name, int fd)
{
    char path[64];
    struct stat st;
    int wal, code;

    snprintf(path, sizeof(path), "%s-wal", name);
    wal = mig_packages_root_open(sweep->fd, path, S_IFREG);
    if (wal >= 0 && (fstat(wal, &st) != 0 || st.st_size == 0)) {
        close(wal);
        wal = -1;
    }
    code = mig_packages_rpm_sqlite(reader, fd, wal);
    if (wal >= 0)
        close(wal);
    return code;
}

static int
read_ndb(struct sweep *sweep, struct mig_packages_reader *reader, const char *name, int fd)
{
    (void)sweep;
    (void)name;
    return mig_packages_rpm_ndb(reader, fd);
}

static int
read_bdb(struct sweep *sweep, struct mig_packages_reader *reader, const char *name, int fd)
{
    (void)sweep;
    (void)name;
    return mig_packages_rpm_bdb(reader, fd);
}

/* In the order in which rpm itself looks for what a folder has. */
static const struct {
    const char *name;
    int (*read)(struct sweep *sweep, struct mig_packages_reader *reader, const char *name, int fd);
} rpm_formats[] = {
    {"rpmdb.sqlite", read_sqlite},
    {"Packages.db", read_ndb},
    {"Packages", read_bdb},
};

/* rpm changes its files in place. */
static bool
is_changed(int fd, const struct stat *before)
{
    struct stat now;

    return fstat(fd, &now) != 0 || now.st_size != before->st_size ||
           now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

static int
read_rpm_file(struct sweep *sweep, struct mig_packages_reader *folder, size_t format,
              const char *name)
{
    struct mig_packages_reader reader = *folder;
    struct stat before = {0};
    char *path = NULL;
    int code = 0;
    int fd;

    if (asprintf(&path, "%s/%s", folder->path, rpm_formats[format].name) < 0)
        return -ENOMEM;
    reader.path = path;
    fd = look(sweep, &reader, name, S_IFREG);
    if (fd >= 0) {
        fstat(fd, &before);
        code = rpm_formats[format].read(sweep, &reader, name, fd);
        if (code == 0 && is_changed(fd, &before))
            mig_packages_error(&reader, "it was written while it was read; ask again");
        code = code == 0 ? finish(&reader) : code;
        close(fd);
        code = code == 0 ? 1 : code;
    } else if (fd != -1) {
        code = fd;
    }
    free(path);
    return code;
}

/* One database: what is left of an older format counts no more. */
static int
read_rpm(struct sweep *sweep, struct mig_packages_reader *reader, const char *name)
{
    char path[64];
    size_t i;
    int code = 0;

    for (i = 0; code == 0 && i < sizeof(rpm_formats) / sizeof(rpm_formats[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", name, rpm_formats[i].name);
        code = read_rpm_file(sweep, reader, i, path);
    }
    return code < 0 ? code : 0;
}

/* ---- all ---- */

static const struct {
    read_fn *read;
    const char *name;
    enum mig_version_system system;
} places[] = {
    {read_dpkg, "var/lib/dpkg/status", MIG_VERSION_DPKG},
    {read_dpkg_folder, "var/lib/dpkg/status.d", MIG_VERSION_DPKG},
    {read_rpm, "var/lib/rpm", MIG_VERSION_RPM},
    {read_rpm, "usr/lib/sysimage/rpm", MIG_VERSION_RPM},
    {read_rpm, "usr/share/rpm", MIG_VERSION_RPM},
    {read_apk, "lib/apk/db/installed", MIG_VERSION_APK},
    {read_apk, "usr/lib/apk/db/installed", MIG_VERSION_APK},
};

static int
read_place(struct sweep *sweep, size_t place)
{
    struct mig_packages_reader reader = {.host = sweep->host, .system = places[place].system};
    char *path;
    int code;

    if (asprintf(&path, "%s/%s", sweep->root, places[place].name) < 0)
        return -ENOMEM;
    reader.path = path;
    code = places[place].read(sweep, &reader, places[place].name);
    free(path);
    return code;
}

int
mig_packages_read(const char *root, const struct mig_packages_host *host)
{
    struct sweep sweep = {.host = host};
    size_t length = strlen(root);
    char *name;
    size_t i;
    int code = 0;

    while (length > 0 && root[length - 1] == '/')
        length--;
    name = strndup(root, length);
    if (name == NULL)
        return -ENOMEM;
    sweep.root = name;
    sweep.fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (sweep.fd < 0)
        code = -errno;
    for (i = 0; code == 0 && i < sizeof(places) / sizeof(places[0]); i++)
        code = read_place(&sweep, i);
    if (sweep.fd >= 0)
        close(sweep.fd);
    free(name);
    return code;
}
