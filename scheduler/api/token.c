/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_PARTS 4

static int
bad_format(struct mig_err *err)
{
    return mig_err_set(err, MIG_E_SYNTAX, "invalid token format");
}

/* Splits at ';'; exactly four parts, none empty. */
static int
split(const char *text, const char *parts[TOKEN_PARTS], size_t lens[TOKEN_PARTS])
{
    for (size_t i = 0; i < TOKEN_PARTS; i++) {
        size_t len = strcspn(text, ";");

        parts[i] = text;
        lens[i] = len;
        text += len;
        if (len == 0 || (*text == ';') != (i + 1 < TOKEN_PARTS))
            return -1;
        if (*text == ';')
            text++;
    }
    return 0;
}

static int
within_window(struct mig_time then, struct mig_time now, int64_t window_ms)
{
    int64_t apart = then.sec > now.sec ? then.sec - now.sec : now.sec - then.sec;

    /* years 0..9999 only, so that nothing here can overflow */
    return apart <= window_ms / 1000;
}

int
mig_token_parse(const char *text, struct mig_time now, int64_t window_ms, struct mig_token *ret,
                struct mig_err *err)
{
    const char *parts[TOKEN_PARTS];
    size_t lens[TOKEN_PARTS];
    struct mig_token token = {0};

    if (strlen(text) > MIG_TOKEN_MAX || split(text, parts, lens) < 0)
        return bad_format(err);
    if (lens[0] != 1 || parts[0][0] != '1')
        return mig_err_set(err, MIG_E_INVALID, "invalid token version, must be 1");
    if (lens[2] > MIG_TOKEN_NONCE_MAX || parts[1][lens[1] - 1] != 'Z' ||
        mig_time_parse(parts[1], lens[1], &token.time) < 0)
        return bad_format(err);
    if (!within_window(token.time, now, window_ms))
        return mig_err_set(err, MIG_E_WINDOW,
                           "token timestamp is not within acceptable time limits");
    token.signed_len = (size_t)(parts[2] + lens[2] - text) + 1;
    token.signed_text = malloc(token.signed_len + 1);
    if (token.signed_text == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    memcpy(token.signed_text, text, token.signed_len - 1);
    token.signed_text[token.signed_len - 1] = '\n';
    token.signed_text[token.signed_len] = '\0';
    token.signature = parts[3];
    *ret = token;
    return 0;
}

void
mig_token_fini(struct mig_token *token)
{
    free(token->signed_text);
    token->signed_text = NULL;
}
