/* SPDX-License-Identifier: MPL-2.0 */
/* The zoo: for each clause of the contract a plugin that breaks it, and what the host then says.
 * tests/plugin-zoo/README.md has the list. */
#include "config.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
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

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/file.h"
#include "plugin/landlock.h"
#include "plugin/load.h"
#include "plugin/memory.h"
#include "trust/whitelist.h"
#include "zoo_host.h"

#if defined(MIG_SANITIZERS) && !defined(__clang__) /* gcc's mark each variable by a symbol */
#define OTHER_SYMBOL "__odr_asan.mig_plugin"
#else
#define OTHER_SYMBOL "zoo_helper"
#endif

/* ---- the file ---- */

static void
refuses_names(void **state)
{
    static const char rule[] = "a plugin's name is a lower-case letter and up to 30 lower-case "
                               "letters, digits or '_'";
    static const char *const names[] = {"",   "Good",    "GOOD",  "../good", "a/b",
                                        "..", "good.so", "1good", "go od",   "good\n"};
    char reason[8192];
    (void)state;
    for (size_t i = 0; i < MIG_COUNT(names); i++) {
        snprintf(reason, sizeof(reason), "plugin %s refused: %s", names[i], rule);
        if (strchr(reason, '\n') != NULL)
            *strchr(reason, '\n') = '?';
        refuses(names[i], reason);
    }
    char longest[4000];
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    snprintf(reason, sizeof(reason), "plugin %.64s refused: %s", longest, rule);
    refuses(longest, reason);
    /* A note holds 31. */
    longest[32] = '\0';
    snprintf(reason, sizeof(reason), "plugin %s refused: %s", longest, rule);
    refuses(longest, reason);
    longest[31] = '\0';
    snprintf(reason, sizeof(reason), "plugin %s refused: %s does not exist", longest,
             in_folder(longest));
    refuses(longest, reason);
}

static void
refuses_files(void **state)
{
    char reason[1024];
    (void)state;
    snprintf(reason, sizeof(reason), "plugin missing refused: %s does not exist",
             in_folder("missing"));
    refuses("missing", reason);

    assert_int_equal(symlink(in_folder("good"), in_folder("link")), 0);
    snprintf(reason, sizeof(reason),
             "plugin link refused: %s is a symbolic link, a regular file is expected",
             in_folder("link"));
    refuses("link", reason);

    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    snprintf(reason, sizeof(reason), "plugin pipe refused: %s is not a regular file",
             in_folder("pipe"));
    refuses("pipe", reason);

    assert_int_equal(mkdir(in_folder("folder"), 0700), 0);
    snprintf(reason, sizeof(reason), "plugin folder refused: %s is not a regular file",
             in_folder("folder"));
    refuses("folder", reason);

    put("empty", "", 0, 0644);
    snprintf(reason, sizeof(reason), "plugin empty refused: %s is empty", in_folder("empty"));
    refuses("empty", reason);

    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "good", "{}");
    spec.plugin_dir = "plugins";
    expect(&spec, MIG_WORKER_REFUSED,
           "plugin good refused: the plugin folder 'plugins' is not an absolute path", "");
}

static void
refuses_writable_files(void **state)
{
    char reason[1024];
    (void)state;
    assert_int_equal(chmod(in_folder("good"), 0646), 0);
    snprintf(reason, sizeof(reason),
             "plugin good refused: %s has mode 0646: others than its owner may write it (chmod "
             "go-w)",
             in_folder("good"));
    refuses("good", reason);
    assert_int_equal(chmod(in_folder("good"), 0664), 0);
    snprintf(reason, sizeof(reason),
             "plugin good refused: %s has mode 0664: others than its owner may write it (chmod "
             "go-w)",
             in_folder("good"));
    refuses("good", reason);
    assert_int_equal(chmod(in_folder("good"), 0644), 0);
}

static void
refuses_foreign_files(void **state)
{
    char reason[1024];
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(in_folder("good"), 12345, 0), 0);
    snprintf(reason, sizeof(reason),
             "plugin good refused: %s belongs to user 12345, root or user 0 is expected",
             in_folder("good"));
    refuses("good", reason);
    assert_int_equal(chown(in_folder("good"), 0, 0), 0);
}

