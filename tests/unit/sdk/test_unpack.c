/* SPDX-License-Identifier: MPL-2.0 */
/* Compressed texts: whole, in pieces, in rows, cut off, changed, too large. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unpack.h"
#include "unpack_texts.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(a)                                                                                   \
    {                                                                                              \
        a, sizeof(a)                                                                               \
    }

struct bytes {
    const unsigned char *data;
    size_t length;
};

static const struct format {
    enum mig_unpack_format format;
    const char *name;
    struct bytes text;
    struct bytes empty;
    struct bytes zeros;
    const char *corrupt;
    int garbage; /* what bytes behind the last member are */
} formats[] = {
    {MIG_UNPACK_GZIP, "gzip", BYTES(gzip_text), BYTES(gzip_empty), BYTES(gzip_zeros), "flate", 0},
    {MIG_UNPACK_BZIP2, "bzip2", BYTES(bzip2_text), BYTES(bzip2_empty), BYTES(bzip2_zeros), "bzip2",
     0},
    {MIG_UNPACK_XZ, "xz", BYTES(xz_text), BYTES(xz_empty), BYTES(xz_zeros), "xz", -EBADMSG},
    {MIG_UNPACK_ZSTD, "zstd", BYTES(zstd_text), BYTES(zstd_empty), BYTES(zstd_zeros), "zstd",
     -EBADMSG},
};

static struct mig_unpack *unpack;
static unsigned char output[1u << 18];
static size_t output_length;

static int
setup(void **state)
{
    (void)state;
    unpack = mig_unpack_new(&mig_unpack_limits);
    return unpack == NULL;
}

static int
teardown(void **state)
{
    (void)state;
    mig_unpack_free(unpack);
    return 0;
}

static int
take_all(void)
{
    const void *piece;
    size_t length;
    int code;

    while ((code = mig_unpack_take(unpack, &piece, &length)) > 0) {
        assert_true(length > 0 && output_length + length <= sizeof(output));
        memcpy(output + output_length, piece, length);
        output_length += length;
    }
    return code;
}

/* Gives `data` in pieces; the output, or the code of a failure. */
static int
run(enum mig_unpack_format format, const unsigned char *data, size_t length, size_t piece)
{
    size_t part;
    int code = mig_unpack_start(unpack, format);

    output_length = 0;
    for (; code == 0 && length > 0; data += part, length -= part) {
        /* A copy of exactly that size, so that a read beyond it is seen. */
        unsigned char *copy = malloc(part = length < piece ? length : piece);

        assert_non_null(copy);
        memcpy(copy, data, part);
        mig_unpack_give(unpack, copy, part);
        code = take_all();
        free(copy);
    }
    return code == 0 ? mig_unpack_finish(unpack) : code;
}

static void
assert_text(const char *text)
{
    assert_int_equal(output_length, strlen(text));
    assert_memory_equal(output, text, output_length);
}

static size_t
append(unsigned char *to, size_t used, const struct bytes *bytes)
{
    memcpy(to + used, bytes->data, bytes->length);
    return used + bytes->length;
}

static void
test_detect(void **state)
{
    static const struct {
        const char *data;
        size_t length;
        enum mig_unpack_format format;
    } cases[] = {
        {"", 0, MIG_UNPACK_NONE},
        {"\x1f", 1, MIG_UNPACK_NONE},
        {"\x1f\x8b", 2, MIG_UNPACK_GZIP},
        {"\x1f\x8bxyz", 5, MIG_UNPACK_GZIP},
        {"BZh", 3, MIG_UNPACK_NONE},
        {"BZh9", 4, MIG_UNPACK_BZIP2},
        {"BZh0", 4, MIG_UNPACK_NONE},
        {"BZh9\n", 5, MIG_UNPACK_NONE},
        {"BZh91AY&SY", 10, MIG_UNPACK_BZIP2},
        {"BZh91AY&SZ", 10, MIG_UNPACK_NONE},
        {"BZh9\x17rE8P\x90", 10, MIG_UNPACK_BZIP2},
        {"\xfd"
         "7zXZ",
         5, MIG_UNPACK_NONE},
        {"\xfd"
         "7zXZ\0",
         6, MIG_UNPACK_XZ},
        {"\x28\xb5\x2f\xfd", 4, MIG_UNPACK_ZSTD},
        {"\x50\x2a\x4d\x18", 4, MIG_UNPACK_ZSTD},
        {"\x5f\x2a\x4d\x18", 4, MIG_UNPACK_ZSTD},
        {"\x60\x2a\x4d\x18", 4, MIG_UNPACK_NONE},
        {"PK\x03\x04", 4, MIG_UNPACK_NONE},
        {"abcdefghij", 10, MIG_UNPACK_NONE},
    };
    size_t i;

    (void)state;
    for (i = 0; i < COUNT(cases); i++)
        assert_int_equal(mig_unpack_detect(cases[i].data, cases[i].length), cases[i].format);
    for (i = 0; i < COUNT(formats); i++) {
        assert_int_equal(mig_unpack_detect(formats[i].text.data, formats[i].text.length),
                         formats[i].format);
        assert_int_equal(mig_unpack_detect(formats[i].empty.data, formats[i].empty.length),
                         formats[i].format);
        assert_string_equal(mig_unpack_name(formats[i].format), formats[i].name);
    }
    assert_true(mig_unpack_has(MIG_UNPACK_GZIP));
    assert_false(mig_unpack_has(MIG_UNPACK_NONE));
}

