/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/packages.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <mig/process.h>

#define CGROUP_MAX 1024

struct roots {
    struct stat *seen; /* the first is our own */
    size_t count;
    size_t room;
};

/* 1 when it is new. */
static int
note(struct roots *roots, const struct stat *st)
{
    size_t i;

    for (i = 0; i < roots->count; i++)
        if (roots->seen[i].st_dev == st->st_dev && roots->seen[i].st_ino == st->st_ino)
            return 0;
    if (roots->count == roots->room) {
        size_t room = roots->room > 0 ? roots->room * 2 : 16;
        struct stat *grown = reallocarray(roots->seen, room, sizeof(*grown));
        if (grown == NULL)
            return -ENOMEM;
        roots->seen = grown;
        roots->room = room;
    }
    roots->seen[roots->count++] = *st;
    return 1;
}

/* cgroups(7): "0::/path" of the unified hierarchy, else the first line that has a path. */
static void
read_cgroup(pid_t pid, char cgroup[static CGROUP_MAX])
{
    char path[64];
    char line[CGROUP_MAX];
    bool unified = false;
    FILE *file;

    cgroup[0] = '\0';
    snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
    file = fopen(path, "re");
    while (file != NULL && !unified && fgets(line, sizeof(line), file) != NULL) {
        const char *group = strchr(line, ':');
        group = group != NULL ? strchr(group + 1, ':') : NULL;
        line[strcspn(line, "\n")] = '\0';
        unified = strncmp(line, "0::", 3) == 0;
        if (group != NULL && group[1] == '/' && group[2] != '\0' && (unified || cgroup[0] == '\0'))
            snprintf(cgroup, CGROUP_MAX, "%s", group + 1);
    }
    if (file != NULL)
        fclose(file);
}

static int
look_at(struct roots *roots, pid_t pid,
        int (*each)(void *context, const struct mig_packages_root *root), void *context,
        size_t *hidden)
{
    char path[64];
    char cgroup[CGROUP_MAX];
    const struct mig_packages_root root = {path, cgroup};
    struct stat st;
    int code;

    snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
    if (stat(path, &st) != 0) {
        *hidden += errno == EACCES || errno == EPERM;
        return 0;
    }
    code = note(roots, &st);
    if (code <= 0)
        return code;
    read_cgroup(pid, cgroup);
    return each(context, &root);
}

int
mig_packages_roots(int (*each)(void *context, const struct mig_packages_root *root), void *context,
                   size_t *ret_hidden)
{
    struct roots roots = {0};
    struct stat own;
    pid_t *pids = NULL;
    size_t count = 0, hidden = 0, i;
    int code = stat("/", &own) == 0 ? mig_process_list(&pids, &count) : -errno;

    if (code == 0)
        code = note(&roots, &own) < 0 ? -ENOMEM : 0;
    for (i = 0; code == 0 && i < count; i++)
        code = look_at(&roots, pids[i], each, context, &hidden);
    free(pids);
    free(roots.seen);
    if (code == 0)
        *ret_hidden = hidden;
    return code;
}
