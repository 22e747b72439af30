/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The walk: what each thread does with the folders that the queue shares out. A folder's files are
 * evaluated as they are read, its sub-folders wait in the queue; each is reached from its parent by
 * name, so that nothing outside can be swapped in by a link. Depths are counted for each search on
 * the way down.
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mig/text.h>

#define LEVELS_MAX 4096u

/* What getdents64 gives, see its man page. */
struct entry {
    uint64_t ino;
    int64_t off;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* ---- the path at hand ---- */

static bool
make_room(struct worker *worker, size_t length)
{
    char *grown;

    if (length <= worker->path_room)
        return true;
    grown = realloc(worker->path, length * 2);
    if (grown == NULL) {
        mig_search_out_of_memory(worker);
        return false;
    }
    worker->path = grown;
    worker->path_room = length * 2;
    return true;
}

static bool
set_path(struct worker *worker, const char *path)
{
    size_t length = strlen(path);

    if (!make_room(worker, length + 1))
        return false;
    memcpy(worker->path, path, length + 1);
    worker->path_length = length;
    return true;
}

static bool
set_folder_path(struct worker *worker, const struct folder *folder)
{
    if (!make_room(worker, folder->path_length + 1))
        return false;
    mig_folder_path(folder, worker->path);
    worker->path_length = folder->path_length;
    return true;
}

/* Appends a name; *ret_before is the length to go back to. */
static bool
enter_name(struct worker *worker, const char *name, size_t *ret_before)
{
    size_t length = strlen(name);
    size_t before = worker->path_length;

    if (!make_room(worker, before + length + 2))
        return false;
    if (before > 0 && worker->path[before - 1] != '/')
        worker->path[worker->path_length++] = '/';
    memcpy(worker->path + worker->path_length, name, length + 1);
    worker->path_length += length;
    *ret_before = before;
    return true;
}

static void
leave_name(struct worker *worker, size_t before)
{
    worker->path_length = before;
    worker->path[before] = '\0';
}

static bool
any_active(const struct worker *worker, const uint64_t *depths)
{
    size_t i;

    for (i = 0; i < worker->set->count; i++)
        if (depths[i] > 0 && !atomic_load_explicit(&worker->run->finished[i], memory_order_relaxed))
            return true;
    return false;
}

/* ---- files ---- */

/* A file of a folder: its searches, and those that name it. `target`: of a link, else NULL. */
static void
evaluate(struct worker *worker, const struct folder *folder, const char *name,
         const struct stat *target)
{
    bool link = target != NULL;
    struct candidate candidate = {folder->fd, name, name, link, folder->device, target};
    struct root *root;
    size_t before;

    if (!enter_name(worker, name, &before))
        return;
    root = mig_search_root_here(worker);
    if (root != NULL && !link) {
        memcpy(worker->file_depths, folder->depths,
               worker->set->count * sizeof(*worker->file_depths));
        mig_search_start(worker, worker->path, worker->file_depths);
        atomic_store(&root->reached, true);
        worker->depths = worker->file_depths;
    }
    mig_search_evaluate(worker, &candidate);
    worker->depths = folder->depths;
    leave_name(worker, before);
}

/* Whether a link may be followed without waiting for another machine. Only asked where there are
 * such file systems, since it takes a call for each part of the way. */
static bool
may_follow(struct worker *worker, const struct folder *folder, const char *name)
{
    const struct mount *mount;
    char target[PATH_MAX];
    ssize_t length;

    if (worker->run->mounts.remote == 0)
        return true;
    length = readlinkat(folder->fd, name, target, sizeof(target) - 1);
    if (length < 0)
        return true;
    target[length] = '\0';
    mount = mig_mounts_on_way(&worker->run->mounts, worker->path, target);
    if (mount == NULL)
        return true;
    mig_search_skip(worker, SKIP_FILE_SYSTEM);
    return false;
}

static void
evaluate_link(struct worker *worker, const struct folder *folder, const char *name)
{
    struct stat st;
    size_t before;
    int error;

    if (!may_follow(worker, folder, name))
        return;
    if (fstatat(folder->fd, name, &st, AT_NO_AUTOMOUNT) == 0) {
        if (S_ISREG(st.st_mode))
            evaluate(worker, folder, name, &st);
        else
            mig_search_skip(worker, SKIP_TYPE);
        return;
    }
    error = errno;
    worker->statistics.open_failed++;
    mig_search_skip(worker, mig_search_skip_reason(error));
    if (!enter_name(worker, name, &before))
        return;
    mig_search_fail(worker, "followSymLink() -> lstat", error);
    leave_name(worker, before);
}

/* ---- folders ---- */

static unsigned char
entry_type(const struct folder *folder, const struct entry *entry)
{
    struct stat st;

    if (entry->type != DT_UNKNOWN)
        return entry->type;
    /* Some file systems do not tell. */
    if (fstatat(folder->fd, entry->name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0)
        return DT_UNKNOWN;
    return (unsigned char)IFTODT(st.st_mode);
}

static void
take_entry(struct worker *worker, struct folder *folder, const struct entry *entry)
{
    if (entry->name[0] == '.' &&
        (entry->name[1] == '\0' || (entry->name[1] == '.' && entry->name[2] == '\0')))
        return;
    switch (entry_type(folder, entry)) {
    case DT_REG:
        evaluate(worker, folder, entry->name, NULL);
        break;
    case DT_LNK:
        evaluate_link(worker, folder, entry->name);
        break;
    case DT_DIR:
        if (!mig_folder_add(folder, entry->name))
            mig_search_out_of_memory(worker);
        break;
    case DT_UNKNOWN:
        mig_search_skip(worker, SKIP_VANISHED);
        break;
    default:
        mig_search_skip(worker, SKIP_TYPE);
        break;
    }
}

static void
ask_whether_to_go_on(struct worker *worker)
{
    if (worker->run->host->cancelled(worker->run->host->context) != 0)
        mig_search_cut(worker);
}

/* Reads on from where the folder was left, to its end or until it has many sub-folders to enter. */
static void
read_folder(struct worker *worker, struct folder *folder)
{
    const struct entry *entry;
    long got = 1;
    long at;

    folder->more = false;
    worker->depths = folder->depths;
    ask_whether_to_go_on(worker);
    while (!folder->more) {
        if (mig_search_stopped(worker))
            return;
        got = syscall(SYS_getdents64, folder->fd, worker->entries, ENTRIES_SIZE);
        if (got <= 0)
            break;
        for (at = 0; at < got && !mig_search_stopped(worker); at += entry->length) {
            entry = (const struct entry *)(const void *)(worker->entries + at);
            take_entry(worker, folder, entry);
            folder->position = entry->off;
        }
        folder->more = folder->names_size >= QUEUE_NAMES;
        if (got > (long)ENTRIES_SIZE / 2)
            ask_whether_to_go_on(worker);
    }
    if (got < 0) {
        mig_search_fail(worker, "readdirent", errno);
        mig_search_skip(worker, SKIP_FAILED);
    }
    mig_queue_offer(&worker->run->queue, folder);
}

/* Takes the searches that do not enter a file system of this kind out of a folder. */
static void
leave_searches(struct worker *worker, uint64_t *depths, enum fs_kind kind, const char *type)
{
    bool told = false;
    char after[96];
    size_t i;

    snprintf(after, sizeof(after), " is on a network file system (%s) and was not entered", type);
    for (i = 0; i < worker->set->count; i++) {
        /* Depth 1: the search names it. */
        if (depths[i] < 2 || kind == FS_ORDINARY ||
            (kind == FS_NETWORK && worker->set->searches[i].remote))
            continue;
        depths[i] = 0;
        mig_search_skip_one(worker, i, SKIP_FILE_SYSTEM);
        if (kind == FS_NETWORK && !told)
            mig_search_tell(worker, "warning: ", after);
        told = true;
    }
}

/* The mount at the path at hand, without touching it. */
static const struct mount *
mount_here(const struct worker *worker, const struct root *root)
{
    const struct mounts *mounts = &worker->run->mounts;
    const struct mount *mount;
    char *real;

    if (mounts->count == 0)
        return NULL;
    if (root->real == NULL)
        return mig_mounts_at(mounts, worker->path);
    if (asprintf(&real, "%s%s", root->real, worker->path + strlen(root->path)) < 0)
        return NULL;
    mount = mig_mounts_at(mounts, real);
    free(real);
    return mount;
}

/* Depths in a sub-folder; false when no search goes there. */
static bool
descend(struct worker *worker, struct folder *folder)
{
    const uint64_t *above = folder->parent->depths;
    struct root *root = mig_search_root_here(worker);
    const struct mount *mount;
    size_t i;

    for (i = 0; i < worker->set->count; i++)
        if (above[i] > 0 && above[i] < worker->set->searches[i].max_depth)
            folder->depths[i] = above[i] + 1;
    if (root != NULL) {
        mig_search_start(worker, worker->path, folder->depths);
        atomic_store(&root->reached, true);
    }
    for (i = 0; i < worker->set->count; i++)
        if (above[i] > 0 && folder->depths[i] == 0)
            mig_search_skip_one(worker, i, SKIP_DEPTH);
    mount = mount_here(worker, folder->root);
    if (mount != NULL)
        leave_searches(worker, folder->depths, mount->kind, mount->type);
    return any_active(worker, folder->depths);
}

/* Opens a folder and takes its identity; false after an error was told. */
static bool
open_folder(struct worker *worker, int dirfd, const char *name, struct folder *folder)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    struct stat st;
    int error;

    folder->fd = openat(dirfd, name, flags | O_NOATIME);
    if (folder->fd < 0 && errno == EPERM)
        folder->fd = openat(dirfd, name, flags);
    if (folder->fd < 0 || fstat(folder->fd, &st) != 0) {
        error = errno;
        worker->statistics.open_failed++;
        mig_search_skip(worker, mig_search_skip_reason(error));
        mig_search_fail(worker, "open", error);
        return false;
    }
    folder->device = st.st_dev;
    folder->inode = st.st_ino;
    return true;
}

/* What can only be known of an open folder. */
static bool
may_enter(struct worker *worker, struct folder *folder)
{
    const char *type = NULL;
    enum fs_kind kind;

    if (mig_folder_inside(folder, folder->device, folder->inode)) {
        mig_search_tell(worker, "ERROR: ", " is a folder above itself and was not entered again");
        mig_search_skip(worker, SKIP_TYPE);
        return false;
    }
    if (folder->device == folder->parent->device)
        return true;
    kind = mig_search_fs(folder->fd, folder->device, &type);
    leave_searches(worker, folder->depths, kind, type);
    return any_active(worker, folder->depths);
}

static void
enter_folder(struct worker *worker, struct folder *parent, const char *name)
{
    struct queue *queue = &worker->run->queue;
    struct folder *folder = mig_folder_new(parent, parent->root, name, worker->set->count);

    if (folder == NULL) {
        mig_search_out_of_memory(worker);
        return;
    }
    worker->depths = folder->depths;
    if (!set_folder_path(worker, folder) || !descend(worker, folder))
        goto out;
    if (folder->level >= LEVELS_MAX) {
        mig_search_tell(worker, "ERROR: ", " is too deep and was not entered");
        mig_search_skip(worker, SKIP_DEPTH);
        goto out;
    }
    if (open_folder(worker, parent->fd, name, folder) && may_enter(worker, folder))
        read_folder(worker, folder);
out:
    mig_queue_release(queue, folder);
}

/* ---- where the walk begins ---- */

/* A root that is a file, or a link to one: it is reported as what it leads to. */
static void
walk_file(struct worker *worker)
{
    const char *slash = strrchr(worker->path, '/');
    struct candidate candidate = {
        .dirfd = AT_FDCWD,
        .name = worker->path,
        .base = slash != NULL ? slash + 1 : worker->path,
    };

    mig_search_evaluate(worker, &candidate);
}

static void
walk_link(struct worker *worker, const char *path)
{
    char *target = realpath(path, NULL);
    char *shown = NULL;
    char *after = NULL;
    struct stat st;
    int error = errno;

    if (target == NULL || lstat(target, &st) != 0) {
        error = target == NULL ? error : errno;
        worker->statistics.open_failed++;
        mig_search_skip(worker, mig_search_skip_reason(error));
        mig_search_fail(worker, "followSymLink() -> lstat", error);
    } else if (S_ISREG(st.st_mode)) {
        if (set_path(worker, target))
            walk_file(worker);
    } else {
        shown = mig_text_path(target);
        mig_search_skip(worker, SKIP_TYPE);
        if (shown == NULL || asprintf(&after, " is a link to %s and was not followed", shown) < 0)
            mig_search_out_of_memory(worker);
        else
            mig_search_tell(worker, "warning: ", after);
    }
    free(after);
    free(shown);
    free(target);
}

/* The table of mounts has the names that remain when all links are followed. */
static void
find_real_name(struct worker *worker, struct root *root, int fd)
{
    char link[64];
    char real[PATH_MAX];
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    length = readlink(link, real, sizeof(real) - 1);
    if (length <= 0 || real[0] != '/')
        return;
    real[length] = '\0';
    if (strcmp(real, root->path) == 0)
        return;
    root->real = strdup(real);
    if (root->real == NULL)
        mig_search_out_of_memory(worker);
}

static void
walk_root(struct worker *worker, struct root *root)
{
    struct queue *queue = &worker->run->queue;
    struct folder *folder = mig_folder_new(NULL, root, root->path, worker->set->count);
    struct stat st;
    int error;

    if (folder == NULL || !set_path(worker, root->path)) {
        mig_search_out_of_memory(worker);
        goto out;
    }
    atomic_store(&root->reached, true);
    mig_search_start(worker, root->path, folder->depths);
    worker->depths = folder->depths;
    if (lstat(root->path, &st) != 0) {
        error = errno;
        worker->statistics.open_failed++;
        mig_search_skip(worker, mig_search_skip_reason(error));
        mig_search_fail(worker, "open", error);
    } else if (S_ISDIR(st.st_mode)) {
        if (any_active(worker, folder->depths) &&
            open_folder(worker, AT_FDCWD, root->path, folder)) {
            find_real_name(worker, root, folder->fd);
            read_folder(worker, folder);
        }
    } else if (S_ISLNK(st.st_mode)) {
        walk_link(worker, root->path);
    } else if (S_ISREG(st.st_mode)) {
        walk_file(worker);
    } else {
        mig_search_skip(worker, SKIP_TYPE);
        mig_search_tell(worker, "warning: ", " is no file or directory and was not opened");
    }
out:
    if (folder != NULL)
        mig_queue_release(queue, folder);
}

/* ---- a thread ---- */

static void
do_task(struct worker *worker, const struct task *task)
{
    switch (task->kind) {
    case TASK_ROOT:
        walk_root(worker, task->root);
        break;
    case TASK_ENTER:
        enter_folder(worker, task->folder, worker->name);
        break;
    case TASK_READ_ON:
        if (set_folder_path(worker, task->folder))
            read_folder(worker, task->folder);
        break;
    case TASK_LOST:
        worker->depths = task->folder->depths;
        mig_search_skip(worker, SKIP_VANISHED);
        if (set_folder_path(worker, task->folder))
            mig_search_tell(
                worker, "ERROR: ", " was moved while it was searched, a part of it was skipped");
        break;
    default:
        break;
    }
}

void
mig_search_walk(struct worker *worker)
{
    struct queue *queue = &worker->run->queue;
    struct task task = {.kind = TASK_END};

    do {
        if (mig_queue_take(queue, &task, &worker->name, &worker->name_room) < 0) {
            task = (struct task){.kind = TASK_END};
            mig_search_out_of_memory(worker);
        }
        do_task(worker, &task);
        mig_queue_done(queue, &task);
    } while (task.kind != TASK_END);
}
