/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
mig_buf_fini(struct mig_buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->len = 0;
    buf->cap = 0;
    buf->failed = false;
}

void
mig_buf_reset(struct mig_buf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

static int
fail(struct mig_buf *buf)
{
    buf->failed = true;
    return -ENOMEM;
}

int
mig_buf_reserve(struct mig_buf *buf, size_t more)
{
    size_t need;
    size_t cap;
    char *data;

    if (buf->failed)
        return -ENOMEM;
    if (more > SIZE_MAX - buf->len - 1)
        return fail(buf);
    if (buf->limit != 0 && (buf->len > buf->limit || more > buf->limit - buf->len))
        return fail(buf);
    need = buf->len + more + 1;
    if (need <= buf->cap)
        return 0;
    cap = buf->cap < 64 ? 64 : buf->cap;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    data = realloc(buf->data, cap);
    if (data == NULL)
        return fail(buf);
    buf->data = data;
    buf->cap = cap;
    buf->data[buf->len] = '\0';
    return 0;
}

int
mig_buf_add(struct mig_buf *buf, const void *data, size_t len)
{
    int rc = mig_buf_reserve(buf, len);

    if (rc != 0)
        return rc;
    if (len > 0)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return 0;
}

int
mig_buf_adds(struct mig_buf *buf, const char *text)
{
    return mig_buf_add(buf, text, strlen(text));
}

int
mig_buf_addc(struct mig_buf *buf, char c)
{
    return mig_buf_add(buf, &c, 1);
}

int
mig_buf_addf(struct mig_buf *buf, const char *format, ...)
{
    va_list args;
    int len;
    int rc;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return fail(buf);
    rc = mig_buf_reserve(buf, (size_t)len);
    if (rc != 0)
        return rc;
    va_start(args, format);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return 0;
}

char *
mig_buf_take(struct mig_buf *buf, size_t *ret_len)
{
    char *data;

    if (mig_buf_reserve(buf, 0) != 0) {
        mig_buf_fini(buf);
        return NULL;
    }
    data = buf->data;
    if (ret_len != NULL)
        *ret_len = buf->len;
    buf->data = NULL;
    buf->len = 0;
    buf->cap = 0;
    return data;
}
