/* SPDX-License-Identifier: MPL-2.0 */
/* The run folder, the identity, the lock, the spool, and what the agent says of its host. */
#include "config.h"

#include "../base/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <json-c/json.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/env.h"
#include "agent/identity.h"
#include "agent/spool.h"
#include "agent/verdict.h"
#include "base/buf.h"
#include "base/file.h"

static char folder[64];
static int dirfd_;

static int
setup(void **state)
{
    struct mig_err err = {0};

    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/mig-agent-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    return mig_rundir_open(folder, &dirfd_, &err);
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int
teardown(void **state)
{
    (void)state;
    close(dirfd_);
    return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void
test_identity_lasts(void **state)
{
    char first[MIG_UID_MAX + 1], second[MIG_UID_MAX + 1];
    struct mig_err err = {0};
    struct stat st;

    (void)state;
    assert_done(mig_identity(dirfd_, first, &err), &err);
    assert_true(strlen(first) >= MIG_UID_MIN);
    assert_int_equal(fstatat(dirfd_, ".migagtid", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_done(mig_identity(dirfd_, second, &err), &err);
    assert_string_equal(first, second);
}

static void
test_identity_malformed(void **state)
{
    static const char *const texts[] = {
        "", "short",
        "with a space and otherwise long enough ......................................."};
    char uid[MIG_UID_MAX + 1];
    struct mig_err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_int_equal(mig_file_replace(dirfd_, ".migagtid", texts[i], strlen(texts[i]), 0400),
                         0);
        assert_done(mig_identity(dirfd_, uid, &err), &err);
        assert_int_equal(strlen(uid), 96);
    }
}

static void
test_lock(void **state)
{
    struct mig_err err = {0};
    char part[128];
    int first = -1, second = -1;

    (void)state;
    assert_done(mig_rundir_lock(dirfd_, folder, &first, &err), &err);
    snprintf(part, sizeof(part), "an agent (pid %d) already serves %s", (int)getpid(), folder);
    assert_refused(mig_rundir_lock(dirfd_, folder, &second, &err), &err, -EBUSY, part);
    close(first);
    assert_done(mig_rundir_lock(dirfd_, folder, &second, &err), &err);
    close(second);
}

static void
test_rundir_refused(void **state)
{
    char path[96];
    struct mig_err err = {0};
    int fd = -1;

    (void)state;
    snprintf(path, sizeof(path), "%s/open", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0777), 0);
    assert_refused(mig_rundir_open(path, &fd, &err), &err, -EPERM,
                   "writable by nobody else, found owner ");
}

static void
test_users(void **state)
{
    struct mig_err err = {0};
    uid_t uid = 0;
    gid_t gid = 0;

    (void)state;
    assert_done(mig_user_resolve("user.relay", "64801", &uid, &gid, &err), &err);
    assert_int_equal(uid, 64801);
    assert_int_equal(gid, 64801);
    assert_done(mig_user_resolve("user.relay", "64801:7", &uid, &gid, &err), &err);
    assert_int_equal(gid, 7);
    assert_refused(mig_user_resolve("user.relay", "_no-such-user", &uid, &gid, &err), &err,
                   MIG_E_CONFIG,
                   "user.relay: there is no user '_no-such-user'; make it with useradd");
    assert_refused(mig_user_resolve("user.relay", "root", &uid, &gid, &err), &err, MIG_E_CONFIG,
                   "user.relay: 'root' is the superuser");
    assert_refused(mig_user_resolve("user.relay", "0", &uid, &gid, &err), &err, MIG_E_CONFIG,
                   "is the superuser");
}

/* ---- the spool ---- */

struct seen {
    int64_t ids[8];
    int answered[8];
    size_t count;
};

static int
see(void *context, int64_t id, int answered)
{
    struct seen *seen = context;

    seen->ids[seen->count] = id;
    seen->answered[seen->count++] = answered;
    return 0;
}

static int
open_spool(void)
{
    struct mig_err err = {0};
    int spool = -1;

    assert_done(mig_spool_open(dirfd_, &spool, &err), &err);
    return spool;
}

static void
put_job(int spool, int64_t id)
{
    struct mig_verdict_operation op = {
        (char *)(uintptr_t) "file", (char *)(uintptr_t) "{}", 2, {0}};
    struct mig_verdict v = {
        .kind = MIG_VERDICT_ACCEPTED, .command_id = id, .operations = &op, .count = 1};
    struct mig_err err = {0};

    assert_done(mig_spool_put_job(spool, &v, "raw\0bytes", 9, &err), &err);
}

static void
test_spool_job(void **state)
{
    struct mig_buf raw = MIG_BUF_INIT;
    struct mig_verdict v = {0};
    struct mig_err err = {0};
    int spool = open_spool();

    (void)state;
    put_job(spool, 42);
    assert_done(mig_spool_get_job(spool, 42, &v, &raw, &err), &err);
    assert_int_equal(v.command_id, 42);
    assert_string_equal(v.operations[0].module, "file");
    assert_int_equal(raw.len, 9);
    assert_memory_equal(raw.data, "raw\0bytes", 9);
    mig_verdict_fini(&v);
    mig_spool_drop_job(spool, 42);
    assert_refused(mig_spool_get_job(spool, 42, &v, &raw, &err), &err, -ENOENT, "spool/42.job");
    mig_buf_fini(&raw);
    close(spool);
}

static void
test_spool_damaged(void **state)
{
    struct mig_buf raw = MIG_BUF_INIT;
    struct mig_verdict v = {0};
    struct mig_err err = {0};
    int spool = open_spool();

    (void)state;
    assert_int_equal(mig_file_replace(spool, "43.job", "MIGJOB3\0junk", 12, 0600), 0);
    assert_refused(mig_spool_get_job(spool, 43, &v, &raw, &err), &err, MIG_E_SYNTAX,
                   "spool/43.job is damaged");
    mig_spool_set_aside(spool, 43);
    assert_int_equal(faccessat(spool, "43.job.bad", F_OK, 0), 0);
    mig_buf_fini(&raw);
    close(spool);
}

/* A crash between the answer and the end of its job leaves both: the answer counts. */
static void
test_spool_scan(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;
    struct seen seen = {.count = 0};
    struct mig_err err = {0};
    int spool = open_spool();

    (void)state;
    put_job(spool, 9);
    put_job(spool, 10);
    assert_done(mig_spool_put_answer(spool, 8, "{}", 2, &err), &err);
    assert_done(mig_spool_put_answer(spool, 9, "{}", 2, &err), &err);
    put_job(spool, 9);
    assert_int_equal(mig_file_replace(spool, "nonsense", "", 0, 0600), 0);
    assert_done(mig_spool_scan(spool, see, &seen, &err), &err);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.ids[0], 8);
    assert_int_equal(seen.ids[1], 9);
    assert_true(seen.answered[1]);
    assert_int_equal(seen.ids[2], 10);
    assert_false(seen.answered[2]);
    assert_int_equal(faccessat(spool, "9.job", F_OK, 0), -1);
    assert_done(mig_spool_get_answer(spool, 9, &out, &err), &err);
    assert_string_equal(out.data, "{}");
    mig_buf_fini(&out);
    close(spool);
}

/* ---- the environment ---- */

static void
test_ident(void **state)
{
    static const struct {
        const char *text, *ident;
    } table[] = {
        {"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\n"
         "VERSION_CODENAME=bookworm\nID=debian\n",
         "Debian 12 bookworm"},
        {"ID='centos'\nVERSION_ID='7'\n", "Centos 7"},
        {"PRETTY_NAME=\"Arch Linux\"\nID=arch\n", "Arch Linux"},
        {"", ""},
    };
    char ident[128];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        mig_env_ident(table[i].text, ident, sizeof(ident));
        assert_string_equal(ident, table[i].ident);
    }
}

