/* SPDX-License-Identifier: MPL-2.0 */
/* The form of the X-PGPAUTHORIZATION token (facts of the 2019 API, 6.1):
 *     1;<YYYY-MM-DDTHH:MM:SSZ>;<nonce>;<one-line signature over "1;time;nonce\n"> */
#ifndef MIG_API_TOKEN_H
#define MIG_API_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/time.h"

#define MIG_TOKEN_MAX 16384u /* bytes; a signature by an RSA-16384 key needs about 3,000 */
#define MIG_TOKEN_NONCE_MAX 256u

struct mig_token {
    char *signed_text; /* "1;time;nonce\n" */
    size_t signed_len;
    const char *signature; /* into the text that was parsed */
    struct mig_time time;
};

/* Checks form, version and time window (± `window_ms` around now). The messages are the protocol's:
 * "invalid token format", "invalid token version, must be 1", "token timestamp is not within
 * acceptable time limits". `text` must outlive ret. */
int mig_token_parse(const char *text, struct mig_time now, int64_t window_ms, struct mig_token *ret,
                    struct mig_err *err);
void mig_token_fini(struct mig_token *token);

#endif
