/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/mkagent.h"
#include "base/file.h"
#include "plugin/load.h"

/* How this build links its programs, recorded by the makefile. */
const char *const mig_link_cc = MIG_LINK_CC;

#define WORDS_MAX 256

struct words {
    char *list[WORDS_MAX];
    size_t count;
    int failed;
};

static void
add_word(struct words *words, const char *text, size_t len)
{
    char *copy = words->count + 1 < WORDS_MAX ? strndup(text, len) : NULL;

    if (copy)
        words->list[words->count++] = copy;
    else
        words->failed = 1;
}

static void
add_one(struct words *words, const char *text)
{
    add_word(words, text, strlen(text));
}

static void
add_all(struct words *words, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, " \t");

        if (len > 0)
            add_word(words, text, len);
        text += len + (text[len] != '\0');
    }
}

static void
add_library(struct words *words, const char *dir, const char *name)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    add_one(words, path);
}

static const char *const libraries[] = {"libmig-agent.a", "libmig-core.a", "libmig-builtin.a"};

/* The last one is there only when plugins are linked in. */
static size_t
libraries_count(void)
{
    return mig_builtins[0].name ? 3 : 2;
}

static void
make_command(const struct mig_link *link, const char *output, struct words *words)
{
    add_all(words, link->cc);
    add_all(words, MIG_LINK_CFLAGS);
    add_all(words, "-O1 -w -pipe -x c - -x none");
    add_all(words, MIG_LINK_LDFLAGS);
    add_all(words, "-Wl,--as-needed -o");
    add_one(words, output);
    for (size_t i = 0; i < libraries_count(); i++)
        add_library(words, link->lib_dir, libraries[i]);
    add_all(words, MIG_LINK_LIBS);
}

static int
check_libraries(const struct mig_link *link, struct mig_err *err)
{
    for (size_t i = 0; i < libraries_count(); i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", link->lib_dir, libraries[i]);
        if (access(path, R_OK) < 0)
            return mig_err_errno(err, errno, "%s (give its folder with --libdir)", path);
    }
    return 0;
}

static int
run(char *const argv[], const struct mig_buf *source, struct mig_err *err)
{
    posix_spawn_file_actions_t actions;
    int pipefd[2], status = 0, rc;
    pid_t pid;

    if (pipe2(pipefd, O_CLOEXEC) < 0)
        return mig_err_errno(err, errno, "pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipefd[0], STDIN_FILENO);
    rc = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipefd[0]);
    if (rc != 0) {
        close(pipefd[1]);
        return mig_err_errno(err, rc, "%s (a C compiler is needed; name one with --cc)", argv[0]);
    }
    rc = mig_fd_write_all(pipefd[1], source->data, source->len);
    close(pipefd[1]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (rc < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return mig_err_set(err, -EIO, "%s could not link the agent", argv[0]);
    return 0;
}

int
mig_link_agent(const struct mig_link *link, const struct mig_buf *source, struct mig_err *err)
{
    struct words words = {.count = 0};
    char temporary[4096];
    int rc = check_libraries(link, err);

    if (rc < 0)
        return rc;
    if (snprintf(temporary, sizeof(temporary), "%s.%d", link->output, (int)getpid()) >=
        (int)sizeof(temporary))
        return mig_err_set(err, -ENAMETOOLONG, "%s: the name is too long", link->output);
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    make_command(link, temporary, &words);
    rc = words.failed ? mig_err_errno(err, ENOMEM, "the linker's command")
                      : run(words.list, source, err);
    if (rc == 0 && (chmod(temporary, 0700) < 0 || rename(temporary, link->output) < 0))
        rc = mig_err_errno(err, errno, "%s", link->output);
    if (rc < 0)
        unlink(temporary);
    for (size_t i = 0; i < words.count; i++)
        free(words.list[i]);
    return rc;
}
