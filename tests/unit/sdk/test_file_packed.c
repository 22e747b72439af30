/* SPDX-License-Identifier: MPL-2.0 */
/* The file plugin in compressed files: what is found, what is an error, and for which search. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "finder.h"
#include "tree.h"
#include "unpack.h"
#include "unpack_texts.h"

static const struct format {
    enum mig_unpack_format format;
    const char *name;
    const unsigned char *text;
    size_t text_length;
    const unsigned char *empty;
    size_t empty_length;
    const unsigned char *zeros;
    size_t zeros_length;
} formats[] = {
    {MIG_UNPACK_GZIP, "gzip", gzip_text, sizeof(gzip_text), gzip_empty, sizeof(gzip_empty),
     gzip_zeros, sizeof(gzip_zeros)},
    {MIG_UNPACK_BZIP2, "bzip2", bzip2_text, sizeof(bzip2_text), bzip2_empty, sizeof(bzip2_empty),
     bzip2_zeros, sizeof(bzip2_zeros)},
    {MIG_UNPACK_XZ, "xz", xz_text, sizeof(xz_text), xz_empty, sizeof(xz_empty), xz_zeros,
     sizeof(xz_zeros)},
    {MIG_UNPACK_ZSTD, "zstd", zstd_text, sizeof(zstd_text), zstd_empty, sizeof(zstd_empty),
     zstd_zeros, sizeof(zstd_zeros)},
};

static void
test_every_format(void **state)
{
    const struct format *f;

    (void)state;
    for (f = formats; f < formats + MIG_COUNT(formats); f++) {
        if (!mig_unpack_has(f->format))
            continue;
        /* The bytes tell, not the name. */
        tree_bytes("packed", f->text, f->text_length);
        tree_text("plain.gz", "abc\n");
        assert_string_equal(find("'contents':['^abc$']", ""), "plain.gz");
        assert_string_equal(find("'contents':['^abc$']", "'decompress':true"), "packed plain.gz");
        assert_string_equal(
            find("'md5':['0bee89b07a248e27c83fc3d5951213c1'],"
                 "'sha1':['03cfd743661f07975fa2f1220c5194cbaff48451'],"
                 "'sha2':['edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb']",
                 "'decompress':true"),
            "packed plain.gz");
        /* The size is that of the file as it is stored. */
        assert_string_equal(find("'contents':['abc'],'sizes':['4']", "'decompress':true"),
                            "plain.gz");
        assert_string_equal(mig_mock_errors(mock), "[]");
        tree_bytes("packed", f->empty, f->empty_length);
        assert_string_equal(find("'contents':['x']", "'decompress':true,'macroal':true"), "packed");
        assert_string_equal(find("'contents':['!x'],'names':['packed']", "'decompress':true"),
                            "packed");
        assert_string_equal(find("'md5':['d41d8cd98f00b204e9800998ecf8427e']", "'decompress':true"),
                            "packed");
    }
}

/* What is returned is the digest of the file as it is stored. */
static void
test_returned_digest(void **state)
{
    (void)state;
    tree_bytes("packed", gzip_text, sizeof(gzip_text));
    find("'contents':['abc']", "'decompress':true,'returnsha256':true");
    assert_non_null(strstr(mig_mock_elements(mock), "\"size\":24,"));
    assert_non_null(
        strstr(mig_mock_elements(mock),
               "\"sha256\":\"DF64DCB8FF5C74A8673BCDDF1FCDBCC3B4DA564E17ADB1B430A19573914E5623\""));
}

/* A search that looks at the file as it is stored is not hurt by what another can not decompress;
 * of a matchany search what was decided holds. */
