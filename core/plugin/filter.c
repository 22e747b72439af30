/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mig/plugin.h>

/* Names, not numbers: what this machine does not have is left out. */
static const char *const never[] = {
    "_sysctl",
    "acct",
    "add_key",
    "bpf",
    "chroot",
    "clock_settime",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "kcmp",
    "lookup_dcookie",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "migrate_pages",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "personality",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_vm_writev",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "semctl",
    "semop",
    "semtimedop",
    "shmat",
    "shmctl",
    "setdomainname",
    "sethostname",
    "settimeofday",
    "stime",
    "swapoff",
    "swapon",
    "umount",
    "umount2",
    "unshare",
    "userfaultfd",
    "uselib",
    "vhangup",
#ifndef MIG_SANITIZERS
    "ptrace", /* LeakSanitizer stops its own threads by it */
#endif
};

/* These read the state of the clock, or set it when the pointer behind which a filter can not look
 * says so: that takes CAP_SYS_TIME, which no worker keeps (confine.c). */
static const char *const clocks[] = {"adjtimex", "clock_adjtime"};

/* What no plugin may, but a role of the agent or gpg may. */
static const char *const never_worker[] = {
    "ioprio_set",    "listen",         "memfd_create",       "memfd_secret",
    "sched_setattr", "sched_setparam", "sched_setscheduler", "setpgid",
    "setpriority",   "setsid",
};

/* Files are read, not changed. */
static const char *const writing[] = {
    "chmod",     "chown",     "creat",    "fallocate",    "fchmod",    "fchmodat",
    "fchmodat2", "fchown",    "fchownat", "fremovexattr", "fsetxattr", "futimesat",
    "lchown",    "link",      "linkat",   "lremovexattr", "lsetxattr", "mkdir",
    "mkdirat",   "mknod",     "mknodat",  "removexattr",  "rename",    "renameat",
    "renameat2", "rmdir",     "setxattr", "symlink",      "symlinkat", "truncate",
    "utime",     "utimensat", "utimes",
};

static const char *const programs[] = {"execve", "execveat", "fork", "vfork"};

/* The macros of seccomp.h leave members out, which clang does not like. `b` is for
 * SCMP_CMP_MASKED_EQ. */
static struct scmp_arg_cmp
compare(unsigned argument, enum scmp_compare how, scmp_datum_t a, scmp_datum_t b)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = how, .datum_a = a, .datum_b = b};
}

static int
deny(scmp_filter_ctx ctx, const char *name, unsigned conditions, const struct scmp_arg_cmp *args)
{
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || number < 0)
        return 0;
    return seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), number, conditions, args);
}

static int
deny_list(scmp_filter_ctx ctx, const char *const names[], size_t count)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = deny(ctx, names[i], 0, NULL);
    return rc;
}

/* open() with a mode other than reading, in the argument that holds the flags. */
static int
deny_open(scmp_filter_ctx ctx, const char *name, unsigned flags_at)
{
    static const scmp_datum_t modes[][2] = {
        {O_ACCMODE, O_WRONLY}, {O_ACCMODE, O_RDWR}, {O_ACCMODE, O_ACCMODE},
        {O_CREAT, O_CREAT},    {O_TRUNC, O_TRUNC},  {__O_TMPFILE, __O_TMPFILE},
    };
    int rc = 0;
    for (size_t i = 0; i < MIG_COUNT(modes) && rc == 0; i++) {
        struct scmp_arg_cmp arg = compare(flags_at, SCMP_CMP_MASKED_EQ, modes[i][0], modes[i][1]);
        rc = deny(ctx, name, 1, &arg);
    }
    return rc;
}

static int
filter_writing(scmp_filter_ctx ctx, uint32_t needs)
{
    struct scmp_arg_cmp folder = compare(2, SCMP_CMP_NE, 0, 0);
    bool may_remove = needs & MIG_NEED_REMOVE;
    int rc = deny_list(ctx, writing, MIG_COUNT(writing));
    if (rc == 0 && !may_remove)
        rc = deny(ctx, "unlink", 0, NULL);
    if (rc == 0)
        rc = deny(ctx, "unlinkat", may_remove ? 1 : 0, &folder);
    if (rc == 0)
        rc = deny_open(ctx, "open", 1);
    if (rc == 0)
        rc = deny_open(ctx, "openat", 2);
    /* Its flags are behind a pointer, which a filter can not follow; callers fall back to openat().
     */
    int number = seccomp_syscall_resolve_name("openat2");
    if (rc == 0 && number > 0)
        rc = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(ENOSYS), number, 0, NULL);
    return rc;
}

/* Threads may be made, processes may not; namespaces never. clone3() hides its flags behind a
 * pointer: the C library falls back to clone() when it is not there. */
