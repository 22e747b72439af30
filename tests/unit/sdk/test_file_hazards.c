/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a search of a live machine meets: files that others write to, devices, file systems that are
 * none or do not answer, loops, names of any bytes, folders of many entries. All of it is real;
 * what takes root is skipped without. An alarm ends the program if something is waited for.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <mig/search.h>

#include "digest.h"
#include "finder.h"
#include "tree.h"

#define MIB ((size_t)1 << 20)
/* So much that it is read ahead by another thread, where there are cores for one. */
#define LARGE_MIBS 24

static void
assert_skipped(const char *counts)
{
    char text[512];

    snprintf(text, sizeof(text), "\"skipped\":{%s}", counts);
    assert_non_null(strstr(mig_mock_statistics(mock), tree_json(text)));
}

/* ---- files that change while they are read ---- */

/* One search by the engine's own interface, whose questions whether to go on are the moments to
 * change the file. */
struct changing {
    void (*change)(struct changing *changing);
    size_t mibs; /* of the file */
    int fd;
    unsigned int asked;
    unsigned int hits;
    off_t size; /* of the hit */
    uint8_t sha256[MIG_SEARCH_SHA256_SIZE];
    char errors[512];
    struct mig_search_skipped skipped;
};

static int
keep_hit(void *context, const struct mig_search_hit *hit)
{
    struct changing *c = context;

    c->hits++;
    c->size = hit->stat->st_size;
    assert_non_null(hit->sha256);
    memcpy(c->sha256, hit->sha256, sizeof(c->sha256));
    return 0;
}

static void
keep_error(void *context, const char *message)
{
    struct changing *c = context;
    size_t used = strlen(c->errors);

    snprintf(c->errors + used, sizeof(c->errors) - used, "%s\n", message);
}

static int
change_now(void *context)
{
    struct changing *c = context;

    c->asked++;
    c->change(c);
    /* So that a search without end is one that fails. */
    return c->asked > 1000;
}

static void
search_changing(struct changing *c)
{
    const struct mig_search_host host = {c, keep_hit, keep_error, change_now};
    struct json_object *search =
        json_tokener_parse(tree_json("{'paths':['@'],'contents':['!zzz'],'options':{'matchall':"
                                     "true,'returnsha256':true,'threads':1}}"));
    struct mig_search_set *set = mig_search_set_new();
    struct mig_search_statistics statistics = {0};
    char *zeros = calloc(c->mibs, MIB);
    char message[256];

    assert_non_null(zeros);
    tree_bytes("log", zeros, c->mibs * MIB);
    free(zeros);
    c->fd = open("log", O_RDWR | O_APPEND | O_CLOEXEC);
    assert_true(c->fd >= 0);
    assert_int_equal(mig_search_add_json(set, "s1", search, message, sizeof(message)), 0);
    assert_int_equal(mig_search_run(set, &host, &statistics), 0);
    assert_false(statistics.cut_short);
    c->skipped = mig_search_skipped(set, 0);
    mig_search_set_free(set);
    json_object_put(search);
}

/* Faster than it is read. */
static void
grow(struct changing *c)
{
    static const char more[2u * MIB] = {1};

    assert_int_equal(write(c->fd, more, sizeof(more)), sizeof(more));
}

static void
sha256_of(int fd, off_t size, uint8_t ret_digest[MIG_DIGEST_SIZE_MAX])
{
    struct mig_digests *digests = mig_digests_new();
    char *bytes = malloc((size_t)size);

    assert_non_null(bytes);
    assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
    assert_int_equal(mig_digests_start(digests, 1u << MIG_DIGEST_SHA256), 0);
    assert_int_equal(mig_digests_update(digests, bytes, (size_t)size), 0);
    assert_int_equal(mig_digests_finish(digests, MIG_DIGEST_SHA256, ret_digest), 0);
    mig_digests_free(digests);
    free(bytes);
}

static void
check_growing(size_t mibs)
{
    struct changing c = {.change = grow, .mibs = mibs};
    uint8_t digest[MIG_DIGEST_SIZE_MAX];
    struct stat st;

    search_changing(&c);
    assert_string_equal(c.errors, "");
    assert_int_equal(c.hits, 1);
    assert_int_equal(fstat(c.fd, &st), 0);
    /* It grew while it was read; what is told is of one and the same text. */
    assert_true(st.st_size > c.size && c.size >= (off_t)(mibs * MIB));
    sha256_of(c.fd, c.size, digest);
    assert_memory_equal(c.sha256, digest, sizeof(c.sha256));
    close(c.fd);
}