static void
refuses_changed_bytes(void **state)
{
    struct mig_buf bytes = MIG_BUF_INIT;
    char expected[65], found[65], reason[1024];
    (void)state;
    get("good", &bytes);
    digest_of(bytes.data, bytes.len, expected);
    char *at = memmem(bytes.data, bytes.len, "one of the zoo", 14);
    assert_non_null(at);
    *at ^= 1;
    digest_of(bytes.data, bytes.len, found);
    put("good", bytes.data, bytes.len, 0644);
    snprintf(reason, sizeof(reason),
             "plugin good refused: digest %s of %s is not in this program's whitelist, which "
             "expects %s (version 1.0.0)",
             found, in_folder("good"), expected);
    refuses("good", reason);
    install("good");
    mig_buf_fini(&bytes);
}

static void
refuses_strangers(void **state)
{
    struct mig_buf bytes = MIG_BUF_INIT;
    char found[65], reason[1024];
    (void)state;
    get("stranger", &bytes);
    digest_of(bytes.data, bytes.len, found);
    snprintf(reason, sizeof(reason),
             "plugin stranger refused: digest %s of %s is not in this program's whitelist, which "
             "has no plugin of this name",
             found, in_folder("stranger"));
    refuses("stranger", reason);
    mig_buf_fini(&bytes);

    /* One that may be loaded, under another's name. */
    get("hooks", &bytes);
    put("good", bytes.data, bytes.len, 0644);
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "good", "{}");
    struct mig_worker *worker = call(&spec, MIG_WORKER_REFUSED, NULL, "");
    assert_non_null(
        strstr(mig_worker_outcome(worker)->reason, "is not in this program's whitelist"));
    mig_worker_free(worker);
    install("good");
    mig_buf_fini(&bytes);
}

static void
takes_stripped_files(void **state)
{
    struct stat before, after;
    (void)state;
    assert_int_equal(stat(in_folder("good"), &before), 0);
    char *argv[] = {(char *)(uintptr_t) "strip", (char *)(uintptr_t) "-s",
                    (char *)(uintptr_t)in_folder("good"), NULL};
    pid_t child = fork();
    if (child == 0) {
        execvp("strip", argv);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WEXITSTATUS(status) == 127)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(stat(in_folder("good"), &after), 0);
    assert_true(after.st_size < before.st_size);
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "good", "{}");
    expect(&spec, MIG_WORKER_SUCCESS, "", NULL);
    install("good");
}

static void
refuses_identities(void **state)
{
    char reason[1024];
    (void)state;
    refuses("badmagic", "plugin badmagic refused: its descriptor has the magic 0x12345678, "
                        "0x4d494750 is expected");
    refuses("nextmajor", "plugin nextmajor refused: its note says ABI 2.0, this program takes 1.0 "
                         "to 1.2");
    refuses("nextminor", "plugin nextminor refused: its note says ABI 1.3, this program takes 1.0 "
                         "to 1.2");
    refuses("nosymbol", "plugin nosymbol refused: it exports no object 'mig_plugin'");
    snprintf(reason, sizeof(reason),
             "plugin relabelled refused: the note in %s says version 1.0.0, ABI 1.2; the whitelist "
             "says 9.9.9, ABI 1.2",
             in_folder("relabelled"));
    refuses("relabelled", reason);
    refuses("disagree", "plugin disagree refused: its descriptor says disagree 1.0.0 ABI 1.2, its "
                        "note disagree 2.0.0 ABI 1.2");
    refuses("alias", "plugin alias refused: its descriptor says other 1.0.0 ABI 1.2, its note "
                     "alias 1.0.0 ABI 1.2");
    snprintf(reason, sizeof(reason),
             "plugin short_one refused: its descriptor has 64 bytes, at least %zu are expected",
             offsetof(struct mig_plugin, persist));
    refuses("short_one", reason);
    refuses("norun", "plugin norun refused: its descriptor has no run function");
    refuses("badfield", "plugin badfield refused: field path 'a..b' is malformed at '..b'");
    refuses("nonote", "plugin nonote refused: 0 plugin notes, expected 1: a plugin states its "
                      "identity with MIG_PLUGIN_NOTE(name, version), once");
    refuses("twonotes", "plugin twonotes refused: 2 plugin notes, expected 1: a plugin states its "
                        "identity with MIG_PLUGIN_NOTE(name, version), once");
    refuses("badnote", "plugin badnote refused: plugin note has magic 0x12345678, expected "
                       "0x4d494750");
    refuses("twosymbols",
            "plugin twosymbols refused: it exports '" OTHER_SYMBOL "' beside 'mig_plugin': "
            "a plugin exports its descriptor alone (link it with a version script)");
}