/* Texts of this format that are refused, since the build has not its library. */
static bool
is_missing(const struct format *f)
{
    char message[128];

    if (mig_unpack_has(f->format))
        return false;
    assert_int_equal(run(f->format, f->text.data, f->text.length, 64), -ENOTSUP);
    snprintf(message, sizeof(message), "is compressed with %s, which this build can not decompress",
             f->name);
    assert_string_equal(mig_unpack_trouble(unpack), message);
    return true;
}

static void
test_rows_in_pieces(void **state)
{
    const struct format *f;
    unsigned char row[512];
    size_t length;
    size_t piece;

    (void)state;
    for (f = formats; f < formats + COUNT(formats); f++) {
        if (is_missing(f))
            continue;
        length = append(row, 0, &f->text);
        length = append(row, length, &f->empty);
        length = append(row, length, &f->text);
        for (piece = 1; piece <= length; piece++) {
            assert_int_equal(run(f->format, row, length, piece), 0);
            assert_text("abc\nabc\n");
            assert_int_equal(run(f->format, f->empty.data, f->empty.length, piece), 0);
            assert_text("");
        }
        assert_int_equal(run(f->format, f->zeros.data, f->zeros.length, 7), 0);
        assert_int_equal(output_length, 131072);
    }
}

static void
test_cut_off(void **state)
{
    const struct format *f;
    unsigned char row[512];
    char message[128];
    size_t length;
    size_t cut;
    int code;

    (void)state;
    for (f = formats; f < formats + COUNT(formats); f++) {
        if (!mig_unpack_has(f->format))
            continue;
        snprintf(message, sizeof(message), "unexpected end of the %s data", f->name);
        length = append(row, 0, &f->text);
        length = append(row, length, &f->text);
        for (cut = 1; cut < length; cut++) {
            code = run(f->format, row, cut, cut > 9 ? 9 : 1);
            if (cut == f->text.length) {
                assert_int_equal(code, 0);
                continue;
            }
            /* What is too short for the magic of another member is none. */
            if (f->garbage == 0 && cut > f->text.length &&
                cut - f->text.length < (f->format == MIG_UNPACK_GZIP ? 2 : 4)) {
                assert_int_equal(code, 0);
                assert_text("abc\n");
                continue;
            }
            assert_int_equal(code, -EBADMSG);
            assert_string_equal(mig_unpack_trouble(unpack), message);
        }
    }
}

static void
test_what_follows(void **state)
{
    static const struct bytes garbage[] = {{(const unsigned char *)"xyz and more", 12},
                                           {(const unsigned char *)"\x1f"
                                                                   "abcd",
                                            5},
                                           {(const unsigned char *)"BZx-and-more", 12}};
    const struct format *f;
    unsigned char row[512];
    size_t length;
    size_t piece;
    size_t i;

    (void)state;
    for (f = formats; f < formats + COUNT(formats); f++) {
        for (i = 0; i < COUNT(garbage) && mig_unpack_has(f->format); i++) {
            length = append(row, append(row, 0, &f->text), &garbage[i]);
            for (piece = 1; piece <= length; piece += 5) {
                assert_int_equal(run(f->format, row, length, piece), f->garbage);
                assert_text("abc\n");
            }
        }
    }
}

static void
test_corrupt(void **state)
{
    const struct format *f;
    unsigned char row[512];
    size_t failures;
    size_t i;
    unsigned int bit;
    int code;

    (void)state;
    for (f = formats; f < formats + COUNT(formats); f++) {
        failures = 0;
        for (i = 0; i < f->text.length && mig_unpack_has(f->format); i++) {
            for (bit = 0; bit < 8; bit++) {
                append(row, 0, &f->text);
                row[i] ^= (unsigned char)(1u << bit);
                code = run(f->format, row, f->text.length, 3);
                failures += code != 0;
                if (code != 0)
                    assert_true(mig_unpack_trouble(unpack)[0] != '\0');
                else if (f->format != MIG_UNPACK_GZIP || i > 9)
                    assert_text("abc\n");
            }
        }
        if (mig_unpack_has(f->format))
            assert_true(failures > f->text.length * 4);
    }
    append(row, 0, &formats[0].text);
    row[10] = 0xff;
    assert_int_equal(run(MIG_UNPACK_GZIP, row, formats[0].text.length, 64), -EBADMSG);
    assert_string_equal(mig_unpack_trouble(unpack), "flate: corrupt input before offset 11");
}

