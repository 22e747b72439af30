/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "base/id.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/random.h>
#include <time.h>

int
mig_random(void *bytes, size_t len)
{
    unsigned char *at = bytes;

    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        at += got;
        len -= (size_t)got;
    }
    return 0;
}

int64_t
mig_id_next(void)
{
    static _Atomic int64_t last;
    int64_t previous = atomic_load(&last);
    int64_t base = ((int64_t)time(NULL) - MIG_ID_EPOCH + 1) << 16;
    int64_t next;

    do {
        uint16_t start = 0;
        if (previous == 0)
            (void)mig_random(&start, sizeof start); /* 0 is as good a start, only less unlikely */
        next = base + (previous == 0 ? start : ((previous + 1) & 0xffff));
        /* Also when the clock went back: never an id twice in one process. */
        if (next <= previous)
            next = previous + 1;
    } while (!atomic_compare_exchange_weak(&last, &previous, next));
    return next;
}

int
mig_random_text(char *text, size_t len)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    unsigned char bytes[64];
    size_t done = 0;

    while (done < len) {
        int rc = mig_random(bytes, sizeof bytes);
        if (rc != 0)
            return rc;
        for (size_t i = 0; i < sizeof bytes && done < len; i++) {
            /* 248 is the greatest multiple of 62 in a byte: no letter is likelier than another. */
            if (bytes[i] < 248)
                text[done++] = alphabet[bytes[i] % 62];
        }
    }
    text[len] = '\0';
    return 0;
}