/* One name, two plugins: a file does not get another's by saying so, nor that of a plugin which is
 * linked in. */
static void
keeps_names_apart(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "inside", "{}");
    struct mig_buf bytes = MIG_BUF_INIT;
    char reason[1024];
    (void)state;
    snprintf(reason, sizeof(reason),
             "plugin clash refused: the note in %s names it 'good', 'clash' is expected",
             in_folder("clash"));
    refuses("clash", reason);
    get("stranger", &bytes);
    put("inside", bytes.data, bytes.len, 0644);
    expect(&spec, MIG_WORKER_SUCCESS, "",
           "{\"foundanything\":false,\"success\":true,\"elements\":{\"inside\":true},"
           "\"statistics\":{},\"errors\":null}");
    unlink(in_folder("inside"));
    mig_buf_fini(&bytes);
}

/* ---- the bytes ---- */

static void
refuses_bytes(const void *bytes, size_t len, const char *why)
{
    char reason[1024];
    put("good", bytes, len, 0644);
    snprintf(reason, sizeof(reason), "plugin good refused: %s", why);
    refuses("good", reason);
}

static void
refuses_other_machines(void **state)
{
    struct mig_buf bytes = MIG_BUF_INIT;
    char why[256];
    (void)state;
    get("good", &bytes);
    ElfW(Ehdr) *head = (ElfW(Ehdr) *)(void *)bytes.data;
    ElfW(Ehdr) right = *head;

    head->e_machine = EM_68K;
    snprintf(why, sizeof(why), "ELF machine %d, expected %d: build the plugin for this machine",
             EM_68K, right.e_machine);
    refuses_bytes(bytes.data, bytes.len, why);

    *head = right;
    head->e_ident[EI_CLASS] = (unsigned char)(ELFCLASS32 + ELFCLASS64 - right.e_ident[EI_CLASS]);
    snprintf(
        why, sizeof(why),
        "ELF class %u and byte order %u, expected %u and %u: build the plugin for this machine",
        head->e_ident[EI_CLASS], right.e_ident[EI_DATA], right.e_ident[EI_CLASS],
        right.e_ident[EI_DATA]);
    refuses_bytes(bytes.data, bytes.len, why);

    *head = right;
    head->e_type = ET_EXEC;
    refuses_bytes(bytes.data, bytes.len, "ELF type 2, expected 3 (a shared object)");
    refuses_bytes("#!/bin/sh\n: this is a script, and long enough to be looked at as an ELF file\n",
                  75, "not an ELF file: a plugin is a shared object built for this machine");
    install("good");
    mig_buf_fini(&bytes);
}

/* Where the bytes of a segment end in the file. */
static size_t
segment_end(const struct mig_buf *file, size_t index)
{
    ElfW(Ehdr) head;
    ElfW(Phdr) segment;
    size_t at;

    assert_true(file->len >= sizeof(head));
    memcpy(&head, file->data, sizeof(head));
    at = head.e_phoff + index * sizeof(segment);
    assert_true(index < head.e_phnum && at <= file->len - sizeof(segment));
    memcpy(&segment, file->data + at, sizeof(segment));
    return segment.p_offset + segment.p_filesz;
}

static void
refuses_cut_files(void **state)
{
    struct mig_buf bytes = MIG_BUF_INIT;
    (void)state;
    get("good", &bytes);
    size_t end = segment_end(&bytes, 1);
    assert_true(end > 100 && end <= bytes.len);
    refuses_bytes(bytes.data, 20,
                  "20 bytes are too short for an ELF file: a plugin is a shared object built for "
                  "this machine");
    refuses_bytes(bytes.data, 100, "program headers at offset 64 are not inside the file");
    refuses_bytes(bytes.data, end - 1,
                  "segment 1 is not inside the file: it is cut short, copy it again");
    install("good");
    mig_buf_fini(&bytes);
}

/* In a process of its own, as what is loaded stays. Exits with the step that went wrong. */
static _Noreturn void
load_after_replacement(const struct mig_buf *stranger)
{
    struct mig_load load;
    struct mig_plugin plugin;
    struct mig_err err = {0};
    if (mig_load_check(folder, "good", &mig_whitelist, &load, &err) != 0)
        _exit(1);
    if (unlink(in_folder("good")) != 0)
        _exit(2);
    put("good", stranger->data, stranger->len, 0644);
    /* The copy is not the file, and nobody can write to it any more. */
    if (pwrite(load.fd, "x", 1, 0) >= 0 || errno != EPERM || ftruncate(load.fd, 1) == 0)
        _exit(3);
    if (mig_load_open(&load, &plugin, &err) != 0)
        _exit(4);
    _exit(strcmp(plugin.name, "good") == 0 ? 0 : 5);
}

