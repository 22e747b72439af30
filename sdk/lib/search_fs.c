/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_fs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

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
fuse_kind(dev_t device, const char **ret_name)
{
    char type[64];
    size_t i;

    *ret_name = "fuse";
    if (!find_type(device, type, sizeof(type)))
        return FS_ORDINARY;
    for (i = 0; i < sizeof(fuse_types) / sizeof(fuse_types[0]); i++)
        if (strstr(type, fuse_types[i].part) != NULL)
            return fuse_types[i].kind;
    return FS_ORDINARY;
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