static void
test_file_that_grows(void **state)
{
    (void)state;
    check_growing(8);
    check_growing(LARGE_MIBS);
}

static void
shrink(struct changing *c)
{
    if (c->asked == 3)
        assert_int_equal(ftruncate(c->fd, MIB), 0);
}

static void
check_shrinking(size_t mibs)
{
    struct changing c = {.change = shrink, .mibs = mibs};

    search_changing(&c);
    assert_int_equal(c.hits, 0);
    assert_string_equal(c.errors,
                        tree_json("evaluateFile() -> @/log: became smaller while it was read\n"));
    assert_int_equal(c.skipped.failed, 1);
    close(c.fd);
}

static void
test_file_that_shrinks(void **state)
{
    (void)state;
    check_shrinking(8);
    check_shrinking(LARGE_MIBS);
}

/* What reads ahead is stopped with much left to read, and begins with the next file. */
static void
test_large_files_that_are_not_read_on(void **state)
{
    char *text = malloc(LARGE_MIBS * MIB);
    int i;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', LARGE_MIBS * MIB);
    memcpy(text, "first\n", 6);
    for (i = 0; i < 4; i++)
        tree_bytes((const char *[]){"a", "b", "c", "d"}[i], text, LARGE_MIBS * MIB);
    memcpy(text + LARGE_MIBS * MIB - 5, "last\n", 5);
    tree_bytes("e", text, LARGE_MIBS * MIB);
    free(text);
    run("{'searches':{'s1':{'paths':['@'],'contents':['^first$'],'options':{'matchall':true,"
        "'threads':1}},'s2':{'paths':['@'],'names':['[cde]'],'contents':['last$'],'options':"
        "{'matchall':true,'threads':1}}}}");
    assert_string_equal(files_of("s1"), "a b c d e");
    assert_string_equal(files_of("s2"), "e");
}

static void
vanish(struct changing *c)
{
    if (c->asked == 3)
        assert_int_equal(unlink("log"), 0);
}

static void
test_file_that_vanishes(void **state)
{
    struct changing c = {.change = vanish, .mibs = 8};

    (void)state;
    search_changing(&c);
    assert_int_equal(access("log", F_OK), -1);
    assert_string_equal(c.errors, "");
    assert_int_equal(c.hits, 1);
    assert_int_equal(c.size, (off_t)8 * MIB);
    close(c.fd);
}

/* ---- files without a size, and with too much of it ---- */

static void
test_files_of_the_kernel(void **state)
{
    (void)state;
    run("{'searches':{'s1':{'paths':['/proc/version','/proc/self/status'],'contents':['^Linux|"
        "^Pid:'],'options':{'matchall':true}}}}");
    assert_string_equal(files_of("s1"), "status version");
    if (access("/proc/self/pagemap", R_OK) != 0)
        return;
    /* Half a terabyte. */
    run("{'searches':{'s1':{'paths':['/proc/self/pagemap'],'contents':['!zzz'],"
        "'options':{'matchall':true}}}}");
    assert_string_equal(files_of("s1"), "-");
    assert_string_equal(mig_mock_errors(mock),
                        "[\"evaluateFile() -> /proc/self/pagemap: is a file of the kernel with "
                        "more than 64 MiB\"]");
    assert_skipped("'s1':{'failed':1}");
}

