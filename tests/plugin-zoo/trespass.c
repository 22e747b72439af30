/* SPDX-License-Identifier: MPL-2.0 */
/* Declares no need, and does what takes one. `how` names the way; the operation fails with the
 * errno that it met, or succeeds when it got through. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zoo.h"

static const struct mig_option options[] = {
    {"how", "how", "the way", NULL, NULL, MIG_OPTION_STRING, MIG_OPTION_REQUIRED, 0},
};

static int
outcome(long rc)
{
    return rc < 0 ? -errno : 0;
}

static int
make_process(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid(child, NULL, 0);
    return outcome(child);
}

static int
become_shell(void)
{
    char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                    (char *)(uintptr_t) "exit 7", NULL};
    return outcome(execv("/bin/sh", argv));
}

static int
open_socket(void)
{
    return outcome(socket(AF_INET, SOCK_STREAM, 0));
}

static int
write_file(void)
{
    return outcome(open(ZOO_VICTIM, O_WRONLY | O_TRUNC));
}

static int
make_file(void)
{
    return outcome(open(ZOO_VICTIM ".new", O_WRONLY | O_CREAT, 0600));
}

static int
remove_file(void)
{
    return outcome(unlink(ZOO_VICTIM));
}

static int
read_file(void)
{
    return outcome(open(ZOO_VICTIM, O_RDONLY));
}

static int
trace_parent(void)
{
    return outcome(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int
read_parent(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)(uintptr_t)0x1000, 1};
    return outcome(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int
open_parent(void)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/mem", (long)getppid());
    return outcome(open(path, O_RDWR));
}

static const struct {
    const char *name;
    int (*go)(void);
} ways[] = {
    {"fork", make_process},           {"exec", become_shell},     {"socket", open_socket},
    {"write a file", write_file},     {"make a file", make_file}, {"remove a file", remove_file},
    {"read a file", read_file},       {"ptrace", trace_parent},   {"read its parent", read_parent},
    {"open its parent", open_parent},
};

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    (void)length;
    for (size_t i = 0; i < MIG_COUNT(ways); i++)
        if (strstr(parameters, ways[i].name) != NULL)
            return ways[i].go();
    host->refuse(host, "trespass knows no such way");
    return -EINVAL;
}

ZOO_NOTE("trespass", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {
    ZOO_SELF("trespass", 0),
    ZOO_OPTIONS(options),
    .run = run,
};
