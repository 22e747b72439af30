/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "fswatch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <mig/json.h>

/* A folder is looked at again after this many times what the last look took: 5 % of a CPU. */
#define SHARE 20
#define ROOTS_MS 5000
#define ALIVE_ENTRIES 256u
#define CIFS_MAGIC 0xff534d42
#define FUSE_MAGIC 0x65735546

/* ---- which folders are looked into ---- */

static bool
excluded(const struct fswatch *fs, const char *path)
{
    for (size_t i = 0; fs->settings.excludes[i] != NULL; i++)
        if (fnmatch(fs->settings.excludes[i], path, FNM_LEADING_DIR) == 0)
            return true;
    return false;
}

/* All that is in the folder is watched, not only what the configuration names. */
static bool
covers(const struct node *folder)
{
    const struct root *root = fswatch_root_of(folder);

    return folder->root != NULL || (root != NULL && root->recursive);
}

static bool
looked_into(const struct node *node)
{
    const struct root *root = fswatch_root_of(node);

    return node->root != NULL || (root != NULL && root->recursive);
}

/* Made up by the kernel, or another machine's, where nothing tells of changes. */
static bool
foreign(int fd)
{
    static const long types[] = {PROC_SUPER_MAGIC,    SYSFS_MAGIC,       CGROUP_SUPER_MAGIC,
                                 CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC,     TRACEFS_MAGIC,
                                 NFS_SUPER_MAGIC,     CIFS_MAGIC,        SMB2_SUPER_MAGIC,
                                 FUSE_MAGIC,          AUTOFS_SUPER_MAGIC};
    struct statfs st;

    if (fstatfs(fd, &st) != 0)
        return true;
    for (size_t i = 0; i < MIG_COUNT(types); i++)
        if ((unsigned long)st.f_type == (unsigned long)types[i])
            return true;
    return false;
}

/* ---- the list of what to look at ---- */

static void
push(struct fswatch *fs, struct node *folder, int64_t when)
{
    if (folder->look_at < when)
        folder->look_at = when;
    if (folder->dirty)
        return;
    folder->dirty = true;
    folder->next_dirty = NULL;
    if (fs->dirty_last != NULL)
        fs->dirty_last->next_dirty = folder;
    else
        fs->dirty_first = folder;
    fs->dirty_last = folder;
}

void
fswatch_dirty(struct fswatch *fs, struct node *folder)
{
    if (!folder->dirty)
        push(fs, folder, fswatch_now() + (int64_t)fs->settings.settle_ms);
}

static struct node *
pop(struct fswatch *fs, int64_t now)
{
    struct node *before = NULL, *node = fs->dirty_first;

    while (node != NULL && node->look_at > now && !node->dead) {
        before = node;
        node = node->next_dirty;
    }
    if (node == NULL)
        return NULL;
    if (before != NULL)
        before->next_dirty = node->next_dirty;
    else
        fs->dirty_first = node->next_dirty;
    if (fs->dirty_last == node)
        fs->dirty_last = before;
    node->dirty = false;
    return node;
}

static void
hold(struct fswatch *fs, struct node *node)
{
    if (node->held)
        return;
    node->held = true;
    node->next_held = fs->held;
    fs->held = node;
}

/* ---- differences ---- */

static void
forget_created(struct fswatch *fs, const struct node *folder)
{
    for (size_t i = 0; i < fs->created_count; i++)
        if (fs->created[i].folder == folder)
            fs->created[i--] = fs->created[--fs->created_count];
}

/* Takes out what is below; how many files there were. What the configuration names stays. */
static uint64_t
drop_below(struct fswatch *fs, struct node *node)
{
    struct node *child, *next;
    uint64_t count = 0;

    for (child = node->child; child != NULL; child = next) {
        next = child->next;
        count += drop_below(fs, child) + (child->told.kind != KIND_NONE);
        child->told = (struct meta){0};
        if (child->root == NULL && child->child == NULL)
            fswatch_tree_drop(fs->tree, child);
    }
    fswatch_notifier_remove(fs->notifier, node);
    forget_created(fs, node);
    return count;
}

