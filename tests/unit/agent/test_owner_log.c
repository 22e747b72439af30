/* SPDX-License-Identifier: MPL-2.0 */
/* The owner's log: what is written, what comes out, and what a crash or a full disk does to it. */
#include "config.h"

#include "../base/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/owner_log.h"
#include "agent/verdict.h"

#define FPR "0123456789ABCDEF0123456789ABCDEF01234567"

static char folder[64];
static int dirfd_;
static struct mig_owner_log *owner_log;

static char module[] = "file";
static char parameters[] = "{\"searches\":{}}";
static struct mig_verdict_operation operation = {
    .module = module, .parameters = parameters, .parameters_len = sizeof(parameters) - 1};
static char name[] = "look\n\033[2Jhere";
static char fprs[] = FPR;
static const struct mig_verdict verdict = {.command_id = 34,
                                           .action_id = 12,
                                           .name = name,
                                           .signers = fprs,
                                           .operations = &operation,
                                           .count = 1};

static int
setup(void **state)
{
    struct mig_err err = {0};

    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/mig-owner-log-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    dirfd_ = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return mig_owner_log_open(dirfd_, &owner_log, &err);
}

static int
teardown(void **state)
{
    static const char *const names[] = {"owner.log", "owner.log.1", "owner.log.2", "owner.log.3",
                                        "owner.log.4"};

    (void)state;
    mig_owner_log_close(owner_log);
    for (size_t i = 0; i < COUNT(names); i++)
        unlinkat(dirfd_, names[i], 0);
    close(dirfd_);
    return rmdir(folder);
}

/* What `mig-agent log` prints; to free(). */
static char *
printed(size_t count, int json)
{
    static const char *const signers[] = {FPR " Alice <alice@example.net>", NULL};
    struct mig_err err = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    assert_done(mig_owner_log_print(dirfd_, signers, count, json, out, &err), &err);
    fclose(out);
    return text;
}