static void
test_sparse_file(void **state)
{
    int fd = open("sparse", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

    (void)state;
    assert_true(fd >= 0);
    if (ftruncate(fd, (off_t)1 << 40) != 0) {
        close(fd);
        skip();
    }
    close(fd);
    assert_string_equal(find("'names':['sparse'],'sizes':['1t']", ""), "sparse");
    assert_string_equal(find("'contents':['x']", "'maxsize':'1g'"), "-");
    assert_skipped("'s1':{'size':1}");
    /* Someone who asks for it waits no longer than the worker's budget. */
    mig_mock_cancel_at(mock, 100);
    assert_string_equal(find("'contents':['x']", ""), "-");
    assert_string_equal(mig_mock_errors(mock),
                        "[\"the search was cut short: it was cancelled or out of time\"]");
}

/* ---- what must not be opened ---- */

static void
make_socket(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
}

static void
test_pipes_sockets_and_devices(void **state)
{
    (void)state;
    tree_text("dev/plain", "hello");
    tree_fifo("dev/pipe");
    make_socket("dev/socket");
    tree_link("dev/zeros", "/dev/zero");
    assert_string_equal(find("'contents':['!x']", "'returnsha256':true"), "plain");
    assert_string_equal(mig_mock_errors(mock), "[]");
    assert_skipped("'s1':{'type':3}");
    run("{'searches':{'s1':{'paths':['@/dev/pipe','@/dev/socket','@/dev/zeros','/dev/zero'],"
        "'contents':['!x'],'options':{'matchall':true}}}}");
    assert_string_equal(files_of("s1"), "-");
    assert_string_equal(
        mig_mock_errors(mock),
        tree_json("['warning: /dev/zero is no file or directory and was not opened',"
                  "'warning: @/dev/pipe is no file or directory and was not opened',"
                  "'warning: @/dev/socket is no file or directory and was not opened',"
                  "'warning: @/dev/zeros is a link to /dev/zero and was not followed']"));
    assert_skipped("'s1':{'type':4}");
}

static void
test_device_nodes(void **state)
{
    (void)state;
    if (geteuid() != 0 || mknod("zero", S_IFCHR | 0666, makedev(1, 5)) != 0 ||
        mknod("disk", S_IFBLK | 0600, makedev(7, 0)) != 0)
        skip();
    tree_text("plain", "hello");
    assert_string_equal(find("'contents':['!x'],'md5':['5d41402abc4b2a76b9719d911017c592']", ""),
                        "plain");
    assert_string_equal(mig_mock_errors(mock), "[]");
    assert_skipped("'s1':{'type':2}");
}

/* ---- links and mounts ---- */

static void
test_loops_of_links(void **state)
{
    (void)state;
    tree_text("dir/file", "");
    tree_link("a", "b");
    tree_link("b", "a");
    tree_link("dir/up", "..");
    tree_link("dir/self", "self");
    assert_string_equal(find("'names':['.']", ""), "file");
    assert_skipped("'s1':{'type':4}");
    assert_non_null(strstr(
        mig_mock_errors(mock),
        tree_json("'ERROR: followSymLink() -> lstat @/a: too many levels of symbolic links'")));
}

#define NOT_ALLOWED 77

/* Runs `fn` in a child with a table of mounts of its own; false when that is not to be had. */
static bool
with_own_mounts(void (*fn)(void))
{
    int status = -1;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
            _exit(NOT_ALLOWED);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_ALLOWED)
        return false;
    assert_int_equal(WEXITSTATUS(status), 0);
    return true;
}

static void
must_mount(const char *what, const char *where, const char *type, unsigned long flags)
{
    if (mount(what, where, type, flags, NULL) != 0)
        _exit(NOT_ALLOWED);
}

static void
quiet_run(const char *format)
{
    if (mig_mock_run(mock, plugin, tree_json(format)) != 0)
        _exit(1);
}

