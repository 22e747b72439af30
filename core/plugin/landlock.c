/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/landlock.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mig/plugin.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

/* linux/landlock.h: the kernel's headers at build time may be older than the kernel at run time. */
#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_ABI_1 ((1ull << 13) - 1)
#define FS_REFER (1ull << 13)     /* ABI 2 */
#define FS_TRUNCATE (1ull << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (1ull << 15) /* ABI 5 */
#define NET_BIND_TCP (1ull << 0)  /* ABI 4 */
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_SOCKET (1ull << 0) /* ABI 6 */
#define SCOPE_SIGNAL (1ull << 1)
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2
#define CREATE_RULESET_VERSION 1u

#define FS_READ (FS_READ_FILE | FS_READ_DIR)
#define FS_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

#define INTERPRETERS_MAX 4

struct ruleset {
    uint64_t handled_fs;
    uint64_t handled_net;
    uint64_t scoped;
};

struct path_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

struct port_rule {
    uint64_t allowed;
    uint64_t port;
};

struct domain {
    int fd;
    struct ruleset set;
};

#define ANY_NETWORK (MIG_NEED_NETWORK | MIG_NEED_RAW_SOCKET | MIG_NEED_NETLINK)
#define ALL_NEEDS UINT32_MAX

/* What may be read without MIG_NEED_READ_FILES; what is not there is left out. */
static const struct {
    uint32_t needs; /* with any of these */
    uint64_t rights;
    const char *path;
} readable[] = {
    {MIG_NEED_READ_FILES, FS_READ, "/"},
    {MIG_NEED_REMOVE, FS_REMOVE_FILE, "/"},
    /* Public files of the distribution: libraries, locales, time zones. */
    {ALL_NEEDS, FS_READ, "/usr"},
    {ALL_NEEDS, FS_READ, "/lib"},
    {ALL_NEEDS, FS_READ, "/lib32"},
    {ALL_NEEDS, FS_READ, "/lib64"},
    {ALL_NEEDS, FS_READ, "/nix/store"},
    {ALL_NEEDS, FS_READ, "/gnu/store"},
    {ALL_NEEDS, FS_READ, "/etc/ld.so.cache"},
    {ALL_NEEDS, FS_READ, "/etc/ld.so.conf"},
    {ALL_NEEDS, FS_READ, "/etc/ld.so.conf.d"},
    {ALL_NEEDS, FS_READ, "/etc/ld.so.preload"},
    {ALL_NEEDS, FS_READ, "/etc/localtime"},
    {ALL_NEEDS, FS_READ, "/etc/locale.alias"},
    {ALL_NEEDS, FS_READ, "/etc/os-release"},
    {ALL_NEEDS, FS_READ, "/dev/null"},
    {ALL_NEEDS, FS_READ, "/dev/random"},
    {ALL_NEEDS, FS_READ, "/dev/urandom"},
    {ALL_NEEDS, FS_READ, "/dev/zero"},
    {ALL_NEEDS, FS_READ, "/proc/self"},
    {ALL_NEEDS, FS_READ, "/proc/cpuinfo"},
    {ALL_NEEDS, FS_READ, "/proc/filesystems"},
    {ALL_NEEDS, FS_READ, "/proc/loadavg"},
    {ALL_NEEDS, FS_READ, "/proc/meminfo"},
    {ALL_NEEDS, FS_READ, "/proc/stat"},
    {ALL_NEEDS, FS_READ, "/proc/sys"},
    {ALL_NEEDS, FS_READ, "/proc/uptime"},
    {ALL_NEEDS, FS_READ, "/proc/version"},
    {ALL_NEEDS, FS_READ, "/sys/devices/system"},
    {ALL_NEEDS, FS_READ, "/sys/fs/cgroup"},
    /* To find the processes that may be signalled. */
    {MIG_NEED_KILL, FS_READ, "/proc"},
    {MIG_NEED_CLOCK, FS_READ, "/etc/chrony"},
    {MIG_NEED_CLOCK, FS_READ, "/etc/chrony.conf"},
    {MIG_NEED_CLOCK, FS_READ, "/etc/chrony.d"},
    {MIG_NEED_CLOCK, FS_READ, "/etc/ntp.conf"},
    {MIG_NEED_CLOCK, FS_READ, "/etc/ntp.d"},
    {MIG_NEED_CLOCK, FS_READ, "/etc/ntpsec"},
    {MIG_NEED_CLOCK, FS_READ, "/etc/systemd/timesyncd.conf"},
    {MIG_NEED_CLOCK, FS_READ, "/etc/systemd/timesyncd.conf.d"},
    {MIG_NEED_CLOCK, FS_READ, "/run/chrony-dhcp"},
    {MIG_NEED_CLOCK, FS_READ, "/run/systemd/timesyncd.conf"},
    {MIG_NEED_CLOCK, FS_READ, "/run/systemd/timesyncd.conf.d"},
    {ANY_NETWORK, FS_READ, "/sys/class/net"},
    {ANY_NETWORK, FS_READ, "/sys/devices"},
    {ANY_NETWORK, FS_READ, "/etc/gai.conf"},
    {ANY_NETWORK, FS_READ, "/etc/host.conf"},
    {ANY_NETWORK, FS_READ, "/etc/hosts"},
    {ANY_NETWORK, FS_READ, "/etc/nsswitch.conf"},
    {ANY_NETWORK, FS_READ, "/etc/protocols"},
    {ANY_NETWORK, FS_READ, "/etc/resolv.conf"},
    {ANY_NETWORK, FS_READ, "/etc/services"},
    {ANY_NETWORK, FS_READ, "/etc/ssl/certs"},
    {ANY_NETWORK, FS_READ, "/etc/ssl/openssl.cnf"},
    {ANY_NETWORK, FS_READ, "/etc/pki"},
    {MIG_NEED_EXECUTE, FS_READ_FILE | FS_WRITE_FILE, "/dev/null"},
};

