/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Kills another agent of this host and removes its executable. Which process it is is settled by
 * its executable's identity and held by a descriptor of the process, so that no other one is hit,
 * also when the number is given to another process meanwhile. Elements: one text.
 */
#include "agentdestroy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

#define PID_MOST 4194304u /* PID_MAX_LIMIT of Linux */
#define DEATH_MS 5000
#define ANCESTORS_MAX 64
#define PATH_SIZE 4096

static const struct mig_option options[] = {
    {"pid", "pid", "the process id of the agent", NULL, NULL, MIG_OPTION_NUMBER,
     MIG_OPTION_REQUIRED, PID_MOST},
    {"version", "version", "the version that it must be of", "version", NULL, MIG_OPTION_STRING,
     MIG_OPTION_REQUIRED, AGENTDESTROY_VERSION_SIZE - 1},
};

static const struct mig_field fields[] = {
    {".", "what was done", MIG_FIELD_STRING, 0, 4 * PATH_SIZE + 512},
};

struct target {
    pid_t pid;
    const char *wanted; /* version */
    int process;        /* a descriptor of it */
    int program;        /* its executable */
    struct stat file;   /* of that */
    char path[PATH_SIZE];
    char version[AGENTDESTROY_VERSION_SIZE];
};

/* ---- parameters ---- */

/* *ret_object holds the version. */
static int
take_parameters(const struct mig_host *host, const char *text, size_t length,
                struct json_object **ret_object, struct target *target)
{
    static const char *const known[] = {"pid", "version"};
    struct json_object *object = NULL;
    uint64_t pid = 0;
    int code = mig_json_parameters(host, text, length, &object);

    target->wanted = "";
    if (code == 0)
        code = mig_json_only(host, object, NULL, known, MIG_COUNT(known));
    if (code == 0)
        code = mig_json_get_number(host, object, "pid", &pid);
    if (code >= 0)
        code = mig_json_get_string(host, object, "version", &target->wanted);
    if (code >= 0 && (pid < 2 || pid > PID_MOST))
        code = mig_refuse(host, -EINVAL, "PID '%llu' is not in the range [2:%u]",
                          (unsigned long long)pid, PID_MOST);
    if (code >= 0 && *target->wanted == '\0')
        code = mig_refuse(host, -EINVAL, "parameter 'version' is empty. Expecting version.");
    if (code < 0) {
        json_object_put(object);
        return code;
    }
    target->pid = (pid_t)pid;
    *ret_object = object;
    return 0;
}

/* ---- who it is ---- */

/* The agent that runs us, and all that belongs to it, is ours. */
static int
refuse_self(const struct mig_host *host, pid_t pid)
{
    pid_t self = getppid();
    pid_t at = pid;

    for (int i = 0; i < ANCESTORS_MAX && at > 1; i++, at = agentdestroy_parent(at))
        if (at == self || at == getpid())
            return mig_refuse(host, -EPERM, "PID '%d' is mine. Refusing to suicide.", (int)pid);
    return 0;
}

static int
open_program(pid_t pid, struct stat *ret_file)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, ret_file) == 0)
        return fd < 0 ? -errno : fd;
    close(fd);
    return -EIO;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A killed role would be started again by its agent. */
static int
refuse_role(const struct mig_host *host, const struct target *target)
{
    pid_t parent = agentdestroy_parent(target->pid);
    struct stat file;
    int fd = parent > 1 ? open_program(parent, &file) : -ENOENT;

    if (fd < 0)
        return 0;
    close(fd);
    if (same_file(&file, &target->file))
        return mig_refuse(host, -EINVAL, "PID '%d' is a process of the agent with PID '%d'",
                          (int)target->pid, (int)parent);
    return 0;
}

static int
read_path(const struct mig_host *host, struct target *target)
{
    char link[64];
    ssize_t length;

    snprintf(link, sizeof(link), "/proc/%d/exe", (int)target->pid);
    length = readlink(link, target->path, sizeof(target->path) - 1);
    if (length < 0)
        return mig_refuse(host, -errno, "PID '%d': its executable can not be found: %s",
                          (int)target->pid, strerror(errno));
    target->path[length] = '\0';
    return 0;
}

/* The process that the descriptor holds still has this number when it can still be signalled. */
static int
still_it(const struct mig_host *host, const struct target *target)
{
    if (syscall(SYS_pidfd_send_signal, target->process, 0, NULL, 0) == 0)
        return 0;
    return mig_refuse(host, -errno, "PID '%d' can not be killed: %s", (int)target->pid,
                      strerror(errno));
}