static int
filter_processes(scmp_filter_ctx ctx, uint32_t needs)
{
    static const scmp_datum_t spaces[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                          CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
    int rc = 0;
    for (size_t i = 0; i < MIG_COUNT(spaces) && rc == 0; i++) {
        struct scmp_arg_cmp arg = compare(0, SCMP_CMP_MASKED_EQ, spaces[i], spaces[i]);
        rc = deny(ctx, "clone", 1, &arg);
    }
    int number = seccomp_syscall_resolve_name("clone3");
    if (rc == 0 && number > 0)
        rc = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(ENOSYS), number, 0, NULL);
    if (rc != 0 || needs & MIG_NEED_EXECUTE)
        return rc;
#ifndef MIG_SANITIZERS /* LeakSanitizer looks from a process of its own */
    struct scmp_arg_cmp process = compare(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);
    rc = deny(ctx, "clone", 1, &process);
#endif
    return rc == 0 ? deny_list(ctx, programs, MIG_COUNT(programs)) : rc;
}

static int
deny_family_except(scmp_filter_ctx ctx, const scmp_datum_t allowed[], unsigned count)
{
    struct scmp_arg_cmp arg;
    /* A rule takes one condition on an argument: the families below the allowed ones are refused
     * one by one, all above at once. `allowed` is sorted. */
    scmp_datum_t from = 0;
    int rc = 0;
    for (unsigned i = 0; i < count && rc == 0; i++) {
        for (scmp_datum_t family = from; family < allowed[i] && rc == 0; family++) {
            arg = compare(0, SCMP_CMP_EQ, family, 0);
            rc = deny(ctx, "socket", 1, &arg);
        }
        from = allowed[i] + 1;
    }
    arg = compare(0, SCMP_CMP_GE, from, 0);
    return rc == 0 ? deny(ctx, "socket", 1, &arg) : rc;
}

/* No local sockets either: what listens on them trusts user 0. */
static int
filter_sockets(scmp_filter_ctx ctx, uint32_t needs)
{
    static const scmp_datum_t network[] = {AF_INET, AF_INET6, AF_NETLINK};
    static const scmp_datum_t netlink[] = {AF_NETLINK};
    if (needs & (MIG_NEED_NETWORK | MIG_NEED_RAW_SOCKET))
        return deny_family_except(ctx, network, MIG_COUNT(network));
    if (needs & MIG_NEED_NETLINK)
        return deny_family_except(ctx, netlink, MIG_COUNT(netlink));
    return deny(ctx, "socket", 0, NULL);
}

/* User 0 may signal every process of user 0, with no capability at all. */
static int
filter_signals(scmp_filter_ctx ctx)
{
    struct scmp_arg_cmp other = compare(0, SCMP_CMP_NE, (scmp_datum_t)getpid(), 0);
    struct scmp_arg_cmp limits = compare(0, SCMP_CMP_NE, 0, 0);
    static const char *const names[] = {"kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"};
    int rc = 0;
    for (size_t i = 0; i < MIG_COUNT(names) && rc == 0; i++)
        rc = deny(ctx, names[i], 1, &other);
    if (rc == 0)
        rc = deny(ctx, "pidfd_send_signal", 0, NULL);
    if (rc == 0)
        rc = deny(ctx, "tkill", 0, NULL);
    if (rc == 0)
        rc = deny(ctx, "prlimit64", 1, &limits);
    return rc;
}

/* Memory that was written does not become code: executable is what is mapped from a file, once. */
static int
filter_code(scmp_filter_ctx ctx)
{
    const scmp_datum_t both = PROT_WRITE | PROT_EXEC;
    struct scmp_arg_cmp write_exec = compare(2, SCMP_CMP_MASKED_EQ, both, both);
    struct scmp_arg_cmp exec = compare(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
    struct scmp_arg_cmp fresh[] = {exec,
                                   compare(3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)};
    int rc = deny(ctx, "mmap", 1, &write_exec);
    if (rc == 0)
        rc = deny(ctx, "mmap", 2, fresh);
    if (rc == 0)
        rc = deny(ctx, "mprotect", 1, &exec);
    return rc == 0 ? deny(ctx, "pkey_mprotect", 1, &exec) : rc;
}

/* linux/fs.h since 6.7 and 6.11 */
#define PAGEMAP_SCAN_ 0xc0606610u
#define PROCMAP_QUERY_ 0xc0686611u

/* ioctl() is a door to every driver; through it go questions only, the rest is ENOTTY as of a
 * driver that does not know it: callers have another way then. A second filter, written by hand,
 * since a rule of libseccomp can not say "none of these". The first one has checked the machine. */
static int
filter_ioctl(void)
{
    static const uint32_t asked[] = {
        FIONREAD, FIONBIO,         FIOASYNC,      FIOCLEX,           FIONCLEX,
        FIGETBSZ, FS_IOC_GETFLAGS, FS_IOC_FIEMAP, FS_IOC_FSGETXATTR, FS_IOC_GETVERSION,
        TCGETS,   TIOCGPGRP,       TIOCGWINSZ,    TIOCGSID,          0xb701 /* NS_GET_USERNS */,
        0xb702,   0xb703,          0xb704,        PAGEMAP_SCAN_,     PROCMAP_QUERY_};
    const unsigned count = MIG_COUNT(asked);
    struct sock_filter code[MIG_COUNT(asked) + 8];
    unsigned n = 0;
    unsigned low = offsetof(struct seccomp_data, args[1]);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    low += 4;
#endif
    code[n++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 1, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low);
    for (unsigned i = 0; i < count; i++)
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, asked[i],
                                                 (unsigned char)(count - i + 2), 0);
    /* 0x89xx are those of sockets: what changes something takes CAP_NET_ADMIN. */
    code[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffffff00u);
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x8900, 1, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 ? 0 : -errno;
}

