/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "trust/journal.h"

#define HEAD 16
#define RECORD 56
#define NAME "journal"
#define NOW 1795507200 /* of the tests; expiries are relative to it */
#define FAR 4000000000

static char folder[64];
static int dirfd_of_folder = -1;

static int
make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/mig-journal-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    dirfd_of_folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dirfd_of_folder < 0 ? -1 : 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    unlinkat(dirfd_of_folder, NAME, 0);
    close(dirfd_of_folder);
    /* Fails when a test leaves any other file behind. */
    return rmdir(folder);
}

static struct mig_journal *
open_at(int64_t now)
{
    struct mig_journal *journal = NULL;
    struct mig_err err = {0};

    if (mig_journal_open(dirfd_of_folder, NAME, now, &journal, &err) != 0)
        fail_msg("%s", err.text);
    return journal;
}

static void
expect_refused(const char *message)
{
    struct mig_journal *journal = NULL;
    struct mig_err err = {0};

    assert_true(mig_journal_open(dirfd_of_folder, NAME, NOW, &journal, &err) < 0);
    assert_null(journal);
    if (strstr(err.text, message) == NULL)
        fail_msg("'%s', expected '%s'", err.text, message);
}

static int
take(struct mig_journal *journal, unsigned action, int64_t command, int64_t expires)
{
    unsigned char digest[MIG_JOURNAL_DIGEST] = {0};

    memcpy(digest, &action, sizeof(action));
    return mig_journal_take(journal, digest, command, expires, NULL);
}

static off_t
size_of_file(void)
{
    struct stat st;

    assert_int_equal(fstatat(dirfd_of_folder, NAME, &st, 0), 0);
    return st.st_size;
}