static int
identify(const struct mig_host *host, struct target *target)
{
    int code = refuse_self(host, target->pid);

    if (code < 0)
        return code;
    target->process = (int)syscall(SYS_pidfd_open, target->pid, 0);
    if (target->process < 0)
        return mig_refuse(host, -errno, "PID '%d': %s", (int)target->pid, strerror(errno));
    target->program = open_program(target->pid, &target->file);
    if (target->program < 0)
        return mig_refuse(host, target->program, "PID '%d': its executable can not be opened: %s",
                          (int)target->pid, strerror(-target->program));
    if (!agentdestroy_identity(target->program, target->version))
        return mig_refuse(host, -EINVAL, "PID '%d' is not a mig-agent", (int)target->pid);
    code = refuse_role(host, target);
    if (code == 0 && strcmp(target->version, target->wanted) != 0)
        code =
            mig_refuse(host, -EINVAL, "PID '%d' is version '%s', but we want to kill version '%s'",
                       (int)target->pid, target->version, target->wanted);
    if (code == 0)
        code = read_path(host, target);
    return code == 0 ? still_it(host, target) : code;
}

/* ---- the end of it ---- */

/* True when it was removed. Ours stays: the same agent may run twice. */
static bool
remove_program(const struct mig_host *host, const struct target *target)
{
    struct stat own, named;
    char folder[PATH_SIZE];
    const char *slash = strrchr(target->path, '/');
    bool removed = false;
    int fd;

    if (slash == NULL || stat("/proc/self/exe", &own) != 0 || same_file(&own, &target->file))
        return false;
    snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - target->path), target->path);
    fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    /* Another file may have its name by now. */
    if (fd >= 0 && fstatat(fd, slash + 1, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        same_file(&named, &target->file))
        removed = unlinkat(fd, slash + 1, 0) == 0;
    if (!removed)
        mig_error(host, "the executable of PID '%d' was not removed: %s", (int)target->pid,
                  errno != 0 ? strerror(errno) : "it has gone");
    if (fd >= 0)
        close(fd);
    return removed;
}

static int
end(const struct mig_host *host, const struct target *target)
{
    struct pollfd death = {.fd = target->process, .events = POLLIN};
    char *shown = mig_text_path(target->path);
    char text[4 * PATH_SIZE + 512];
    bool removed;
    int code = 0;

    errno = 0;
    removed = remove_program(host, target);
    if (syscall(SYS_pidfd_send_signal, target->process, SIGKILL, NULL, 0) != 0)
        code = mig_refuse(host, -errno, "PID '%d' can not be killed: %s", (int)target->pid,
                          strerror(errno));
    else if (poll(&death, 1, DEATH_MS) <= 0)
        code =
            mig_refuse(host, -ETIMEDOUT, "PID '%d' was killed and does not end", (int)target->pid);
    snprintf(text, sizeof(text), "PID %d from agent %s has been killed%s%s", (int)target->pid,
             target->version, removed ? " and its executable removed from " : "",
             removed && shown != NULL ? shown : "");
    free(shown);
    if (code == 0) {
        host->found(host, 1);
        code = mig_json_set(host, NULL, json_object_new_string(text));
    }
    return code;
}

static int
run(const struct mig_host *host, const char *text, size_t length)
{
    struct target target = {.process = -1, .program = -1};
    struct json_object *object = NULL;
    int code = take_parameters(host, text, length, &object, &target);

    if (code < 0)
        return code;
    code = identify(host, &target);
    if (code == 0)
        code = end(host, &target);
    if (target.process >= 0)
        close(target.process);
    if (target.program >= 0)
        close(target.program);
    json_object_put(object);
    return code;
}

static int
validate(const struct mig_host *host, const char *text, size_t length)
{
    struct target target;
    struct json_object *object = NULL;
    int code = take_parameters(host, text, length, &object, &target);

    json_object_put(object);
    return code;
}

static int
print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL, *elements;
    char *line = NULL;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    elements = json_object_object_get(object, "elements");
    if (json_object_is_type(elements, json_type_string))
        line = mig_text_line(json_object_get_string(elements));
    if (line != NULL)
        mig_print(host, "%s", line);
    free(line);
    if ((flags & MIG_PRINT_FOUND_ONLY) == 0) {
        bool success = json_object_get_boolean(json_object_object_get(object, "success"));
        mig_print_member(host, object, "errors", "[error] ");
        mig_print(host, "agentdestroy module has %s", success ? "succeeded" : "failed");
    }
    json_object_put(object);
    return 0;
}

MIG_PLUGIN_NOTE("agentdestroy", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    /* Whose executable it is, the kernel tells only those who may look into the process. */
    MIG_NEED_KILL | MIG_NEED_PROCESS_MEMORY | MIG_NEED_REMOVE, "agentdestroy", "1.0.0",
    "kill another agent of a host and remove its executable", MIG_TABLE(options), MIG_TABLE(fields),
    NULL, "mig agentdestroy -t \"name='host.example.net'\" -pid 1234 -version 0.1.0", run, validate,
    NULL, print};
