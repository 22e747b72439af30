/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

#define TEXT_MAX (1u << 20) /* a mount table */
#define LEAF "mig-agent"
#define WORKER "mig-worker-"
#define PIDS_MAX "256"
#define NAME_BYTES 32
#define LEFT_MAX 64 /* folders; the next agent removes what is beyond */

/* One a process. */
static struct {
    int dir; /* -1: no cgroups */
    bool memory, pids, kill;
    char left[LEFT_MAX][NAME_BYTES];
    size_t left_count;
    char reason[160];
} own = {.dir = -1, .reason = "only a running agent makes them"};

struct mig_cgroup {
    int dir; /* locked while the worker is this agent's: another agent's sweep() leaves it alone */
    char name[NAME_BYTES];
};

/* ---- files ---- */

static int
write_file(int dir, const char *name, const char *text)
{
    int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return -errno;
    rc = mig_fd_write_all(fd, text, strlen(text));
    close(fd);
    return rc;
}

/* The text of a small file; "" when there is none. */
static void
read_text(int dir, const char *name, char *text, size_t size)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

static bool
has_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
        if ((at == text || at[-1] == ' ') && strchr(" \n", at[len]) != NULL)
            return true;
    return false;
}

/* ---- the folder of this process ---- */

/* "0::/system.slice/mig-agent.service" */
static bool
own_path(char *path, size_t size)
{
    struct mig_buf text = MIG_BUF_INIT;
    bool found = false;

    if (mig_file_read("/proc/self/cgroup", TEXT_MAX, &text, NULL) == 0 && text.data != NULL) {
        const char *line = text.data;
        while (line != NULL && strncmp(line, "0::/", 4) != 0)
            line = (line = strchr(line, '\n')) != NULL ? line + 1 : NULL;
        if (line != NULL) {
            size_t len = strcspn(line + 3, "\n");
            found = len < size;
            if (found)
                snprintf(path, size, "%.*s", (int)len, line + 3);
        }
    }
    mig_buf_fini(&text);
    return found;
}

/* The folder's name under the mount of this line of mountinfo; false when it is no cgroup2, or of
 * another part of the tree. proc(5): "36 35 98:0 /root /point options… - type source options" */
static bool
under_mount(char *line, const char *path, char *folder, size_t size)
{
    char *field[5], *rest = line;
    const char *type = strstr(line, " - ");

    if (type == NULL || strncmp(type, " - cgroup2 ", 11) != 0)
        return false;
    for (size_t i = 0; i < 5; i++) {
        field[i] = strsep(&rest, " ");
        if (field[i] == NULL)
            return false;
    }
    size_t root = strcmp(field[3], "/") == 0 ? 0 : strlen(field[3]);
    /* A '\' begins the code of a character that such names do not have. */
    if (strncmp(path, field[3], root) != 0 || (path[root] != '/' && path[root] != '\0') ||
        strchr(field[4], '\\') != NULL)
        return false;
    return (size_t)snprintf(folder, size, "%s%s", field[4], path + root) < size;
}

static bool
delegated(int dir, const char *path)
{
    char value[4] = "";
    struct stat st;

    if (strcmp(path, "/") == 0)
        return true;
    if (geteuid() != 0)
        return fstat(dir, &st) == 0 && st.st_uid == geteuid();
    return (fgetxattr(dir, "trusted.delegate", value, sizeof(value)) == 1 && value[0] == '1') ||
           (fgetxattr(dir, "user.delegate", value, sizeof(value)) == 1 && value[0] == '1');
}

/* A descriptor of the folder when it may be used, else -1 and the reason. */
static int
open_own(const char *path)
{
    struct mig_buf text = MIG_BUF_INIT;
    char folder[4096];
    int dir = -1;

    snprintf(own.reason, sizeof(own.reason), "no cgroup v2 is mounted that holds this process");
    if (mig_file_read("/proc/self/mountinfo", TEXT_MAX, &text, NULL) != 0)
        mig_buf_reset(&text);
    char *rest = text.data, *line;
    while (dir < 0 && rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
        if (!under_mount(line, path, folder, sizeof(folder)))
            continue;
        dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0 && faccessat(dir, "cgroup.procs", W_OK, 0) != 0) {
            snprintf(own.reason, sizeof(own.reason), "%.120s is not writable", folder);
        } else if (dir >= 0 && !delegated(dir, path)) {
            snprintf(own.reason, sizeof(own.reason), "%.100s is not delegated (Delegate=yes)",
                     folder);
        } else {
            continue; /* it is ours, or not there */
        }
        close(dir);
        dir = -1;
    }
    mig_buf_fini(&text);
    return dir;
}

