/* SPDX-License-Identifier: MPL-2.0 */
/* Hands something over and then ends in the way the parameters name: at its memory limit, by its
 * own hand, by another's; with processes of its own beside it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "zoo.h"

static const struct mig_option options[] = {
    {"how", "how", "the way to end", NULL, NULL, MIG_OPTION_STRING, MIG_OPTION_REQUIRED, 0},
};
static const struct mig_field fields[] = {
    {"items[]", "items", MIG_FIELD_STRING, 0, 8},
    {"name", "a name", MIG_FIELD_STRING, MIG_FIELD_PRIVATE, 0},
    {"child", "a process", MIG_FIELD_NUMBER, 0, 0},
    {"count", "a count", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
};

#define MIB ((size_t)1 << 20)

/* Whoever reads the pointers can not leave the allocations out. */
static void *volatile last;
static volatile size_t no_size = SIZE_MAX - 4096;

/* All there is, in pieces; then all of it is given back, as a careful program does. */
static int
eat_and_return(void)
{
    void *pieces[4096];
    size_t n = 0;
    while (n < MIG_COUNT(pieces) && (pieces[n] = malloc(8 * MIB)) != NULL)
        last = pieces[n++];
    int rc = n == MIG_COUNT(pieces) ? 0 : -ENOMEM;
    while (n > 0)
        free(pieces[--n]);
    return rc;
}

static int
eat(void)
{
    last = malloc(16384 * MIB);
    return last == NULL ? -ENOMEM : 0;
}

static int
write_there(void)
{
    volatile char *at = eat() == 0 ? last : NULL;
    *at = 1;
    return 0;
}

static void
tell(const struct mig_host *host, const char *key, long number)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%ld", number);
    host->set(host, key, text, (size_t)n);
}

/* A process whose parent is gone, and which hands over what is not its own to hand over. */
static int
orphan(const struct mig_host *host)
{
    int ends[2];
    pid_t number = 0;
    if (pipe(ends) != 0)
        return -errno;
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild != 0)
            _exit(grandchild < 0);
        host->emit(host, "items", "\"theirs\"", 8);
        number = getpid();
        if (write(ends[1], &number, sizeof(number)) == (ssize_t)sizeof(number))
            for (;;)
                pause();
        _exit(1);
    }
    waitpid(child, NULL, 0);
    if (read(ends[0], &number, sizeof(number)) != (ssize_t)sizeof(number))
        return -EIO;
    tell(host, "child", number);
    return 0;
}

static void
spin(void)
{
    volatile unsigned sink = 0;
    for (;;)
        sink++;
}

static int
by_memory(const char *how)
{
    if (strstr(how, "piece by piece") != NULL)
        return eat_and_return();
    if (strstr(how, "at once") != NULL)
        return eat();
    if (strstr(how, "by mistake") != NULL)
        return (last = malloc(no_size)) == NULL ? -ENOMEM : 0;
    if (strstr(how, "abort") != NULL && eat() != 0)
        abort();
    if (strstr(how, "write") != NULL)
        return write_there();
    if (strstr(how, "recover") != NULL)
        return eat() == -ENOMEM ? 0 : -EIO;
    return -ENOMEM; /* that nobody refused */
}

static int
run(const struct mig_host *host, const char *how, size_t length)
{
    (void)length;
    host->found(host, 1);
    host->emit(host, "items", "\"before\"", 8);
    host->emit(host, "items", "\"twelve bytes\"", 14);
    host->emit(host, "items", NULL, 0);
    host->set(host, "name", "\"s3cret\"", 8);
    host->set(host, "other", "1", 1);
    host->statistic(host, "count", "1", 1);
    host->statistic(host, "count", "2", 1);
    host->error(host, "a soft error");
    if (strstr(how, "memory") != NULL)
        return by_memory(how);
    if (strstr(how, "family") != NULL) {
        int rc = orphan(host);
        if (rc != 0)
            return rc;
    }
    if (strstr(how, "kill") != NULL)
        kill(getpid(), SIGKILL);
    if (strstr(how, "exit") != NULL)
        _exit(0);
    if (strstr(how, "whole") != NULL) {
        host->set(host, NULL, "{\"items\":[\"all\"]}", 17);
        _exit(0);
    }
    if (strstr(how, "stop") != NULL)
        kill(getpid(), SIGSTOP);
    if (strstr(how, "spin") != NULL)
        spin();
    return 0;
}

ZOO_NOTE("ends", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {
    ZOO_SELF("ends", MIG_NEED_EXECUTE),
    ZOO_OPTIONS(options),
    ZOO_FIELDS(fields),
    .run = run,
};