static void
loads_what_it_checked(void **state)
{
    struct mig_buf stranger = MIG_BUF_INIT;
    int status = 0;
    (void)state;
    get("stranger", &stranger);
    pid_t child = fork();
    if (child == 0)
        load_after_replacement(&stranger);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    /* The next one is told. */
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "good", "{}");
    struct mig_worker *worker = call(&spec, MIG_WORKER_REFUSED, NULL, "");
    assert_non_null(
        strstr(mig_worker_outcome(worker)->reason, "is not in this program's whitelist"));
    mig_worker_free(worker);
    install("good");
    mig_buf_fini(&stranger);
}

/* ---- what is done before anybody has called it ---- */

static void
fails_early(const char *plugin, enum mig_worker_status status, const char *reason, bool crashed)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, plugin, "{}");
    spec.timeout_ms = status == MIG_WORKER_TIMEOUT ? 500 : 60000;
    struct mig_worker *worker = call(&spec, status, reason, "");
    assert_int_equal(mig_worker_outcome(worker)->crashed, crashed);
    mig_worker_free(worker);
}

static void
survives_constructors(void **state)
{
    (void)state;
    fails_early("early_crash", MIG_WORKER_FAILED,
                "plugin early_crash crashed: killed by signal 6 (Aborted)", true);
    fails_early("early_exit", MIG_WORKER_FAILED,
                "plugin early_exit crashed: its process ended with status 4 and no answer", true);
    fails_early("early_loop", MIG_WORKER_TIMEOUT,
                "timeout: plugin early_loop was killed at its limit of 500 ms", false);
}

/* ---- what takes a need ---- */

#define KEPT "as it was\n"

static void
put_victim(void)
{
    int fd = open(ZOO_VICTIM, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(mig_fd_write_all(fd, KEPT, strlen(KEPT)), 0);
    close(fd);
}

static void
victim_is_kept(void)
{
    struct mig_buf bytes = MIG_BUF_INIT;
    assert_int_equal(mig_file_read(ZOO_VICTIM, 4096, &bytes, NULL), 0);
    assert_string_equal(bytes.data, KEPT);
    assert_int_equal(access(ZOO_VICTIM ".new", F_OK), -1);
    mig_buf_fini(&bytes);
}

static void
trespasses(const char *how, int code)
{
    char parameters[128], reason[256] = "";
    snprintf(parameters, sizeof(parameters), "{\"how\":\"%s\"}", how);
    if (code != 0)
        snprintf(reason, sizeof(reason), "plugin trespass failed to run: %s", strerror(code));
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "trespass", parameters);
    struct mig_worker *worker =
        call(&spec, code != 0 ? MIG_WORKER_FAILED : MIG_WORKER_SUCCESS, NULL, NULL);
    if (strcmp(mig_worker_outcome(worker)->reason, reason) != 0)
        fail_msg("%s: '%s', expected '%s'", how, mig_worker_outcome(worker)->reason, reason);
    assert_false(mig_worker_outcome(worker)->crashed);
    mig_worker_free(worker);
}

static void
keeps_out_trespassers(void **state)
{
    static const char *const denied[] = {
#ifndef MIG_SANITIZERS /* whose own runtime forks */
        "fork",
#endif
        "exec",          "socket", "write a file",    "make a file",
        "remove a file", "ptrace", "read its parent",
    };
    (void)state;
    put_victim();
    for (size_t i = 0; i < MIG_COUNT(denied); i++)
        trespasses(denied[i], EPERM);
    trespasses("open its parent", EPERM);
    trespasses("read a file", mig_landlock_abi() > 0 ? EACCES : 0);
    victim_is_kept();
    unlink(ZOO_VICTIM);
}

/* ---- what takes too much ---- */

static void
stops_gluttons(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "glutton", "{}");
    (void)state;
#ifdef MIG_SANITIZERS
    skip(); /* no RLIMIT_AS beside shadow memory */
