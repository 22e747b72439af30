/* SPDX-License-Identifier: MPL-2.0 */
/* Digests of files that were read already: which file is the same, and that it is not read again.
 */
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

#include "finder.h"
#include "search_known.h"
#include "tree.h"

#define MIB (1024u * 1024u)
#define SHA256 (1u << MIG_DIGEST_SHA256)
#define MD5 (1u << MIG_DIGEST_MD5)
#define ZERO_MIB "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58"

static struct stat
a_file(ino_t inode)
{
    return (struct stat){.st_dev = 1, .st_ino = inode, .st_size = KNOWN_LEAST};
}

static void
keep(struct known *known, const struct stat *st, enum mig_digest algorithm, int byte)
{
    uint8_t digest[MIG_DIGEST_SIZE_MAX];

    memset(digest, byte, sizeof(digest));
    mig_known_keep(known, st, algorithm, digest);
}

static void
test_same_file(void **state)
{
    struct known *known = mig_known_new();
    const struct stat st = a_file(7);
    struct stat others[] = {st, st, st, st, st, st, st};
    uint8_t digests[KNOWN_ROOM] = {0};
    size_t i;

    (void)state;
    assert_non_null(known);
    assert_false(mig_known_find(known, &st, SHA256, digests));
    keep(known, &st, MIG_DIGEST_SHA256, 1);
    assert_true(mig_known_find(known, &st, SHA256, digests));
    for (i = 0; i < 32; i++)
        assert_int_equal(digests[i], 1);
    others[0].st_dev++;
    others[1].st_ino++;
    others[2].st_size++;
    others[3].st_mtim.tv_sec++;
    others[4].st_mtim.tv_nsec++;
    others[5].st_ctim.tv_sec++;
    others[6].st_ctim.tv_nsec++;
    for (i = 0; i < 7; i++)
        assert_false(mig_known_find(known, &others[i], SHA256, digests));
    mig_known_free(known);
}

static void
test_several_digests(void **state)
{
    struct known *known = mig_known_new();
    const struct stat st = a_file(7);
    uint8_t digests[KNOWN_ROOM] = {0};

    (void)state;
    assert_non_null(known);
    keep(known, &st, MIG_DIGEST_SHA256, 1);
    assert_false(mig_known_find(known, &st, SHA256 | MD5, digests));
    keep(known, &st, MIG_DIGEST_MD5, 2);
    assert_true(mig_known_find(known, &st, SHA256 | MD5, digests));
    assert_int_equal(digests[15], 2);
    assert_int_equal(digests[16], 1);
    assert_int_equal(digests[47], 1);
    assert_int_equal(digests[48], 0);
    /* 16, 32 and 64 bytes; another 64 are too many, and leave the others as they are. */
    keep(known, &st, MIG_DIGEST_SHA512, 3);
    keep(known, &st, MIG_DIGEST_SHA3_512, 4);
    assert_true(mig_known_find(known, &st, SHA256 | 1u << MIG_DIGEST_SHA512, digests));
    assert_int_equal(digests[31], 1);
    assert_int_equal(digests[32], 3);
    assert_int_equal(digests[95], 3);
    assert_false(mig_known_find(known, &st, 1u << MIG_DIGEST_SHA3_512, digests));
    mig_known_free(known);
}

static void
test_bounds(void **state)
{
    struct known *known = mig_known_new();
    struct stat large = a_file(1);
    struct stat small = a_file(2);
    struct stat st;
    uint8_t digests[KNOWN_ROOM];
    ino_t i;

    (void)state;
    assert_non_null(known);
    small.st_size--;
    keep(known, &small, MIG_DIGEST_SHA256, 1);
    assert_false(mig_known_find(known, &small, SHA256, digests));
    /* The larger one stays, however many others come. */
    large.st_size++;
    keep(known, &large, MIG_DIGEST_SHA256, 2);
    for (i = 10; i < 100000; i++) {
        st = a_file(i);
        keep(known, &st, MIG_DIGEST_SHA256, 3);
        assert_true(mig_known_find(known, &st, SHA256, digests));
    }
    assert_true(mig_known_find(known, &large, SHA256, digests));
    assert_int_equal(digests[0], 2);
    mig_known_free(known);
}

static unsigned long long
bytes_read(void)
{
    FILE *io = fopen("/proc/self/io", "re");
    unsigned long long bytes = 0;

    assert_non_null(io);
    assert_int_equal(fscanf(io, "rchar: %llu", &bytes), 1);
    fclose(io);
    return bytes;
}

/* How many times the file "a", of a MiB of zeros, was read for these checks; its other names match
 * as well. */
static unsigned long long
readings(const char *checks, const char *options)
{
    unsigned long long before = bytes_read();

    assert_string_equal(find(checks, options), "a b c d");
    return (bytes_read() - before) / MIB;
}

static void
test_many_names(void **state)
{
    static const char zeros[MIB];

    (void)state;
    tree_bytes("a", zeros, MIB);
    tree_folder("dir");
    assert_int_equal(link("a", "b"), 0);
    assert_int_equal(link("a", "dir/d"), 0);
    tree_link("c", "a");
    assert_int_equal(readings("'sha2':['" ZERO_MIB "']", "'threads':1"), 1);
    assert_int_equal(readings("'sizes':['1m']", "'threads':1,'returnsha256':true"), 1);
    assert_non_null(strcasestr(mig_mock_elements(mock), "\"sha256\":\"" ZERO_MIB "\""));
    /* What else is asked of the bytes is asked of each name. */
    assert_int_equal(readings("'sha2':['" ZERO_MIB "'],'contents':['!x']", "'threads':1"), 4);
    assert_int_equal(readings("'sha2':['" ZERO_MIB "']", "'threads':1,'decompress':true"), 4);
}

static void
test_changed_between(void **state)
{
    static const char zeros[MIB];

    (void)state;
    tree_bytes("a", zeros, MIB);
    tree_bytes("b", zeros, MIB - 1);
    assert_string_equal(find("'sha2':['" ZERO_MIB "']", "'threads':1"), "a");
    tree_bytes("b", zeros, MIB);
    tree_bytes("a", "x", 1);
    assert_string_equal(find("'sha2':['" ZERO_MIB "']", "'threads':1"), "b");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_file),  cmocka_unit_test(test_several_digests),
        cmocka_unit_test(test_bounds),     FINDER_TEST(test_many_names),
        FINDER_TEST(test_changed_between),
    };

    if (!finder_load())
        return 0;
    return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
