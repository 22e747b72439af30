/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The walk: a folder's files first, then its sub-folders, each reached from its parent by name, so
 * that nothing outside can be swapped in by a link. Depths are counted for each search on the way
 * down.
 */
#include "config.h"

#include "search_worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mig/text.h>

#include "search_fs.h"

#define ENTRIES_SIZE 65536u
/* Folders above this many levels keep their descriptor open, deeper ones are opened again by "..".
 */
#define OPEN_LEVELS 64u
#define LEVELS_MAX 4096u

/* What getdents64 gives, see its man page. */
struct entry {
    uint64_t ino;
    int64_t off;
    unsigned short length;
    unsigned char type;
    char name[];
};

struct level {
    int fd; /* -1: let go for the time being */
    unsigned int number;
    dev_t device;
    ino_t inode;
    uint64_t *depths; /* by search; 0: not here */
    char *folders;    /* names, each with its NUL */
    size_t folders_size;
    size_t folders_room;
};

static void
run_out(struct worker *worker)
{
    worker->code = -ENOMEM;
    worker->stop = true;
}

/* Appends a name to worker.path; gives the length to go back to. */
static size_t
enter_name(struct worker *worker, const char *name)
{
    size_t length = strlen(name);
    size_t before = worker->path_length;
    bool slash = before > 0 && worker->path[before - 1] != '/';
    size_t room = before + length + 2;
    char *grown;

    if (room > worker->path_room) {
        grown = realloc(worker->path, room * 2);
        if (grown == NULL) {
            run_out(worker);
            return before;
        }
        worker->path = grown;
        worker->path_room = room * 2;
    }
    if (slash)
        worker->path[worker->path_length++] = '/';
    memcpy(worker->path + worker->path_length, name, length + 1);
    worker->path_length += length;
    return before;
}

static void
leave_name(struct worker *worker, size_t before)
{
    worker->path_length = before;
    worker->path[before] = '\0';
}

static int
compare_roots(const void *a, const void *b)
{
    return strcmp(((const struct root *)a)->path, ((const struct root *)b)->path);
}

static struct root *
find_root(const struct worker *worker)
{
    struct root key = {.path = worker->path};

    /* The one root is where the walk began. */
    if (worker->roots_count < 2)
        return NULL;
    return bsearch(&key, worker->roots, worker->roots_count, sizeof(key), compare_roots);
}

/* Makes `path` depth 1 for the searches that name it. */
static void
start_searches(const struct worker *worker, const char *path, uint64_t *depths)
{
    size_t i;
    size_t j;

    for (i = 0; i < worker->set->count; i++)
        for (j = 0; j < worker->set->searches[i].paths_count; j++)
            if (strcmp(worker->set->searches[i].paths[j], path) == 0)
                depths[i] = 1;
}

static bool
any_active(const struct worker *worker, const uint64_t *depths)
{
    size_t i;

    for (i = 0; i < worker->set->count; i++)
        if (depths[i] > 0 && !worker->finished[i])
            return true;
    return false;
}

/* A file of a folder: its searches, and those that name it. */
static void
evaluate(struct worker *worker, const struct level *level, const char *name, bool link)
{
    struct candidate candidate = {level->fd, name, name, link, level->device};
    const uint64_t *depths = level->depths;
    uint64_t *own = NULL;
    size_t before = enter_name(worker, name);
    struct root *root;

    if (worker->stop)
        return;
    root = find_root(worker);
    if (root != NULL && !link) {
        own = calloc(worker->set->count, sizeof(*own));
        if (own == NULL) {
            run_out(worker);
            return;
        }
        memcpy(own, depths, worker->set->count * sizeof(*own));
        start_searches(worker, worker->path, own);
        root->reached = true;
        depths = own;
    }
    mig_search_evaluate(worker, &candidate, depths);
    free(own);
    leave_name(worker, before);
}

static void
evaluate_link(struct worker *worker, const struct level *level, const char *name)
{
    struct stat st;
    size_t before;
    int error;

    if (fstatat(level->fd, name, &st, 0) == 0) {
        if (S_ISREG(st.st_mode))
            evaluate(worker, level, name, true);
        return;
    }
    error = errno;
    before = enter_name(worker, name);
    worker->statistics.open_failed++;
    mig_search_fail(worker, "followSymLink() -> lstat", error);
    leave_name(worker, before);
}

static void
keep_folder(struct worker *worker, struct level *level, const char *name)
{
    size_t length = strlen(name) + 1;
    char *grown;

    if (level->folders_room - level->folders_size < length) {
        grown = realloc(level->folders, level->folders_room * 2 + length);
        if (grown == NULL) {
            run_out(worker);
            return;
        }
        level->folders = grown;
        level->folders_room = level->folders_room * 2 + length;
    }
    memcpy(level->folders + level->folders_size, name, length);
    level->folders_size += length;
}

