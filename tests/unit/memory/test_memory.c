/* SPDX-License-Identifier: MPL-2.0 */
/* The memory plugin as it is built, by a host that is none, on a child that holds known bytes. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <mig/mock_host.h>

static const struct mig_plugin *plugin;
static struct mig_mock *mock;
static pid_t child;
static char name[4096];

/* A program that nobody of this family is the parent of (whose memory is not searched), and whose
 * arguments are in its memory: 'needle of the test'. It ends when this process does. */
static void
start_child(void)
{
    static char text[] = "offemf!pg!uif!uftu"; /* each byte one too high */
    int in[2], out[2];
    char byte;
    pid_t middle;

    for (char *at = text; *at != '\0'; at++)
        (*at)--;
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        exit(99);
    middle = fork();
    if (middle == 0) {
        if (fork() != 0)
            _exit(0);
        child = getpid();
        if (write(out[1], &child, sizeof(child)) != (ssize_t)sizeof(child))
            _exit(99);
        dup2(in[0], 0);
        execl("/bin/cat", "cat", "-", text, (char *)NULL);
        _exit(127);
    }
    waitpid(middle, NULL, 0);
    close(out[1]);
    /* It is another program when exec has closed its end. */
    if (read(out[0], &child, sizeof(child)) != (ssize_t)sizeof(child) ||
        read(out[0], &byte, 1) != 0)
        exit(99);
    close(out[0]);
    close(in[0]);
    memset(text, 'x', sizeof(text) - 1);
    snprintf(name, sizeof(name), "/proc/%d/exe", (int)child);
}

static int
ask(const char *checks)
{
    char parameters[2048], exe[1024];
    ssize_t length = readlink(name, exe, sizeof(exe) - 1);

    assert_true(length > 0);
    exe[length] = '\0';
    snprintf(parameters, sizeof(parameters),
             "{\"searches\":{\"s1\":{\"names\":[\"^%s$\"],%s,\"options\":{\"offset\":0,"
             "\"maxlength\":0,\"logfailures\":true,\"matchall\":true}}}}",
             exe, checks);
    return mig_mock_run(mock, plugin, parameters);
}

static void
test_found(void **state)
{
    char expected[64];

    (void)state;
    snprintf(expected, sizeof(expected), "\"pid\":%d", (int)child);
    /* "needle of the test" */
    assert_int_equal(ask("\"bytes\":[\"6e6565646c65206f66207468652074657374\"]"), 0);
    assert_non_null(strstr(mig_mock_elements(mock), expected));
    assert_int_equal(mig_mock_found(mock), 1);
    assert_null(mig_mock_undeclared(mock, plugin));
    assert_int_equal(ask("\"contents\":[\"n[e]+dle of th[e] tes[t]\"]"), 0);
    assert_non_null(strstr(mig_mock_elements(mock), expected));
}

static void
test_not_found(void **state)
{
    char unexpected[64];

    (void)state;
    snprintf(unexpected, sizeof(unexpected), "\"pid\":%d", (int)child);
    assert_int_equal(ask("\"bytes\":[\"6e6565646c65206f66207468652074657375f1f2\"]"), 0);
    assert_null(strstr(mig_mock_elements(mock), unexpected));
    assert_int_equal(mig_mock_found(mock), 0);
    assert_null(mig_mock_undeclared(mock, plugin));
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *parameters, *message;
    } cases[] = {
        {"{}", "parameters must have 'searches', an object of one search a label"},
        {"{\"searches\":{\"a b\":{}}}",
         "label 'a b' must be 1 to 64 of the characters a-z, A-Z, 0-9, _ and -"},
        {"{\"searches\":{\"s1\":[]}}", "search 's1' must be an object"},
        {"{\"searches\":{\"s1\":{}}}",
         "search 's1' must have at least one of names, libraries, bytes, contents"},
        {"{\"searches\":{\"s1\":{\"bytes\":[\"0x41\"]}}}",
         "search 's1': bytes '0x41' must be 1 to 32768 bytes in hexadecimal digits, two a byte, "
         "without 0x"},
        {"{\"searches\":{\"s1\":{\"names\":[\"\"]}}}", "search 's1': names must not be empty"},
        {"{\"searches\":{\"s1\":{\"names\":[\"a\"],\"options\":1}}}",
         "search 's1': options must be an object"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(mig_mock_run(mock, plugin, cases[i].parameters), -EINVAL);
        assert_string_equal(mig_mock_refusal(mock), cases[i].message);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_refusals),
    };
    const char *build = getenv("top_builddir");
    char path[4096];
    int code;

    snprintf(path, sizeof(path), "%s/plugins/memory/.libs/memory.so", build != NULL ? build : ".");
    plugin = mig_mock_load(path);
    mock = mig_mock_new();
    if (plugin == NULL || mock == NULL) {
        puts("1..0 # SKIP the memory plugin is not built as a shared object");
        return 0;
    }
    start_child();
    code = cmocka_run_group_tests_name("memory", tests, NULL, NULL);
    kill(child, SIGTERM);
    mig_mock_free(mock);
    return code;
}
