/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_fs.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* <linux/magic.h> has not all of them. */
static const struct {
    unsigned long magic;
    enum fs_kind kind;
    const char *name;
} types[] = {
    {0x00009fa0, FS_PSEUDO, "proc"},        {0x62656572, FS_PSEUDO, "sysfs"},
    {0x0027e0eb, FS_PSEUDO, "cgroup"},      {0x63677270, FS_PSEUDO, "cgroup2"},
    {0x00001cd1, FS_PSEUDO, "devpts"},      {0x64626720, FS_PSEUDO, "debugfs"},
    {0x74726163, FS_PSEUDO, "tracefs"},     {0xcafe4a11, FS_PSEUDO, "bpf"},
    {0x73636673, FS_PSEUDO, "securityfs"},  {0xf97cff8c, FS_PSEUDO, "selinuxfs"},
    {0x6165676c, FS_PSEUDO, "pstore"},      {0xde5e81e4, FS_PSEUDO, "efivarfs"},
    {0x62656570, FS_PSEUDO, "configfs"},    {0x19800202, FS_PSEUDO, "mqueue"},
    {0x42494e4d, FS_PSEUDO, "binfmt_misc"}, {0x65735543, FS_PSEUDO, "fusectl"},
    {0x6e736673, FS_PSEUDO, "nsfs"},        {0x00000187, FS_PSEUDO, "autofs"},
    {0x67596969, FS_PSEUDO, "rpc_pipefs"},  {0x00006969, FS_NETWORK, "nfs"},
    {0xff534d42, FS_NETWORK, "cifs"},       {0xfe534d42, FS_NETWORK, "smb2"},
    {0x0000517b, FS_NETWORK, "smb"},        {0x0000564c, FS_NETWORK, "ncp"},
    {0x5346414f, FS_NETWORK, "afs"},        {0x6b414653, FS_NETWORK, "kafs"},
    {0x00c36400, FS_NETWORK, "ceph"},       {0x01021997, FS_NETWORK, "9p"},
    {0x0bd00bd0, FS_NETWORK, "lustre"},     {0x47504653, FS_NETWORK, "gpfs"},
    {0x01161970, FS_ORDINARY, "gfs2"},      {0x73757245, FS_NETWORK, "coda"},
    {0xaad7aaea, FS_NETWORK, "panfs"},      {0x19830326, FS_NETWORK, "beegfs"},
    {0x786f4256, FS_NETWORK, "vboxsf"},     {0x7c7c6673, FS_NETWORK, "prl_fs"},
    {0xbacbacbc, FS_NETWORK, "vmhgfs"},
};

/* Names in the table of mounts that the types above do not have. */
static const struct {
    const char *name;
    enum fs_kind kind;
} names[] = {
    {"nfs4", FS_NETWORK},   {"smb3", FS_NETWORK}, {"ncpfs", FS_NETWORK},
    {"smbfs", FS_NETWORK},  {"nfsd", FS_PSEUDO},  {"resctrl", FS_PSEUDO},
    {"smackfs", FS_PSEUDO}, {"xenfs", FS_PSEUDO}, {"functionfs", FS_PSEUDO},
};

#define FUSE_MAGIC 0x65735546ul

/* FUSE tells nothing of what is behind it but in the type's name. */
static const struct {
    const char *part;
    enum fs_kind kind;
} fuse_types[] = {
    {"lxcfs", FS_PSEUDO},    {"portal", FS_PSEUDO}, {"gvfs", FS_NETWORK},
    {"ssh", FS_NETWORK},     {"s3", FS_NETWORK},    {"nfs", FS_NETWORK},
    {"smb", FS_NETWORK},     {"ceph", FS_NETWORK},  {"gluster", FS_NETWORK},
    {"rclone", FS_NETWORK},  {"dav", FS_NETWORK},   {"ftp", FS_NETWORK},
    {"gcs", FS_NETWORK},     {"blob", FS_NETWORK},  {"goofys", FS_NETWORK},
    {"moosefs", FS_NETWORK}, {"mfs", FS_NETWORK},   {"juicefs", FS_NETWORK},
};

/* The type of a device's mount, of /proc/self/mountinfo: "ID PARENT MAJ:MIN ROOT POINT OPTS … -
 * TYPE …". */