static void
test_events(void **state)
{
    static const char result[] = "{\"foundanything\":true,\"success\":true}";
    struct mig_err err = {0};
    struct stat st;
    char *text;

    (void)state;
    mig_owner_log_started(owner_log);
    assert_done(mig_owner_log_accepted(owner_log, &verdict, &err), &err);
    mig_owner_log_ran(owner_log, 34, "file", "success", NULL, result, sizeof(result) - 1);
    mig_owner_log_ran(owner_log, 34, "file", "failed", "no such thing", NULL, 0);
    mig_owner_log_sent(owner_log, 34, 789);
    mig_owner_log_refused(owner_log, &verdict, "not enough weight");
    assert_int_equal(fstatat(dirfd_, "owner.log", &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    text = printed(0, 0);
    assert_holds(text, " started agent " PACKAGE_VERSION "\n");
    /* What a name holds never reaches the terminal as it is. */
    assert_holds(text, " accepted command 34 of action 12 \"look\\n\\u001b[2Jhere\"\n"
                       "    signed by " FPR " Alice <alice@example.net>\n"
                       "    file {");
    assert_null(strchr(text, '\033'));
    assert_holds(text, " ran command 34: file success, found, 37 bytes\n");
    assert_holds(text, " ran command 34: file failed, nothing found, 0 bytes: \"no such thing\"\n");
    assert_holds(text, " sent command 34: 789 bytes\n");
    assert_holds(text, " refused command 34 of action 12 \"look\\n\\u001b[2Jhere\": "
                       "\"not enough weight\"\n");
    free(text);

    text = printed(2, 1);
    assert_holds(text, "\"event\":\"sent\",\"command\":34,\"bytes\":789}\n");
    assert_holds(text, "\"event\":\"refused\",\"action\":12,\"command\":34,");
    assert_null(strstr(text, "\"ran\""));
    free(text);
}

static void
test_large_parameters(void **state)
{
    struct mig_verdict_operation many[40];
    struct mig_verdict large = verdict;
    struct mig_err err = {0};
    char big[4097], fits[4001], *text;

    (void)state;
    snprintf(big, sizeof(big), "{\"a\":\"%04088d\"}", 0);
    snprintf(fits, sizeof(fits), "{\"b\":\"%03990d\"}", 0);
    many[0] = (struct mig_verdict_operation){module, big, 5000, {0}};
    for (size_t i = 1; i < COUNT(many); i++)
        many[i] = (struct mig_verdict_operation){module, fits, strlen(fits), {0}};
    large.operations = many;
    large.count = COUNT(many);
    assert_done(mig_owner_log_accepted(owner_log, &large, &err), &err);
    text = printed(0, 1);
    assert_holds(text, "[{\"module\":\"file\",\"parametersbytes\":5000},{\"module\":\"file\",\"para"
                       "meters\":{\"b\":");
    assert_holds(text, "{\"module\":\"file\",\"parametersbytes\":3998}]");
    assert_true(strlen(text) < 80000);
    free(text);
}

static void
test_torn_line(void **state)
{
    struct mig_err err = {0};
    char *text;
    int fd;

    (void)state;
    mig_owner_log_sent(owner_log, 1, 10);
    mig_owner_log_close(owner_log);
    owner_log = NULL;
    fd = openat(dirfd_, "owner.log", O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "{\"time\":\"2", 10), 10);
    close(fd);
    assert_done(mig_owner_log_open(dirfd_, &owner_log, &err), &err);
    mig_owner_log_sent(owner_log, 2, 20);
    text = printed(0, 0);
    assert_holds(text, " sent command 1: 10 bytes\n(a line of 10 bytes that is damaged)\n");
    assert_holds(text, " sent command 2: 20 bytes\n");
    free(text);
}

static void
test_rotation(void **state)
{
    struct mig_err err = {0};
    char *reason = malloc(1u << 20), *text;
    struct stat st;

    (void)state;
    assert_non_null(reason);
    memset(reason, 'r', (1u << 20) - 1);
    reason[(1u << 20) - 1] = '\0';
    for (int64_t i = 1; i <= 24; i++) {
        struct mig_verdict v = verdict;

        v.command_id = i;
        mig_owner_log_refused(owner_log, &v, reason);
    }
    free(reason);
    for (size_t i = 0; i < 5; i++) {
        char file[16];

        snprintf(file, sizeof(file), i ? "owner.log.%zu" : "owner.log", i);
        assert_int_equal(fstatat(dirfd_, file, &st, 0), 0);
        assert_true(st.st_size > 0 && st.st_size <= MIG_OWNER_LOG_MAX);
    }
    assert_int_equal(fstatat(dirfd_, "owner.log.5", &st, 0), -1);
    text = printed(0, 1);
    /* Three of a megabyte are in each file: the last fifteen are there, in their order. */
    assert_null(strstr(text, "\"command\":9,"));
    assert_non_null(strstr(text, "\"command\":10,"));
    assert_true(strstr(text, "\"command\":10,") < strstr(text, "\"command\":24,"));
    free(text);
    assert_done(mig_owner_log_accepted(owner_log, &verdict, &err), &err);
}

static void
test_full_disk(void **state)
{
    struct rlimit old, small;
    struct mig_err err = {0};
    char *text;
    int rc;

    (void)state;
    mig_owner_log_sent(owner_log, 1, 10);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 120; /* the first line, and some of the second */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = mig_owner_log_accepted(owner_log, &verdict, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_refused(rc, &err, -ENOSPC, "the owner's log can not be written: ");
    assert_done(mig_owner_log_accepted(owner_log, &verdict, &err), &err);
    text = printed(0, 0);
    assert_holds(text, " sent command 1: 10 bytes\n");
    assert_null(strstr(text, "damaged"));
    assert_holds(text, " accepted command 34 ");
    free(text);
}

static void
test_not_a_file(void **state)
{
    struct mig_owner_log *other = NULL;
    struct mig_err err = {0};
    int rc;

    (void)state;
    assert_int_equal(unlinkat(dirfd_, "owner.log", 0), 0);
    assert_int_equal(symlinkat("/dev/null", dirfd_, "owner.log"), 0);
    rc = mig_owner_log_open(dirfd_, &other, &err);
    assert_refused(rc, &err, -ELOOP, "the owner's log, owner.log in the run folder");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_events, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large_parameters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_torn_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rotation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_a_file, setup, teardown),
    };

    return cmocka_run_group_tests_name("owner's log", tests, NULL, NULL);
}