static void
test_cut_off(void **state)
{
    static const char searches[] =
        "{'searches':{"
        "'raw':{'paths':['@'],'sizes':['>1'],'contents':['!zzz'],'options':{'matchall':true}},"
        "'in':{'paths':['@'],'contents':['!zzz'],'options':{'matchall':true,'decompress':true}},"
        "'any':{'paths':['@'],'names':['^f$'],'contents':['!zzz'],'options':{'decompress':true}}}}";
    const struct format *f;
    char error[128];

    (void)state;
    for (f = formats; f < formats + MIG_COUNT(formats); f++) {
        if (!mig_unpack_has(f->format))
            continue;
        tree_bytes("f", f->text, f->text_length - 3);
        run(searches);
        assert_string_equal(files_of("raw"), "f");
        assert_string_equal(files_of("in"), "-");
        assert_string_equal(files_of("any"), "- f");
        snprintf(error, sizeof(error), "['evaluateFile() -> @/f: unexpected end of the %s data']",
                 f->name);
        assert_string_equal(mig_mock_errors(mock), tree_json(error));
        assert_non_null(
            strstr(mig_mock_statistics(mock),
                   "\"skipped\":{\"any\":{\"failed\":1},\"in\":{\"failed\":1},\"raw\":{}}"));
    }
}

static void
make_bomb(const char *name, const unsigned char *zeros, size_t length, size_t count)
{
    unsigned char *row = malloc(length * count);
    size_t i;

    assert_non_null(row);
    for (i = 0; i < count; i++)
        memcpy(row + i * length, zeros, length);
    tree_bytes(name, row, length * count);
    free(row);
}

/* 75 MiB of zeros: 814 times a gzip file, more than 1,000 times one of bzip2 and zstd. */
static void
test_bombs(void **state)
{
    const struct format *f;

    (void)state;
    for (f = formats; f < formats + MIG_COUNT(formats); f++)
        if (mig_unpack_has(f->format))
            make_bomb(f->name, f->zeros, f->zeros_length, 600);
    assert_string_equal(find("'md5':['ae5d9a4c2a6cd1cd6dcd0a8d0a5e4d4a'],'names':['^(gzip|xz)$']",
                             "'decompress':true,'mismatch':['md5']"),
                        mig_unpack_has(MIG_UNPACK_XZ) ? "gzip xz" : "gzip");
    assert_string_equal(mig_mock_errors(mock), "[]");
    for (f = formats; f < formats + MIG_COUNT(formats); f++) {
        char checks[64];
        char error[128];

        if (f->zeros_length > 131 || !mig_unpack_has(f->format))
            continue;
        snprintf(checks, sizeof(checks), "'contents':['!x'],'names':['^%s$']", f->name);
        assert_string_equal(find(checks, "'decompress':true"), "-");
        snprintf(error, sizeof(error),
                 "['evaluateFile() -> @/%s: grows to more than 1000 times its size when "
                 "decompressed']",
                 f->name);
        assert_string_equal(mig_mock_errors(mock), tree_json(error));
        /* As it is stored it is a file like others. */
        assert_string_equal(find(checks, ""), f->name);
    }
}

/* What the beginning decides needs no end. */
static void
test_decided_early(void **state)
{
    (void)state;
    tree_bytes("f", gzip_text, sizeof(gzip_text) - 1);
    assert_string_equal(find("'contents':['^abc$']", "'decompress':true"), "f");
    assert_string_equal(mig_mock_errors(mock), "[]");
}

static void
test_missing_formats(void **state)
{
    const struct format *f;
    char error[160];
    int missing = 0;

    (void)state;
    for (f = formats; f < formats + MIG_COUNT(formats); f++) {
        if (mig_unpack_has(f->format))
            continue;
        missing++;
        tree_bytes("f", f->text, f->text_length);
        assert_string_equal(find("'contents':['!x']", "'decompress':true"), "-");
        snprintf(error, sizeof(error),
                 "['evaluateFile() -> @/f: is compressed with %s, which this build can not "
                 "decompress']",
                 f->name);
        assert_string_equal(mig_mock_errors(mock), tree_json(error));
        assert_string_equal(find("'contents':['!x']", ""), "f");
    }
    if (missing == 0)
        skip();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        FINDER_TEST(test_every_format),  FINDER_TEST(test_returned_digest),
        FINDER_TEST(test_cut_off),       FINDER_TEST(test_bombs),
        FINDER_TEST(test_decided_early), FINDER_TEST(test_missing_formats),
    };

    if (!finder_load())
        return 0;
    return cmocka_run_group_tests_name("file packed", tests, NULL, NULL);
}
