/* SPDX-License-Identifier: MPL-2.0 */
/* Compressed parameters: a JSON string with the base64 of the gzip of the parameters. */
#include "config.h"

#include "document/action.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/json.h"

#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, with a gzip header */
#define CHUNK 65536u

static int
inflate_all(z_stream *z, struct mig_buf *out, struct mig_err *err)
{
    int status = Z_OK;

    while (status != Z_STREAM_END) {
        if (out->len > MIG_PARAMETERS_MAX)
            return mig_err_set(err, MIG_E_LIMIT,
                               "compressed parameters hold more than the %u bytes that are allowed",
                               MIG_PARAMETERS_MAX);
        if (mig_buf_reserve(out, CHUNK) != 0)
            return mig_err_set(err, -ENOMEM, "compressed parameters: out of memory");
        z->next_out = (unsigned char *)out->data + out->len;
        z->avail_out = CHUNK;
        status = inflate(z, Z_NO_FLUSH);
        out->len += CHUNK - z->avail_out;
        if (status == Z_MEM_ERROR)
            return mig_err_set(err, -ENOMEM, "compressed parameters: out of memory");
        if (status == Z_BUF_ERROR || (status == Z_OK && z->avail_in == 0 && z->avail_out > 0))
            return mig_err_set(err, MIG_E_INVALID,
                               "compressed parameters: the gzip data is cut short");
        if (status != Z_OK && status != Z_STREAM_END)
            return mig_err_set(err, MIG_E_INVALID,
                               "compressed parameters: the gzip data is damaged: %s",
                               z->msg != NULL ? z->msg : zError(status));
    }
    if (z->avail_in > 0)
        return mig_err_set(err, MIG_E_INVALID,
                           "compressed parameters: more data after the end of the gzip data");
    if (out->len > MIG_PARAMETERS_MAX)
        return mig_err_set(err, MIG_E_LIMIT,
                           "compressed parameters hold more than the %u bytes that are allowed",
                           MIG_PARAMETERS_MAX);
    return 0;
}

static int
gunzip(const struct mig_buf *packed, struct mig_buf *out, struct mig_err *err)
{
    z_stream z = {0};
    int rc;

    if (packed->len > UINT_MAX)
        return mig_err_set(err, MIG_E_LIMIT, "compressed parameters are too large");
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return mig_err_set(err, -ENOMEM, "compressed parameters: out of memory");
    z.next_in = (unsigned char *)packed->data;
    z.avail_in = (unsigned)packed->len;
    rc = inflate_all(&z, out, err);
    inflateEnd(&z);
    return rc;
}

int
mig_operation_plain(const struct mig_operation *operation, struct mig_buf *out, struct mig_err *err)
{
    static const struct mig_json_limits limits = {.max_bytes = MIG_PARAMETERS_MAX};
    struct mig_buf packed = MIG_BUF_INIT;
    struct mig_buf plain = MIG_BUF_INIT;
    const char *text = operation->parameters;
    size_t len = operation->parameters_len;
    int rc;

    if (!operation->is_compressed) {
        if (mig_buf_add(out, text, len) != 0)
            return mig_err_set(err, -ENOMEM, "parameters of module %s: out of memory",
                               operation->module);
        return 0;
    }
    /* The canonical form escapes no character of base64: whatever holds an escape is no base64. */
    if (len < 2 || text[0] != '"')
        return mig_err_set(err, MIG_E_INVALID, "compressed parameters: expected a string");
    rc = mig_base64_decode(text + 1, len - 2, &packed);
    if (rc != 0) {
        rc = mig_err_set(err, rc == MIG_E_SYNTAX ? MIG_E_INVALID : rc,
                         "compressed parameters: not base64 (standard alphabet, padded)");
        goto out;
    }
    rc = gunzip(&packed, &plain, err);
    if (rc != 0)
        goto out;
    rc = mig_json_canonical(plain.data, plain.len, &limits, out, err);
    if (rc != 0)
        mig_err_prefix(err, "compressed parameters");
out:
    mig_buf_fini(&packed);
    mig_buf_fini(&plain);
    return rc;
}

static int
gzip(const char *text, size_t len, struct mig_buf *out)
{
    z_stream z = {0};
    uLong bound;
    int status;

    if (len > MIG_PARAMETERS_MAX)
        return MIG_E_LIMIT;
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return -ENOMEM;
    bound = deflateBound(&z, len);
    if (mig_buf_reserve(out, bound) != 0) {
        deflateEnd(&z);
        return -ENOMEM;
    }
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)len;
    z.next_out = (unsigned char *)out->data;
    z.avail_out = (unsigned)bound;
    status = deflate(&z, Z_FINISH);
    out->len = z.total_out;
    deflateEnd(&z);
    return status == Z_STREAM_END ? 0 : -ENOMEM;
}

int
mig_operation_compress(struct mig_operation *operation)
{
    struct mig_buf packed = MIG_BUF_INIT;
    struct mig_buf text = MIG_BUF_INIT;
    size_t len = 0;
    char *made = NULL;
    int rc;

    if (operation->is_compressed)
        return 0;
    rc = gzip(operation->parameters, operation->parameters_len, &packed);
    if (rc == 0) {
        mig_buf_addc(&text, '"');
        mig_base64_encode(packed.data, packed.len, &text);
        mig_buf_addc(&text, '"');
        made = mig_buf_take(&text, &len);
        rc = made != NULL ? 0 : -ENOMEM;
    }
    if (rc == 0) {
        free(operation->parameters);
        operation->parameters = made;
        operation->parameters_len = len;
        operation->is_compressed = true;
    }
    mig_buf_fini(&packed);
    return rc;
}