int
mig_landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
    return abi > 0 ? (int)abi : 0;
}

static struct ruleset
handled(int abi, uint32_t needs)
{
    struct ruleset set = {.handled_fs = FS_ABI_1};
    if (abi >= 2)
        set.handled_fs |= FS_REFER;
    if (abi >= 3)
        set.handled_fs |= FS_TRUNCATE;
    if (abi >= 5)
        set.handled_fs |= FS_IOCTL_DEV;
    if (abi >= 4)
        set.handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
    if (abi >= 4 && needs & MIG_NEED_NETWORK)
        set.handled_net = NET_BIND_TCP;
    if (abi >= 6)
        set.scoped = SCOPE_ABSTRACT_SOCKET;
    if (abi >= 6 && (needs & MIG_NEED_KILL) == 0)
        set.scoped |= SCOPE_SIGNAL;
    return set;
}

static int
allow_fd(const struct domain *domain, int fd, uint64_t rights)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        rights &= FS_FILE;
    rights &= domain->set.handled_fs;
    struct path_rule rule = {.allowed = rights, .parent = fd};
    if (rights != 0 &&
        syscall(SYS_landlock_add_rule, domain->fd, RULE_PATH_BENEATH, &rule, 0u) != 0)
        return -errno;
    return 0;
}

static int
allow(const struct domain *domain, const char *path, uint64_t rights)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return 0; /* not there, or not for this user: there is nothing to allow */
    int rc = allow_fd(domain, fd, rights);
    /* A process's folder in /proc is the same file only as long as somebody holds it. */
    if (strcmp(path, "/proc/self") != 0)
        close(fd);
    return rc;
}

/* ---- programs ---- */

/* "#!/bin/sh -e" */
static bool
script_interpreter(char *head, size_t len, char *path, size_t size)
{
    if (len < 3 || head[0] != '#' || head[1] != '!')
        return false;
    head[len - 1] = '\0';
    const char *start = head + 2 + strspn(head + 2, " \t");
    size_t n = strcspn(start, " \t\n");
    if (n == 0 || n >= size)
        return false;
    memcpy(path, start, n);
    path[n] = '\0';
    return true;
}

