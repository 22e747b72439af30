/* SPDX-License-Identifier: MPL-2.0 */
/* A growing byte buffer. After every successful call data[len] is NUL. Running out of memory sets
 * `failed` and makes later calls do nothing, so that a caller may check once, at the end. */
#ifndef MIG_BASE_BUF_H
#define MIG_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct mig_buf {
    char *data; /* NULL while empty and untouched */
    size_t len;
    size_t cap;
    size_t limit; /* 0: none; growing beyond it sets failed */
    bool failed;
};

#define MIG_BUF_INIT                                                                               \
    {                                                                                              \
        NULL, 0, 0, 0, false                                                                       \
    }

void mig_buf_fini(struct mig_buf *buf);
void mig_buf_reset(struct mig_buf *buf); /* len = 0, keeps the memory */
/* All return 0 or -ENOMEM. */
int mig_buf_add(struct mig_buf *buf, const void *data, size_t len);
int mig_buf_adds(struct mig_buf *buf, const char *text);
int mig_buf_addc(struct mig_buf *buf, char c);
int mig_buf_addf(struct mig_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int mig_buf_reserve(struct mig_buf *buf, size_t more);
/* Hands the bytes over (to free()); the buffer is empty after. NULL when it failed. */
char *mig_buf_take(struct mig_buf *buf, size_t *ret_len);

#endif
