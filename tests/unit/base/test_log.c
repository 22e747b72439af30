/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static char path[] = "/tmp/mig-log-test-XXXXXX";
static char text[8192];

/* What `log` writes to stderr while JOURNAL_STREAM names it, or another file, or nothing. */
static const char *
said(int journal, void (*log)(void))
{
    int file = open(path, O_RDWR | O_TRUNC | O_CLOEXEC), old = dup(STDERR_FILENO);
    struct stat st;
    char stream[64];

    assert_true(file >= 0 && old >= 0 && fstat(file, &st) == 0);
    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
             (uintmax_t)st.st_ino + (journal < 0));
    unsetenv("JOURNAL_STREAM");
    if (journal != 0)
        setenv("JOURNAL_STREAM", stream, 1);
    dup2(file, STDERR_FILENO);
    int rc = mig_log_open("prog", NULL, MIG_SEV_INFO);
    log();
    dup2(old, STDERR_FILENO);
    close(old);
    assert_int_equal(rc, 0);
    ssize_t n = pread(file, text, sizeof(text) - 1, 0);
    assert_true(n >= 0);
    text[n] = '\0';
    close(file);
    return text;
}

static void
three_events(void)
{
    mig_log(MIG_SEV_WARNING, "a\nb\033[1m%s", "c");
    mig_log(MIG_SEV_NOTICE, "d");
    mig_log(MIG_SEV_DEBUG, "not asked for");
}

static void
long_event(void)
{
    mig_log(MIG_SEV_ERR, "%05000d", 1);
}

static void
lines_are_lines(void **state)
{
    static const char expected[] = "prog: [warning] a?b?[1mc\nprog: [notice] d\n";

    (void)state;
    assert_string_equal(said(0, three_events), expected);
    assert_string_equal(said(-1, three_events), expected);
    assert_int_equal(strlen(said(0, long_event)), strlen("prog: [err] \n") + 2047);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void
the_journal_gets_the_severity(void **state)
{
    (void)state;
    assert_string_equal(said(1, three_events),
                        "<4>prog: [warning] a?b?[1mc\n<5>prog: [notice] d\n");
}

static void
a_file_gets_the_time(void **state)
{
    (void)state;
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(mig_log_open("prog", path, MIG_SEV_INFO), 0);
    mig_log(MIG_SEV_ERR, "x");
    assert_int_equal(mig_log_open("prog", "stderr", MIG_SEV_INFO), 0);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(file, text, sizeof(text) - 1);
    close(file);
    assert_int_equal(n, strlen("2026-11-25T00:00:00Z prog: [err] x\n"));
    text[n] = '\0';
    assert_string_equal(text + 20, " prog: [err] x\n");
    assert_true(mig_log_open("prog", "nowhere", MIG_SEV_INFO) < 0);
    assert_true(mig_log_open("prog", "/nonexistent/x", MIG_SEV_INFO) < 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_lines),
        cmocka_unit_test(the_journal_gets_the_severity),
        cmocka_unit_test(a_file_gets_the_time),
    };
    int file = mkstemp(path);
    if (file < 0)
        return 1;
    close(file);
    int failed = cmocka_run_group_tests_name("log", tests, NULL, NULL);
    unlink(path);
    return failed;
}
