/* SPDX-License-Identifier: MPL-2.0 */
/* The file plugin as it is built: parameters, results, limits, printing. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <mig/mock_host.h>
#include <mig/search.h>

#include "finder.h"
#include "tree.h"

static void
test_result_to_the_byte(void **state)
{
    struct timespec times[2] = {{1452244333, 123456780}, {1452244333, 123456780}};

    (void)state;
    tree_text("a/hello", "hello\n");
    assert_int_equal(utimensat(AT_FDCWD, "a/hello", times, 0), 0);
    run("{'searches':{'s1':{'paths':['@/a/'],'names':['^hel'],'options':{'maxdepth':1000,"
        "'maxerrors':30,'matchall':true,'macroal':false,'mismatch':null,'matchlimit':1000,"
        "'returnsha256':true}}}}");
    assert_string_equal(
        mig_mock_elements(mock),
        tree_json("{'s1':[{'file':'@/a/hello','search':{'paths':['@/a'],'names':['^hel'],'options':"
                  "{'maxdepth':0,'maxerrors':0,'matchall':true,'macroal':false,'mismatch':null,"
                  "'matchlimit':0,'returnsha256':true}},'fileinfo':{'size':6,'mode':'-rw-r--r--',"
                  "'lastmodified':'2016-01-08 09:12:13.12345678 +0000 UTC','sha256':"
                  "'5891B5B522D5DF086D0FF0B110FBD9D21BB4FC7163AF34D08286A2E846F6BE03'}}]}"));
    assert_string_equal(mig_mock_errors(mock), "[]");
    assert_int_equal(mig_mock_found(mock), 1);
    assert_non_null(strstr(mig_mock_statistics(mock),
                           "{\"filescount\":1,\"openfailed\":0,\"totalhits\":1,\"exectime\":\""));
}

static void
test_nothing_found(void **state)
{
    (void)state;
    tree_text("a", "");
    run("{'searches':{'s1':{'paths':['@'],'names':['^none$'],'options':{'matchall':true}}}}");
    assert_string_equal(
        mig_mock_elements(mock),
        tree_json("{'s1':[{'file':'','search':{'paths':['@'],'names':['^none$'],'options':"
                  "{'maxdepth':0,'maxerrors':0,'matchall':true,'macroal':false,'mismatch':null,"
                  "'matchlimit':0}},'fileinfo':{'size':0,'mode':'','lastmodified':''}}]}"));
    assert_int_equal(mig_mock_found(mock), 0);
}

static void
test_match_any(void **state)
{
    (void)state;
    tree_text("d/a", "x");
    tree_text("d/b", "y");
    run("{'searches':{'s1':{'paths':['@'],'names':['^a$','^zzz$'],'sizes':['1'],'options':{}}}}");
    assert_string_equal(files_of("s1"), "- a a b");
    assert_non_null(strstr(
        mig_mock_elements(mock),
        tree_json("'search':{'paths':['@/d'],'names':['^a$'],'options':{'maxdepth':0,'maxerrors':0,"
                  "'matchall':false,'macroal':false,'mismatch':null,'matchlimit':0}}")));
    assert_non_null(strstr(mig_mock_elements(mock),
                           tree_json("{'file':'','search':{'paths':['@'],'names':['^zzz$'],")));
    assert_non_null(strstr(mig_mock_statistics(mock), "\"totalhits\":3"));
    run("{'searches':{'s1':{'paths':['@'],'contents':['^x$'],'names':['^q$'],"
        "'options':{'returnsha256':true}}}}");
    assert_non_null(strstr(mig_mock_elements(mock), "\"sha256\":\"2D711642B726B04401627CA9FBAC32F5"
                                                    "C8530FB1903CC4DB02258717921A4881\""));
}

static void
test_labels_are_sorted(void **state)
{
    (void)state;
    tree_text("a", "");
    run("{'searches':{'z':{'paths':['@'],'names':['a']},'b':{'paths':['@'],'names':['a']}}}");
    assert_memory_equal(mig_mock_elements(mock), "{\"b\":[", 6);
}

static void
test_filters(void **state)
{
    static const struct {
        const char *checks;
        const char *options;
        const char *found;
    } cases[] = {
        {"", "", "big.bin set-uid small.txt"},
        {"'names':['txt$']", "", "small.txt"},
        {"'names':['!txt$']", "", "big.bin set-uid"},
        {"'names':['txt$']", "'mismatch':['name']", "big.bin set-uid"},
        {"'names':['!txt$']", "'mismatch':['name']", "small.txt"},
        {"'names':['s','t$']", "", "small.txt"},
        {"'sizes':['6']", "", "small.txt"},
        {"'sizes':['>2k']", "", "big.bin"},
        {"'sizes':['<6']", "", "set-uid small.txt"},
        {"'sizes':['2k']", "", "big.bin"},
        {"'sizes':['<6']", "'mismatch':['size']", "big.bin"},
        {"'modes':['^u']", "", "set-uid"},
        {"'modes':['^-rw-r--r--$']", "", "big.bin small.txt"},
        {"'mtimes':['>1d']", "", "big.bin"},
        {"'mtimes':['<1h']", "", "set-uid small.txt"},
        {"'contents':['^hello$']", "", "small.txt"},
        {"'contents':['!hello']", "", "big.bin set-uid"},
        {"'contents':['hello'],'names':['bin']", "", "-"},
    };
    struct timespec old[2] = {{1000000000, 0}, {1000000000, 0}};
    char zeros[2048] = {0};
    size_t i;

    (void)state;
    tree_text("small.txt", "hello\n");
    tree_bytes("sub/big.bin", zeros, sizeof(zeros));
    tree_text("sub/set-uid", "");
    assert_int_equal(chmod("sub/set-uid", 04755), 0);
    assert_int_equal(utimensat(AT_FDCWD, "sub/big.bin", old, 0), 0);
    for (i = 0; i < MIG_COUNT(cases); i++)
        assert_string_equal(find(cases[i].checks, cases[i].options), cases[i].found);
}

static void
test_hashes(void **state)
{
    static const char *const checks[] = {
        "'md5':['900150983cd24fb0d6963f7d28e17f72']",
        "'md5':['900150983CD24FB0D6963F7D28E17F72']",
        "'sha1':['a9993e364706816aba3e25717850c26c9cd0d89d']",
        "'sha2':['ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad']",
        "'sha2':['"
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358"
        "baeca134c825a7']",
        "'sha2':['"
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836"
        "ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f']",
        "'sha3':['e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf']",
        "'sha3':['3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532']",
        "'sha3':['"
        "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539"
        "f1edf228376d25']",
        "'sha3':['"
        "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a"
        "7ec57647e3934057340b4cf408d5a56592f8274eec53f0']",
        /* All of them at once, with content: one pass. */
        "'md5':['900150983cd24fb0d6963f7d28e17f72'],'contents':['^abc$'],"
        "'sha1':['a9993e364706816aba3e25717850c26c9cd0d89d'],"
        "'sha2':['ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],"
        "'sha3':['3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532']",
        /* Inverse content and a hash. */
        "'md5':['900150983cd24fb0d6963f7d28e17f72'],'contents':['!xyz']",
    };
    size_t i;

    (void)state;
    tree_text("abc", "abc");
    tree_text("other", "abd");
    for (i = 0; i < MIG_COUNT(checks); i++)
        assert_string_equal(find(checks[i], ""), "abc");
    assert_string_equal(find(checks[0], "'mismatch':['md5']"), "other");
    assert_string_equal(find("'md5':['900150983cd24fb0d6963f7d28e17f72'],'contents':['b']",
                             "'mismatch':['content']"),
                        "-");
    assert_string_equal(find("'md5':['900150983cd24fb0d6963f7d28e17f72'],'contents':['q']",
                             "'mismatch':['content']"),
                        "abc");
}