static bool
find_type(dev_t device, char *ret_type, size_t size)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t room = 0;
    char wanted[32];
    char *type;
    bool found = false;

    if (file == NULL)
        return false;
    snprintf(wanted, sizeof(wanted), " %u:%u ", major(device), minor(device));
    while (!found && getline(&line, &room, file) > 0) {
        type = strstr(line, " - ");
        if (type == NULL || strstr(line, wanted) == NULL || strstr(line, wanted) > type)
            continue;
        snprintf(ret_type, size, "%.*s", (int)strcspn(type + 3, " \n"), type + 3);
        found = true;
    }
    free(line);
    fclose(file);
    return found;
}

static enum fs_kind
fuse_kind_of(const char *type)
{
    size_t i;

    for (i = 0; i < sizeof(fuse_types) / sizeof(fuse_types[0]); i++)
        if (strstr(type, fuse_types[i].part) != NULL)
            return fuse_types[i].kind;
    return FS_ORDINARY;
}

static enum fs_kind
fuse_kind(dev_t device, const char **ret_name)
{
    char type[64];

    *ret_name = "fuse";
    return find_type(device, type, sizeof(type)) ? fuse_kind_of(type) : FS_ORDINARY;
}

enum fs_kind
mig_search_fs(int fd, dev_t device, const char **ret_name)
{
    struct statfs fs;
    unsigned long magic;
    size_t i;

    *ret_name = "unknown";
    if (fstatfs(fd, &fs) != 0)
        return FS_ORDINARY;
    /* f_type is signed on some machines. */
    magic = (unsigned long)fs.f_type & 0xffffffffu;
    if (magic == FUSE_MAGIC)
        return fuse_kind(device, ret_name);
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].magic == magic) {
            *ret_name = types[i].name;
            return types[i].kind;
        }
    }
    return FS_ORDINARY;
}

/* ---- the table of mounts ---- */

static enum fs_kind
kind_of(const char *type, const char **ret_name)
{
    size_t i;

    *ret_name = "fuse";
    if (strncmp(type, "fuse", 4) == 0 && (type[4] == '\0' || type[4] == '.'))
        return fuse_kind_of(type);
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        *ret_name = types[i].name;
        if (strcmp(types[i].name, type) == 0)
            return types[i].kind;
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        *ret_name = names[i].name;
        if (strcmp(names[i].name, type) == 0)
            return names[i].kind;
    }
    return FS_ORDINARY;
}

/* \ooo stands for a byte, in octal. */
static void
unescape(char *path)
{
    char *to = path;
    unsigned int i;

    for (; *path != '\0'; path++) {
        for (i = 1; i < 4 && path[0] == '\\' && path[i] >= '0' && path[i] <= '7'; i++)
            ;
        if (i == 4) {
            *to++ = (char)((path[1] - '0') << 6 | (path[2] - '0') << 3 | (path[3] - '0'));
            path += 3;
        } else {
            *to++ = *path;
        }
    }
    *to = '\0';
}

/* A line, "ID PARENT MAJ:MIN ROOT POINT OPTS … - TYPE …": false when it has not that form. */
static bool
split_line(char *line, char **ret_path, char **ret_type)
{
    char *type = strstr(line, " - ");
    char *save = NULL;
    char *path = NULL;
    int i;

    if (type == NULL)
        return false;
    *type = '\0';
    type += 3;
    type[strcspn(type, " \n")] = '\0';
    for (i = 0; i < 5; i++)
        path = strtok_r(i == 0 ? line : NULL, " ", &save);
    if (path == NULL)
        return false;
    unescape(path);
    *ret_path = path;
    *ret_type = type;
    return true;
}

static int
add_mount(struct mounts *mounts, size_t *room, const char *path, const char *type)
{
    struct mount *grown;
    struct mount *mount;

    if (mounts->count == *room) {
        grown = reallocarray(mounts->list, *room * 2 + 64, sizeof(*grown));
        if (grown == NULL)
            return -ENOMEM;
        mounts->list = grown;
        *room = *room * 2 + 64;
    }
    mount = &mounts->list[mounts->count];
    mount->path = strdup(path);
    if (mount->path == NULL)
        return -ENOMEM;
    mount->kind = kind_of(type, &mount->type);
    mount->order = mounts->count++;
    return 0;
}

static int
compare_mounts(const void *a, const void *b)
{
    return strcmp(((const struct mount *)a)->path, ((const struct mount *)b)->path);
}

static int
compare_orders(const void *a, const void *b)
{
    const struct mount *left = a;
    const struct mount *right = b;
    int order = compare_mounts(a, b);

    return order != 0 ? order : left->order < right->order ? -1 : 1;
}

