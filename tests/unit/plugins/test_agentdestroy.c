/* SPDX-License-Identifier: MPL-2.0 */
/* agentdestroy: what it refuses, and that nothing comes to harm by it. That it ends an agent is
 * held by agentdestroy.sh. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "module.h"

static const struct mig_plugin *plugin;
static struct mig_mock *mock;

static int
setup(void **state)
{
    (void)state;
    mock = mig_mock_new();
    return mock == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void)state;
    mig_mock_free(mock);
    return 0;
}

static void
test_parameters(void **state)
{
    static const struct {
        const char *parameters, *message;
    } cases[] = {
        {"{}", "PID '0' is not in the range [2:4194304]"},
        {"{\"pid\":1,\"version\":\"1\"}", "PID '1' is not in the range [2:4194304]"},
        {"{\"pid\":4194305,\"version\":\"1\"}", "PID '4194305' is not in the range [2:4194304]"},
        {"{\"pid\":2}", "parameter 'version' is empty. Expecting version."},
        {"{\"pid\":\"2\",\"version\":\"1\"}", "parameter 'pid' must be a number, not string"},
        {"{\"pid\":2,\"version\":1}", "parameter 'version' must be a string, not int"},
        {"{\"pid\":2,\"version\":\"1\",\"force\":true}",
         "unknown parameter 'force', expected pid and version"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < MIG_COUNT(cases); i++) {
        assert_int_equal(mig_mock_validate(mock, plugin, cases[i].parameters), -EINVAL);
        assert_string_equal(mig_mock_refusal(mock), cases[i].message);
        assert_int_equal(mig_mock_run(mock, plugin, cases[i].parameters), -EINVAL);
        assert_string_equal(mig_mock_refusal(mock), cases[i].message);
    }
    assert_int_equal(mig_mock_validate(mock, plugin, "{\"pid\":2,\"version\":\"1\"}"), 0);
}

/* Asks for the end of a process; must be refused with the text behind its number. */
static void
refuses(pid_t pid, int code, const char *why)
{
    char parameters[64], message[256];

    snprintf(parameters, sizeof(parameters), "{\"pid\":%d,\"version\":\"1\"}", (int)pid);
    snprintf(message, sizeof(message), "PID '%d'%s", (int)pid, why);
    assert_int_equal(mig_mock_run(mock, plugin, parameters), code);
    assert_string_equal(mig_mock_refusal(mock), message);
    assert_int_equal(mig_mock_found(mock), 0);
}

static pid_t
child(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }
    assert_true(pid > 0);
    return pid;
}

static void
test_itself(void **state)
{
    pid_t pid = child();

    (void)state;
    refuses(getpid(), -EPERM, " is mine. Refusing to suicide.");
    refuses(getppid(), -EPERM, " is mine. Refusing to suicide.");
    refuses(pid, -EPERM, " is mine. Refusing to suicide.");
    assert_int_equal(kill(pid, 0), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void
test_nobody(void **state)
{
    pid_t pid = child();

    (void)state;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    refuses(pid, -ESRCH, ": No such process");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parameters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
    };

    plugin = module_load("agentdestroy");
    if (plugin == NULL)
        return 0;
    return cmocka_run_group_tests_name("agentdestroy", tests, NULL, NULL);
}