/* The table of the original, with mismatch: what is found among four files. */
static void
test_content_truth_table(void **state)
{
    static const struct {
        const char *contents;
        const char *options;
        const char *found;
    } cases[] = {
        {"'contents':['yes']", "", "all some"},
        {"'contents':['!yes']", "", "empty none"},
        {"'contents':['yes']", "'mismatch':['content']", "empty none"},
        {"'contents':['!yes']", "'mismatch':['content']", "all some"},
        {"'contents':['yes']", "'macroal':true", "all empty"},
        {"'contents':['!yes']", "'macroal':true", "empty none"},
        {"'contents':['yes']", "'macroal':true,'mismatch':['content']", "none some"},
        {"'contents':['!yes']", "'macroal':true,'mismatch':['content']", "all some"},
        {"'contents':['yes','no']", "", "some"},
        {"'contents':['yes','!no']", "", "all"},
        {"'contents':['!yes','!no']", "", "empty"},
        {"'contents':['yes','^yes$']", "'macroal':true", "all empty"},
    };
    size_t i;

    (void)state;
    tree_text("all", "yes\nyes\r\nyes");
    tree_text("some", "yes\nno\n");
    tree_text("none", "no\nno\n");
    tree_text("empty", "");
    for (i = 0; i < MIG_COUNT(cases); i++)
        assert_string_equal(find(cases[i].contents, cases[i].options), cases[i].found);
}