static void
test_environment(void **state)
{
    static const char *const keys[] = {"init", "ident", "os", "arch", "publicip"};
    char module[] = "file";
    char *modules[] = {module, NULL};
    struct json_object *env = mig_env_json(modules);

    (void)state;
    assert_non_null(env);
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_true(json_object_get_string_len(json_object_object_get(env, keys[i])) > 0);
    assert_string_equal(json_object_get_string(json_object_object_get(env, "os")), "linux");
    assert_string_equal(json_object_get_string(json_object_object_get(env, "modules")),
                        "[ \"file\" ]");
    assert_string_equal(mig_env_arch("x86_64"), "amd64");
    assert_string_equal(mig_env_arch("armv7l"), "arm");
    assert_string_equal(mig_env_arch("s390x"), "s390x");
    json_object_put(env);
}

static void
put_file(const char *name, const char *text)
{
    assert_int_equal(mig_file_replace(dirfd_, name, text, strlen(text), 0644), 0);
}

static void
assert_container(const char *expected)
{
    char name[32];

    mig_env_container(folder, name, sizeof(name));
    assert_string_equal(name, expected);
}

static void
test_container(void **state)
{
    (void)state;
    assert_container("");
    assert_int_equal(mkdirat(dirfd_, "proc", 0755), 0);
    assert_int_equal(mkdirat(dirfd_, "proc/1", 0755), 0);
    put_file("proc/1/cgroup", "0::/init.scope\n");
    assert_container("");
    put_file("proc/1/cgroup", "12:pids:/docker/0123\n0::/\n");
    assert_container("docker");
    put_file("proc/1/cgroup", "1:name=systemd:/kubepods/besteffort/pod1/2\n");
    assert_container("kubernetes");
    put_file("proc/1/cgroup", "0::/lxc.payload.web\n");
    assert_container("lxc");
    assert_int_equal(mkdirat(dirfd_, "run", 0755), 0);
    assert_int_equal(mkdirat(dirfd_, "run/systemd", 0755), 0);
    put_file("run/systemd/container", "systemd-nspawn\n");
    assert_container("systemd-nspawn");
    put_file("run/systemd/container", "../../etc\n");
    assert_container("lxc");
    put_file("run/.containerenv", "");
    assert_container("podman");
    put_file(".dockerenv", "");
    assert_container("docker");
    assert_int_equal(mkdirat(dirfd_, "run/secrets", 0755), 0);
    assert_int_equal(mkdirat(dirfd_, "run/secrets/kubernetes.io", 0755), 0);
    assert_container("kubernetes");
}

