/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "gpg_home.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "trust/pgp.h"

#define ARGS_MAX 32

static int
run(char *const argv[])
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        if (getenv("MIG_TEST_VERBOSE") == NULL) {
            dup2(null, STDOUT_FILENO);
            dup2(null, STDERR_FILENO);
        }
        dup2(null, STDIN_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

int
gpg_run(const struct gpg_home *home, const char *const args[])
{
    const char *argv[ARGS_MAX] = {
        "gpg",   "--homedir",    home->path, "--batch",         "--no-tty",
        "--yes", "--passphrase", "",         "--pinentry-mode", "loopback"};
    size_t count = 0;

    while (argv[count] != NULL)
        count++;
    for (; *args != NULL && count < ARGS_MAX - 1; args++)
        argv[count++] = *args;
    return run((char *const *)argv);
}

int
gpg_home_make(struct gpg_home *home)
{
    /* Short, as the path of the agent's socket has at most 107 bytes. */
    snprintf(home->path, sizeof(home->path), "/tmp/mig-gpg-XXXXXX");
    if (mkdtemp(home->path) == NULL)
        return -1;
    snprintf(home->text, sizeof(home->text), "%s/text", home->path);
    snprintf(home->signature, sizeof(home->signature), "%s/text.asc", home->path);
    return gpg_run(home, (const char *const[]){"--list-keys", NULL}) == 0 ? 0 : -1;
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path) != 0 && 0;
}

void
gpg_home_remove(struct gpg_home *home)
{
    const char *const argv[] = {"gpgconf", "--homedir", home->path, "--kill", "gpg-agent", NULL};

    run((char *const *)argv);
    nftw(home->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int
gpg_sign(const struct gpg_home *home, const char *key, const char *const options[],
         const char *text, struct mig_buf *oneline)
{
    const char *args[ARGS_MAX] = {"--armor", "--output", home->signature, "--local-user", key};
    struct mig_buf armored = MIG_BUF_INIT;
    size_t count = 5;
    FILE *file = fopen(home->text, "we");
    int rc;

    if (file == NULL)
        return -1;
    fputs(text, file);
    fclose(file);
    while (*options != NULL && count < ARGS_MAX - 3)
        args[count++] = *options++;
    args[count++] = "--detach-sign";
    args[count++] = home->text;
    rc = gpg_run(home, args);
    if (rc == 0)
        rc = mig_file_read(home->signature, 1u << 20, &armored, NULL);
    if (rc == 0)
        rc = mig_pgp_fold(armored.data, armored.len, oneline, NULL);
    mig_buf_fini(&armored);
    return rc == 0 ? 0 : -1;
}
