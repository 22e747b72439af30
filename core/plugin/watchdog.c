/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/watchdog.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"

/* How long a plugin that met the output limit may go on before it is stopped. */
#define FULL_GRACE_MS 1000
#define CPU_POLL_MS 10
#define POLL_MAX_MS 60000

/* One a process. */
static struct {
    struct mig_watchdog_spec spec;
    int event;
    long processors;
    _Atomic int64_t full_at; /* 0: not full */
} dog = {.event = -1};

static void
wake(void)
{
    uint64_t one = 1;
    ssize_t ignored = write(dog.event, &one, sizeof(one));
    (void)ignored;
}

void
mig_watchdog_full(void *unused)
{
    (void)unused;
    atomic_store(&dog.full_at, mig_time_monotonic_ms());
    wake();
}

static int64_t
cpu_ms(void)
{
    struct timespec own = {0};
    struct rusage children = {0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    return (int64_t)(own.tv_sec + children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000 +
           own.tv_nsec / 1000000 + (children.ru_utime.tv_usec + children.ru_stime.tv_usec) / 1000;
}

/* True when there is a cause; else *ret_wait: milliseconds in which there can be none. */
static bool
find_cause(enum mig_watchdog_cause *ret, int64_t *ret_wait)
{
    int64_t now = mig_time_monotonic_ms();
    int64_t full_at = atomic_load(&dog.full_at);
    int64_t wait = dog.spec.until == INT64_MAX ? POLL_MAX_MS : dog.spec.until - now;

    *ret = MIG_WATCHDOG_TIME;
    if (wait <= 0)
        return true;
    *ret = MIG_WATCHDOG_OUTPUT;
    if (full_at != 0 && now >= full_at + FULL_GRACE_MS)
        return true;
    if (full_at != 0 && full_at + FULL_GRACE_MS - now < wait)
        wait = full_at + FULL_GRACE_MS - now;
    if (dog.spec.cpu_max_ms > 0) {
        int64_t left = dog.spec.cpu_max_ms - cpu_ms();
        *ret = MIG_WATCHDOG_CPU;
        if (left <= 0)
            return true;
        /* So many processors at most can use it up. */
        left /= dog.processors;
        if (left < wait)
            wait = left < CPU_POLL_MS ? CPU_POLL_MS : left;
    }
    *ret_wait = wait < POLL_MAX_MS ? wait : POLL_MAX_MS;
    return false;
}

static void *
watch(void *unused)
{
    enum mig_watchdog_cause cause;
    int64_t wait = 0;
    (void)unused;

    while (!find_cause(&cause, &wait)) {
        struct pollfd event = {.fd = dog.event, .events = POLLIN};
        uint64_t count;
        if (poll(&event, 1, (int)wait) == 1 && event.revents & POLLIN) {
            ssize_t ignored = read(dog.event, &count, sizeof(count));
            (void)ignored;
        }
    }
    dog.spec.stop(cause);
    return NULL;
}

int
mig_watchdog_start(const struct mig_watchdog_spec *spec, struct mig_err *err)
{
    dog.spec = *spec;
    dog.processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (dog.processors < 1)
        dog.processors = 1;
    dog.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int rc = dog.event < 0 ? errno : 0;
    pthread_t thread;
    if (rc == 0)
        rc = pthread_create(&thread, NULL, watch, NULL);
    if (rc != 0)
        return mig_err_errno(err, rc, "the worker has no watchdog");
    pthread_detach(thread);
    return 0;
}
