/* SPDX-License-Identifier: MPL-2.0 */
/* Signatures as armored text and as one line (facts 2.4). */
#include "config.h"
#include "trust/pgp.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "trust/openpgp.h"

#define BEGIN "-----BEGIN PGP SIGNATURE-----"
#define END "-----END PGP SIGNATURE-----"
#define ARMOR_COLUMNS 64

int
mig_pgp_unfold(const char *oneline, struct mig_buf *out, struct mig_err *err)
{
    size_t len = strnlen(oneline, MIG_OPENPGP_SIGNATURE_MAX + 1), body;
    struct mig_buf packet = MIG_BUF_INIT;
    int rc;

    rc = mig_openpgp_decode(oneline, len, &packet, err);
    mig_buf_fini(&packet);
    if (rc < 0)
        return rc;
    body = (size_t)((const char *)memrchr(oneline, '=', len) - oneline);
    mig_buf_adds(out, BEGIN "\n\n");
    for (size_t at = 0; at < body; at += ARMOR_COLUMNS) {
        mig_buf_add(out, oneline + at, body - at < ARMOR_COLUMNS ? body - at : ARMOR_COLUMNS);
        mig_buf_addc(out, '\n');
    }
    mig_buf_add(out, oneline + body, len - body);
    if (mig_buf_adds(out, "\n" END "\n") < 0)
        return mig_err_errno(err, ENOMEM, "signature");
    return 0;
}

/* The next line of a text, without its line end. */
static int
next_line(const char **at, const char *end, const char **ret_line, size_t *ret_len)
{
    const char *newline;
    size_t len;

    if (*at >= end)
        return 0;
    newline = memchr(*at, '\n', (size_t)(end - *at));
    len = newline == NULL ? (size_t)(end - *at) : (size_t)(newline - *at);
    *ret_line = *at;
    *at += len + (newline != NULL);
    while (len > 0 && strchr(" \t\r", (*ret_line)[len - 1]) != NULL)
        len--;
    *ret_len = len;
    return 1;
}

static int
line_is(const char *line, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(line, text, len) == 0;
}

/* Collects the base64 of an armored signature, with the checksum glued to its end. */
static int
collect_armor(const char *armored, size_t len, struct mig_buf *out)
{
    enum { BEFORE, HEADERS, BODY, AFTER } state = BEFORE;
    const char *end = armored + len, *line;
    size_t size;

    while (next_line(&armored, end, &line, &size)) {
        if (state == BEFORE && line_is(line, size, BEGIN))
            state = HEADERS;
        else if (state == HEADERS && size == 0)
            state = BODY;
        else if (state == BODY && line_is(line, size, END))
            state = AFTER;
        else if (state == BODY)
            mig_buf_add(out, line, size);
        else if (state == AFTER && size > 0)
            return -EINVAL;
    }
    return state == AFTER && !out->failed ? 0 : -EINVAL;
}

int
mig_pgp_fold(const char *armored, size_t len, struct mig_buf *out, struct mig_err *err)
{
    struct mig_buf body = MIG_BUF_INIT, packet = MIG_BUF_INIT;
    int rc;

    if (len > 2 * MIG_OPENPGP_SIGNATURE_MAX || collect_armor(armored, len, &body) < 0)
        rc = mig_err_set(err, MIG_E_SIGNATURE,
                         "not one armored OpenPGP signature: expected '" BEGIN "' to '" END "'");
    else
        rc = mig_openpgp_decode(body.data == NULL ? "" : body.data, body.len, &packet, err);
    if (rc == 0 && mig_buf_add(out, body.data, body.len) < 0)
        rc = mig_err_errno(err, ENOMEM, "signature");
    mig_buf_fini(&packet);
    mig_buf_fini(&body);
    return rc;
}