static void
test_long_lines_and_binaries(void **state)
{
    const size_t size = 5u << 20;
    char *bytes = malloc(size);
    size_t i;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'a', size);
    memcpy(bytes + 200000, "NEEDLE", 6);
    memcpy(bytes + (1u << 20) - 3, "ACROSS", 6);
    memcpy(bytes + size - 6, "THEEND", 6);
    tree_bytes("long", bytes, size);
    assert_string_equal(find("'contents':['NEEDLE']", ""), "long");
    assert_string_equal(find("'contents':['aACROSSa']", ""), "long");
    assert_string_equal(find("'contents':['aTHEEND$']", ""), "long");
    assert_string_equal(find("'contents':['^aaa']", ""), "long");
    assert_string_equal(find("'contents':['^NEEDLE']", ""), "-");
    assert_string_equal(find("'contents':['ACROSS$']", ""), "-");
    assert_string_equal(find("'contents':['a{1000}$']", ""), "-");
    assert_string_equal(find("'contents':['THEEND']", "'macroal':true"), "long");
    for (i = 0; i < size; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    memcpy(bytes + 3000000, "\nplain text\n", 12);
    tree_bytes("long", bytes, size);
    assert_string_equal(find("'contents':['^plain text$']", ""), "long");
    tree_bytes("long",
               "a\xff\xfe"
               "b\n",
               5);
    assert_string_equal(find("'contents':['^a..b$']", ""), "long");
    assert_string_equal(find("'contents':['^a\\\\x{fffd}{2}b$']", ""), "long");
    free(bytes);
}

static void
test_gzip(void **state)
{
    unsigned char damaged[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff};

    (void)state;
    tree_gzip("f.gz", "abc", 3);
    assert_string_equal(find("'contents':['^abc$']", ""), "-");
    assert_string_equal(find("'contents':['^abc$']", "'decompress':true"), "f.gz");
    assert_string_equal(find("'md5':['900150983cd24fb0d6963f7d28e17f72']", "'decompress':true"),
                        "f.gz");
    /* Each search has its own option. */
    run("{'searches':{'a':{'paths':['@'],'contents':['^abc$'],'options':{'matchall':true}},"
        "'b':{'paths':['@'],'contents':['^abc$'],'options':{'matchall':true,'decompress':true}}}}");
    assert_string_equal(files_of("a"), "-");
    assert_string_equal(files_of("b"), "f.gz");
    tree_bytes("f.gz", damaged, sizeof(damaged));
    assert_string_equal(find("'contents':['!abc']", "'decompress':true"), "-");
    assert_non_null(strstr(mig_mock_errors(mock), "/f.gz: flate: corrupt input before offset"));
}

static void
test_scope_and_depth(void **state)
{
    (void)state;
    tree_text("etc/in", "");
    tree_text("etc/sub/deep", "");
    tree_text("etcfoo/out", "");
    run("{'searches':{'a':{'paths':['@/etc'],'names':['.'],'options':{'matchall':true}},"
        "'b':{'paths':['@'],'names':['out'],'options':{'matchall':true}},"
        "'c':{'paths':['@'],'names':['.'],'options':{'matchall':true,'maxdepth':1}},"
        "'d':{'paths':['@/etc','@/etc/sub/deep'],'names':['.'],"
        "'options':{'matchall':true,'maxdepth':1}},"
        "'e':{'paths':['@/etc/sub'],'names':['.'],'options':{'matchall':true,'maxdepth':1}}}}");
    assert_string_equal(files_of("a"), "deep in");
    assert_string_equal(files_of("b"), "out");
    assert_string_equal(files_of("c"), "-");
    assert_string_equal(files_of("d"), "deep in");
    assert_string_equal(files_of("e"), "deep");
    assert_non_null(strstr(mig_mock_statistics(mock), "\"filescount\":3,"));
}

