/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "base/base64.h"

#include <errno.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

int
mig_base64_encode(const void *data, size_t len, struct mig_buf *out)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = data;

    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)in[i] << 16;
        char quad[4];
        if (left > 1)
            group |= (uint32_t)in[i + 1] << 8;
        if (left > 2)
            group |= in[i + 2];
        quad[0] = alphabet[group >> 18];
        quad[1] = alphabet[group >> 12 & 63];
        quad[2] = left > 1 ? alphabet[group >> 6 & 63] : '=';
        quad[3] = left > 2 ? alphabet[group & 63] : '=';
        mig_buf_add(out, quad, sizeof quad);
    }
    return out->failed ? -ENOMEM : 0;
}

static int
value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int
mig_base64_decode(const char *text, size_t len, struct mig_buf *out)
{
    size_t start = out->len;

    if (len % 4 != 0)
        return MIG_E_SYNTAX;
    for (size_t i = 0; i < len; i += 4) {
        unsigned char bytes[3];
        size_t keep = 3;
        uint32_t group = 0;
        if (i + 4 == len && text[i + 3] == '=')
            keep = text[i + 2] == '=' ? 1 : 2;
        for (size_t k = 0; k < 4; k++) {
            int v = k > keep ? 0 : value_of(text[i + k]);
            if (v < 0)
                goto bad;
            group = group << 6 | (uint32_t)v;
        }
        bytes[0] = (unsigned char)(group >> 16);
        bytes[1] = (unsigned char)(group >> 8);
        bytes[2] = (unsigned char)group;
        if ((keep < 3 && bytes[2] != 0) || (keep < 2 && bytes[1] != 0))
            goto bad;
        mig_buf_add(out, bytes, keep);
    }
    return out->failed ? -ENOMEM : 0;
bad:
    if (!out->failed && out->data != NULL) {
        out->len = start;
        out->data[start] = '\0';
    }
    return MIG_E_SYNTAX;
}
