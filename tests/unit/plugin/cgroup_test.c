/* SPDX-License-Identifier: MPL-2.0 */
/* Real cgroups: a mount of the version 2 tree in a mount namespace of this test's own, and, where
 * it is not the root already, a cgroup namespace whose root is a folder of this test's own. What
 * this kernel has no controller for is said so, and that is what is tested then. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "plugin/cgroup.h"
#include "plugin/layers.h"
#include "plugin/load.h"
#include "plugin/worker.h"

const struct mig_builtin mig_builtins[] = {{NULL, NULL}};

static char mount_point[] = "/tmp/mig-cgroup-test-XXXXXX";
static const char *why_not; /* no cgroups can be made here */

static void
path_to(const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", mount_point, name);
}

static bool
exists(const char *name)
{
    char path[256];
    path_to(name, path, sizeof(path));
    return access(path, F_OK) == 0;
}

static bool
put(const char *name, const char *text)
{
    char path[256];
    path_to(name, path, sizeof(path));
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

static void
get(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

/* The path of this process's cgroup. */
static void
own_path(char *path, size_t size)
{
    char text[4096];
    get("/proc/self/cgroup", text, sizeof(text));
    const char *at = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    snprintf(path, size, "%.*s", at == NULL ? 0 : (int)strcspn(strchr(at, '/'), "\n"),
             at == NULL ? "" : strchr(at, '/'));
}

static bool
mount_tree(void)
{
    return mount("none", mount_point, "cgroup2", 0, NULL) == 0;
}

/* As in a container: what is above is not to be seen. The folder is made at the top of the tree,
 * since one that holds processes passes no controllers on. */
static const char *
become_root(void)
{
    char path[1024], name[64];
    own_path(path, sizeof(path));
    if (strcmp(path, "/") == 0)
        return NULL;
    (void)put("cgroup.subtree_control", "+memory");
    (void)put("cgroup.subtree_control", "+pids");
    snprintf(name, sizeof(name), "mig-test-%ld", (long)getpid());
    path_to(name, path, sizeof(path));
    if (mkdir(path, 0755) != 0)
        return "no cgroup can be made";
    snprintf(name, sizeof(name), "mig-test-%ld/cgroup.procs", (long)getpid());
    if (!put(name, "0") || unshare(CLONE_NEWCGROUP) != 0 || umount(mount_point) != 0 ||
        !mount_tree())
        return "no cgroup namespace";
    return NULL;
}

static int
group_start(void **state)
{
    (void)state;
    mig_log_open("cgroup_test", "stderr", MIG_SEV_WARNING);
    if (mkdtemp(mount_point) == NULL)
        return -1;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        why_not = "no mount namespace (not root)";
    else if (!mount_tree())
        why_not = "no cgroup2 can be mounted";
    else
        why_not = become_root();
    if (why_not != NULL)
        print_message("# without cgroups: %s\n", why_not);
    return 0;
}

static int
group_stop(void **state)
{
    (void)state;
    mig_cgroup_stop();
    (void)umount2(mount_point, MNT_DETACH);
    (void)rmdir(mount_point);
    return 0;
}

static void
json_is(const char *expected)
{
    struct mig_buf text = MIG_BUF_INIT;
    assert_int_equal(mig_cgroup_json(&text), 0);
    assert_string_equal(text.data, expected);
    mig_buf_fini(&text);
}

static bool
says(const char *part)
{
    struct mig_buf text = MIG_BUF_INIT;
    assert_int_equal(mig_cgroup_json(&text), 0);
    bool found = strstr(text.data, part) != NULL;
    mig_buf_fini(&text);
    return found;
}

/* A process that waits, in a session of its own, which no signal to a group reaches. */
static pid_t
sleeper(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setsid();
        for (;;)
            pause();
    }
    return pid;
}

static bool
gone(const char *name)
{
    int64_t until = mig_time_monotonic_ms() + 10000;
    while (exists(name) && mig_time_monotonic_ms() < until) {
        mig_cgroup_free(mig_cgroup_new(-1, 0)); /* which tries what was left again */
        poll(NULL, 0, 5);
    }
    return !exists(name);
}

static void
is_off_until_asked_for(void **state)
{
    (void)state;
    json_is("{\"active\":false,\"reason\":\"only a running agent makes them\"}");
    assert_null(mig_cgroup_new(getpid(), 0));
    mig_cgroup_kill(NULL);
    mig_cgroup_free(NULL);
    assert_false(mig_cgroup_out_of_memory(NULL));
}

static void
says_what_is_there(void **state)
{
    char controllers[512], path[256], expected[128];
    struct mig_buf layers = MIG_BUF_INIT;
    (void)state;
    if (why_not != NULL)
        skip();
    path_to("cgroup.controllers", path, sizeof(path));
    get(path, controllers, sizeof(controllers));
    mig_cgroup_start();
    snprintf(expected, sizeof(expected),
             "{\"active\":true,\"memory\":%s,\"pids\":%s,\"kill\":true}",
             strstr(controllers, "memory") != NULL ? "true" : "false",
             strstr(controllers, "pids") != NULL ? "true" : "false");
    json_is(expected);
    assert_int_equal(mig_layers_json(&layers), 0);
    assert_non_null(strstr(layers.data, ",\"cgroup\":{\"active\":true,"));
    mig_buf_fini(&layers);
}

static void
kills_whoever_is_in_it(void **state)
{
    char name[64], text[4096], path[64];
    int status = 0;
    (void)state;
    if (why_not != NULL)
        skip();
    mig_cgroup_start();
    pid_t pid = sleeper();
    struct mig_cgroup *cgroup = mig_cgroup_new(pid, (size_t)64 << 20);
    assert_non_null(cgroup);
    snprintf(name, sizeof(name), "mig-worker-%ld", (long)pid);
    assert_true(exists(name));
    snprintf(path, sizeof(path), "/proc/%ld/cgroup", (long)pid);
    get(path, text, sizeof(text));
    assert_non_null(strstr(text, name));
    assert_false(mig_cgroup_out_of_memory(cgroup));
    mig_cgroup_kill(cgroup);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    mig_cgroup_free(cgroup);
    assert_true(gone(name));

    /* To give it up is enough. */
    pid = sleeper();
    cgroup = mig_cgroup_new(pid, 0);
    assert_non_null(cgroup);
    mig_cgroup_free(cgroup);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    snprintf(name, sizeof(name), "mig-worker-%ld", (long)pid);
    assert_true(gone(name));
}

static void
ends_what_an_earlier_agent_left(void **state)
{
    char text[32], path[256];
    int status = 0;
    (void)state;
    if (why_not != NULL)
        skip();
    pid_t pid = sleeper();
    path_to("mig-worker-1", path, sizeof(path));
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(text, sizeof(text), "%ld", (long)pid);
    assert_true(put("mig-worker-1/cgroup.procs", text));
    mig_cgroup_start();
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    mig_cgroup_start();
    assert_true(gone("mig-worker-1"));
}

/* Two agents may share the root of the tree, as two in one container do. */
static void
leaves_another_agents_alone(void **state)
{
    char name[64];
    int status = 0;
    (void)state;
    if (why_not != NULL)
        skip();
    mig_cgroup_start();
    pid_t pid = sleeper();
    struct mig_cgroup *cgroup = mig_cgroup_new(pid, 0);
    assert_non_null(cgroup);
    pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0) {
        mig_cgroup_start();
        _exit(says("\"active\":true") ? 0 : 1);
    }
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(status, 0);
    assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
    snprintf(name, sizeof(name), "mig-worker-%ld", (long)pid);
    assert_true(exists(name));
    mig_cgroup_free(cgroup);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void
bounds_processes(void **state)
{
    char name[64], path[256], text[64];
    (void)state;
    if (why_not != NULL)
        skip();
    mig_cgroup_start();
    if (!says("\"pids\":true")) {
        print_message("# this tree has no pids controller\n");
        skip();
    }
    pid_t pid = sleeper();
    struct mig_cgroup *cgroup = mig_cgroup_new(pid, 0);
    assert_non_null(cgroup);
    snprintf(name, sizeof(name), "mig-worker-%ld/pids.max", (long)pid);
    path_to(name, path, sizeof(path));
    get(path, text, sizeof(text));
    assert_string_equal(text, "256\n");
    mig_cgroup_free(cgroup);
    waitpid(pid, NULL, 0);
}

static void
bounds_memory(void **state)
{
    int ends[2], status = 0;
    char go = 0;
    (void)state;
    if (why_not != NULL)
        skip();
    mig_cgroup_start();
    if (!says("\"memory\":true")) {
        print_message("# this tree has no memory controller\n");
        skip();
    }
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (read(ends[0], &go, 1) != 1)
            _exit(1);
        for (size_t i = 0; i < 64; i++) {
            void *at =
                mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (at != MAP_FAILED)
                memset(at, 1, 1 << 20);
        }
        _exit(0);
    }
    struct mig_cgroup *cgroup = mig_cgroup_new(pid, (size_t)16 << 20);
    assert_non_null(cgroup);
    assert_int_equal(write(ends[1], &go, 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(mig_cgroup_out_of_memory(cgroup));
    mig_cgroup_free(cgroup);
    close(ends[0]);
    close(ends[1]);
}

/* ---- a worker in one ---- */

/* The leader's group is killed by its number; an answer comes as ever, and the folder goes. */
static void
a_worker_has_one(void **state)
{
    static const char *const ways[] = {"family", "family kill", "family exit"};
    (void)state;
    if (why_not != NULL)
        skip();
    mig_cgroup_start();
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char input[64], name[64], path[256], text[4096];
        struct mig_worker *worker = NULL;
        snprintf(input, sizeof(input), "{\"how\":\"%s\"}", ways[i]);
        struct mig_worker_spec spec = {.call = MIG_WORKER_RUN,
                                       .plugin = "ends",
                                       .plugin_dir = ZOO_DIR,
                                       .input = input,
                                       .input_len = strlen(input),
                                       .timeout_ms = 60000};
        assert_int_equal(mig_worker_start(&spec, &worker, NULL), 0);
        /* It waits for its orders, or is at them. */
        path_to(".", path, sizeof(path));
        snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)getpid(), (long)getpid());
        get(path, text, sizeof(text));
        snprintf(name, sizeof(name), "mig-worker-%ld", strtol(text, NULL, 10));
        assert_true(exists(name));
        while (mig_worker_step(worker) == 0) {
            struct pollfd event = {.fd = mig_worker_fd(worker), .events = POLLIN};
            (void)poll(&event, 1, 1000);
        }
        const struct mig_worker_outcome *outcome = mig_worker_outcome(worker);
        assert_int_equal(outcome->status, i == 0 ? MIG_WORKER_SUCCESS : MIG_WORKER_FAILED);
        assert_non_null(strstr(outcome->output, "\"before\""));
        const char *child = strstr(outcome->output, "\"child\":");
        assert_non_null(child);
        mig_worker_free(worker);
        assert_true(gone(name));
    }
}

int
main(int argc, char **argv)
{
    mig_worker_role(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_off_until_asked_for),
        cmocka_unit_test(says_what_is_there),
        cmocka_unit_test(kills_whoever_is_in_it),
        cmocka_unit_test(ends_what_an_earlier_agent_left),
        cmocka_unit_test(leaves_another_agents_alone),
        cmocka_unit_test(bounds_processes),
        cmocka_unit_test(bounds_memory),
        cmocka_unit_test(a_worker_has_one),
    };
    return cmocka_run_group_tests_name("cgroup", tests, group_start, group_stop);
}
