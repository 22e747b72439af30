/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/process.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANCESTORS_MAX 64

static int
compare_pids(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a;
    pid_t y = *(const pid_t *)b;

    return x < y ? -1 : x > y;
}

static int
add_pid(pid_t pid, pid_t **list, size_t *count, size_t *room)
{
    pid_t *grown;

    if (*count == *room) {
        *room = *room > 0 ? *room * 2 : 512;
        grown = reallocarray(*list, *room, sizeof(**list));
        if (grown == NULL)
            return -ENOMEM;
        *list = grown;
    }
    (*list)[(*count)++] = pid;
    return 0;
}

int
mig_process_list(pid_t **ret_list, size_t *ret_count)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    pid_t *list = NULL;
    size_t count = 0;
    size_t room = 0;
    int code = 0;

    if (proc == NULL)
        return -errno;
    while (code == 0 && (entry = readdir(proc)) != NULL) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (*end == '\0' && pid > 0 && pid <= INT32_MAX)
            code = add_pid((pid_t)pid, &list, &count, &room);
    }
    closedir(proc);
    if (code < 0) {
        free(list);
        return code;
    }
    if (count > 0)
        qsort(list, count, sizeof(*list), compare_pids);
    *ret_list = list;
    *ret_count = count;
    return 0;
}

/* ---- the family ---- */

struct mig_process_family {
    pid_t self;
    pid_t head; /* the oldest ancestor that runs this very program */
};

/* The fourth field; the second is a name in parentheses that may hold any byte. */
static pid_t
parent_of(pid_t pid)
{
    char path[64];
    char text[512];
    const char *at;
    ssize_t length;
    int parent = 0;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    length = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    at = strrchr(text, ')');
    return at != NULL && sscanf(at + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

static bool
same_program(pid_t a, pid_t b)
{
    char path[64];
    struct stat one, two;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)a);
    if (stat(path, &one) != 0)
        return false;
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)b);
    return stat(path, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

struct mig_process_family *
mig_process_family_new(void)
{
    struct mig_process_family *family = calloc(1, sizeof(*family));
    pid_t parent;
    int i;

    if (family == NULL)
        return NULL;
    family->self = family->head = getpid();
    for (i = 0; i < ANCESTORS_MAX; i++) {
        parent = parent_of(family->head);
        if (parent <= 0 || !same_program(parent, family->self))
            break;
        family->head = parent;
    }
    return family;
}

void
mig_process_family_free(struct mig_process_family *family)
{
    free(family);
}

/* By descent and not by program: else whoever runs this program could hide in it. */
bool
mig_process_family_has(const struct mig_process_family *family, pid_t pid)
{
    int i;

    for (i = 0; i < ANCESTORS_MAX && pid > 0; i++) {
        if (pid == family->self || pid == family->head)
            return true;
        pid = parent_of(pid);
    }
    return false;
}

/* ---- one process ---- */

static int
command_name(pid_t pid, char **ret_name)
{
    char path[64];
    char text[64];
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    length = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
    if (fd >= 0)
        close(fd);
    if (length <= 0)
        return -ESRCH;
    if (text[length - 1] == '\n')
        length--;
    return asprintf(ret_name, "[%.*s]", (int)length, text) >= 0 ? 0 : -ENOMEM;
}

int
mig_process_name(pid_t pid, char **ret_name)
{
    char path[64];
    char target[4096];
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    length = readlink(path, target, sizeof(target));
    if (length >= 0) {
        *ret_name = strndup(target, (size_t)length);
        return *ret_name != NULL ? 0 : -ENOMEM;
    }
    if (errno == ENOENT)
        return command_name(pid, ret_name);
    return errno == EACCES || errno == EPERM ? -EACCES : -ESRCH;
}

static bool
parse_map(char *line, struct mig_process_map *ret_map)
{
    uint64_t inode;
    char rights[5];
    int path_at = 0;

    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %" SCNu64 "%n", &ret_map->start,
               &ret_map->end, rights, &inode, &path_at) != 4 ||
        path_at == 0)
        return false;
    ret_map->path = line + path_at + strspn(line + path_at, " ");
    ret_map->readable = rights[0] == 'r';
    ret_map->anonymous = inode == 0 && rights[3] == 'p';
    ret_map->kernels =
        strncmp(ret_map->path, "[vvar", 5) == 0 || strcmp(ret_map->path, "[vsyscall]") == 0;
    return ret_map->start < ret_map->end;
}

int
mig_process_maps(pid_t pid, int (*each)(void *context, const struct mig_process_map *map),
                 void *context)
{
    struct mig_process_map map;
    char path[64];
    char *line = NULL;
    size_t size = 0;
    int code = 0;
    FILE *maps;

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    maps = fopen(path, "re");
    if (maps == NULL)
        return -errno;
    while (code == 0 && getline(&line, &size, maps) > 0)
        if (parse_map(line, &map))
            code = each(context, &map);
    if (code == 0 && ferror(maps))
        code = -EIO;
    free(line);
    fclose(maps);
    return code;
}
