/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

int
mig_pack_number(struct mig_buf *out, uint64_t value)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    return mig_buf_add(out, bytes, sizeof(bytes));
}

int
mig_pack_bytes(struct mig_buf *out, const void *data, size_t len)
{
    int rc = mig_pack_number(out, len);

    return rc < 0 || len == 0 ? rc : mig_buf_add(out, data, len);
}

int
mig_pack_text(struct mig_buf *out, const char *text)
{
    return mig_pack_bytes(out, text, text ? strlen(text) : 0);
}

void
mig_unpack_init(struct mig_unpack *in, const void *data, size_t len)
{
    in->at = data;
    in->left = data ? len : 0;
    in->bad = 0;
}

static void
spoil(struct mig_unpack *in)
{
    in->bad = 1;
    in->left = 0;
}

uint64_t
mig_unpack_number(struct mig_unpack *in)
{
    uint64_t value = 0;

    if (in->left < 8) {
        spoil(in);
        return 0;
    }
    for (size_t i = 0; i < 8; i++)
        value |= (uint64_t)in->at[i] << (8 * i);
    in->at += 8;
    in->left -= 8;
    return value;
}

size_t
mig_unpack_count(struct mig_unpack *in, size_t each)
{
    uint64_t count = mig_unpack_number(in);

    if (count > in->left / each) {
        spoil(in);
        return 0;
    }
    return (size_t)count;
}

const char *
mig_unpack_bytes(struct mig_unpack *in, size_t *ret_len)
{
    uint64_t len = mig_unpack_number(in);
    const char *at = (const char *)in->at;

    if (in->bad || len > in->left) {
        spoil(in);
        *ret_len = 0;
        return "";
    }
    in->at += len;
    in->left -= (size_t)len;
    *ret_len = (size_t)len;
    return at;
}

char *
mig_unpack_dup(struct mig_unpack *in, size_t *ret_len)
{
    size_t len = 0;
    const char *at = mig_unpack_bytes(in, &len);
    char *copy = in->bad ? NULL : malloc(len + 1);

    if (!copy) {
        spoil(in);
        return NULL;
    }
    memcpy(copy, at, len);
    copy[len] = '\0';
    if (ret_len)
        *ret_len = len;
    return copy;
}