static void
test_limits_are_per_search(void **state)
{
    char name[32];
    int i;

    (void)state;
    for (i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "f%02d", i);
        tree_text(name, "");
    }
    run("{'searches':{'a':{'paths':['@'],'names':['f'],'options':{'matchall':true,'matchlimit':3}},"
        "'b':{'paths':['@'],'names':['f1'],'options':{'matchall':true}}}}");
    assert_int_equal(
        json_object_array_length(json_object_object_get(mig_mock_elements_object(mock), "a")), 3);
    assert_string_equal(files_of("b"), "f10 f11 f12 f13 f14 f15 f16 f17 f18 f19");
    assert_string_equal(
        mig_mock_errors(mock),
        "[\"warning: search 'a' reached its limit of 3 matches, there may be more\"]");
}

static void
test_links_pipes_and_what_is_missing(void **state)
{
    (void)state;
    tree_text("dir/file", "hello");
    tree_link("link", "dir/file");
    tree_link("dirlink", "dir");
    tree_link("broken", "nowhere");
    tree_link("pipelink", "pipe");
    tree_fifo("pipe");
    assert_string_equal(find("'contents':['hello']", ""), "file link");
    assert_string_equal(
        mig_mock_errors(mock),
        tree_json("['ERROR: followSymLink() -> lstat @/broken: no such file or directory']"));
    assert_non_null(strstr(mig_mock_statistics(mock), "\"openfailed\":1,"));
    run("{'searches':{'s1':{'paths':['@/dirlink','@/link','@/missing','@/"
        "pipe'],'contents':['hello'],"
        "'options':{'matchall':true}}}}");
    assert_string_equal(files_of("s1"), "file");
    assert_string_equal(mig_mock_errors(mock),
                        tree_json("['warning: @/dirlink is a link to @/dir and was not followed',"
                                  "'ERROR: open @/missing: no such file or directory',"
                                  "'warning: @/pipe is no file or directory and was not opened']"));
}

static void
test_max_errors(void **state)
{
    char name[32];
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        snprintf(name, sizeof(name), "b%d", i);
        tree_link(name, "nowhere");
    }
    find("'names':['x']", "'maxerrors':2");
    assert_non_null(
        strstr(mig_mock_errors(mock), "\"3 errors were not returned (max errors = 2)\"]"));
    find("'names':['x']", "'maxerrors':0");
    assert_null(strstr(mig_mock_errors(mock), "not returned"));
}

static void
search_unreadable(void)
{
    const char *errors;

    if (mig_mock_run(mock, plugin,
                     tree_json("{'searches':{'s1':{'paths':['@'],'contents':['!x'],"
                               "'options':{'matchall':true}}}}")) != 0)
        _exit(1);
    errors = mig_mock_errors(mock);
    expect(strcmp(files_of("s1"), "open") == 0, "only what was read is found");
    expect(strstr(errors, tree_json("'ERROR: open @/secret: permission denied'")) != NULL, "file");
    expect(strstr(errors, tree_json("'ERROR: open @/shut: permission denied'")) != NULL, "folder");
    expect(strstr(errors, "hidden") == NULL, "what is in the folder stays unknown");
    expect(strstr(mig_mock_statistics(mock), "\"openfailed\":2,") != NULL, "count");
    /* A name needs no opening. */
    mig_mock_run(mock, plugin,
                 tree_json("{'searches':{'s1':{'paths':['@'],'names':['^secret$'],"
                           "'options':{'matchall':true,'maxdepth':1}}}}"));
    expect(strcmp(files_of("s1"), "secret") == 0, "a name");
    expect(strcmp(mig_mock_errors(mock), "[]") == 0, "no error");
}

static void
test_unreadable(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    tree_text("open", "hello");
    tree_text("secret", "hello");
    tree_text("shut/hidden", "hello");
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(chmod("secret", 0600), 0);
    assert_int_equal(chmod("shut", 0700), 0);
    assert_true(as_nobody(search_unreadable));
}

/* The engine's own interface: a hit takes away what the walk comes to next. */
struct vanishing {
    char errors[1024];
    unsigned int hits;
};

static int
unlink_the_other(void *context, const struct mig_search_hit *hit)
{
    struct vanishing *v = context;

    v->hits++;
    unlink(strstr(hit->path, "/one") != NULL ? "two" : "one");
    return 0;
}

