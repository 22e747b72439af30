/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/role.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/message.h"
#include "agent/pack.h"
#include "base/buf.h"
#include "base/frame.h"
#include "base/log.h"
#include "plugin/filter.h"

static const struct {
    const char *name;
    int (*main)(const struct mig_role_user *user);
} roles[] = {
    {"@beat", mig_beat_main},
    {"@relay", mig_relay_main},
    {"@verifier", mig_verifier_main},
};

static int
parse_user(const char *uid, const char *gid, struct mig_role_user *ret)
{
    char *end_uid, *end_gid;
    unsigned long u, g;

    ret->change = 0;
    if (strcmp(uid, "-") == 0)
        return 0;
    u = strtoul(uid, &end_uid, 10);
    g = strtoul(gid, &end_gid, 10);
    if (*end_uid || *end_gid || u == 0 || g == 0 || u >= UINT32_MAX || g >= UINT32_MAX)
        return -EINVAL;
    *ret = (struct mig_role_user){1, (uid_t)u, (gid_t)g};
    return 0;
}

void
mig_agent_role(int argc, char **argv)
{
    struct mig_role_user user;
    struct stat st;
    char name[16];

    if (argc != 4 || argv[1][0] != '@')
        return;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(argv[1], roles[i].name) != 0)
            continue;
        if (fstat(MIG_ROLE_FD, &st) < 0 || !S_ISSOCK(st.st_mode) ||
            parse_user(argv[2], argv[3], &user) < 0) {
            fprintf(stderr, "mig-agent: %s is started by the agent itself\n", argv[1]);
            exit(2);
        }
        snprintf(name, sizeof(name), "mig-%.11s", argv[1] + 1);
        prctl(PR_SET_NAME, name);
        exit(roles[i].main(&user));
    }
}

static void
set_limit(int resource, rlim_t value)
{
    struct rlimit limit = {value, value};

    setrlimit(resource, &limit);
}

static unsigned
take_namespaces(const struct mig_role_user *user, unsigned flags)
{
    char options[96];
    unsigned got = 0;

    if ((flags & MIG_ROLE_NEW_NETWORK) && unshare(CLONE_NEWNET | CLONE_NEWIPC) == 0)
        got |= MIG_ROLE_NEW_NETWORK;
    snprintf(options, sizeof(options), "mode=0700,uid=%u,gid=%u,size=32m", (unsigned)user->uid,
             (unsigned)user->gid);
    if ((flags & MIG_ROLE_NEW_TMP) && unshare(CLONE_NEWNS) == 0 &&
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("mig", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) == 0)
        got |= MIG_ROLE_NEW_TMP;
    return got;
}

static int
become(const struct mig_role_user *user, struct mig_err *err)
{
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    if (setgroups(0, NULL) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
        setresuid(user->uid, user->uid, user->uid) < 0)
        return mig_err_errno(err, errno, "become user %u", (unsigned)user->uid);
    if (setuid(0) == 0)
        return mig_err_set(err, -EPERM, "user %u can become root again", (unsigned)user->uid);
    return 0;
}

int
mig_role_confine(const struct mig_role_user *user, unsigned flags, unsigned *ret_flags,
                 struct mig_err *err)
{
    unsigned got = 0;
    int rc;

    umask(077);
    signal(SIGPIPE, SIG_IGN);
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_NOFILE, 256);
    if (user->change) {
        got = take_namespaces(user, flags);
        rc = become(user, err);
        if (rc < 0)
            return rc;
    }
    /* A change of user clears both of these, so they come after it. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return mig_err_errno(err, errno, "no_new_privs");
    rc = mig_filter_role((flags & MIG_ROLE_NETWORK ? MIG_FILTER_NETWORK : 0) |
                             (flags & MIG_ROLE_PROGRAMS ? MIG_FILTER_EXECUTE : 0),
                         err);
    if (rc < 0)
        return rc;
    *ret_flags = got;
    return 0;
}

void
mig_role_log(int severity, const char *format, ...)
{
    struct mig_buf body = MIG_BUF_INIT;
    char text[1200];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    mig_pack_number(&body, (uint64_t)severity);
    mig_pack_text(&body, text);
    if (!body.failed)
        mig_frame_send(MIG_ROLE_FD, MIG_MSG_LOG, body.data, body.len);
    mig_buf_fini(&body);
}

int
mig_role_hello(struct mig_buf *body)
{
    uint32_t type = 0;
    int rc = mig_frame_recv(MIG_ROLE_FD, MIG_FRAME_INLINE, &type, body, NULL);

    if (rc == 0 && type != MIG_MSG_HELLO)
        rc = MIG_E_PROTOCOL;
    return rc;
}
