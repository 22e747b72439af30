/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <mig/search.h>
#include <mig/text.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
test_mode(void **state)
{
    static const struct {
        mode_t mode;
        const char *text;
    } cases[] = {
        {S_IFREG | 0644, "-rw-r--r--"},   {S_IFREG | 04755, "urwxr-xr-x"},
        {S_IFREG | 02711, "grwx--x--x"},  {S_IFREG | 06711, "ugrwx--x--x"},
        {S_IFDIR | 01777, "dtrwxrwxrwx"}, {S_IFDIR | 0755, "drwxr-xr-x"},
        {S_IFLNK | 0777, "Lrwxrwxrwx"},   {S_IFIFO | 0600, "prw-------"},
        {S_IFSOCK | 0600, "Srw-------"},  {S_IFBLK | 0660, "Drw-rw----"},
        {S_IFCHR | 0666, "Dcrw-rw-rw-"},  {S_IFREG, "----------"},
    };
    char text[MIG_TEXT_MODE_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        mig_text_mode(cases[i].mode, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void
test_time(void **state)
{
    char text[MIG_TEXT_TIME_SIZE];

    (void)state;
    mig_text_time((struct timespec){1452244333, 123456789}, text);
    assert_string_equal(text, "2016-01-08 09:12:13.123456789 +0000 UTC");
    mig_text_time((struct timespec){1452244333, 120000000}, text);
    assert_string_equal(text, "2016-01-08 09:12:13.12 +0000 UTC");
    mig_text_time((struct timespec){1452244333, 5}, text);
    assert_string_equal(text, "2016-01-08 09:12:13.000000005 +0000 UTC");
    mig_text_time((struct timespec){0, 0}, text);
    assert_string_equal(text, "1970-01-01 00:00:00 +0000 UTC");
    mig_text_time((struct timespec){-1, 0}, text);
    assert_string_equal(text, "1969-12-31 23:59:59 +0000 UTC");
}

static void
test_duration(void **state)
{
    static const struct {
        uint64_t nanoseconds;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {1, "1ns"},
        {1000, "1µs"},
        {1100, "1.1µs"},
        {12345678, "12.345678ms"},
        {1000000000, "1s"},
        {62003000000, "1m2.003s"},
        {UINT64_C(3723500000000), "1h2m3.5s"},
        {UINT64_C(3600000000000), "1h0m0s"},
    };
    char text[MIG_TEXT_DURATION_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        mig_text_duration(cases[i].nanoseconds, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void
check(char *text, const char *expected)
{
    assert_string_equal(text, expected);
    free(text);
}

static void
test_paths(void **state)
{
    (void)state;
    check(mig_text_clean_path("/a//b/./c/../d/"), "/a/b/d");
    check(mig_text_clean_path("/.."), "/");
    check(mig_text_clean_path("/../../a"), "/a");
    check(mig_text_clean_path("a/.."), ".");
    check(mig_text_clean_path("../../a"), "../../a");
    check(mig_text_clean_path("a/../../b"), "../b");
    check(mig_text_clean_path("a/b/.."), "a");
    check(mig_text_clean_path(""), ".");
    check(mig_text_clean_path("//"), "/");
    check(mig_text_dirname("/a/b"), "/a");
    check(mig_text_dirname("/a"), "/");
    check(mig_text_dirname("a"), ".");
    check(mig_text_path("/é\n'"), "/é\n'");
    check(mig_text_path("/\xff'\\"), "$'/\\xff\\'\\\\'");
    check(mig_text_path("$'a'"), "$'$\\'a\\''");
    check(mig_text_line("a\nb\x1b[0m\xc2\x9b"), "a\\x0ab\\x1b[0m\\x9b");
}

static void
test_sizes(void **state)
{
    static const struct {
        const char *text;
        int code;
        uint64_t least;
        uint64_t most;
    } cases[] = {
        {"10", 0, 10, 10},
        {"<10k", 0, 0, 10240},
        {">1m", 0, 1048576, UINT64_MAX},
        {"1g", 0, 1073741824, 1073741824},
        {"2t", 0, UINT64_C(2199023255552), UINT64_C(2199023255552)},
        {"", -EINVAL, 0, 0},
        {"m", -EINVAL, 0, 0},
        {"<", -EINVAL, 0, 0},
        {"1kk", -EINVAL, 0, 0},
        {"1K", -EINVAL, 0, 0},
        {"-1", -EINVAL, 0, 0},
        {" 1", -EINVAL, 0, 0},
        {"99999999999999999999", -ERANGE, 0, 0},
        {"18446744073709551615k", -ERANGE, 0, 0},
    };
    uint64_t least;
    uint64_t most;
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++) {
        least = most = 0;
        assert_int_equal(mig_search_parse_size(cases[i].text, &least, &most), cases[i].code);
        assert_int_equal(least, cases[i].least);
        assert_int_equal(most, cases[i].most);
    }
}

static void
test_mtimes(void **state)
{
    uint64_t seconds = 0;
    bool newer = false;

    (void)state;
    assert_int_equal(mig_search_parse_mtime("<30d", &newer, &seconds), 0);
    assert_true(newer);
    assert_int_equal(seconds, 30 * 86400);
    assert_int_equal(mig_search_parse_mtime(">2h", &newer, &seconds), 0);
    assert_false(newer);
    assert_int_equal(seconds, 7200);
    assert_int_equal(mig_search_parse_mtime("<5m", &newer, &seconds), 0);
    assert_int_equal(seconds, 300);
    assert_int_equal(mig_search_parse_mtime("5m", &newer, &seconds), -EINVAL);
    assert_int_equal(mig_search_parse_mtime("<m", &newer, &seconds), -EINVAL);
    assert_int_equal(mig_search_parse_mtime("<5", &newer, &seconds), -EINVAL);
    assert_int_equal(mig_search_parse_mtime("<5dd", &newer, &seconds), -EINVAL);
    assert_int_equal(mig_search_parse_mtime("<999999999999999999d", &newer, &seconds), -ERANGE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mode),  cmocka_unit_test(test_time),  cmocka_unit_test(test_duration),
        cmocka_unit_test(test_paths), cmocka_unit_test(test_sizes), cmocka_unit_test(test_mtimes),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
