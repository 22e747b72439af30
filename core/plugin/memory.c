/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(__GLIBC__) && !defined(MIG_SANITIZERS)

/* The names under which glibc has exported its allocator since 2.2.5, for programs that replace it
 * (its manual, "Replacing malloc"). */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct {
    size_t max;
    size_t page;
    int statm; /* opened before the limits and the filter */
    void (*refused)(size_t bytes);
} watched;

/* "1234 …": pages of address space. */
static size_t
address_space(void)
{
    char text[64];
    size_t pages = 0;
    ssize_t n = pread(watched.statm, text, sizeof(text), 0);

    for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9'; i++)
        pages = pages * 10 + (size_t)(text[i] - '0');
    return pages * watched.page;
}

static void *
checked(void *result, size_t size)
{
    int saved = errno;

    /* More than a process can ever have is a mistake in the size, not the limit. */
    if (result != NULL || watched.refused == NULL || size == 0 || size > PTRDIFF_MAX)
        return result;
    if (size > watched.max || address_space() > watched.max - size)
        watched.refused(size);
    errno = saved;
    return NULL;
}

void *
malloc(size_t size)
{
    return checked(__libc_malloc(size), size);
}

void *
calloc(size_t count, size_t size)
{
    size_t all;
    void *result = __libc_calloc(count, size);

    return __builtin_mul_overflow(count, size, &all) ? result : checked(result, all);
}

void *
realloc(void *old, size_t size)
{
    return checked(__libc_realloc(old, size), size);
}

void *
reallocarray(void *old, size_t count, size_t size)
{
    size_t all;

    if (__builtin_mul_overflow(count, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, all);
}

void *
memalign(size_t alignment, size_t size)
{
    return checked(__libc_memalign(alignment, size), size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int
posix_memalign(void **ret, size_t alignment, size_t size)
{
    int saved = errno;

    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    void *result = memalign(alignment, size);
    errno = saved;
    if (result == NULL)
        return ENOMEM;
    *ret = result;
    return 0;
}

void
mig_memory_watch(size_t max, void (*refused)(size_t bytes))
{
    watched.page = (size_t)sysconf(_SC_PAGESIZE);
    watched.max = max;
    watched.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (watched.statm >= 0)
        watched.refused = refused;
}

#else

void
mig_memory_watch(size_t max, void (*refused)(size_t bytes))
{
    (void)max;
    (void)refused;
}

#endif
