/* SPDX-License-Identifier: MPL-2.0 */
/*
 * rpm's SQLite database: Packages(hnum INTEGER PRIMARY KEY, blob BLOB).
 *
 * SQLite reads it through a file system of ours that has two files, which are open already: the
 * database and its write-ahead log. So no path is opened, nothing is locked or written (a reader
 * of a log would want to make a file beside it), and what is committed in the log is seen: with
 * exclusive locking SQLite keeps the log's index in its own memory.
 */
#include "config.h"

#include "packages_rpm.h"

#ifdef HAVE_SQLITE

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

/* rpm's headers are at most this long; so is nothing else that is asked for. */
#define VALUE_MAX (256 << 20)
#define STEPS_BETWEEN 10000 /* of SQLite's machine, between looks at the time */
/* Versions of the file format, for writing and for reading; 2 is with a write-ahead log. */
#define FORMAT_AT 18
#define FORMAT_PLAIN 1

/* ---- the file system ---- */

struct disk {
    int fd;
    int wal;
};

struct file {
    sqlite3_file base;
    int fd;
    bool plain; /* the database, and it has no log */
};

static int
file_close(sqlite3_file *base)
{
    (void)base;
    return SQLITE_OK;
}

static int
file_read(sqlite3_file *base, void *buffer, int length, sqlite3_int64 offset)
{
    const struct file *file = (const struct file *)base;
    char *at = buffer;
    size_t left = (size_t)length;

    while (left > 0) {
        ssize_t n = pread(file->fd, at, left, offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SQLITE_IOERR_READ;
        if (n == 0)
            break;
        at += n;
        offset += n;
        left -= (size_t)n;
    }
    memset(at, 0, left);
    /* What was committed is in the file then, and there is no log to be looked for. */
    if (file->plain && offset == length - (sqlite3_int64)left && length >= FORMAT_AT + 2)
        memset((char *)buffer + FORMAT_AT, FORMAT_PLAIN, 2);
    return left > 0 ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int
file_write(sqlite3_file *base, const void *buffer, int length, sqlite3_int64 offset)
{
    (void)base;
    (void)buffer;
    (void)length;
    (void)offset;
    return SQLITE_READONLY;
}

static int
file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    (void)base;
    (void)size;
    return SQLITE_READONLY;
}

static int
file_sync(sqlite3_file *base, int flags)
{
    (void)base;
    (void)flags;
    return SQLITE_OK;
}

static int
file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    const struct file *file = (const struct file *)base;
    struct stat st;

    if (fstat(file->fd, &st) != 0)
        return SQLITE_IOERR_FSTAT;
    *size = st.st_size;
    return SQLITE_OK;
}

/* Nobody else knows of these files: each lock is granted. */
static int
file_lock(sqlite3_file *base, int level)
{
    (void)base;
    (void)level;
    return SQLITE_OK;
}

static int
file_reserved(sqlite3_file *base, int *result)
{
    (void)base;
    *result = 0;
    return SQLITE_OK;
}

static int
file_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int
file_sector(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int
file_traits(sqlite3_file *base)
{
    (void)base;
    return 0;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

static int
disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *ret_flags)
{
    const struct disk *disk = vfs->pAppData;
    struct file *file = (struct file *)base;

    (void)name;
    file->base.pMethods = NULL;
    file->fd = flags & SQLITE_OPEN_MAIN_DB ? disk->fd : flags & SQLITE_OPEN_WAL ? disk->wal : -1;
    if (file->fd < 0)
        return SQLITE_CANTOPEN;
    file->plain = flags & SQLITE_OPEN_MAIN_DB && disk->wal < 0;
    file->base.pMethods = &methods;
    if (ret_flags != NULL)
        *ret_flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    return SQLITE_OK;
}

static int
disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)name;
    (void)sync;
    return SQLITE_READONLY;
}

/* Also asked: whether there is a rollback journal. rpm has none. */
static int
disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    const struct disk *disk = vfs->pAppData;
    size_t length = strlen(name);

    (void)flags;
    *result = length > 4 && strcmp(name + length - 4, "-wal") == 0 && disk->wal >= 0;
    return SQLITE_OK;
}

static int
disk_path(sqlite3_vfs *vfs, const char *name, int size, char *path)
{
    (void)vfs;
    snprintf(path, (size_t)size, "%s", name);
    return SQLITE_OK;
}

static int
disk_random(sqlite3_vfs *vfs, int length, char *bytes)
{
    (void)vfs;
    memset(bytes, 0, (size_t)length);
    return length;
}

static int
disk_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int
disk_time(sqlite3_vfs *vfs, double *days)
{
    (void)vfs;
    *days = 0;
    return SQLITE_OK;
}

static int
disk_error(sqlite3_vfs *vfs, int size, char *message)
{
    (void)vfs;
    (void)size;
    (void)message;
    return 0;
}

/* ---- the table ---- */

struct table {
    struct mig_packages_reader *reader;
    sqlite3 *db;
    sqlite3_blob *blob;
};

static int
on_steps(void *context)
{
    return mig_packages_cancelled(context);
}

