/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Paths inside of a root that is not trusted. openat2(RESOLVE_IN_ROOT) would do it in one call, but
 * a worker's system call filter refuses it, and kernels before 5.6 do not have it. So each
 * component is opened by itself and never through a link; a link is read, and its text is walked
 * from the root.
 */
#include "config.h"

#include "packages_read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40
#define STEP (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct walk {
    int root;
    int dir;
    int links;
    char done[PATH_MAX]; /* where `dir` is: "", "usr/lib" */
    char todo[PATH_MAX];
};

/* Goes back to the root, and from there along a path that has no links. */
static int
restart(struct walk *walk)
{
    const char *at = walk->done;
    char name[NAME_MAX + 1];
    int dir = openat(walk->root, ".", STEP);

    while (dir >= 0 && *at != '\0') {
        size_t length = strcspn(at, "/");
        int next;

        memcpy(name, at, length);
        name[length] = '\0';
        at += length + (at[length] == '/');
        next = openat(dir, name, STEP);
        close(dir);
        dir = next;
    }
    if (dir < 0)
        return -errno;
    if (walk->dir >= 0)
        close(walk->dir);
    walk->dir = dir;
    return 0;
}

/* Puts the link's text before what is left to walk. */
static int
follow(struct walk *walk, const char *name)
{
    char text[PATH_MAX];
    ssize_t length = readlinkat(walk->dir, name, text, sizeof(text));
    size_t rest = strlen(walk->todo);

    if (length < 0)
        return -errno;
    if (++walk->links > LINKS_MAX)
        return -ELOOP;
    if ((size_t)length + 1 + rest + 1 > sizeof(walk->todo))
        return -ENAMETOOLONG;
    memmove(walk->todo + length + 1, walk->todo, rest + 1);
    memcpy(walk->todo, text, (size_t)length);
    walk->todo[length] = '/';
    if (length > 0 && text[0] == '/') {
        walk->done[0] = '\0';
        return restart(walk);
    }
    return 0;
}

static int
up(struct walk *walk)
{
    char *slash = strrchr(walk->done, '/');

    if (slash != NULL)
        *slash = '\0';
    else
        walk->done[0] = '\0';
    return restart(walk);
}

static int
down(struct walk *walk, const char *name)
{
    size_t have = strlen(walk->done);
    size_t length = strlen(name);
    int next;

    if (have + 1 + length + 1 > sizeof(walk->done))
        return -ENAMETOOLONG;
    next = openat(walk->dir, name, STEP);
    if (next < 0)
        return -errno;
    if (have > 0)
        walk->done[have++] = '/';
    memcpy(walk->done + have, name, length + 1);
    close(walk->dir);
    walk->dir = next;
    return 0;
}

/* Takes the next component off what is left; empty: there is none. */
static int
take(struct walk *walk, char name[static NAME_MAX + 1])
{
    const char *at = walk->todo + strspn(walk->todo, "/");
    size_t length = strcspn(at, "/");
    const char *rest = at + length + strspn(at + length, "/");

    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(name, at, length);
    name[length] = '\0';
    memmove(walk->todo, rest, strlen(rest) + 1);
    return 0;
}

static int
open_last(int dir, const char *name, unsigned type)
{
    struct stat st;
    int fd = openat(dir, name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
                        (type == S_IFDIR ? O_DIRECTORY : 0));

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) != 0 || (st.st_mode & S_IFMT) != type) {
        close(fd);
        return -EINVAL;
    }
    return fd;
}

/* 1 when a descriptor was given, 0 when there is more to walk. */
static int
step(struct walk *walk, unsigned type, int *ret_fd)
{
    char name[NAME_MAX + 1];
    struct stat st;
    int code = take(walk, name);

    if (code < 0)
        return code;
    if (name[0] == '\0' || strcmp(name, ".") == 0)
        return walk->todo[0] != '\0' ? 0 : -EISDIR;
    if (strcmp(name, "..") == 0)
        return up(walk);
    if (fstatat(walk->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return -errno;
    if (S_ISLNK(st.st_mode))
        return follow(walk, name);
    if (walk->todo[0] != '\0')
        return down(walk, name);
    /* Before it is opened: opening a device or a pipe can do something. */
    if ((st.st_mode & S_IFMT) != type)
        return -EINVAL;
    *ret_fd = open_last(walk->dir, name, type);
    return *ret_fd < 0 ? *ret_fd : 1;
}

int
mig_packages_root_open(int root, const char *path, unsigned type)
{
    struct walk *walk = calloc(1, sizeof(*walk));
    int fd = -1;
    int code;

    if (walk == NULL)
        return -ENOMEM;
    walk->root = root;
    walk->dir = -1;
    code = strlen(path) < sizeof(walk->todo) ? restart(walk) : -ENAMETOOLONG;
    if (code == 0)
        memcpy(walk->todo, path, strlen(path) + 1);
    while (code == 0)
        code = step(walk, type, &fd);
    if (walk->dir >= 0)
        close(walk->dir);
    free(walk);
    return code < 0 ? code : fd;
}