/* ---- starting ---- */

static void
kill_in(int dir)
{
    (void)write_file(dir, "cgroup.kill", "1");
}

/* What an agent that did not end well has left. At the root of the tree several agents may share
 * one folder: what a living one has is locked. */
static void
sweep_one(const char *name)
{
    int dir = openat(own.dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return;
    if (flock(dir, LOCK_EX | LOCK_NB) == 0) {
        kill_in(dir);
        (void)unlinkat(own.dir, name, AT_REMOVEDIR);
    }
    close(dir);
}

static void
sweep(void)
{
    int fd = openat(own.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (list == NULL && fd >= 0)
        close(fd);
    while (list != NULL && (entry = readdir(list)) != NULL)
        if (strncmp(entry->d_name, WORKER, strlen(WORKER)) == 0)
            sweep_one(entry->d_name);
    if (list != NULL)
        closedir(list);
}

/* Processes that were killed take a moment to be gone, and their folder with them. */
static void
remove_left(void)
{
    size_t kept = 0;

    for (size_t i = 0; i < own.left_count; i++)
        if (unlinkat(own.dir, own.left[i], AT_REMOVEDIR) != 0 && errno == EBUSY)
            memmove(own.left[kept++], own.left[i], sizeof(own.left[0]));
    own.left_count = kept;
}

static void
remove_folder(const char *name)
{
    if (own.dir < 0 || unlinkat(own.dir, name, AT_REMOVEDIR) == 0 || errno != EBUSY ||
        own.left_count == LEFT_MAX)
        return;
    snprintf(own.left[own.left_count++], sizeof(own.left[0]), "%s", name);
}

/* The folder is the leaf's parent for a process that has moved to its leaf already. */
static void
leave_leaf(char *path)
{
    size_t len = strlen(path), leaf = strlen("/" LEAF);

    if (len < leaf || strcmp(path + len - leaf, "/" LEAF) != 0)
        return;
    len -= leaf;
    snprintf(path + len, leaf, "%s", len == 0 ? "/" : "");
}

/* The root of the whole tree, which has no type, may have both processes and controllers. */
static int
move_to_leaf(void)
{
    if (faccessat(own.dir, "cgroup.type", F_OK, 0) != 0)
        return 0;
    if (mkdirat(own.dir, LEAF, 0755) != 0 && errno != EEXIST)
        return -errno;
    return write_file(own.dir, LEAF "/cgroup.procs", "0");
}

static bool
enable(const char *controllers, const char *name)
{
    char text[16];

    snprintf(text, sizeof(text), "+%s", name);
    return has_word(controllers, name) && write_file(own.dir, "cgroup.subtree_control", text) == 0;
}

/* cgroup.kill is there since Linux 5.14; the root has none. */
static bool
has_kill(void)
{
    char name[NAME_BYTES], file[NAME_BYTES + sizeof("/cgroup.kill")];

    snprintf(name, sizeof(name), WORKER "0.%ld", (long)getpid());
    snprintf(file, sizeof(file), "%s/cgroup.kill", name);
    if (mkdirat(own.dir, name, 0755) != 0 && errno != EEXIST)
        return false;
    bool has = faccessat(own.dir, file, W_OK, 0) == 0;
    (void)unlinkat(own.dir, name, AT_REMOVEDIR);
    return has;
}

void
mig_cgroup_start(void)
{
    char path[2048], controllers[256];

    mig_cgroup_stop();
    if (!own_path(path, sizeof(path))) {
        snprintf(own.reason, sizeof(own.reason), "this kernel has no cgroup v2");
        return;
    }
    leave_leaf(path);
    own.dir = open_own(path);
    if (own.dir < 0)
        return;
    int rc = move_to_leaf();
    if (rc != 0) {
        mig_cgroup_stop();
        snprintf(own.reason, sizeof(own.reason), "no leaf below %.80s: %s", path, strerror(-rc));
        return;
    }
    sweep();
    read_text(own.dir, "cgroup.controllers", controllers, sizeof(controllers));
    own.memory = enable(controllers, "memory");
    own.pids = enable(controllers, "pids");
    own.kill = has_kill();
}

void
mig_cgroup_stop(void)
{
    if (own.dir >= 0) {
        remove_left();
        close(own.dir);
    }
    own.dir = -1;
    own.left_count = 0;
    own.memory = own.pids = own.kill = false;
    snprintf(own.reason, sizeof(own.reason), "only a running agent makes them");
}

/* ---- a worker's ---- */

static int
set_limits(int dir, size_t memory_max)
{
    char text[32];
    int rc = 0;

    if (own.pids)
        rc = write_file(dir, "pids.max", PIDS_MAX);
    if (rc != 0 || !own.memory || memory_max == 0)
        return rc;
    snprintf(text, sizeof(text), "%zu", memory_max);
    rc = write_file(dir, "memory.max", text);
    /* Where there is swap, it is not for this; one that is killed takes all with it. */
    (void)write_file(dir, "memory.swap.max", "0");
    (void)write_file(dir, "memory.oom.group", "1");
    return rc;
}

struct mig_cgroup *
mig_cgroup_new(pid_t pid, size_t memory_max)
{
    struct mig_cgroup *cgroup;
    char text[32];

    if (own.dir < 0 || (cgroup = calloc(1, sizeof(*cgroup))) == NULL)
        return NULL;
    remove_left();
    snprintf(cgroup->name, sizeof(cgroup->name), WORKER "%ld", (long)pid);
    snprintf(text, sizeof(text), "%ld", (long)pid);
    int rc = mkdirat(own.dir, cgroup->name, 0755) != 0 ? -errno : 0;
    cgroup->dir = rc != 0 ? -1 : openat(own.dir, cgroup->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (rc == 0)
        rc = cgroup->dir < 0 || flock(cgroup->dir, LOCK_SH) != 0 ? -errno : 0;
    if (rc == 0)
        rc = set_limits(cgroup->dir, memory_max);
    if (rc == 0)
        rc = write_file(cgroup->dir, "cgroup.procs", text);
    if (rc == 0)
        return cgroup;
    mig_log(MIG_SEV_WARNING, "a worker has no cgroup: %s", strerror(-rc));
    mig_cgroup_free(cgroup);
    return NULL;
}

bool
mig_cgroup_out_of_memory(const struct mig_cgroup *cgroup)
{
    char events[512];

    if (cgroup == NULL || !own.memory)
        return false;
    read_text(cgroup->dir, "memory.events", events, sizeof(events));
    const char *at = strstr(events, "oom_kill ");
    return at != NULL && strtoul(at + strlen("oom_kill "), NULL, 10) > 0;
}

void
mig_cgroup_kill(const struct mig_cgroup *cgroup)
{
    if (cgroup != NULL)
        kill_in(cgroup->dir);
}

void
mig_cgroup_free(struct mig_cgroup *cgroup)
{
    if (cgroup == NULL)
        return;
    if (cgroup->dir >= 0) {
        kill_in(cgroup->dir);
        close(cgroup->dir);
    }
    remove_folder(cgroup->name);
    free(cgroup);
}

int
mig_cgroup_json(struct mig_buf *out)
{
    static const char *const truth[] = {"false", "true"};

    if (own.dir >= 0)
        return mig_buf_addf(out, "{\"active\":true,\"memory\":%s,\"pids\":%s,\"kill\":%s}",
                            truth[own.memory], truth[own.pids], truth[own.kill]);
    mig_buf_adds(out, "{\"active\":false,\"reason\":");
    mig_json_add_string(out, own.reason, strlen(own.reason));
    return mig_buf_addc(out, '}');
}
