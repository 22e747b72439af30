/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_attributes.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define TRIES 8

/* linux/capability.h, by number. */
static const char *const capability_names[] = {
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
};

/* There is no call that takes a folder's descriptor before Linux 6.13: the name goes by /proc. */
static char *
name_by_descriptor(int dirfd, const char *name)
{
    char *path = NULL;

    if (dirfd == AT_FDCWD)
        return strdup(name);
    return asprintf(&path, "/proc/self/fd/%d/%s", dirfd, name) >= 0 ? path : NULL;
}

static int
as_none(int error)
{
    return error == ENOTSUP || error == ENODATA ? 0 : -error;
}

int
mig_attributes_names(int dirfd, const char *name, bool follow, struct attributes *ret)
{
    char *path = name_by_descriptor(dirfd, name);
    char *text = NULL;
    ssize_t size = 0;
    int code = -ERANGE;
    int i;

    if (path == NULL)
        return -ENOMEM;
    /* It may grow between the two calls. */
    for (i = 0; i < TRIES && code == -ERANGE; i++) {
        free(text);
        text = NULL;
        size = follow ? listxattr(path, NULL, 0) : llistxattr(path, NULL, 0);
        if (size > 0) {
            text = malloc((size_t)size);
            if (text == NULL) {
                code = -ENOMEM;
                break;
            }
            size =
                follow ? listxattr(path, text, (size_t)size) : llistxattr(path, text, (size_t)size);
        }
        code = size >= 0 ? 0 : as_none(errno);
    }
    free(path);
    if (code < 0) {
        free(text);
        return code;
    }
    *ret = (struct attributes){text, size > 0 ? (size_t)size : 0};
    return 0;
}

/* Revisions 2 and 3 have the same beginning, revision 1 half of it. */
static int
write_capabilities(const struct vfs_ns_cap_data *data, unsigned int words, struct attributes *ret)
{
    struct attributes attributes = {0};
    bool effective = (le32toh(data->magic_etc) & VFS_CAP_FLAGS_EFFECTIVE) != 0;
    FILE *stream = open_memstream(&attributes.text, &attributes.size);
    unsigned int i;

    if (stream == NULL)
        return -ENOMEM;
    for (i = 0; i < words * 32; i++) {
        bool permitted = le32toh(data->data[i / 32].permitted) >> i % 32 & 1;
        bool inherited = le32toh(data->data[i / 32].inheritable) >> i % 32 & 1;

        if (!permitted && !inherited)
            continue;
        if (i < sizeof(capability_names) / sizeof(capability_names[0]))
            fprintf(stream, "cap_%s=", capability_names[i]);
        else
            fprintf(stream, "cap_%u=", i);
        fprintf(stream, "%s%s%s", effective ? "e" : "", inherited ? "i" : "", permitted ? "p" : "");
        fputc('\0', stream);
    }
    if (fclose(stream) != 0) {
        free(attributes.text);
        return -ENOMEM;
    }
    *ret = attributes;
    return 0;
}

int
mig_attributes_capabilities(int dirfd, const char *name, bool follow, struct attributes *ret)
{
    static const char attribute[] = "security.capability";
    struct vfs_ns_cap_data data = {0};
    char *path = name_by_descriptor(dirfd, name);
    ssize_t size;
    int code = 0;

    if (path == NULL)
        return -ENOMEM;
    size = follow ? getxattr(path, attribute, &data, sizeof(data))
                  : lgetxattr(path, attribute, &data, sizeof(data));
    if (size < 0)
        code = as_none(errno);
    free(path);
    if (code < 0)
        return code;
    *ret = (struct attributes){0};
    if (size < (ssize_t)XATTR_CAPS_SZ_1)
        return 0;
    return write_capabilities(&data, size < (ssize_t)XATTR_CAPS_SZ_2 ? 1 : 2, ret);
}

void
mig_attributes_free(struct attributes *attributes)
{
    free(attributes->text);
    *attributes = (struct attributes){0};
}