/* A hostile schema can have Packages be a view that runs for ever, or a table of a module. */
static int
authorize(void *context, int action, const char *a, const char *b, const char *database,
          const char *inner)
{
    (void)context;
    (void)a;
    (void)b;
    (void)database;
    return inner == NULL &&
                   (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_PRAGMA)
               ? SQLITE_OK
               : SQLITE_DENY;
}

static int
read_blob(void *context, uint64_t offset, void *buffer, size_t length)
{
    const struct table *table = context;
    int result = sqlite3_blob_read(table->blob, buffer, (int)length, (int)offset);

    return result == SQLITE_OK ? 0 : result == SQLITE_NOMEM ? -ENOMEM : -EINVAL;
}

static int
read_row(struct table *table, sqlite3_int64 row)
{
    struct mig_packages_blob blob = {.context = table, .read = read_blob};
    int result = table->blob != NULL ? sqlite3_blob_reopen(table->blob, row)
                                     : sqlite3_blob_open(table->db, "main", "Packages", "blob", row,
                                                         0, &table->blob);

    if (result == SQLITE_NOMEM)
        return -ENOMEM;
    if (result != SQLITE_OK) {
        /* A blob whose reopening failed can not be used again. */
        sqlite3_blob_close(table->blob);
        table->blob = NULL;
        table->reader->broken++;
        return mig_packages_cancelled(table->reader) ? -ECANCELED : 0;
    }
    blob.size = (uint64_t)sqlite3_blob_bytes(table->blob);
    return mig_packages_rpm_header(table->reader, &blob);
}

static int
refuse(const struct table *table)
{
    int result = sqlite3_errcode(table->db);

    if (result == SQLITE_NOMEM)
        return -ENOMEM;
    if (result == SQLITE_INTERRUPT)
        return -ECANCELED;
    mig_packages_error(table->reader, "SQLite says: %s", sqlite3_errmsg(table->db));
    return 0;
}

static int
prepare(const struct table *table, const char *text, sqlite3_stmt **ret_statement)
{
    return sqlite3_prepare_v2(table->db, text, -1, ret_statement, NULL);
}

/* 1 when Packages is a table of the file. */
static int
check_schema(const struct table *table)
{
    sqlite3_stmt *statement = NULL;
    int code;

    if (prepare(table,
                "SELECT 1 FROM sqlite_master WHERE name = 'Packages' AND type = 'table' AND "
                "rootpage > 0",
                &statement) != SQLITE_OK)
        return refuse(table);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        code = 1;
    } else if (code == SQLITE_DONE) {
        mig_packages_error(table->reader, "there is no table Packages in it");
        code = 0;
    } else {
        code = refuse(table);
    }
    sqlite3_finalize(statement);
    return code;
}

static int
read_table(struct table *table)
{
    sqlite3_stmt *statement = NULL;
    int code = check_schema(table);
    int result = SQLITE_ROW;

    if (code <= 0)
        return code;
    code = 0;
    if (prepare(table, "SELECT rowid FROM Packages ORDER BY rowid", &statement) != SQLITE_OK)
        return refuse(table);
    while (code == 0 && (result = sqlite3_step(statement)) == SQLITE_ROW)
        code = read_row(table, sqlite3_column_int64(statement, 0));
    if (code == 0 && result != SQLITE_DONE)
        code = refuse(table);
    sqlite3_blob_close(table->blob);
    table->blob = NULL;
    sqlite3_finalize(statement);
    return code;
}

static void
set_up(const struct table *table)
{
    sqlite3_limit(table->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    sqlite3_limit(table->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(table->db, SQLITE_LIMIT_TRIGGER_DEPTH, 0);
    sqlite3_db_config(table->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(table->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(table->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(table->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_progress_handler(table->db, STEPS_BETWEEN, on_steps, table->reader);
    sqlite3_set_authorizer(table->db, authorize, NULL);
    sqlite3_exec(table->db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA mmap_size = 0", NULL, NULL,
                 NULL);
}

int
mig_packages_rpm_sqlite(struct mig_packages_reader *reader, int fd, int wal)
{
    struct table table = {.reader = reader};
    struct disk disk = {fd, wal};
    sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(struct file),
        .mxPathname = 64,
        .zName = "mig-packages",
        .pAppData = &disk,
        .xOpen = disk_open,
        .xDelete = disk_delete,
        .xAccess = disk_access,
        .xFullPathname = disk_path,
        .xRandomness = disk_random,
        .xSleep = disk_sleep,
        .xCurrentTime = disk_time,
        .xGetLastError = disk_error,
    };
    int code;

    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK)
        return -ENOMEM;
    if (sqlite3_open_v2("packages", &table.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                        vfs.zName) != SQLITE_OK) {
        code = refuse(&table);
    } else {
        set_up(&table);
        code = read_table(&table);
    }
    sqlite3_close(table.db);
    sqlite3_vfs_unregister(&vfs);
    return code;
}

#else

int
mig_packages_rpm_sqlite(struct mig_packages_reader *reader, int fd, int wal)
{
    (void)fd;
    (void)wal;
    mig_packages_error(reader, "not read: this was built without SQLite");
    return 0;
}

#endif
