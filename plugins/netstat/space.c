/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The network namespaces of the host: those of processes, and those that are kept by a mount, as
 * `ip netns add` and container engines do.
 */
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mig/json.h>

struct spaces {
    const struct mig_host *host;
    const struct netstat_queries *queries;
    struct netstat_tables *tables;
    dev_t files; /* the file system of namespaces */
    uint64_t *seen;
    size_t count;
    size_t size;
    size_t hidden; /* processes that may not be looked into */
};

/* The sockets of a namespace, which stay in it wherever they are used. */
struct entry {
    int space; /* -1: the one this process is in */
    int route;
    int diag;
    int code;
};

static void
open_sockets(struct entry *entry)
{
    entry->code = netstat_netlink_open(NETLINK_ROUTE, &entry->route);
    if (entry->code == 0)
        entry->code = netstat_netlink_open(NETLINK_SOCK_DIAG, &entry->diag);
}

/* A thread enters and ends there, so that nothing has to come back. */
static void *
enter(void *data)
{
    struct entry *entry = data;

    if (setns(entry->space, CLONE_NEWNET) != 0)
        entry->code = -errno;
    else
        open_sockets(entry);
    return NULL;
}

static int
ask(struct spaces *spaces, struct entry *entry, uint64_t inode)
{
    pthread_t thread;
    int code = 0;

    if (entry->space < 0)
        open_sockets(entry);
    else if ((code = pthread_create(&thread, NULL, enter, entry)) != 0)
        entry->code = -code;
    else
        pthread_join(thread, NULL);
    if (entry->code < 0) {
        mig_error(spaces->host, "the network namespace net:[%llu] can not be entered: %s",
                  (unsigned long long)inode, strerror(-entry->code));
        return 0;
    }
    code = netstat_route(spaces->host, spaces->queries, entry->route, inode, spaces->tables);
    if (code == 0)
        code = netstat_diag(spaces->host, spaces->queries, entry->diag, inode, spaces->tables);
    return code;
}

static int
ask_space(struct spaces *spaces, int space, uint64_t inode)
{
    struct entry entry = {.space = space, .route = -1, .diag = -1};
    int code = ask(spaces, &entry, inode);

    if (entry.route >= 0)
        close(entry.route);
    if (entry.diag >= 0)
        close(entry.diag);
    return code;
}

static bool
is_seen(const struct spaces *spaces, uint64_t inode)
{
    for (size_t i = 0; i < spaces->count; i++)
        if (spaces->seen[i] == inode)
            return true;
    return false;
}

/* 1 when the namespace is new, 0 when it is not. */
static int
note(struct spaces *spaces, uint64_t inode)
{
    if (is_seen(spaces, inode))
        return 0;
    if (netstat_grow((void **)&spaces->seen, &spaces->size, spaces->count, sizeof(inode)) != 0)
        return -ENOMEM;
    spaces->seen[spaces->count++] = inode;
    return 1;
}

/* A namespace file, asked when it is the first of its namespace. What is gone meanwhile is no
 * error. */
static int
ask_file(struct spaces *spaces, const char *path)
{
    struct stat info;
    int code = 0;
    int fd;

    if (spaces->host->cancelled(spaces->host))
        return -ECANCELED;
    if (stat(path, &info) != 0) {
        spaces->hidden += errno == EACCES || errno == EPERM;
        return 0;
    }
    if (info.st_dev != spaces->files || is_seen(spaces, info.st_ino))
        return 0;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return 0;
    if (fstat(fd, &info) == 0 && info.st_dev == spaces->files)
        code = note(spaces, info.st_ino);
    if (code == 1)
        code = ask_space(spaces, fd, info.st_ino);
    close(fd);
    return code;
}

static int
ask_processes(struct spaces *spaces)
{
    char path[64];
    struct dirent *entry;
    DIR *proc = opendir("/proc");
    int code = 0;

    if (proc == NULL) {
        mig_error(spaces->host, "/proc can not be read: %s", strerror(errno));
        return 0;
    }
    while (code == 0 && (entry = readdir(proc)) != NULL) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/ns/net", entry->d_name);
        code = ask_file(spaces, path);
    }
    closedir(proc);
    if (spaces->hidden > 0)
        mig_error(spaces->host, "%zu processes do not show their network namespace: not permitted",
                  spaces->hidden);
    return code;
}

/* Undoes the \ooo of blanks in mountinfo. */
static void
unescape(char *path)
{
    char *to = path;

    for (const char *p = path; *p != '\0'; p++) {
        if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
            p[3] >= '0' && p[3] <= '7') {
            *to++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
            p += 3;
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
}

/* Lines of proc_pid_mountinfo(5): "36 35 0:4 net:[4026532] /run/netns/blue rw - nsfs nsfs rw". */
static int
ask_mounts(struct spaces *spaces)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    int code = 0;

    while (file != NULL && code == 0 && getline(&line, &size, file) > 0) {
        char *field = line, *rest = line;
        bool is_net = false;

        for (int i = 0; i < 5 && field != NULL; i++) {
            field = strsep(&rest, " ");
            if (i == 3)
                is_net = field != NULL && strncmp(field, "net:[", 5) == 0;
        }
        if (!is_net || field == NULL)
            continue;
        unescape(field);
        code = ask_file(spaces, field);
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return code;
}

int
netstat_spaces(const struct mig_host *host, const struct netstat_queries *queries,
               struct netstat_tables *tables)
{
    struct spaces spaces = {.host = host, .queries = queries, .tables = tables};
    struct stat own;
    int code;

    if (stat("/proc/self/ns/net", &own) != 0)
        return mig_refuse(host, -errno, "the network namespace of this process is not known: %s",
                          strerror(errno));
    tables->own = own.st_ino;
    spaces.files = own.st_dev;
    code = note(&spaces, own.st_ino);
    if (code == 1)
        code = ask_space(&spaces, -1, own.st_ino);
    if (code == 0 && queries->namespaces)
        code = ask_processes(&spaces);
    if (code == 0 && queries->namespaces)
        code = ask_mounts(&spaces);
    free(spaces.seen);
    return code;
}
