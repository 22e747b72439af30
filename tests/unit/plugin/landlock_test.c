/* SPDX-License-Identifier: MPL-2.0 */
/* What a Landlock domain does to looking into other processes: why a worker that needs their memory
 * or their namespaces has none. Each try is made in a process of its own, once with a domain that
 * forbids nothing else and once without. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <mig/plugin.h>

#include "plugin/landlock.h"

static int
try_open(const char *file)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/%s", (long)getppid(), file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int code = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return code;
}

/* The errno of opening the file of this process, by a child with these needs. */
static int
child_opens(const char *file, uint32_t needs, int confined)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (confined && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
                         mig_landlock_load(needs, NULL, NULL) != 0))
            _exit(255);
        _exit(try_open(file));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const char *const files[] = {"mem", "ns/net", "ns/mnt"};

/* With every file readable: what is refused is refused because of the domain alone. */
static void
a_domain_shuts_processes_off(void **state)
{
    (void)state;
    if (mig_landlock_abi() == 0)
        skip();
    assert_int_equal(child_opens("cmdline", MIG_NEED_READ_FILES, 1), 0);
    for (size_t i = 0; i < MIG_COUNT(files); i++) {
        if (child_opens(files[i], 0, 0) != 0)
            skip(); /* ptrace is bound here anyhow */
        int code = child_opens(files[i], MIG_NEED_READ_FILES, 1);
        if (code != EACCES && code != EPERM)
            fail_msg("%s in a domain gave %d: it need not be left out any more", files[i], code);
    }
}

static void
who_looks_into_processes_has_none(void **state)
{
    static const uint32_t needs[] = {MIG_NEED_PROCESS_MEMORY, MIG_NEED_NAMESPACES};
    (void)state;
    for (size_t i = 0; i < MIG_COUNT(needs); i++)
        for (size_t k = 0; k < MIG_COUNT(files); k++)
            assert_int_equal(child_opens(files[k], needs[i], 1), child_opens(files[k], 0, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_shuts_processes_off),
        cmocka_unit_test(who_looks_into_processes_has_none),
    };
    return cmocka_run_group_tests_name("landlock", tests, NULL, NULL);
}