static void
test_public_ip(void **state)
{
    static const char *const bad[] = {
        "",       "\n",
        "10.0.0", "10.0.0.1 or so",
        "<html>", "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0:1:2:3:4:5:6:7:8:9"};
    struct json_object *env = mig_env_json(NULL);

    (void)state;
    assert_int_equal(mig_env_public_ip(env, "192.0.2.7\n"), 0);
    assert_string_equal(json_object_get_string(json_object_object_get(env, "publicip")),
                        "192.0.2.7");
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(mig_env_public_ip(env, bad[i]), -1);
    assert_int_equal(mig_env_public_ip(env, "2001:db8::1"), 0);
    assert_string_equal(json_object_get_string(json_object_object_get(env, "publicip")),
                        "2001:db8::1");
    assert_null(json_object_object_get(env, "proxy"));
    mig_env_proxy(env, "proxy.example.net:3128");
    assert_true(json_object_get_boolean(json_object_object_get(env, "isproxied")));
    assert_string_equal(json_object_get_string(json_object_object_get(env, "proxy")),
                        "proxy.example.net:3128");
    json_object_put(env);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_lasts), cmocka_unit_test(test_identity_malformed),
        cmocka_unit_test(test_lock),           cmocka_unit_test(test_rundir_refused),
        cmocka_unit_test(test_users),          cmocka_unit_test(test_spool_job),
        cmocka_unit_test(test_spool_damaged),  cmocka_unit_test(test_spool_scan),
        cmocka_unit_test(test_ident),          cmocka_unit_test(test_environment),
        cmocka_unit_test(test_public_ip),      cmocka_unit_test(test_container),
    };

    return cmocka_run_group_tests_name("agent state", tests, setup, teardown);
}
