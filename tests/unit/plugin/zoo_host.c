/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "zoo_host.h"

#include <dirent.h>
#include <fcntl.h>
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
#include "base/hex.h"
#include "base/log.h"
#include "plugin/load.h"
#include "trust/image.h"

/* This program's own table, as builtin.c is generated for the real ones. */
const struct mig_builtin mig_builtins[] = {{"inside", &mig_plugin_symbol}, {NULL, NULL}};

char folder[] = "/tmp/mig-worker-test-XXXXXX";

const char *
in_folder(const char *name)
{
    static char paths[2][256];
    static unsigned turn;
    char *path = paths[turn++ % 2];
    snprintf(path, sizeof(paths[0]), "%s/%s.so", folder, name);
    return path;
}

void
put(const char *name, const void *bytes, size_t len, mode_t mode)
{
    const char *path = in_folder(name);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(mig_fd_write_all(fd, bytes, len), 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

void
get(const char *name, struct mig_buf *out)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.so", ZOO_DIR, name);
    assert_int_equal(mig_file_read(path, MIG_IMAGE_MAX, out, NULL), 0);
}

void
install(const char *name)
{
    struct mig_buf bytes = MIG_BUF_INIT;
    get(name, &bytes);
    put(name, bytes.data, bytes.len, 0644);
    mig_buf_fini(&bytes);
}

/* All that were built. */
static int
install_all(void)
{
    DIR *dir = opendir(ZOO_DIR);
    if (dir == NULL)
        return -1;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char name[256];
        size_t len = strlen(entry->d_name);
        if (len < 4 || strcmp(entry->d_name + len - 3, ".so") != 0)
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)len - 3, entry->d_name);
        install(name);
    }
    closedir(dir);
    return 0;
}

int
group_start(void **state)
{
    (void)state;
    mig_log_open("zoo", "stderr", MIG_SEV_WARNING);
    return mkdtemp(folder) == NULL ? -1 : install_all();
}

int
group_stop(void **state)
{
    (void)state;
    char *argv[] = {(char *)(uintptr_t) "rm", (char *)(uintptr_t) "-rf", folder, NULL};
    pid_t child = fork();
    if (child == 0) {
        execvp("rm", argv);
        _exit(1);
    }
    return waitpid(child, NULL, 0) == child ? 0 : -1;
}

struct mig_worker_spec
spec_of(enum mig_worker_call call, const char *plugin, const char *input)
{
    return (struct mig_worker_spec){.call = call,
                                    .plugin = plugin,
                                    .plugin_dir = folder,
                                    .input = input,
                                    .input_len = input != NULL ? strlen(input) : 0,
                                    .timeout_ms = 60000};
}

struct mig_worker *
call(const struct mig_worker_spec *spec, enum mig_worker_status status, const char *reason,
     const char *output)
{
    struct mig_worker *worker = NULL;
    struct mig_err err = {0};
    int rc = mig_worker_call(spec, &worker, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    const struct mig_worker_outcome *outcome = mig_worker_outcome(worker);
    assert_non_null(outcome);
    if (reason != NULL)
        assert_string_equal(outcome->reason, reason);
    assert_int_equal(outcome->status, status);
    if (output != NULL)
        assert_string_equal(outcome->output, output);
    assert_int_equal(outcome->output_len, strlen(outcome->output));
    return worker;
}

void
expect(const struct mig_worker_spec *spec, enum mig_worker_status status, const char *reason,
       const char *output)
{
    mig_worker_free(call(spec, status, reason, output));
}

void
refuses(const char *plugin, const char *reason)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, plugin, "{}");
    expect(&spec, MIG_WORKER_REFUSED, reason, "");
}

void
digest_of(const void *bytes, size_t len, char *text)
{
    unsigned char digest[MIG_IMAGE_DIGEST];
    assert_int_equal(mig_image_digest(bytes, len, digest, NULL), 0);
    mig_hex(digest, sizeof(digest), text);
}
