/* SPDX-License-Identifier: MPL-2.0 */
/* error, buf, base64, file, id and log. */
#include "config.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/id.h"
#include "base/log.h"

static char folder[PATH_MAX];

static int
make_scratch(void **state)
{
    const char *tmp = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof folder, "%s/mig-files-XXXXXX", tmp != NULL ? tmp : "/tmp");
    return mkdtemp(folder) == NULL;
}

static int
remove_scratch(void **state)
{
    static const char *const names[] = {"log", "data", "a/b/c", "a/b", "a", ""};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[PATH_MAX + 16];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (unlink(path) != 0)
            rmdir(path);
    }
    return access(folder, F_OK) == 0;
}

static char *
scratch(const char *name)
{
    static char path[PATH_MAX + 16];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void
errors_say_what(void **state)
{
    struct mig_err err = {0};
    char expected[128];

    (void)state;
    assert_int_equal(mig_err_set(NULL, MIG_E_LIMIT, "x"), MIG_E_LIMIT);
    assert_int_equal(mig_err_set(&err, MIG_E_LIMIT, "%d of %s", 3, "a\nb\x1b"), MIG_E_LIMIT);
    assert_string_equal(err.text, "3 of a?b?");
    assert_int_equal(mig_err_prefix(&err, "file %s", "f"), MIG_E_LIMIT);
    assert_string_equal(err.text, "file f: 3 of a?b?");
    assert_int_equal(mig_err_errno(&err, ENOENT, "open"), -ENOENT);
    assert_string_equal(err.text, "open: No such file or directory");
    assert_int_equal(err.code, -ENOENT);
    snprintf(expected, sizeof expected, "%s", mig_strerror(MIG_E_REPLAY));
    assert_string_equal(expected, "seen before");
    assert_string_equal(mig_strerror(0), "success");
    assert_string_equal(mig_strerror(-ENOENT), "No such file or directory");
    assert_string_equal(mig_strerror(-5000), "unknown error");
    assert_string_equal(mig_strerror(12), "unknown error");
    for (int code = MIG_E_NOT_FOUND; code <= MIG_E_SYNTAX; code++)
        assert_string_not_equal(mig_strerror(code), "unknown error");
}

static void
long_errors_are_cut_between_characters(void **state)
{
    struct mig_err err = {0};
    char text[2048];

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text + 1020, "\xf0\x9f\xa6\x80", 4);
    text[2047] = '\0';
    mig_err_set(&err, MIG_E_LIMIT, "%s", text);
    assert_int_equal(strlen(err.text), 1020);
    memset(text, 'a', sizeof text);
    memcpy(text + 1019, "\xf0\x9f\xa6\x80", 4);
    text[2047] = '\0';
    mig_err_set(&err, MIG_E_LIMIT, "%s", text);
    assert_int_equal(strlen(err.text), 1023);
}

static void
buffers_grow(void **state)
{
    struct mig_buf buf = MIG_BUF_INIT;
    size_t len = 99;
    char *text;

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(mig_buf_addf(&buf, "%03d", i), 0);
    assert_int_equal(buf.len, 3000);
    assert_int_equal(strlen(buf.data), 3000);
    mig_buf_reset(&buf);
    assert_string_equal(buf.data, "");
    mig_buf_add(&buf, "a\0b", 3);
    mig_buf_addc(&buf, 'c');
    mig_buf_adds(&buf, "de");
    text = mig_buf_take(&buf, &len);
    assert_int_equal(len, 6);
    assert_memory_equal(text, "a\0bcde", 7);
    assert_null(buf.data);
    free(text);
    text = mig_buf_take(&buf, &len);
    assert_string_equal(text, "");
    assert_int_equal(len, 0);
    free(text);
}

static void
buffers_remember_failure(void **state)
{
    struct mig_buf buf = MIG_BUF_INIT;

    (void)state;
    buf.limit = 4;
    assert_int_equal(mig_buf_adds(&buf, "1234"), 0);
    assert_int_equal(mig_buf_addc(&buf, '5'), -ENOMEM);
    assert_true(buf.failed);
    assert_int_equal(mig_buf_add(&buf, "", 0), -ENOMEM);
    assert_string_equal(buf.data, "1234");
    assert_null(mig_buf_take(&buf, NULL));
    assert_int_equal(mig_buf_reserve(&buf, SIZE_MAX), -ENOMEM);
    mig_buf_fini(&buf);
}

static void
base64_is_strict(void **state)
{
    static const struct {
        const char *plain;
        const char *coded;
    } table[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"},
                 {"\xfb\xff", "+/8="}};
    static const char *const wrong[] = {"Zg",   "Zg=",      "Zg===", "Z===",  "====", "Zh==",
                                        "Zm9=", "Zg==Zg==", "Zm 9",  "Zm9\n", "-_8=", "Z=g="};
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct mig_buf out = MIG_BUF_INIT;
        assert_int_equal(mig_base64_encode(table[i].plain, strlen(table[i].plain), &out), 0);
        assert_string_equal(out.len > 0 ? out.data : "", table[i].coded);
        mig_buf_reset(&out);
        assert_int_equal(mig_base64_decode(table[i].coded, strlen(table[i].coded), &out), 0);
        assert_string_equal(out.len > 0 ? out.data : "", table[i].plain);
        mig_buf_fini(&out);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct mig_buf out = MIG_BUF_INIT;
        mig_buf_adds(&out, "kept");
        if (mig_base64_decode(wrong[i], strlen(wrong[i]), &out) != MIG_E_SYNTAX)
            fail_msg("accepted \"%s\"", wrong[i]);
        assert_string_equal(out.data, "kept");
        mig_buf_fini(&out);
    }
}