static void
watch_and_push(struct fswatch *fs, struct node *node)
{
    if (looked_into(node))
        push(fs, node, 0);
}

/* What was found differs from what was told, or not. */
static void
compare(struct fswatch *fs, struct node *node, const struct meta *now)
{
    bool same = fswatch_meta_same(&node->told, now);
    bool replaced = node->told.kind == KIND_FOLDER &&
                    (now->kind != KIND_FOLDER || now->inode != node->told.inode ||
                     now->device != node->told.device);
    bool quiet = fswatch_now() < node->quiet_until;
    uint64_t below = 0;

    if (!same && quiet) {
        if (node->last_ctime != now->ctime || now->kind == KIND_NONE) {
            node->changes++;
            fs->held_count++;
        }
        node->last_ctime = now->ctime;
        hold(fs, node);
        if (now->kind == KIND_FOLDER)
            watch_and_push(fs, node);
        return;
    }
    node->last_ctime = now->ctime;
    if (replaced && now->kind == KIND_FOLDER)
        fswatch_notifier_remove(fs->notifier, node);
    if (replaced && now->kind != KIND_FOLDER)
        below = drop_below(fs, node);
    if (same) {
        fs->unsaved |= memcmp(&node->told, now, sizeof(*now)) != 0;
        node->told = *now;
    } else {
        fswatch_report(fs, node, now, below);
    }
    if (now->kind == KIND_FOLDER && (node->watch == NULL || replaced))
        watch_and_push(fs, node);
    if (node->told.kind == KIND_NONE && node->root == NULL && node->child == NULL) {
        if (fswatch_now() < node->quiet_until)
            hold(fs, node);
        else if (!node->held)
            fswatch_tree_drop(fs->tree, node);
    }
}

/* Looks at one name of an open folder. */
static int
look(struct fswatch *fs, struct node *node, int folder)
{
    struct meta now;
    int code;

    node->seen = fs->look;
    /* It is looked at when its quiet time is over: do not hash it again and again until then. */
    if (node->held && node->told.kind == KIND_FILE && fswatch_now() < node->quiet_until) {
        struct stat st;

        if (fstatat(folder, node->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            int64_t ctime = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;

            node->changes += node->last_ctime != ctime;
            fs->held_count += node->last_ctime != ctime;
            node->last_ctime = ctime;
            return 0;
        }
    }
    code = fswatch_meta_read(fs, folder, node->name, &node->told, &now);
    if (code == 0)
        compare(fs, node, &now);
    else if (code != -ECANCELED)
        fs->unreadable++;
    return code;
}

/* ---- a folder ---- */

static int
open_node(const struct node *node)
{
    char *path = fswatch_tree_path(node);
    int fd = path == NULL
                 ? -1
                 : open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int code = path == NULL ? -ENOMEM : -errno;

    free(path);
    return fd >= 0 ? fd : code;
}

static void
watch_folder(struct fswatch *fs, struct node *node, int fd)
{
    int code = 0;

    if (node->watch != NULL)
        return;
    if (fswatch_notifier_count(fs->notifier) >= fs->settings.max_watches)
        code = -ENOSPC;
    if (code == 0)
        code = fswatch_notifier_add(fs->notifier, node, fd);
    if (code == 0)
        return;
    fs->unwatched++;
    if (!fs->watches_reached) {
        char *path = fswatch_tree_path(node);

        fswatch_report_trouble(fs, "limit", "medium",
                               "%s can not be watched (%s): it and others are only looked at when "
                               "everything is (rescan)",
                               path != NULL ? path : "a folder",
                               code == -ENOSPC ? "the limit of watches is reached"
                                               : strerror(-code));
        free(path);
    }
    fs->watches_reached = true;
}

static struct node *
entry_node(struct fswatch *fs, struct node *folder, const char *name, const char *path)
{
    struct node *node = fswatch_tree_find(fs->tree, folder, name);
    char *whole = NULL;

    if (node != NULL)
        return node;
    if (fs->settings.excludes[0] != NULL) {
        bool out =
            asprintf(&whole, "%s/%s", path[1] != '\0' ? path : "", name) < 0 || excluded(fs, whole);

        free(whole);
        if (out)
            return NULL;
    }
    if (fswatch_tree_count(fs->tree) < fs->settings.max_entries)
        return fswatch_tree_make(fs->tree, folder, name);
    if (!fs->entries_reached)
        fswatch_report_trouble(fs, "limit", "medium",
                               "the limit of %llu entries is reached at %s: what is beyond is not "
                               "watched",
                               (unsigned long long)fs->settings.max_entries, path);
    fs->entries_reached = true;
    return NULL;
}

static int
look_at_entries(struct fswatch *fs, struct node *folder, int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), code = 0;
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    char *path = fswatch_tree_path(folder);
    struct dirent *entry;

    for (unsigned n = 1;
         dir != NULL && path != NULL && code != -ECANCELED && (entry = readdir(dir)) != NULL; n++) {
        struct node *node;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        node = entry_node(fs, folder, entry->d_name, path);
        if (node != NULL)
            code = look(fs, node, fd);
        if (n % ALIVE_ENTRIES == 0 && (fs->host->wait(fs->host, -1, 0) & MIG_WAIT_STOP))
            code = -ECANCELED;
    }
    free(path);
    if (dir != NULL)
        closedir(dir);
    else if (copy >= 0)
        close(copy);
    return dir == NULL ? -ENOMEM : code;
}