static void
search_loops(void)
{
    must_mount("tmpfs", "memory", "tmpfs", 0);
    expect(close(open("memory/inside", O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) == 0, "inside");
    /* The tree in itself, and its parts in each other. */
    must_mount(".", "loop", NULL, MS_BIND | MS_REC);
    must_mount("one", "two/one", NULL, MS_BIND);
    must_mount("two", "one/two", NULL, MS_BIND | MS_REC);
    quiet_run("{'searches':{'s1':{'paths':['@'],'names':['^inside$','^file$'],'options':{}}}}");
    expect(
        strstr(mig_mock_errors(mock),
               tree_json("'ERROR: @/loop is a folder above itself and was not entered again'")) !=
            NULL,
        "the tree in itself");
    expect(strstr(mig_mock_errors(mock), "/one/two/one is a folder above itself") != NULL,
           "folders in each other");
    /* one/file, two/one/file, and memory/inside: no more often than there are ways. */
    expect(strcmp(files_of("s1"), "file file inside") == 0, "each way once");
}

static void
test_loops_of_mounts(void **state)
{
    (void)state;
    tree_text("one/file", "");
    tree_folder("one/two");
    tree_folder("two/one");
    tree_folder("loop");
    tree_folder("memory");
    if (!with_own_mounts(search_loops))
        skip();
}

static void
search_pseudo(void)
{
    must_mount("proc", "kernel", "proc", 0);
    quiet_run("{'searches':{"
              "'above':{'paths':['@'],'names':['^(version|file)$'],'options':{'matchall':true}},"
              "'named':{'paths':['@/kernel'],'names':['^version$'],"
              "'options':{'matchall':true,'maxdepth':1}}}}");
    expect(strcmp(files_of("above"), "file") == 0, "not entered");
    expect(strcmp(files_of("named"), "version") == 0, "entered when it is named");
    expect(strstr(mig_mock_statistics(mock), "\"above\":{\"filesystem\":1}") != NULL, "counted");
    expect(strcmp(mig_mock_errors(mock), "[]") == 0, "without a word");
}

static void
test_pseudo_file_system(void **state)
{
    (void)state;
    tree_text("file", "");
    tree_folder("kernel");
    if (!with_own_mounts(search_pseudo))
        skip();
}

/* Whoever enters it waits until this process ends, which is the server and does not answer. */
static void
search_dead_server(void)
{
    char options[128];
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

    snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
    if (fd < 0 || mount("host:/", "remote", "fuse.sshfs", 0, options) != 0)
        _exit(NOT_ALLOWED);
    quiet_run("{'searches':{'s1':{'paths':['@'],'contents':['!x'],'options':{'matchall':true}}}}");
    expect(strcmp(files_of("s1"), "file") == 0, "what is on this machine");
    expect(strcmp(mig_mock_errors(mock),
                  tree_json("['warning: @/remote is on a network file system (fuse) and was not "
                            "entered']")) == 0,
           "the warning");
    /* The folder, and the link into it. */
    expect(strstr(mig_mock_statistics(mock), "\"s1\":{\"filesystem\":2}") != NULL, "counted");
}

static void
test_server_that_does_not_answer(void **state)
{
    (void)state;
    tree_text("file", "");
    tree_folder("remote");
    tree_link("link", "remote/file");
    if (!with_own_mounts(search_dead_server))
        skip();
}

/* ---- names and numbers ---- */

/* The longest names there are, of bytes that are no text, in a path of several times PATH_MAX. */
static void
test_longest_names(void **state)
{
    static const char quoted[] = "\\\\xfe";
    char root[4096];
    char name[256];
    const char *shown;
    size_t count = 0;
    int i;

    (void)state;
    memset(name, 0xfe, 255);
    name[255] = '\0';
    assert_non_null(getcwd(root, sizeof(root)));
    for (i = 0; i < 40; i++) {
        assert_int_equal(mkdir(name, 0755), 0);
        assert_int_equal(chdir(name), 0);
    }
    tree_text(name, "bottom");
    assert_int_equal(chdir(root), 0);
    run("{'searches':{'s1':{'paths':['@'],'contents':['bottom'],'options':{'matchall':true}}}}");
    assert_string_equal(mig_mock_errors(mock), "[]");
    assert_non_null(strstr(mig_mock_elements(mock), tree_json("'file':'$\\'@/")) != NULL
                        ? mig_mock_elements(mock)
                        : strstr(mig_mock_elements(mock), "\"file\":\"$'/tmp/"));
    for (shown = mig_mock_elements(mock); (shown = strstr(shown, quoted)) != NULL;
         shown += strlen(quoted))
        count++;
    assert_int_equal(count, 41 * 255);
}

/* A root may have any name too; what is reported tells apart what is different. */
static void
test_names_that_look_alike(void **state)
{
    (void)state;
    tree_text("a\xff", "");
    tree_text("a\\xff", "");
    tree_text("$'a\\xff'", "");
    tree_text("n\nl", "");
    run("{'searches':{'s1':{'paths':['@'],'names':['.'],'options':{'matchall':true}}}}");
    assert_non_null(strstr(mig_mock_elements(mock), "/a\\\\xff'\""));
    assert_non_null(strstr(mig_mock_elements(mock), tree_json("'file':'@/a\\\\xff'")));
    assert_non_null(strstr(mig_mock_elements(mock), "/$'a\\\\xff'\""));
    assert_non_null(strstr(mig_mock_elements(mock), tree_json("'file':'@/n\\nl'")));
    assert_non_null(strstr(mig_mock_statistics(mock), "\"totalhits\":4"));
}

#define MANY 100000

static void
test_many_entries(void **state)
{
    char folder[] = "/dev/shm/mig-many-XXXXXX";
    char format[256];
    char name[32];
    int fd;
    int i;

    (void)state;
    if (mkdtemp(folder) == NULL)
        skip();
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "entry-%06d", i);
        assert_int_equal(mknodat(fd, name, S_IFREG | 0644, 0), 0);
    }
    snprintf(format, sizeof(format),
             "{'searches':{'s1':{'paths':['%s'],'names':['^entry-0(00000|99999)$'],"
             "'options':{'matchall':true}}}}",
             folder);
    run(format);
    for (i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "entry-%06d", i);
        unlinkat(fd, name, 0);
    }
    close(fd);
    assert_int_equal(rmdir(folder), 0);
    assert_string_equal(files_of("s1"), "entry-000000 entry-099999");
    assert_non_null(strstr(mig_mock_statistics(mock), "{\"filescount\":100000,"));
    assert_string_equal(mig_mock_errors(mock), "[]");
}