static bool
is_remote(const struct mount *mount)
{
    return mount->kind == FS_NETWORK || strcmp(mount->type, "autofs") == 0;
}

/* Sorts them and keeps those that are not hidden and not ordinary. */
static void
keep_special(struct mounts *mounts)
{
    struct mount *list = mounts->list;
    size_t used = 0;
    size_t i;

    if (mounts->count > 0)
        qsort(list, mounts->count, sizeof(*list), compare_orders);
    for (i = 0; i < mounts->count; i++) {
        if (list[i].kind == FS_ORDINARY ||
            (i + 1 < mounts->count && compare_mounts(&list[i], &list[i + 1]) == 0)) {
            free(list[i].path);
            continue;
        }
        mounts->remote += is_remote(&list[i]);
        list[used++] = list[i];
    }
    mounts->count = used;
}

int
mig_mounts_init(struct mounts *mounts)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    char *path = NULL;
    char *type = NULL;
    size_t room = 0;
    size_t mounts_room = 0;
    int code = 0;

    memset(mounts, 0, sizeof(*mounts));
    if (file == NULL)
        return 0;
    while (code == 0 && getline(&line, &room, file) > 0)
        if (split_line(line, &path, &type))
            code = add_mount(mounts, &mounts_room, path, type);
    free(line);
    fclose(file);
    if (code == 0)
        keep_special(mounts);
    else
        mig_mounts_fini(mounts);
    return code;
}

void
mig_mounts_fini(struct mounts *mounts)
{
    size_t i;

    for (i = 0; i < mounts->count; i++)
        free(mounts->list[i].path);
    free(mounts->list);
    memset(mounts, 0, sizeof(*mounts));
}

const struct mount *
mig_mounts_at(const struct mounts *mounts, const char *path)
{
    const struct mount key = {.path = (char *)path};

    if (mounts->count == 0)
        return NULL;
    return bsearch(&key, mounts->list, mounts->count, sizeof(key), compare_mounts);
}

/* Appends the next part of a path; ".." takes the last one away. */
static bool
append_part(char path[PATH_MAX], const char *part, size_t length)
{
    size_t used = strlen(path);
    char *slash;

    if (length == 0 || (length == 1 && part[0] == '.'))
        return true;
    if (length == 2 && part[0] == '.' && part[1] == '.') {
        slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = '\0';
        return true;
    }
    if (used + length + 2 > PATH_MAX)
        return false;
    path[used] = '/';
    memcpy(path + used + 1, part, length);
    path[used + 1 + length] = '\0';
    return true;
}

/* Puts a link's text in front of what is left of the way. */
static bool
follow(char path[PATH_MAX], const char *target, size_t length, char left[PATH_MAX])
{
    size_t rest = strlen(left);

    if (length + 1 + rest + 1 > PATH_MAX)
        return false;
    memmove(left + length + 1, left, rest + 1);
    memcpy(left, target, length);
    left[length] = '/';
    if (target[0] == '/')
        path[0] = '\0';
    else
        append_part(path, "..", 2);
    return true;
}

#define LINKS_MAX 40 /* the kernel's limit */

const struct mount *
mig_mounts_on_way(const struct mounts *mounts, const char *from, const char *target)
{
    const struct mount *mount;
    char path[PATH_MAX] = "";
    char left[PATH_MAX] = "";
    char link[PATH_MAX];
    const char *part = left;
    size_t length;
    ssize_t got;
    int links = 0;

    if (strlen(target) >= PATH_MAX || strlen(from) >= PATH_MAX)
        return NULL;
    strncpy(left, target, PATH_MAX - 1);
    if (target[0] != '/' && from[1] != '\0')
        strncpy(path, from, PATH_MAX - 1);
    while (*(part += strspn(part, "/")) != '\0') {
        length = strcspn(part, "/");
        if (!append_part(path, part, length))
            return NULL;
        part += length;
        mount = mig_mounts_at(mounts, path[0] != '\0' ? path : "/");
        if (mount != NULL && is_remote(mount))
            return mount;
        got = path[0] != '\0' ? readlink(path, link, sizeof(link)) : -1;
        if (got <= 0)
            continue;
        memmove(left, part, strlen(part) + 1);
        if (++links > LINKS_MAX || !follow(path, link, (size_t)got, left))
            return NULL;
        part = left;
    }
    return NULL;
}