/* Files that were made, and are not there any more. */
static void
tell_vanished(struct fswatch *fs, struct node *folder)
{
    for (size_t i = 0; i < fs->created_count; i++) {
        struct node *node;

        if (fs->created[i].folder != folder)
            continue;
        node = fswatch_tree_find(fs->tree, folder, fs->created[i].name);
        if (node == NULL && covers(folder) && !fs->sweeping)
            fswatch_report_vanished(fs, folder, fs->created[i].name);
    }
    forget_created(fs, folder);
}

static void
look_at_rest(struct fswatch *fs, struct node *folder, int fd, uint32_t this_look)
{
    struct node *child, *next;

    for (child = folder->child; child != NULL; child = next) {
        next = child->next;
        if (child->seen != this_look && (child->root != NULL || child->told.kind != KIND_NONE))
            if (look(fs, child, fd) == -ECANCELED)
                return;
    }
}

static void
look_into(struct fswatch *fs, struct node *folder)
{
    int64_t started = fswatch_now();
    uint32_t this_look = ++fs->look;
    int fd = open_node(folder), code = 0;

    if (fd < 0) {
        /* That it is gone shows in the folder that it is in. */
        if (folder->parent != NULL && folder->parent->watch == NULL && folder->root == NULL)
            fs->roots_at = 0;
        fs->unreadable += fd != -ENOENT && fd != -ENOTDIR;
        return;
    }
    if (folder->root == NULL && foreign(fd)) {
        close(fd);
        return;
    }
    watch_folder(fs, folder, fd);
    if (covers(folder))
        code = look_at_entries(fs, folder, fd);
    if (code != -ECANCELED)
        look_at_rest(fs, folder, fd, this_look);
    tell_vanished(fs, folder);
    close(fd);
    folder->look_at = fswatch_now() + SHARE * (fswatch_now() - started);
}

bool
fswatch_scan_next(struct fswatch *fs)
{
    struct node *node = pop(fs, fswatch_now());

    if (node == NULL)
        return false;
    if (node->dead)
        fswatch_tree_release(node);
    else
        look_into(fs, node);
    return true;
}

void
fswatch_rescan(struct fswatch *fs)
{
    struct node *top = fswatch_tree_top(fs->tree), *node;

    fs->rescans++;
    fs->unwatched = 0;
    for (node = top; node != NULL; node = fswatch_tree_next(node, top))
        if (node->told.kind == KIND_FOLDER && looked_into(node))
            push(fs, node, 0);
    fs->roots_at = 0;
}