static unsigned char
entry_type(const struct level *level, const struct entry *entry)
{
    struct stat st;

    if (entry->type != DT_UNKNOWN)
        return entry->type;
    /* Some file systems do not tell. */
    if (fstatat(level->fd, entry->name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
        return DT_UNKNOWN;
    return (unsigned char)IFTODT(st.st_mode);
}

static void
take_entry(struct worker *worker, struct level *level, const struct entry *entry)
{
    if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
        return;
    switch (entry_type(level, entry)) {
    case DT_REG:
        evaluate(worker, level, entry->name, false);
        break;
    case DT_LNK:
        evaluate_link(worker, level, entry->name);
        break;
    case DT_DIR:
        keep_folder(worker, level, entry->name);
        break;
    default:
        break;
    }
}

static void
read_folder(struct worker *worker, struct level *level)
{
    const struct entry *entry;
    long got = 1;
    long at;

    while (!worker->stop) {
        got = syscall(SYS_getdents64, level->fd, worker->entries, (unsigned int)ENTRIES_SIZE);
        if (got <= 0)
            break;
        for (at = 0; at < got && !worker->stop; at += entry->length) {
            entry = (const struct entry *)(const void *)(worker->entries + at);
            take_entry(worker, level, entry);
        }
    }
    if (got < 0)
        mig_search_fail(worker, "readdirent", errno);
}

/* Takes the searches that do not enter this file system out of a folder on another device. */
static void
cross_device(struct worker *worker, const struct level *level)
{
    const char *type = NULL;
    enum fs_kind kind = mig_search_fs(level->fd, level->device, &type);
    bool told = false;
    char after[96];
    size_t i;

    if (kind == FS_ORDINARY)
        return;
    snprintf(after, sizeof(after), " is on a network file system (%s) and was not entered", type);
    for (i = 0; i < worker->set->count; i++) {
        /* Depth 1: the search names it. */
        if (level->depths[i] < 2 || (kind == FS_NETWORK && worker->set->searches[i].remote))
            continue;
        level->depths[i] = 0;
        if (kind == FS_NETWORK && !told)
            mig_search_tell(worker, "warning: ", after);
        told = true;
    }
}

static void walk_folder(struct worker *worker, struct level *level);

/* Depths in a sub-folder; false when no search goes there. */
static bool
descend(struct worker *worker, const struct level *parent, struct level *child)
{
    struct root *root = find_root(worker);
    size_t i;

    child->depths = calloc(worker->set->count + 1, sizeof(*child->depths));
    if (child->depths == NULL) {
        run_out(worker);
        return false;
    }
    for (i = 0; i < worker->set->count; i++)
        if (parent->depths[i] > 0 && parent->depths[i] < worker->set->searches[i].max_depth)
            child->depths[i] = parent->depths[i] + 1;
    if (root != NULL) {
        start_searches(worker, worker->path, child->depths);
        root->reached = true;
    }
    return any_active(worker, child->depths);
}

static void
free_level(struct level *level)
{
    if (level->fd >= 0)
        close(level->fd);
    free(level->depths);
    free(level->folders);
    level->fd = -1;
}

/* Opens a folder and takes its identity; false after an error was told. */
static bool
open_level(struct worker *worker, int dirfd, const char *name, struct level *level)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    struct stat st;

    level->fd = openat(dirfd, name, flags | O_NOATIME);
    if (level->fd < 0 && errno == EPERM)
        level->fd = openat(dirfd, name, flags);
    if (level->fd < 0 || fstat(level->fd, &st) != 0) {
        worker->statistics.open_failed++;
        mig_search_fail(worker, "open", errno);
        return false;
    }
    level->device = st.st_dev;
    level->inode = st.st_ino;
    return true;
}

/* Gets a folder's descriptor back from one of its sub-folders. */
static void
open_again(struct worker *worker, struct level *level, const struct level *child)
{
    struct stat st;
    int fd = child->fd < 0 ? -1 : openat(child->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == level->device && st.st_ino == level->inode) {
        level->fd = fd;
        return;
    }
    if (fd >= 0)
        close(fd);
    mig_search_tell(worker,
                    "ERROR: ", " was moved while it was searched, a part of it was skipped");
}

static void
enter_folder(struct worker *worker, struct level *parent, const char *name)
{
    struct level child = {.fd = -1, .number = parent->number + 1};
    size_t before = enter_name(worker, name);

    if (worker->stop || !descend(worker, parent, &child))
        goto out;
    if (child.number >= LEVELS_MAX) {
        mig_search_tell(worker, "ERROR: ", " is too deep and was not entered");
        goto out;
    }
    if (!open_level(worker, parent->fd, name, &child))
        goto out;
    if (child.device != parent->device)
        cross_device(worker, &child);
    if (parent->number >= OPEN_LEVELS) {
        close(parent->fd);
        parent->fd = -1;
    }
    if (any_active(worker, child.depths))
        walk_folder(worker, &child);
out:
    leave_name(worker, before);
    if (parent->fd < 0)
        open_again(worker, parent, &child);
    free_level(&child);
}

static void
walk_folder(struct worker *worker, struct level *level)
{
    size_t at;

    if (worker->host->cancelled(worker->host->context) != 0)
        mig_search_cut(worker);
    if (!worker->stop)
        read_folder(worker, level);
    for (at = 0; at < level->folders_size && !worker->stop && level->fd >= 0;
         at += strlen(level->folders + at) + 1)
        enter_folder(worker, level, level->folders + at);
}

/* A root that is a file, or a link to one: it is reported as what it leads to. */
static void
walk_file(struct worker *worker, const uint64_t *depths)
{
    const char *slash = strrchr(worker->path, '/');
    struct candidate candidate = {
        .dirfd = AT_FDCWD,
        .name = worker->path,
        .base = slash != NULL ? slash + 1 : worker->path,
    };

    mig_search_evaluate(worker, &candidate, depths);
}

static void
walk_link(struct worker *worker, const char *path, const uint64_t *depths)
{
    char *target = realpath(path, NULL);
    char *shown = NULL;
    char *after = NULL;
    struct stat st;

    if (target == NULL || lstat(target, &st) != 0) {
        worker->statistics.open_failed++;
        mig_search_fail(worker, "followSymLink() -> lstat", errno);
    } else if (S_ISREG(st.st_mode)) {
        leave_name(worker, 0);
        enter_name(worker, target);
        if (!worker->stop)
            walk_file(worker, depths);
    } else {
        shown = mig_text_path(target);
        if (shown == NULL || asprintf(&after, " is a link to %s and was not followed", shown) < 0)
            run_out(worker);
        else
            mig_search_tell(worker, "warning: ", after);
    }
    free(after);
    free(shown);
    free(target);
}

static void
walk_root(struct worker *worker, struct root *root)
{
    struct level level = {.fd = -1};
    struct stat st;

    leave_name(worker, 0);
    enter_name(worker, root->path);
    root->reached = true;
    level.depths = calloc(worker->set->count + 1, sizeof(*level.depths));
    if (level.depths == NULL)
        run_out(worker);
    if (worker->stop)
        goto out;
    start_searches(worker, root->path, level.depths);
    if (lstat(root->path, &st) != 0) {
        worker->statistics.open_failed++;
        mig_search_fail(worker, "open", errno);
    } else if (S_ISDIR(st.st_mode)) {
        if (any_active(worker, level.depths) && open_level(worker, AT_FDCWD, root->path, &level))
            walk_folder(worker, &level);
    } else if (S_ISLNK(st.st_mode)) {
        walk_link(worker, root->path, level.depths);
    } else if (S_ISREG(st.st_mode)) {
        walk_file(worker, level.depths);
    } else {
        mig_search_tell(worker, "warning: ", " is no file or directory and was not opened");
    }
out:
    free_level(&level);
}

/* All paths of all searches, sorted, each once: a folder comes before what is in it. */
static int
collect_roots(struct worker *worker)
{
    size_t total = 0;
    size_t used = 0;
    size_t i;
    size_t j;

    for (i = 0; i < worker->set->count; i++)
        total += worker->set->searches[i].paths_count;
    worker->roots = calloc(total + 1, sizeof(*worker->roots));
    if (worker->roots == NULL)
        return -ENOMEM;
    for (i = 0; i < worker->set->count; i++)
        for (j = 0; j < worker->set->searches[i].paths_count; j++)
            worker->roots[used++].path = worker->set->searches[i].paths[j];
    qsort(worker->roots, total, sizeof(*worker->roots), compare_roots);
    for (i = 0, used = 0; i < total; i++)
        if (used == 0 || strcmp(worker->roots[used - 1].path, worker->roots[i].path) != 0)
            worker->roots[used++] = worker->roots[i];
    worker->roots_count = used;
    return 0;
}

int
mig_search_walk(struct worker *worker)
{
    size_t i;
    int code = collect_roots(worker);

    worker->entries = malloc(ENTRIES_SIZE);
    if (code < 0 || worker->entries == NULL)
        return -ENOMEM;
    enter_name(worker, "");
    for (i = 0; i < worker->roots_count && !worker->stop; i++)
        if (!worker->roots[i].reached)
            walk_root(worker, &worker->roots[i]);
    return worker->code;
}