#endif
    spec.memory_max = (size_t)256 << 20;
    expect(&spec, MIG_WORKER_FAILED,
           "plugin glutton failed to run: Cannot allocate memory (the site's limit limits.memory "
           "is 268435456 bytes)",
           "{\"foundanything\":false,\"success\":false,\"elements\":{\"begun\":true},"
           "\"statistics\":{},\"errors\":[\"plugin glutton failed to run: Cannot allocate memory "
           "(the site's limit limits.memory is 268435456 bytes)\"]}");
    spec.input = "{\"blind\":true}";
    spec.input_len = strlen(spec.input);
    struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, NULL, NULL);
    assert_int_equal(strncmp(mig_worker_outcome(worker)->reason,
                             "plugin glutton crashed: signal 11 (Segmentation fault)", 54),
                     0);
    assert_true(mig_worker_outcome(worker)->crashed);
    mig_worker_free(worker);
}

/* ---- what is told that was not declared ---- */

static void
drops_undeclared_fields(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "good", "{}");
    (void)state;
    struct mig_worker *worker = call(&spec, MIG_WORKER_SUCCESS, "", NULL);
    const char *output = mig_worker_outcome(worker)->output;
    assert_non_null(strstr(output, "1 undeclared field was dropped (first: items[].contents)"));
    assert_null(strstr(output, "not declared"));
    mig_worker_free(worker);
}

/* ---- ABI 1.0 ---- */

/* The results are what they were when it was built. */
static void
runs_abi_1_0(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "frozen", "{\"bool\":true}");
    (void)state;
    expect(&spec, MIG_WORKER_SUCCESS, "",
           "{\"foundanything\":true,\"success\":true,\"elements\":{\"asked\":{\"bool\":true},"
           "\"secret\":\"no\",\"host\":true,\"items\":[{\"name\":\"abcd\",\"size\":null}]},"
           "\"statistics\":{\"count\":1},\"errors\":[\"soft\",\"1 undeclared field was dropped "
           "(first: items[].inode)\",\"1 text was cut to its greatest length (first: "
           "items[].name)\"]}");
    spec.input = "{\"deep\":{\"text\":\"wrong\"}}";
    spec.input_len = strlen(spec.input);
    expect(&spec, MIG_WORKER_FAILED, "frozen does not take 'wrong'", NULL);
}

static void
serves_abi_1_0(void **state)
{
    static const char arguments[] = "-text\0ab\0-number=3\0-hex\0ff\0-fixed";
    struct mig_worker_spec spec = spec_of(MIG_WORKER_PARSE, "frozen", arguments);
    (void)state;
    spec.input_len = sizeof(arguments);
    expect(&spec, MIG_WORKER_SUCCESS, "",
           "{\"parsed\":true,\"bool\":false,\"deep\":{\"text\":\"ab\"},\"numbers\":[3],"
           "\"hex\":\"ff\",\"fixed\":7}");
    spec = spec_of(MIG_WORKER_PRINT, "frozen", "{\"elements\":{}}");
    spec.print_flags = MIG_PRINT_FOUND_ONLY;
    expect(&spec, MIG_WORKER_SUCCESS, "", "15 bytes, found only\n");
    spec = spec_of(MIG_WORKER_PERSIST, "frozen", "{}");
    expect(&spec, MIG_WORKER_REFUSED, "plugin frozen is not persistent", "");
    spec = spec_of(MIG_WORKER_DESCRIBE, "frozen", NULL);
    struct mig_worker *worker = call(&spec, MIG_WORKER_SUCCESS, "", NULL);
    assert_non_null(strstr(mig_worker_outcome(worker)->output, "\"abi\":\"1.0\""));
    mig_worker_free(worker);
}

int
main(int argc, char **argv)
{
    mig_worker_watch_memory = mig_memory_watch;
    mig_worker_role(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_names),          cmocka_unit_test(refuses_files),
        cmocka_unit_test(refuses_writable_files), cmocka_unit_test(refuses_foreign_files),
        cmocka_unit_test(refuses_changed_bytes),  cmocka_unit_test(refuses_strangers),
        cmocka_unit_test(takes_stripped_files),   cmocka_unit_test(refuses_identities),
        cmocka_unit_test(keeps_names_apart),      cmocka_unit_test(refuses_other_machines),
        cmocka_unit_test(refuses_cut_files),      cmocka_unit_test(loads_what_it_checked),
        cmocka_unit_test(survives_constructors),  cmocka_unit_test(keeps_out_trespassers),
        cmocka_unit_test(stops_gluttons),         cmocka_unit_test(drops_undeclared_fields),
        cmocka_unit_test(runs_abi_1_0),           cmocka_unit_test(serves_abi_1_0),
    };
    return cmocka_run_group_tests_name("zoo", tests, group_start, group_stop);
}