/* ---- what was not looked at ---- */

static void
search_all_reasons(void)
{
    quiet_run("{'searches':{"
              "'content':{'paths':['@'],'contents':['!x'],"
              "'options':{'matchall':true,'maxdepth':2,'maxsize':'4'}},"
              "'name':{'paths':['@'],'names':['.'],'options':{'matchall':true}},"
              "'other':{'paths':['@/deep/er'],'names':['.'],'options':{'matchall':true}}}}");
    expect(strstr(mig_mock_statistics(mock),
                  tree_json("'skipped':{"
                            "'content':{'permission':2,'type':1,'size':1,'vanished':1,'depth':1},"
                            "'name':{'permission':1,'type':1,'vanished':1},"
                            "'other':{}}")) != NULL,
           "why, by search");
    expect(strcmp(files_of("content"), "small") == 0, "what was looked at");
    expect(strcmp(files_of("name"), "file large secret small") == 0, "names");
    expect(strcmp(files_of("other"), "file") == 0, "elsewhere");
}

static void
test_reasons_by_search(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(".", 0755), 0);
    tree_text("small", "hi");
    tree_text("large", "hello");
    tree_text("secret", "hi");
    tree_text("shut/hidden", "");
    tree_text("deep/er/file", "");
    tree_fifo("pipe");
    tree_link("broken", "nowhere");
    assert_int_equal(chmod("secret", 0600), 0);
    assert_int_equal(chmod("shut", 0700), 0);
    assert_true(as_nobody(search_all_reasons));
}

/* ---- patterns ---- */

/* Each takes an engine that tries one way after the other longer than the machine will last. */
static void
test_hostile_patterns_on_hostile_text(void **state)
{
    static const struct {
        const char *pattern;
        const char *found;
    } cases[] = {
        {"^(a+)+$", "-"},         {"(x+x+)+y", "-"},           {"^(a|aa)+$", "-"},
        {"(a?){60}a{60}b$", "f"}, {"^(([a-z])+.)+[A-Z]", "-"}, {"(.*)(.*)(.*)(.*)(.*)c", "-"},
        {"(a|a|a|a)*c", "-"},     {"((a*)*)*b$", "f"},         {"^(a*)*b$", "f"},
    };
    char *text = malloc(MIB + 1);
    char checks[128];
    size_t i;

    (void)state;
    assert_non_null(text);
    memset(text, 'a', MIB);
    text[MIB - 1] = 'b';
    tree_bytes("f", text, MIB);
    free(text);
    for (i = 0; i < MIG_COUNT(cases); i++) {
        snprintf(checks, sizeof(checks), "'contents':['%s']", cases[i].pattern);
        assert_string_equal(find(checks, ""), cases[i].found);
        assert_string_equal(mig_mock_errors(mock), "[]");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        FINDER_TEST(test_file_that_grows),
        FINDER_TEST(test_file_that_shrinks),
        FINDER_TEST(test_large_files_that_are_not_read_on),
        FINDER_TEST(test_file_that_vanishes),
        FINDER_TEST(test_files_of_the_kernel),
        FINDER_TEST(test_sparse_file),
        FINDER_TEST(test_pipes_sockets_and_devices),
        FINDER_TEST(test_device_nodes),
        FINDER_TEST(test_loops_of_links),
        FINDER_TEST(test_loops_of_mounts),
        FINDER_TEST(test_pseudo_file_system),
        FINDER_TEST(test_server_that_does_not_answer),
        FINDER_TEST(test_longest_names),
        FINDER_TEST(test_names_that_look_alike),
        FINDER_TEST(test_many_entries),
        FINDER_TEST(test_reasons_by_search),
        FINDER_TEST(test_hostile_patterns_on_hostile_text),
    };

    alarm(300);
    if (!finder_load())
        return 0;
    return cmocka_run_group_tests_name("file hazards", tests, NULL, NULL);
}