static bool
elf_interpreter(int fd, const char *head, size_t len, char *path, size_t size)
{
    ElfW(Ehdr) eh;
    ElfW(Phdr) ph;
    if (len < sizeof(eh))
        return false;
    memcpy(&eh, head, sizeof(eh));
    if (memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 || eh.e_phentsize != sizeof(ph))
        return false;
    for (unsigned i = 0; i < eh.e_phnum; i++) {
        off_t at = (off_t)(eh.e_phoff + i * sizeof(ph));
        if (pread(fd, &ph, sizeof(ph), at) != (ssize_t)sizeof(ph))
            return false;
        if (ph.p_type != PT_INTERP)
            continue;
        if (ph.p_filesz < 2 || ph.p_filesz > size ||
            pread(fd, path, ph.p_filesz, (off_t)ph.p_offset) != (ssize_t)ph.p_filesz)
            return false;
        path[ph.p_filesz - 1] = '\0';
        return true;
    }
    return false;
}

/* The kernel opens what interprets a program as it opens the program. */
static int
allow_program(const struct domain *domain, const char *program)
{
    char path[4096], head[512];
    int rc = 0;
    if (strlen(program) >= sizeof(path) || program[0] != '/')
        return -EINVAL;
    memcpy(path, program, strlen(program) + 1);
    for (int depth = 0; rc == 0 && depth <= INTERPRETERS_MAX; depth++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
            return 0; /* execve() will say why */
        ssize_t n = pread(fd, head, sizeof(head), 0);
        rc = allow_fd(domain, fd, FS_EXECUTE | FS_READ_FILE);
        bool more = n > 0 && (script_interpreter(head, (size_t)n, path, sizeof(path)) ||
                              elf_interpreter(fd, head, (size_t)n, path, sizeof(path)));
        close(fd);
        if (!more)
            break;
    }
    return rc;
}

/* ---- the domain ---- */

static int
allow_all(const struct domain *domain, uint32_t needs, const char *const *programs)
{
    int rc = 0;
    for (size_t i = 0; i < MIG_COUNT(readable) && rc == 0; i++)
        if (readable[i].needs == ALL_NEEDS || readable[i].needs & needs)
            rc = allow(domain, readable[i].path, readable[i].rights);
    for (; rc == 0 && needs & MIG_NEED_EXECUTE && programs != NULL && *programs != NULL; programs++)
        rc = allow_program(domain, *programs);
    if (rc == 0 && domain->set.handled_net == NET_BIND_TCP) {
        /* Port 0, which the kernel chooses: a client that names its own address binds. */
        struct port_rule rule = {.allowed = NET_BIND_TCP, .port = 0};
        if (syscall(SYS_landlock_add_rule, domain->fd, RULE_NET_PORT, &rule, 0u) != 0)
            rc = -errno;
    }
    return rc;
}

int
mig_landlock_load(uint32_t needs, const char *const *programs, struct mig_err *err)
{
    int abi = mig_landlock_abi();
    if (abi == 0 || needs & (MIG_NEED_PROCESS_MEMORY | MIG_NEED_NAMESPACES))
        return 0;
    struct domain domain = {.set = handled(abi, needs)};
    size_t size = abi >= 6   ? sizeof(domain.set)
                  : abi >= 4 ? offsetof(struct ruleset, scoped)
                             : offsetof(struct ruleset, handled_net);
    domain.fd = (int)syscall(SYS_landlock_create_ruleset, &domain.set, size, 0u);
    if (domain.fd < 0)
        return mig_err_errno(err, errno, "no Landlock ruleset for the worker");
    int rc = allow_all(&domain, needs, programs);
    if (rc == 0 && syscall(SYS_landlock_restrict_self, domain.fd, 0u) != 0)
        rc = -errno;
    close(domain.fd);
    return rc == 0 ? 0 : mig_err_errno(err, -rc, "the worker's Landlock domain can not be entered");
}