static void
keep_error(void *context, const char *message)
{
    struct vanishing *v = context;
    size_t used = strlen(v->errors);

    snprintf(v->errors + used, sizeof(v->errors) - used, "%s\n", message);
}

static int
go_on(void *context)
{
    (void)context;
    return 0;
}

static void
test_vanished_file(void **state)
{
    struct vanishing v = {.errors = ""};
    const struct mig_search_host host = {&v, unlink_the_other, keep_error, go_on};
    struct json_object *search = json_tokener_parse(
        tree_json("{'paths':['@'],'contents':['hello'],'options':{'matchall':true}}"));
    struct mig_search_set *set = mig_search_set_new();
    struct mig_search_statistics statistics = {0};
    char message[256];
    const char *gone;

    (void)state;
    tree_text("one", "hello");
    tree_text("two", "hello");
    assert_int_equal(mig_search_add_json(set, "s1", search, message, sizeof(message)), 0);
    assert_int_equal(mig_search_run(set, &host, &statistics), 0);
    /* Both names were read from the folder at once, in whatever order. */
    gone = access("one", F_OK) == 0 ? "two" : "one";
    snprintf(message, sizeof(message), "ERROR: stat @/%s: no such file or directory\n", gone);
    assert_string_equal(v.errors, tree_json(message));
    assert_int_equal(v.hits, 1);
    assert_int_equal(statistics.hits, 1);
    assert_int_equal(statistics.files, 2);
    assert_false(statistics.cut_short);
    mig_search_set_free(set);
    json_object_put(search);
}

static void
test_deep_tree(void **state)
{
    char root[4096];
    int i;

    (void)state;
    assert_non_null(getcwd(root, sizeof(root)));
    for (i = 0; i < 300; i++) {
        assert_int_equal(mkdir("dddddddddddddddd", 0755), 0);
        assert_int_equal(chdir("dddddddddddddddd"), 0);
    }
    tree_text("bottom", "x");
    assert_int_equal(chdir(root), 0);
    assert_string_equal(find("'names':['bottom'],'contents':['x']", ""), "bottom");
    assert_string_equal(mig_mock_errors(mock), "[]");
    assert_string_equal(find("'names':['bottom']", "'maxdepth':300"), "-");
    assert_string_equal(find("'names':['bottom']", "'maxdepth':301"), "bottom");
}

static void
test_names_that_are_not_utf8(void **state)
{
    (void)state;
    tree_text("b\xff"
              "d'\\",
              "");
    tree_text("ok\\xff", "");
    run("{'searches':{'s1':{'paths':['@'],'names':['^b'],'options':{'matchall':true}}}}");
    assert_non_null(strstr(mig_mock_elements(mock), "/b\\\\xffd\\\\'\\\\\\\\'\""));
    assert_non_null(strstr(mig_mock_elements(mock), "\"file\":\"$'/tmp/"));
    run("{'searches':{'s1':{'paths':['@'],'names':['^ok'],'options':{'matchall':true}}}}");
    assert_non_null(strstr(mig_mock_elements(mock), tree_json("'file':'@/ok\\\\xff'")));
}

static void
test_cut_short(void **state)
{
    (void)state;
    tree_text("a/f", "");
    tree_text("b/f", "");
    mig_mock_cancel_at(mock, 3);
    assert_string_equal(find("'names':['f']", ""), "f");
    assert_string_equal(mig_mock_errors(mock),
                        "[\"the search was cut short: it was cancelled or out of time\"]");
    /* What was found before is kept and counted. */
    assert_int_equal(mig_mock_found(mock), 1);
    assert_non_null(
        strstr(mig_mock_statistics(mock), "{\"filescount\":1,\"openfailed\":0,\"totalhits\":1,"));
    mig_mock_cancel_at(mock, -1);
    mig_mock_fill_at(mock, 1);
    assert_string_equal(find("'names':['f']", ""), "f");
    assert_string_equal(mig_mock_errors(mock),
                        "[\"the search was cut short: the limit of the output was reached\"]");
}