static void
files_are_replaced_and_read(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};
    struct stat st;
    int dir = open(folder, O_RDONLY | O_DIRECTORY);

    (void)state;
    assert_int_equal(mig_file_replace(dir, "data", "first", 5, 0600), 0);
    assert_int_equal(mig_file_replace(dir, "data", "second", 6, 0640), 0);
    assert_done(mig_file_read(scratch("data"), 6, &out, &err), &err);
    assert_string_equal(out.data, "second");
    assert_int_equal(stat(scratch("data"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_refused(mig_file_read(scratch("data"), 5, &out, &err), &err, MIG_E_LIMIT,
                   "data is larger than the 5 bytes that are allowed");
    assert_string_equal(out.data, "second");
    assert_refused(mig_file_read(scratch("none"), 5, &out, &err), &err, -ENOENT,
                   "none: No such file or directory");
    assert_refused(mig_file_read(folder, 5, &out, &err), &err, -EISDIR, "cannot read");
    assert_int_equal(mig_file_replace(dir, "no/such", "x", 1, 0600), -ENOENT);
    close(dir);
    mig_buf_fini(&out);
}

static void
memory_files_are_sealed(void **state)
{
    int fd = mig_memfd_sealed("test", "hello", 5);
    char text[8] = "";

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(read(fd, text, sizeof text), 5);
    assert_string_equal(text, "hello");
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(fcntl(fd, F_GET_SEALS),
                     F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
}

static void
folders_are_made(void **state)
{
    (void)state;
    assert_int_equal(mig_mkdir_p(scratch("a/b/c"), 0700), 0);
    assert_int_equal(mig_mkdir_p(scratch("a//b/c/"), 0700), 0);
    assert_int_equal(mig_mkdir_p(scratch("data/x"), 0700), -ENOTDIR);
    assert_int_equal(mig_mkdir_p(scratch("data"), 0700), -ENOTDIR);
    assert_int_equal(mig_mkdir_p("", 0700), -ENOENT);
}

static void
descriptors_above_are_closed(void **state)
{
    int low = open("/dev/null", O_RDONLY);
    int high = fcntl(low, F_DUPFD, 200);

    (void)state;
    assert_int_equal(high, 200);
    mig_close_above(199);
    assert_int_equal(fcntl(high, F_GETFD), -1);
    assert_true(fcntl(low, F_GETFD) >= 0);
    close(low);
}

static void
ids_are_unique(void **state)
{
    int64_t last = 0;
    char a[33];
    char b[33];

    (void)state;
    for (int i = 0; i < 200000; i++) {
        int64_t id = mig_id_next();
        assert_true(id > last);
        assert_true(id < 1LL << 53);
        last = id;
    }
    assert_int_equal(mig_random_text(a, 32), 0);
    assert_int_equal(mig_random_text(b, 32), 0);
    assert_int_equal(strlen(a), 32);
    assert_int_equal(strspn(a, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                     32);
    assert_string_not_equal(a, b);
}

static void
log_lines_are_single(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};
    const char *at;

    (void)state;
    assert_int_equal(mig_log_severity("err"), MIG_SEV_ERR);
    assert_int_equal(mig_log_severity("debug"), MIG_SEV_DEBUG);
    assert_int_equal(mig_log_severity("loud"), -1);
    assert_int_equal(mig_log_open("test", "nowhere", MIG_SEV_INFO), -EINVAL);
    assert_int_equal(mig_log_open("test", "/no/such/folder/log", MIG_SEV_INFO), -ENOENT);
    assert_int_equal(mig_log_open("test", scratch("log"), MIG_SEV_INFO), 0);
    mig_log(MIG_SEV_WARNING, "one\ntwo %d", 2);
    mig_log(MIG_SEV_DEBUG, "hidden");
    assert_int_equal(mig_log_open("test", "stderr", MIG_SEV_INFO), 0);
    assert_done(mig_file_read(scratch("log"), 4096, &out, &err), &err);
    at = strstr(out.data, "Z test: [warning] one?two 2\n");
    assert_non_null(at);
    assert_int_equal(out.len, (size_t)(at - out.data) + strlen(at));
    assert_null(strstr(out.data, "hidden"));
    mig_buf_fini(&out);
}

static void
hex_is_lower_case(void **state)
{
    char text[9];

    (void)state;
    mig_hex((const unsigned char *)"\x00\x1f\xa0\xff", 4, text);
    assert_string_equal(text, "001fa0ff");
    mig_hex(NULL, 0, text);
    assert_string_equal(text, "");
}

static void
hex_digits_are_strict(void **state)
{
    static const char digits[] = "0123456789abcdefABCDEF";

    (void)state;
    for (int c = -128; c < 128; c++) {
        const char *at = c == 0 ? NULL : strchr(digits, c);
        int expected = at == NULL         ? -1
                       : at - digits < 16 ? (int)(at - digits)
                                          : (int)(at - digits) - 6;

        assert_int_equal(mig_hex_digit((char)c), expected);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_say_what),
        cmocka_unit_test(long_errors_are_cut_between_characters),
        cmocka_unit_test(buffers_grow),
        cmocka_unit_test(buffers_remember_failure),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(hex_is_lower_case),
        cmocka_unit_test(hex_digits_are_strict),
        cmocka_unit_test(files_are_replaced_and_read),
        cmocka_unit_test(memory_files_are_sealed),
        cmocka_unit_test(folders_are_made),
        cmocka_unit_test(descriptors_above_are_closed),
        cmocka_unit_test(ids_are_unique),
        cmocka_unit_test(log_lines_are_single),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
