/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "trust/whitelist.h"

#define DIGEST_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define DIGEST_B "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static int
collect(void *context, const struct mig_whitelist_entry *entry)
{
    return mig_whitelist_line(entry, context);
}

static int
stop(void *context, const struct mig_whitelist_entry *entry)
{
    (void)context;
    (void)entry;
    return 7;
}

static void
allow_lines_are_read(void **state)
{
    static const char text[] = "# in-house plugins\n"
                               "\n"
                               "  disks 1.2.0 1.0 " DIGEST_A "   # since May\r\n"
                               "disks\t1.3.0~rc1 12.65535 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
                               "ffffffffffffffffffffffffffffffff";
    struct mig_buf out = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(mig_whitelist_parse(text, sizeof(text) - 1, collect, &out, NULL), 0);
    assert_string_equal(out.data, "disks 1.2.0 1.0 " DIGEST_A "\n"
                                  "disks 1.3.0~rc1 12.65535 " DIGEST_B "\n");
    assert_int_equal(mig_whitelist_parse(text, sizeof(text) - 1, stop, NULL, NULL), 7);
    assert_int_equal(mig_whitelist_parse("", 0, stop, NULL, NULL), 0);
    mig_buf_fini(&out);
}

static void
wrong_allow_lines_are_refused(void **state)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"disks 1.0", "line 2: expected 'NAME VERSION ABI SHA256', found 2 words"},
        {"disks 1.0 1.0 " DIGEST_A " more",
         "line 2: expected 'NAME VERSION ABI SHA256', found 5 words"},
        {"Disks 1.0 1.0 " DIGEST_A,
         "line 2: name 'Disks', expected 1 to 31 of a-z, 0-9, _ and a letter first"},
        {"../x 1.0 1.0 " DIGEST_A,
         "line 2: name '../x', expected 1 to 31 of a-z, 0-9, _ and a letter first"},
        {"disks 1\" 1.0 " DIGEST_A,
         "line 2: version '1\"', expected 1 to 31 of letters, digits and .+~_-"},
        {"disks 1.0 1 " DIGEST_A, "line 2: ABI '1', expected MAJOR.MINOR, e.g. 1.0"},
        {"disks 1.0 1.65536 " DIGEST_A, "line 2: ABI '1.65536', expected MAJOR.MINOR, e.g. 1.0"},
        {"disks 1.0 01.0 " DIGEST_A, "line 2: ABI '01.0', expected MAJOR.MINOR, e.g. 1.0"},
        {"disks 1.0 1.0x " DIGEST_A, "line 2: ABI '1.0x', expected MAJOR.MINOR, e.g. 1.0"},
        {"disks 1.0 1.0 abcd",
         "line 2: digest 'abcd', expected the 64 hexadecimal digits of a load "
         "image's SHA-256"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_buf text = MIG_BUF_INIT;
        struct mig_err err = {0};

        mig_buf_addf(&text, "# first line\n%s\n", cases[i].line);
        assert_int_equal(mig_whitelist_parse(text.data, text.len, stop, NULL, &err), MIG_E_CONFIG);
        assert_string_equal(err.text, cases[i].message);
        mig_buf_fini(&text);
    }
}

static void
long_and_binary_lines_are_refused(void **state)
{
    struct mig_err err = {0};
    char line[300];

    (void)state;
    memset(line, 'a', sizeof(line));
    assert_int_equal(mig_whitelist_parse(line, sizeof(line), stop, NULL, &err), MIG_E_CONFIG);
    assert_string_equal(err.text, "line 1: longer than 255 bytes, or not text");
    assert_int_equal(mig_whitelist_parse("a\0b", 3, stop, NULL, &err), MIG_E_CONFIG);
}

static const struct mig_whitelist_entry entries[] = {
    {"file", "1.0", 1, 0, {1}},
    {"file", "1.1", 1, 0, {2}},
    {"example", "1.0", 1, 0, {3}},
};
static const struct mig_whitelist three = {entries, 3};

static void
entries_are_found_by_name_and_digest(void **state)
{
    const unsigned char first[MIG_IMAGE_DIGEST] = {1}, second[MIG_IMAGE_DIGEST] = {2},
                        other[MIG_IMAGE_DIGEST] = {1, 1};

    (void)state;
    assert_ptr_equal(mig_whitelist_find(&three, "file", first), &entries[0]);
    assert_ptr_equal(mig_whitelist_find(&three, "file", second), &entries[1]);
    assert_null(mig_whitelist_find(&three, "file", other));
    assert_null(mig_whitelist_find(&three, "example", first));
    assert_null(mig_whitelist_find(&three, "fil", first));
    assert_int_equal(mig_whitelist_names(&three, "example"), 1);
    assert_int_equal(mig_whitelist_names(&three, "exampl"), 0);
}

static void
source_of_no_plugins_is_an_empty_table(void **state)
{
    const struct mig_whitelist none = {NULL, 0};
    struct mig_buf out = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(mig_whitelist_source(&none, &out), 0);
    assert_non_null(strstr(out.data, "const struct mig_whitelist mig_whitelist = {NULL, 0};\n"));
    mig_buf_fini(&out);
}

static void
source_holds_every_entry(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(mig_whitelist_source(&three, &out), 0);
    assert_non_null(strstr(out.data, "    {\"file\", \"1.1\", 1, 0,\n     {0x02, 0x00, "));
    assert_non_null(strstr(out.data, "mig_whitelist = {entries, 3};\n"));
    mig_buf_fini(&out);
}

/* The table that was generated for this very build. */
static void
built_plugins_are_listed(void **state)
{
    (void)state;
    for (size_t i = 0; i < mig_whitelist.count; i++) {
        const struct mig_whitelist_entry *entry = &mig_whitelist.entries[i];

        assert_int_equal(mig_image_name_valid(entry->name), 1);
        assert_int_equal(mig_image_version_valid(entry->version), 1);
        assert_ptr_equal(mig_whitelist_find(&mig_whitelist, entry->name, entry->digest), entry);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allow_lines_are_read),
        cmocka_unit_test(wrong_allow_lines_are_refused),
        cmocka_unit_test(long_and_binary_lines_are_refused),
        cmocka_unit_test(entries_are_found_by_name_and_digest),
        cmocka_unit_test(source_of_no_plugins_is_an_empty_table),
        cmocka_unit_test(source_holds_every_entry),
        cmocka_unit_test(built_plugins_are_listed),
    };

    return cmocka_run_group_tests_name("whitelist", tests, NULL, NULL);
}