static void
test_pseudo_file_systems(void **state)
{
    (void)state;
    tree_link("cmdline", "/proc/self/cmdline");
    assert_string_equal(find("'contents':['!zzz']", ""), "-");
    assert_non_null(strstr(mig_mock_errors(mock), "is a link into a pseudo file system"));
    run("{'searches':{'s1':{'paths':['/proc/sys/kernel'],'names':['^ostype$'],'contents':['Linux'],"
        "'options':{'matchall':true,'maxdepth':1}}}}");
    assert_string_equal(files_of("s1"), "ostype");
    run("{'searches':{'s1':{'paths':['/'],'names':['^ostype$'],'options':{'matchall':true,"
        "'maxdepth':4,'maxerrors':1}},'s2':{'paths':['/proc/sys/kernel'],'names':['^ostype$'],"
        "'options':{'matchall':true,'maxdepth':1}}}}");
    assert_string_equal(files_of("s1"), "-");
    assert_string_equal(files_of("s2"), "ostype");
    /* /proc/version is two levels down: seen from "/" it is not there, named it is. */
    run("{'searches':{'s1':{'paths':['/'],'names':['^version$'],'options':{'matchall':true,"
        "'maxdepth':2,'maxerrors':1}},'s2':{'paths':['/proc'],'names':['^version$'],"
        "'options':{'matchall':true,'maxdepth':1}}}}");
    assert_null(strstr(mig_mock_elements(mock), "{\"s1\":[{\"file\":\"/proc/"));
    assert_string_equal(files_of("s2"), "version");
}

