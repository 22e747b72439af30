/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mig/plugin.h>

#include "base/log.h"
#include "plugin/filter.h"
#include "plugin/landlock.h"

#define OPEN_FILES_DEFAULT 256u
#define CPU_GRACE_S 2u
#define NICE 19
#define SESSION_NICE 11 /* a twelfth of a processor that another session wants for itself */
/* linux/ioprio.h, which older kernels' headers do not have: the idle class for this process. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)

static int
limit(int resource, rlim_t value)
{
    struct rlimit limits;
    if (getrlimit(resource, &limits) != 0)
        return -errno;
    if (limits.rlim_max != RLIM_INFINITY && value > limits.rlim_max)
        value = limits.rlim_max;
    limits.rlim_cur = limits.rlim_max = value;
    return setrlimit(resource, &limits) == 0 ? 0 : -errno;
}

int
mig_confine_start(struct mig_err *err)
{
    umask(077);
    if (chdir("/") != 0)
        return mig_err_errno(err, errno, "chdir /");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return mig_err_errno(err, errno, "PR_SET_NO_NEW_PRIVS");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return mig_err_errno(err, errno, "PR_SET_DUMPABLE");
    int rc = limit(RLIMIT_CORE, 0);
    if (rc != 0)
        return mig_err_errno(err, -rc, "RLIMIT_CORE");
    return 0;
}

/* The kernel may share the processor out between sessions before it looks at niceness, and a worker
 * has a session of its own (sched(7), "The autogroup feature"). */
static int
yield_as_session(void)
{
    int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    char nice[8];
    int length = snprintf(nice, sizeof(nice), "%d", SESSION_NICE);
    int rc = 0;

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    if (write(fd, nice, (size_t)length) != length)
        rc = -errno;
    close(fd);
    return rc;
}

/* An investigation must not be felt on the endpoint; a host that refuses this is no reason to stop.
 * While there is one thread: those made later inherit it. SCHED_IDLE would starve on a busy host.
 */
static void
be_idle(bool yields)
{
    int session = yields ? yield_as_session() : 0;

    if (setpriority(PRIO_PROCESS, 0, NICE) != 0 ||
        syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE) != 0 || session != 0)
        mig_log(MIG_SEV_DEBUG, "the worker keeps its priority");
}

unsigned
mig_confine_open_files(unsigned open_files_max)
{
    return open_files_max > 0 ? open_files_max : OPEN_FILES_DEFAULT;
}

int
mig_confine_limits(const struct mig_confine_budget *budget, struct mig_err *err)
{
    int rc = limit(RLIMIT_NOFILE, mig_confine_open_files(budget->open_files_max));
    if (rc != 0)
        return mig_err_errno(err, -rc, "RLIMIT_NOFILE");
    /* The watchdog comes first and saves the result; this is for one that was put out. */
    if (budget->cpu_max > 0)
        rc = limit(RLIMIT_CPU, (rlim_t)budget->cpu_max + CPU_GRACE_S);
    if (rc != 0)
        return mig_err_errno(err, -rc, "RLIMIT_CPU");
#ifndef MIG_SANITIZERS /* whose shadow memory takes terabytes of addresses */
    if (budget->memory_max > 0)
        rc = limit(RLIMIT_AS, budget->memory_max);
#endif
    return rc == 0 ? 0 : mig_err_errno(err, -rc, "RLIMIT_AS");
}

/* ---- capabilities ---- */

static const struct {
    uint32_t need;
    int capability;
} capabilities[] = {
    {MIG_NEED_READ_FILES, CAP_DAC_READ_SEARCH},
    {MIG_NEED_PROCESS_MEMORY, CAP_DAC_READ_SEARCH},
    {MIG_NEED_PROCESS_MEMORY, CAP_SYS_PTRACE},
    {MIG_NEED_RAW_SOCKET, CAP_NET_RAW},
    {MIG_NEED_KILL, CAP_KILL},
    {MIG_NEED_NAMESPACES, CAP_SYS_ADMIN},
    {MIG_NEED_NAMESPACES, CAP_SYS_PTRACE},
};

/* No capability comes back by execve() of a program, also not for user 0. */
#define SECUREBITS                                                                                 \
    (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                               \
     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |       \
     SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static int
drop_capabilities(uint32_t needs, struct mig_err *err)
{
    capng_get_caps_process();
    int held[MIG_COUNT(capabilities)];
    int may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
    for (size_t i = 0; i < MIG_COUNT(capabilities); i++)
        held[i] = capng_have_capability(CAPNG_PERMITTED, (unsigned)capabilities[i].capability);

    if (may_bound && prctl(PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0) != 0)
        return mig_err_errno(err, errno, "PR_SET_SECUREBITS");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
        return mig_err_errno(err, errno, "PR_CAP_AMBIENT_CLEAR_ALL");
    capng_clear(CAPNG_SELECT_BOTH);
    for (size_t i = 0; i < MIG_COUNT(capabilities); i++) {
        if ((needs & capabilities[i].need) == 0 || !held[i])
            continue;
        capng_type_t sets = CAPNG_EFFECTIVE | CAPNG_PERMITTED;
        if (may_bound)
            sets |= CAPNG_BOUNDING_SET;
        capng_update(CAPNG_ADD, sets, (unsigned)capabilities[i].capability);
    }
    if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0)
        return mig_err_set(err, MIG_E_PLUGIN, "the worker's capabilities can not be dropped");
    return 0;
}

static void
leave_network(uint32_t needs)
{
    if (needs & (MIG_NEED_NETWORK | MIG_NEED_RAW_SOCKET | MIG_NEED_NETLINK | MIG_NEED_NAMESPACES))
        return;
    /* Without privilege this is not to be had; the filter refuses sockets then as well. */
    if (unshare(CLONE_NEWNET) != 0)
        mig_log(MIG_SEV_DEBUG, "the worker stays in the host's network namespace");
}

int
mig_confine_needs(const struct mig_confine_spec *spec, struct mig_err *err)
{
    uint32_t needs = spec->needs;
    if (spec->idle)
        be_idle(spec->yields);
    leave_network(needs);
    int rc = drop_capabilities(needs, err);
    /* A plugin with state has the limit of its site already. */
    if (rc == 0 && (needs & (MIG_NEED_EXECUTE | MIG_NEED_STATE)) == 0) {
        /* Backs the filter: no byte is written to a file, however it was opened. */
        signal(SIGXFSZ, SIG_IGN);
        rc = limit(RLIMIT_FSIZE, 0);
        if (rc != 0)
            return mig_err_errno(err, -rc, "RLIMIT_FSIZE");
    }
    if (rc == 0)
        rc = mig_landlock_load(needs, spec->programs, err);
    return rc == 0 ? mig_filter_load(needs, err) : rc;
}