static int
filter_rules(scmp_filter_ctx ctx, uint32_t needs)
{
    int rc = deny_list(ctx, never, MIG_COUNT(never));
    if (rc == 0)
        rc = deny_list(ctx, never_worker, MIG_COUNT(never_worker));
    if (rc == 0)
        rc = filter_processes(ctx, needs);
    if (rc == 0)
        rc = filter_sockets(ctx, needs);
    if (rc == 0 && (needs & MIG_NEED_NAMESPACES) == 0)
        rc = deny(ctx, "setns", 0, NULL);
    if (rc == 0 && (needs & MIG_NEED_CLOCK) == 0)
        rc = deny_list(ctx, clocks, MIG_COUNT(clocks));
    if (rc == 0 && (needs & MIG_NEED_WATCH) == 0)
        rc = deny(ctx, "name_to_handle_at", 0, NULL);
    /* The only files that are open for writing are its own. */
    if (rc == 0 && (needs & (MIG_NEED_STATE | MIG_NEED_EXECUTE)) == 0)
        rc = deny(ctx, "ftruncate", 0, NULL);
    if (rc == 0 && (needs & MIG_NEED_PROCESS_MEMORY) == 0)
        rc = deny(ctx, "process_vm_readv", 0, NULL);
    if (rc == 0 && (needs & (MIG_NEED_READ_FILES | MIG_NEED_PROCESS_MEMORY)) == 0)
        rc = filter_code(ctx);
    /* Programs that are run inherit the filter, and write where they must. */
    if (rc == 0 && (needs & MIG_NEED_EXECUTE) == 0)
        rc = filter_writing(ctx, needs);
    if (rc == 0 && (needs & (MIG_NEED_EXECUTE | MIG_NEED_KILL)) == 0)
        rc = filter_signals(ctx);
    return rc;
}

int
mig_filter_load(uint32_t needs, struct mig_err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (ctx == NULL)
        return mig_err_set(err, -ENOMEM, "no system call filter: out of memory");
    int rc = filter_rules(ctx, needs);
    if (rc == 0)
        rc = filter_ioctl();
    if (rc == 0)
        rc = seccomp_load(ctx);
    seccomp_release(ctx);
    return rc == 0 ? 0 : mig_err_errno(err, -rc, "the system call filter can not be loaded");
}

/* ---- roles of the agent ---- */

static int
role_rules(scmp_filter_ctx ctx, unsigned flags)
{
    static const scmp_datum_t local[] = {AF_UNIX};
    static const scmp_datum_t network[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    static const char *const others[] = {"process_vm_readv", "setns"};
    int rc = deny_list(ctx, never, MIG_COUNT(never));
    if (rc == 0)
        rc = deny_list(ctx, others, MIG_COUNT(others));
    if (rc == 0)
        rc = deny_list(ctx, clocks, MIG_COUNT(clocks));
    if (rc == 0)
        rc = flags & MIG_FILTER_NETWORK ? deny_family_except(ctx, network, MIG_COUNT(network))
                                        : deny_family_except(ctx, local, MIG_COUNT(local));
    if (rc == 0)
        rc = filter_processes(ctx, flags & MIG_FILTER_EXECUTE ? MIG_NEED_EXECUTE : 0);
    if (rc == 0 && (flags & MIG_FILTER_EXECUTE) == 0)
        rc = deny(ctx, "listen", 0, NULL);
    if (rc == 0 && (flags & MIG_FILTER_EXECUTE) == 0)
        rc = filter_code(ctx);
    return rc;
}

int
mig_filter_role(unsigned flags, struct mig_err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (ctx == NULL)
        return mig_err_set(err, -ENOMEM, "no system call filter: out of memory");
    int rc = role_rules(ctx, flags);
    if (rc == 0)
        rc = filter_ioctl();
    if (rc == 0)
        rc = seccomp_load(ctx);
    seccomp_release(ctx);
    return rc == 0 ? 0 : mig_err_errno(err, -rc, "the system call filter can not be loaded");
}