static void
test_refusals(void **state)
{
    static const struct {
        const char *parameters;
        const char *message;
    } cases[] = {
        {"[]", "parameters must be a JSON object, not array"},
        {"{'a'", "parameters are not valid JSON at byte 4: "},
        {"{}", "parameters must have 'searches', an object of one search a label"},
        {"{'searches':{}}", "parameters must have 'searches', an object of one search a label"},
        {"{'searches':{'s1':[]}}", "search 's1': must be an object, not array"},
        {"{'searches':{'':{'paths':['/']}}}", "search '': empty labels are not permitted"},
        {"{'searches':{'a\\nb':{'paths':['/']}}}",
         "search 'a\nb': The syntax of the label is invalid: 1 to 64 characters, no newline"},
        {"{'searches':{'s1':{}}}",
         "search 's1': invalid empty search path, must have at least one search path"},
        {"{'searches':{'s1':{'paths':['']}}}",
         "search 's1': invalid empty search path at paths[0]"},
        {"{'searches':{'s1':{'paths':'/'}}}",
         "search 's1': 'paths' must be an array of strings, not string"},
        {"{'searches':{'s1':{'paths':['/'],'name':['a']}}}", "search 's1': unknown member 'name'"},
        {"{'searches':{'s1':{'paths':['/'],'options':{'depth':1}}}}",
         "search 's1': unknown option 'depth'"},
        {"{'searches':{'s1':{'paths':['/'],'names':['']}}}",
         "search 's1': Empty values are not permitted in 'names'"},
        {"{'searches':{'s1':{'paths':['/'],'names':['(a']}}}",
         "search 's1': invalid regular expression '(a': missing closing parenthesis at byte 2 in "
         "'names'"},
        {"{'searches':{'s1':{'paths':['/'],'contents':['a(?=b)']}}}",
         "search 's1': invalid regular expression 'a(?=b)': lookahead and lookbehind are not "
         "supported (RE2 syntax) at byte 1 in 'contents'"},
        {"{'searches':{'s1':{'paths':['/'],'sizes':['m']}}}",
         "search 's1': Invalid size format for size 'm'. Must match regex "
         "^(<|>)?[0-9]+(k|m|g|t)?$"},
        {"{'searches':{'s1':{'paths':['/'],'sizes':['99999999999t']}}}",
         "search 's1': size '99999999999t' is too great"},
        {"{'searches':{'s1':{'paths':['/'],'mtimes':['3d']}}}",
         "search 's1': Invalid mtime format for mtime '3d'. Must match regex ^(<|>)[0-9]+(d|h|m)$"},
        {"{'searches':{'s1':{'paths':['/'],'sha2':['abcd']}}}",
         "search 's1': sha2 'abcd' has 4 digits, must have 64, 96 or 128"},
        {"{'searches':{'s1':{'paths':['/'],'md5':['zz0150983cd24fb0d6963f7d28e17f72']}}}",
         "search 's1': md5 'zz0150983cd24fb0d6963f7d28e17f72' must be hexadecimal"},
        {"{'searches':{'s1':{'paths':['/'],'options':{'mismatch':['sha256']}}}}",
         "search 's1': The syntax of filter 'sha256' is invalid. Must match regex "
         "^(name|size|mode|mtime|content|md5|sha1|sha2|sha3|ctime|atime|uid|gid|perm|inode|xattr|"
         "cap)$"},
        {"{'searches':{'s1':{'paths':['/'],'options':{'maxdepth':-1}}}}",
         "search 's1': option 'maxdepth' must be a whole number >= 0, not -1"},
        {"{'searches':{'s1':{'paths':['/'],'options':{'matchall':1}}}}",
         "search 's1': option 'matchall' must be true or false, not 1"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < MIG_COUNT(cases); i++) {
        assert_int_equal(mig_mock_run(mock, plugin, tree_json(cases[i].parameters)), -EINVAL);
        assert_memory_equal(mig_mock_refusal(mock), cases[i].message, strlen(cases[i].message));
        assert_int_equal(mig_mock_validate(mock, plugin, tree_json(cases[i].parameters)), -EINVAL);
        assert_memory_equal(mig_mock_refusal(mock), cases[i].message, strlen(cases[i].message));
    }
}

static void
test_hostile_pattern(void **state)
{
    char text[40002];

    (void)state;
    memset(text, 'a', sizeof(text));
    text[40000] = 'b';
    text[40001] = '\0';
    tree_text("f", text);
    assert_string_equal(find("'contents':['^(a|aa)+(a|aaa)+$']", ""), "-");
    assert_string_equal(mig_mock_errors(mock), "[]");
}

/* Filters that the original has not. */
static void
test_more_filters(void **state)
{
    static const struct {
        const char *checks;
        const char *options;
        const char *found;
    } cases[] = {
        {"'perms':['-4000']", "", "suid"},
        {"'perms':['/6000']", "", "sgid suid"},
        {"'perms':['0644']", "", "plain"},
        {"'perms':['-4000']", "'mismatch':['perm']", "plain sgid"},
        {"'uids':['<4294967295']", "", "plain sgid suid"},
        {"'uids':['>4294967295']", "", "-"},
        {"'gids':['>4294967295']", "'mismatch':['gid']", "plain sgid suid"},
        {"'inodes':['0']", "", "-"},
        {"'ctimes':['<1h']", "", "plain sgid suid"},
        {"'ctimes':['>1h']", "", "-"},
        {"'atimes':['>1000d']", "", "plain"},
        {"'mtimes':['2001-09-09T01:46:40Z..2001-09-09T01:46:40Z']", "", "plain"},
        {"'mtimes':['2001-09-09T03:46:40+02:00..']", "", "plain sgid suid"},
        {"'mtimes':['..2001-09-09T01:46:39.999Z']", "", "-"},
        {"'xattrs':['!^user[.]note$'],'capabilities':['!cap_net_raw=']", "", "plain sgid suid"},
        {"'names':['.']", "'maxsize':'4'", "sgid suid"},
    };
    static const struct {
        const char *search;
        const char *message;
    } refusals[] = {
        {"'perms':['888']", "search 's1': Invalid perm format for perm '888'. Must match regex "
                            "^(-|/)?[0-7]{1,4}$"},
        {"'uids':['root']",
         "search 's1': Invalid uid format for uid 'root'. Must match regex ^(<|>)?[0-9]+$"},
        {"'ctimes':['2026-02-30T00:00:00Z..']",
         "search 's1': Invalid ctime format for ctime '2026-02-30T00:00:00Z..'. Must match"},
        {"'options':{'maxsize':'>1m'}",
         "search 's1': option 'maxsize' must be a size as in '100m', not \">1m\""},
    };
    struct timespec old[2] = {{1000000000, 0}, {1000000000, 0}};
    char format[512];
    size_t i;

    (void)state;
    tree_text("plain", "hello");
    tree_text("suid", "");
    tree_text("sgid", "");
    assert_int_equal(chmod("suid", 04755), 0);
    assert_int_equal(chmod("sgid", 02755), 0);
    assert_int_equal(utimensat(AT_FDCWD, "plain", old, 0), 0);
    for (i = 0; i < MIG_COUNT(cases); i++)
        assert_string_equal(find(cases[i].checks, cases[i].options), cases[i].found);
    assert_non_null(strstr(mig_mock_statistics(mock), "\"skipped\":{\"s1\":{\"size\":1}}"));
    find("", "'maxdepth':1,'threads':2");
    assert_non_null(strstr(mig_mock_statistics(mock), "\"skipped\":{\"s1\":{}}"));
    for (i = 0; i < MIG_COUNT(refusals); i++) {
        snprintf(format, sizeof(format), "{'searches':{'s1':{'paths':['/'],%s}}}",
                 refusals[i].search);
        assert_int_equal(mig_mock_validate(mock, plugin, tree_json(format)), -EINVAL);
        assert_memory_equal(mig_mock_refusal(mock), refusals[i].message,
                            strlen(refusals[i].message));
    }
}

/* One entry stands for the many checks that matched nothing. */
static void
test_many_checks(void **state)
{
    char format[8192] = "{'searches':{'s1':{'paths':['@'],'names':['^a$'";
    size_t length = strlen(format);
    int i;

    (void)state;
    tree_text("a", "");
    for (i = 0; i < 60; i++)
        length += (size_t)snprintf(format + length, sizeof(format) - length, ",'^none%d$'", i);
    snprintf(format + length, sizeof(format) - length, "]}}}");
    run(format);
    assert_string_equal(files_of("s1"), "- a");
    assert_non_null(
        strstr(mig_mock_elements(mock), "\"description\":\"60 of 61 checks matched nothing\""));
}

static void
test_print(void **state)
{
    static const char result[] =
        "{'foundanything':true,'success':true,'elements':{'s1':[{'file':'/e/"
        "a\\nb','search':{'paths':"
        "['/"
        "e'],'names':['a'],'options':{'matchall':true}},'fileinfo':{'size':12,'mode':'-rw-r--r--',"
        "'lastmodified':'2016-01-08 09:12:13 +0000 UTC','sha256':'ABCD'}}],'s2':[{'file':'/e/b',"
        "'search':{'paths':['/"
        "e'],'sizes':['<5'],'options':{'matchall':false}},'fileinfo':{'size':3,"
        "'mode':'-rw-------','lastmodified':'2016-01-08 09:12:13 +0000 UTC'}},{'file':'','search':"
        "{'paths':['/e'],'options':{}},'fileinfo':{'size':0,'mode':'','lastmodified':''}}]},"
        "'statistics':{'filescount':2,'openfailed':1,'totalhits':2,'exectime':'1.5ms'},"
        "'errors':['ERROR: open /x: permission denied']}";
    static const char found[] =
        "/e/a\\x0ab [lastmodified:2016-01-08 09:12:13 +0000 UTC, mode:-rw-r--r--, size:12, "
        "sha256:abcd] in search 's1'\n"
        "/e/b [lastmodified:2016-01-08 09:12:13 +0000 UTC, mode:-rw-------, size:3] in search 's2' "
        "on checks size='<5'\n";
    char all[1024];

    (void)state;
    snprintf(all, sizeof(all),
             "%s0 match found in search 's2'\nERROR: open /x: permission denied\n"
             "Statistics: 2 files checked, 1 failed to open, 2 matched, ran in 1.5ms.\n",
             found);
    assert_int_equal(mig_mock_print(mock, plugin, tree_json(result), 0), 0);
    assert_string_equal(mig_mock_output(mock), all);
    assert_int_equal(mig_mock_print(mock, plugin, tree_json(result), MIG_PRINT_FOUND_ONLY), 0);
    assert_string_equal(mig_mock_output(mock), found);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        FINDER_TEST(test_result_to_the_byte),
        FINDER_TEST(test_nothing_found),
        FINDER_TEST(test_match_any),
        FINDER_TEST(test_labels_are_sorted),
        FINDER_TEST(test_filters),
        FINDER_TEST(test_hashes),
        FINDER_TEST(test_content_truth_table),
        FINDER_TEST(test_long_lines_and_binaries),
        FINDER_TEST(test_gzip),
        FINDER_TEST(test_scope_and_depth),
        FINDER_TEST(test_limits_are_per_search),
        FINDER_TEST(test_links_pipes_and_what_is_missing),
        FINDER_TEST(test_max_errors),
        FINDER_TEST(test_unreadable),
        FINDER_TEST(test_vanished_file),
        FINDER_TEST(test_deep_tree),
        FINDER_TEST(test_names_that_are_not_utf8),
        FINDER_TEST(test_cut_short),
        FINDER_TEST(test_pseudo_file_systems),
        FINDER_TEST(test_refusals),
        FINDER_TEST(test_hostile_pattern),
        FINDER_TEST(test_more_filters),
        FINDER_TEST(test_many_checks),
        FINDER_TEST(test_print),
    };

    if (!finder_load())
        return 0;
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
