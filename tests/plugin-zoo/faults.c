/* SPDX-License-Identifier: MPL-2.0 */
/* Fails at run time in the way the parameters name. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "zoo.h"

static const struct mig_option options[] = {
    {"how", "how", "the way to fail", NULL, NULL, MIG_OPTION_STRING, MIG_OPTION_REQUIRED, 0},
};
static const struct mig_field fields[] = {
    {"items[]", "items", MIG_FIELD_STRING, 0, 0},
    {"child", "a process", MIG_FIELD_NUMBER, 0, 0},
};

/* The head of the worker protocol's messages: a plugin that shares the process can forge them. */
struct forged {
    uint32_t magic;
    uint16_t version;
    uint16_t flags;
    uint32_t type;
    uint32_t reserved;
    uint64_t length;
    char body[16384];
};

static volatile unsigned sink;

static _Noreturn void
spin(void)
{
    for (;;)
        sink++;
}

static int
crash(void)
{
    volatile int *volatile nowhere = NULL;
    return *nowhere;
}

static int
flood(const struct mig_host *host, int polite)
{
    char item[1026];
    memset(item, 'x', sizeof(item));
    item[0] = item[sizeof(item) - 1] = '"';
    for (;;) {
        int rc = host->emit(host, "items", item, sizeof(item));
        if (rc == -ENOBUFS && polite)
            return host->cancelled(host) ? 0 : -1;
    }
}

static int
forge(uint32_t magic)
{
    static struct forged message;
    message.magic = magic;
    message.version = 1;
    message.type = 2;
    message.length = sizeof(message.body);
    while (send(3, &message, 24 + sizeof(message.body), MSG_NOSIGNAL) > 0)
        ;
    return 0;
}

static int
fork_and_spin(const struct mig_host *host)
{
    char text[32];
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child == 0)
        spin();
    int n = snprintf(text, sizeof(text), "%ld", (long)child);
    host->set(host, "child", text, (size_t)n);
    return 1;
}

static void *
emit_some(void *host_pointer)
{
    const struct mig_host *host = host_pointer;
    for (int i = 0; i < 1000; i++)
        host->emit(host, "items", "\"x\"", 3);
    return NULL;
}

static int
threads(const struct mig_host *host)
{
    pthread_t thread[4];
    for (size_t i = 0; i < MIG_COUNT(thread); i++)
        if (pthread_create(&thread[i], NULL, emit_some, (void *)(uintptr_t)host) != 0)
            return -EAGAIN;
    for (size_t i = 0; i < MIG_COUNT(thread); i++)
        pthread_join(thread[i], NULL);
    return 0;
}

static void *
abort_there(void *unused)
{
    (void)unused;
    abort();
}

static void *
spin_there(void *unused)
{
    (void)unused;
    spin();
}

static int
in_thread(void *(*there)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, there, NULL) != 0)
        return -EAGAIN;
    if (there == abort_there)
        pthread_join(thread, NULL);
    return 0;
}

static int
deep(int n)
{
    volatile char frame[4096];
    frame[0] = (char)n;
    return n == 0 ? 0 : deep(n + 1) + frame[0];
}

static int
descriptors(void)
{
    while (dup(0) >= 0)
        ;
    return -errno;
}

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    (void)length;
    host->emit(host, "items", "\"before\"", 8);
    if (strstr(parameters, "crash") != NULL)
        return crash();
    if (strstr(parameters, "quit") != NULL)
        _exit(3);
    if (strstr(parameters, "polite loop") != NULL) {
        while (!host->cancelled(host))
            usleep(1000);
        return 0;
    }
    if (strstr(parameters, "stop") != NULL)
        return kill(getpid(), SIGSTOP);
    if (strstr(parameters, "polite flood") != NULL)
        return flood(host, 1);
    if (strstr(parameters, "flood") != NULL)
        return flood(host, 0);
    if (strstr(parameters, "forge output") != NULL)
        return forge(0x4d494746);
    if (strstr(parameters, "forge noise") != NULL)
        return forge(1);
    if (strstr(parameters, "threads") != NULL)
        return threads(host);
    if (strstr(parameters, "abort in a thread") != NULL)
        return in_thread(abort_there);
    if (strstr(parameters, "two spin") != NULL)
        return in_thread(spin_there) == 0 ? (spin(), 0) : -EAGAIN;
    if (strstr(parameters, "overflow") != NULL)
        return deep(1);
    if (strstr(parameters, "descriptors") != NULL)
        return descriptors();
    if (strstr(parameters, "hungry") != NULL)
        return malloc((size_t)1 << 32) == NULL ? -ENOMEM : 0;
    if (strstr(parameters, "fork") != NULL) {
        int rc = fork_and_spin(host);
        if (rc < 0 || strstr(parameters, "fork and go") != NULL)
            return rc < 0 ? rc : 0;
    }
    if (strstr(parameters, "fail") != NULL)
        return -EIO;
    spin();
}

ZOO_NOTE("faults", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {
    ZOO_SELF("faults", MIG_NEED_EXECUTE),
    ZOO_OPTIONS(options),
    ZOO_FIELDS(fields),
    .run = run,
};