static void
test_limits(void **state)
{
    const struct mig_unpack_limits small = {100000, 1u << 20, 1000};
    const struct mig_unpack_limits steep = {1u << 20, 1000, 10};
    const struct mig_unpack_limits enough = {131072, 131072, 1};
    const struct format *f;

    (void)state;
    for (f = formats; f < formats + COUNT(formats); f++) {
        if (!mig_unpack_has(f->format))
            continue;
        mig_unpack_free(unpack);
        unpack = mig_unpack_new(&small);
        assert_int_equal(run(f->format, f->zeros.data, f->zeros.length, 64), -EFBIG);
        assert_string_equal(mig_unpack_trouble(unpack),
                            "holds more than 100000 bytes when decompressed");
        mig_unpack_free(unpack);
        unpack = mig_unpack_new(&steep);
        assert_int_equal(run(f->format, f->zeros.data, f->zeros.length, 64), -EFBIG);
        assert_string_equal(mig_unpack_trouble(unpack),
                            "grows to more than 10 times its size when decompressed");
        /* Another text after a failure. */
        assert_int_equal(run(f->format, f->text.data, f->text.length, 64), 0);
        assert_text("abc\n");
        mig_unpack_free(unpack);
        unpack = mig_unpack_new(&enough);
        assert_int_equal(run(f->format, f->zeros.data, f->zeros.length, 64), 0);
    }
}

static void
test_memory(void **state)
{
    static const char message[] = "needs more than 128 MiB of memory to be decompressed";

    (void)state;
    if (mig_unpack_has(MIG_UNPACK_XZ)) {
        assert_int_equal(run(MIG_UNPACK_XZ, xz_large, sizeof(xz_large), 64), -ENOMEM);
        assert_string_equal(mig_unpack_trouble(unpack), message);
    }
    if (mig_unpack_has(MIG_UNPACK_ZSTD)) {
        assert_int_equal(run(MIG_UNPACK_ZSTD, zstd_large, sizeof(zstd_large), 64), -ENOMEM);
        assert_string_equal(mig_unpack_trouble(unpack), message);
    }
}

static void
test_frames_to_skip(void **state)
{
    static const struct bytes skippable = BYTES(zstd_skippable);
    unsigned char row[256];
    size_t length = append(row, 0, &skippable);

    (void)state;
    if (!mig_unpack_has(MIG_UNPACK_ZSTD))
        skip();
    length = append(row, length, &formats[3].text);
    length = append(row, length, &skippable);
    assert_int_equal(run(MIG_UNPACK_ZSTD, row, length, 5), 0);
    assert_text("abc\n");
}

/* A frame of version 0.6 that is cut off, which the library takes for a whole one when it gets it
 * at once. */
static void
test_old_frames(void **state)
{
    static const unsigned char frames[] = "\x50\x2a\x4d\x18\x04\0\0\0abcd"
                                          "\x26\xb5\x2f\xfd\x58\xff\xff\xff\xff";
    size_t piece;

    (void)state;
    if (!mig_unpack_has(MIG_UNPACK_ZSTD))
        skip();
    for (piece = 1; piece < sizeof(frames); piece++) {
        assert_int_equal(run(MIG_UNPACK_ZSTD, frames, sizeof(frames) - 1, piece), -EBADMSG);
        assert_string_equal(mig_unpack_trouble(unpack), "zstd: corrupt input before offset 16");
    }
}

/* The header of a frame, behind whose magic number something stands that is a frame to be skipped.
 */
static void
test_frame_in_a_header(void **state)
{
    static const unsigned char frame[] = "\x28\xb5\x2f\xfd\x50\x2a\x4d\x18\x04\0\0\0\x30TT\n";
    size_t piece;

    (void)state;
    if (!mig_unpack_has(MIG_UNPACK_ZSTD))
        skip();
    for (piece = 1; piece < sizeof(frame); piece++)
        assert_int_equal(run(MIG_UNPACK_ZSTD, frame, sizeof(frame) - 1, piece), -EBADMSG);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_detect, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_follows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_corrupt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frames_to_skip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frame_in_a_header, setup, teardown),
    };

    return cmocka_run_group_tests_name("unpack", tests, NULL, NULL);
}