/* ---- after the quiet time ---- */

static void
look_again(struct fswatch *fs, struct node *node)
{
    int fd = node->parent != NULL ? open_node(node->parent) : -ENOENT;
    const struct meta none = {0};

    if (fd >= 0) {
        look(fs, node, fd);
        close(fd);
    } else if (node->parent != NULL) {
        compare(fs, node, &none);
    }
}

void
fswatch_release(struct fswatch *fs)
{
    struct node *list = fs->held, *node;
    int64_t now = fswatch_now();

    fs->held = NULL;
    while ((node = list) != NULL) {
        list = node->next_held;
        if (!node->dead && node->quiet_until > now) {
            node->next_held = fs->held;
            fs->held = node;
            continue;
        }
        node->held = false;
        if (node->dead)
            fswatch_tree_release(node);
        else
            look_again(fs, node);
    }
}

int64_t
fswatch_due(const struct fswatch *fs)
{
    const struct node *node;
    int64_t due = fs->roots_at;

    for (node = fs->dirty_first; node != NULL; node = node->next_dirty)
        due = node->look_at < due ? node->look_at : due;
    for (node = fs->held; node != NULL; node = node->next_held)
        due = node->quiet_until < due ? node->quiet_until : due;
    if (fs->settings.rescan_ms > 0 && fs->rescan_at < due)
        due = fs->rescan_at;
    if (fs->unsaved && fs->save_at < due)
        due = fs->save_at;
    due -= fswatch_now();
    return due > 0 ? due : 0;
}

/* ---- the paths of the configuration ---- */

static char *
lead(const char *path)
{
    char *real = realpath(path, NULL);

    return real != NULL ? real : strdup(path);
}

int
fswatch_place(struct fswatch *fs, struct root *root)
{
    struct node *node;

    if (root->real == NULL)
        root->real = lead(root->path);
    node = root->real != NULL ? fswatch_tree_make_path(fs->tree, root->real) : NULL;
    if (node == NULL)
        return -ENOMEM;
    root->node = node;
    if (node->root == NULL)
        node->root = root;
    else /* two paths to one place */
        node->root->recursive |= root->recursive;
    return 0;
}

/* A link on the way leads elsewhere now. */
static void
follow(struct fswatch *fs, struct root *root)
{
    char *real = realpath(root->path, NULL);

    if (real == NULL || strcmp(real, root->real) == 0) {
        free(real);
        return;
    }
    if (root->node->root == root && root->node->told.kind != KIND_NONE) {
        fswatch_report_trouble(fs, "moved", root->severity, "%s leads to %s now, not to %s",
                               root->path, real, root->real);
        root->fresh = true;
    }
    if (root->node->root == root) {
        root->node->root = NULL;
        drop_below(fs, root->node);
        root->node->told = (struct meta){0};
    }
    free(root->real);
    root->real = real;
    if (fswatch_place(fs, root) == 0)
        fs->unsaved = true;
}

static void
check_root(struct fswatch *fs, struct root *root)
{
    struct node *node = root->node;
    int fd;

    if (node->parent == NULL) {
        if (node->told.kind == KIND_NONE) {
            node->told.kind = KIND_FOLDER;
            watch_and_push(fs, node);
        }
        return;
    }
    fd = open_node(node->parent);
    if (fd >= 0) {
        if (node->parent->watch == NULL)
            watch_folder(fs, node->parent, fd);
        close(fd);
    }
    if (!node->held)
        look_again(fs, node);
    root->missing = node->told.kind == KIND_NONE;
}

void
fswatch_check_roots(struct fswatch *fs)
{
    for (size_t i = 0; i < fs->settings.count; i++) {
        struct root *root = &fs->settings.roots[i];

        follow(fs, root);
        if (root->node->root == root)
            check_root(fs, root);
        else
            root->missing = root->node->root->missing;
    }
    fs->roots_at = fswatch_now() + ROOTS_MS;
}