static void
poke(off_t at, const void *bytes, size_t len)
{
    int fd = openat(dirfd_of_folder, NAME, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
    close(fd);
}

static void
resize(off_t size)
{
    int fd = openat(dirfd_of_folder, NAME, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

/* Records as core/trust/journal.c writes them, for more actions than one would wait for. */
static void
append_records(unsigned first, unsigned count, int64_t expires)
{
    unsigned char *bytes = calloc(count, RECORD);

    assert_non_null(bytes);
    for (unsigned i = 0; i < count; i++) {
        unsigned char *record = bytes + (size_t)i * RECORD, sum[SHA256_DIGEST_LENGTH];
        unsigned action = first + i;

        memcpy(record, &action, sizeof(action));
        for (unsigned b = 0; b < 8; b++) {
            record[32 + b] = (unsigned char)((uint64_t)action >> (8 * b));
            record[40 + b] = (unsigned char)((uint64_t)expires >> (8 * b));
        }
        SHA256(record, 48, sum);
        memcpy(record + 48, sum, 8);
    }
    poke(size_of_file(), bytes, (size_t)count * RECORD);
    free(bytes);
}

static void
an_action_is_taken_once(void **state)
{
    struct mig_journal *journal = open_at(NOW);
    unsigned char digest[MIG_JOURNAL_DIGEST] = {1};
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_journal_take(journal, digest, 101, FAR, &err), 0);
    assert_int_equal(mig_journal_take(journal, digest, 101, FAR, &err), -EEXIST);
    assert_int_equal(mig_journal_take(journal, digest, 102, FAR, &err), MIG_E_REPLAY);
    assert_string_equal(err.text,
                        "replayed action: it was taken as command 101, and comes again as "
                        "command 102");
    digest[31] = 1;
    assert_int_equal(mig_journal_take(journal, digest, 102, FAR, &err), 0);
    mig_journal_close(journal);
}

static void
it_is_remembered_across_restarts(void **state)
{
    struct mig_journal *journal = open_at(NOW);
    struct stat st;

    (void)state;
    assert_int_equal(fstatat(dirfd_of_folder, NAME, &st, 0), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(take(journal, i, i, FAR), 0);
    mig_journal_close(journal);
    assert_int_equal(size_of_file(), HEAD + 1000 * RECORD);
    journal = open_at(NOW);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(take(journal, i, i, FAR), -EEXIST);
        assert_int_equal(take(journal, i, 5000, FAR), MIG_E_REPLAY);
    }
    assert_int_equal(take(journal, 1000, 1000, FAR), 0);
    mig_journal_close(journal);
}

static void
expired_entries_are_forgotten_on_open(void **state)
{
    struct mig_journal *journal = open_at(NOW);

    (void)state;
    assert_int_equal(take(journal, 1, 1, NOW + 10), 0);
    assert_int_equal(take(journal, 2, 2, NOW + 20), 0);
    mig_journal_close(journal);
    journal = open_at(NOW + 20);
    assert_int_equal(size_of_file(), HEAD + RECORD);
    assert_int_equal(take(journal, 2, 3, NOW + 20), MIG_E_REPLAY);
    assert_int_equal(take(journal, 1, 3, NOW + 10), 0);
    mig_journal_close(journal);
}

static void
a_torn_last_record_is_dropped(void **state)
{
    (void)state;
    for (off_t torn = 1; torn < RECORD; torn++) {
        struct mig_journal *journal;

        unlinkat(dirfd_of_folder, NAME, 0);
        journal = open_at(NOW);
        assert_int_equal(take(journal, 1, 1, FAR), 0);
        assert_int_equal(take(journal, 2, 2, FAR), 0);
        mig_journal_close(journal);
        assert_int_equal(size_of_file(), HEAD + 2 * RECORD);
        resize(HEAD + RECORD + torn);
        journal = open_at(NOW);
        assert_int_equal(size_of_file(), HEAD + RECORD);
        assert_int_equal(take(journal, 1, 1, FAR), -EEXIST);
        assert_int_equal(take(journal, 2, 3, FAR), 0);
        mig_journal_close(journal);
    }
}

static void
a_last_record_of_lost_bytes_is_dropped(void **state)
{
    static const char zeros[RECORD] = "";
    struct mig_journal *journal = open_at(NOW);

    (void)state;
    assert_int_equal(take(journal, 1, 1, FAR), 0);
    assert_int_equal(take(journal, 2, 2, FAR), 0);
    mig_journal_close(journal);
    poke(HEAD + RECORD, zeros, RECORD);
    journal = open_at(NOW);
    assert_int_equal(size_of_file(), HEAD + RECORD);
    assert_int_equal(take(journal, 1, 1, FAR), -EEXIST);
    assert_int_equal(take(journal, 2, 2, FAR), 0);
    mig_journal_close(journal);
}

static void
any_other_damage_is_an_error(void **state)
{
    struct mig_journal *journal = open_at(NOW);

    (void)state;
    assert_int_equal(take(journal, 1, 1, FAR), 0);
    assert_int_equal(take(journal, 2, 2, FAR), 0);
    mig_journal_close(journal);
    poke(HEAD + 40, "\xff", 1);
    expect_refused("journal journal is damaged at byte 16: replays can not be told any more");
    poke(0, "X", 1);
    expect_refused("journal journal does not begin as a journal");
}

static void
an_empty_or_foreign_file_is_an_error(void **state)
{
    int fd = openat(dirfd_of_folder, NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    expect_refused("journal journal does not begin as a journal");
    unlinkat(dirfd_of_folder, NAME, 0);
    assert_int_equal(symlinkat("/etc/passwd", dirfd_of_folder, NAME), 0);
    expect_refused("journal journal");
}

static void
two_agents_do_not_share_it(void **state)
{
    struct mig_journal *journal = open_at(NOW);

    (void)state;
    expect_refused("journal journal is in use by another process: is an agent running already?");
    mig_journal_close(journal);
    mig_journal_close(open_at(NOW));
}

/* A child takes actions and says so, one number a line; it is killed in the middle. Whatever it
 * said is taken; what it did not say may be there or not; the journal opens. */
static void
nothing_taken_is_lost_by_kill_9(void **state)
{
    int pipe_fds[2], status;
    unsigned said = 0, number;
    struct mig_journal *journal;
    pid_t child;
    ssize_t n;

    (void)state;
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        journal = open_at(NOW);
        for (number = 1;; number++) {
            if (take(journal, number, number, FAR) != 0 ||
                write(pipe_fds[1], &number, sizeof(number)) != (ssize_t)sizeof(number))
                _exit(1);
        }
    }
    close(pipe_fds[1]);
    while ((n = read(pipe_fds[0], &number, sizeof(number))) == (ssize_t)sizeof(number)) {
        said = number;
        if (said == 50)
            kill(child, SIGKILL);
    }
    close(pipe_fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(said >= 50);
    journal = open_at(NOW);
    for (number = 1; number <= said; number++)
        assert_int_equal(take(journal, number, number, FAR), -EEXIST);
    mig_journal_close(journal);
}

static void
a_full_journal_refuses_what_is_new(void **state)
{
    unsigned char digest[MIG_JOURNAL_DIGEST] = {0xff, 0xff, 0xff, 0xff};
    struct mig_journal *journal = open_at(NOW);
    struct mig_err err = {0};

    (void)state;
    mig_journal_close(journal);
    append_records(0, MIG_JOURNAL_MAX, FAR);
    journal = open_at(NOW);
    assert_int_equal(mig_journal_take(journal, digest, 1, FAR, &err), MIG_E_LIMIT);
    assert_string_equal(err.text,
                        "journal journal is full: 262144 actions are taken and not expired yet");
    assert_int_equal(take(journal, 77, 77, FAR), -EEXIST);
    assert_int_equal(take(journal, 77, 78, FAR), MIG_E_REPLAY);
    mig_journal_close(journal);
    append_records(MIG_JOURNAL_MAX, 2, FAR);
    expect_refused("journal journal: File too large");
}

/* Opened long ago, when nothing had expired: the clock decides when the room is needed. */
static void
a_full_journal_forgets_what_has_expired(void **state)
{
    struct mig_journal *journal = open_at(1000);

    (void)state;
    mig_journal_close(journal);
    append_records(0, MIG_JOURNAL_MAX - 1, 2000);
    journal = open_at(1000);
    assert_int_equal(take(journal, MIG_JOURNAL_MAX, 5, FAR), 0);
    assert_int_equal(take(journal, MIG_JOURNAL_MAX + 1, 6, FAR), 0);
    assert_int_equal(size_of_file(), HEAD + 2 * RECORD);
    assert_int_equal(take(journal, MIG_JOURNAL_MAX, 7, FAR), MIG_E_REPLAY);
    mig_journal_close(journal);
    journal = open_at(NOW);
    assert_int_equal(take(journal, MIG_JOURNAL_MAX, 7, FAR), MIG_E_REPLAY);
    assert_int_equal(take(journal, MIG_JOURNAL_MAX + 1, 6, FAR), -EEXIST);
    mig_journal_close(journal);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_action_is_taken_once, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(it_is_remembered_across_restarts, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(expired_entries_are_forgotten_on_open, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_torn_last_record_is_dropped, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_last_record_of_lost_bytes_is_dropped, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(any_other_damage_is_an_error, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(an_empty_or_foreign_file_is_an_error, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(two_agents_do_not_share_it, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(nothing_taken_is_lost_by_kill_9, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_full_journal_refuses_what_is_new, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_full_journal_forgets_what_has_expired, make_folder,
                                        remove_folder),
    };

    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
