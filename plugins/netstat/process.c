/* SPDX-License-Identifier: MPL-2.0 */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mig/json.h>
#include <mig/text.h>

#define LINK_PREFIX "socket:["
/* How many descriptors are read between two looks at the clock. */
#define LOOKS 4096u

static struct netstat_slot *
slot_of(const struct netstat_processes *processes, uint32_t inode)
{
    size_t at = (inode * UINT32_C(2654435769)) & processes->slots_mask;

    while (processes->slots[at].inode != 0 && processes->slots[at].inode != inode)
        at = (at + 1) & processes->slots_mask;
    return &processes->slots[at];
}

static void
want(struct netstat_processes *processes, uint32_t inode)
{
    if (inode != 0)
        slot_of(processes, inode)->inode = inode;
}

static int
make_slots(const struct netstat_tables *tables, struct netstat_processes *processes)
{
    size_t wanted = tables->sockets_count + 2 * tables->unixes_count;
    size_t count = 64;

    while (count < 2 * wanted)
        count *= 2;
    processes->slots = calloc(count, sizeof(*processes->slots));
    if (processes->slots == NULL)
        return -ENOMEM;
    processes->slots_mask = count - 1;
    for (size_t i = 0; i < tables->sockets_count; i++)
        want(processes, tables->sockets[i].inode);
    for (size_t i = 0; i < tables->unixes_count; i++) {
        want(processes, tables->unixes[i].inode);
        want(processes, tables->unixes[i].peer);
    }
    return 0;
}

/* The link's target as UTF-8; "" when there is none, as kernel threads have none. */
static char *
read_link(int dir, const char *name)
{
    char target[4096];
    ssize_t length = readlinkat(dir, name, target, sizeof(target) - 1);

    target[length > 0 ? length : 0] = '\0';
    return mig_text_path(target);
}

static char *
read_name(int dir)
{
    char name[64];
    int fd = openat(dir, "comm", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, name, sizeof(name) - 1) : 0;

    if (fd >= 0)
        close(fd);
    if (length > 0 && name[length - 1] == '\n')
        length--;
    name[length > 0 ? length : 0] = '\0';
    return mig_text_path(name);
}

static int
add_process(struct netstat_processes *processes, int dir, uint32_t pid)
{
    struct netstat_process process = {.pid = pid};

    if (netstat_grow((void **)&processes->list, &processes->size, processes->count,
                     sizeof(process)) != 0)
        return -ENOMEM;
    process.name = read_name(dir);
    process.executable = read_link(dir, "exe");
    processes->list[processes->count++] = process;
    return process.name != NULL && process.executable != NULL ? 0 : -ENOMEM;
}

/* The process at the end of the list holds the socket. */
static int
add_holder(struct netstat_processes *processes, struct netstat_slot *slot)
{
    struct netstat_holder holder = {.process = (uint32_t)(processes->count - 1),
                                    .next = slot->first};

    /* Two descriptors of one socket. */
    if (slot->first != 0 && processes->holders[slot->first - 1].process == holder.process)
        return 0;
    if (netstat_grow((void **)&processes->holders, &processes->holders_size,
                     processes->holders_count, sizeof(holder)) != 0)
        return -ENOMEM;
    processes->holders[processes->holders_count++] = holder;
    slot->first = (uint32_t)processes->holders_count;
    return 0;
}

static uint32_t
socket_inode(int dir, const char *name)
{
    char target[64];
    ssize_t length = readlinkat(dir, name, target, sizeof(target) - 1);
    unsigned long inode;

    if (length <= (ssize_t)strlen(LINK_PREFIX) ||
        memcmp(target, LINK_PREFIX, strlen(LINK_PREFIX)) != 0)
        return 0;
    target[length] = '\0';
    inode = strtoul(target + strlen(LINK_PREFIX), NULL, 10);
    return inode <= UINT32_MAX ? (uint32_t)inode : 0;
}

static int
look_at_files(const struct mig_host *host, struct netstat_processes *processes, int dir, DIR *files,
              uint32_t pid)
{
    struct dirent *entry;
    bool added = false;
    unsigned looks = 0;
    int code = 0;

    while (code == 0 && (entry = readdir(files)) != NULL) {
        uint32_t inode = entry->d_name[0] == '.' ? 0 : socket_inode(dirfd(files), entry->d_name);
        struct netstat_slot *slot = inode != 0 ? slot_of(processes, inode) : NULL;

        if (++looks % LOOKS == 0 && host->cancelled(host))
            return -ECANCELED;
        if (slot == NULL || slot->inode == 0)
            continue;
        if (!added)
            code = add_process(processes, dir, pid);
        added = true;
        if (code == 0)
            code = add_holder(processes, slot);
    }
    return code;
}

static int
look_at_process(const struct mig_host *host, struct netstat_processes *processes, int proc,
                const char *name)
{
    uint32_t pid = (uint32_t)strtoul(name, NULL, 10);
    DIR *files = NULL;
    int fd = -1;
    int code = 0;
    int dir = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir >= 0)
        fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        files = fdopendir(fd);
    if (files != NULL)
        code = look_at_files(host, processes, dir, files, pid);
    else
        processes->hidden += errno == EACCES || errno == EPERM;
    if (files != NULL)
        closedir(files);
    else if (fd >= 0)
        close(fd);
    if (dir >= 0)
        close(dir);
    return code;
}

int
netstat_processes_find(const struct mig_host *host, const struct netstat_tables *tables,
                       struct netstat_processes *ret_processes)
{
    struct netstat_processes *processes = ret_processes;
    struct dirent *entry;
    DIR *proc = NULL;
    int code;

    memset(processes, 0, sizeof(*processes));
    code = make_slots(tables, processes);
    if (code == 0 && (proc = opendir("/proc")) == NULL)
        mig_error(host, "/proc can not be read: %s", strerror(errno));
    while (proc != NULL && code == 0 && (entry = readdir(proc)) != NULL) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        code = host->cancelled(host) ? -ECANCELED
                                     : look_at_process(host, processes, dirfd(proc), entry->d_name);
    }
    if (proc != NULL)
        closedir(proc);
    if (processes->hidden > 0)
        mig_error(host, "%zu processes do not show what they hold: not permitted",
                  processes->hidden);
    return code;
}

const struct netstat_holder *
netstat_holders(const struct netstat_processes *processes, uint32_t inode)
{
    const struct netstat_slot *slot =
        inode != 0 && processes->slots != NULL ? slot_of(processes, inode) : NULL;

    return slot != NULL && slot->first != 0 ? &processes->holders[slot->first - 1] : NULL;
}

const struct netstat_holder *
netstat_holder_next(const struct netstat_processes *processes, const struct netstat_holder *holder)
{
    return holder->next != 0 ? &processes->holders[holder->next - 1] : NULL;
}

void
netstat_processes_fini(struct netstat_processes *processes)
{
    for (size_t i = 0; i < processes->count; i++) {
        free(processes->list[i].name);
        free(processes->list[i].executable);
    }
    free(processes->list);
    free(processes->holders);
    free(processes->slots);
    memset(processes, 0, sizeof(*processes));
}
