/* SPDX-License-Identifier: MPL-2.0 */
/* An HTTP(S) client through libcurl: TLS 1.2 or later, certificates and host names checked. */
#ifndef MIG_TRANSPORT_HTTP_H
#define MIG_TRANSPORT_HTTP_H

#include <stddef.h>

#include "base/error.h"

struct mig_buf;
struct mig_http;

struct mig_http_options {
    const char *user_agent;
    const char *ca_file; /* NULL: the system's */
    const char *proxy;   /* NULL: from the environment */
    int tunnel;          /* CONNECT through the proxy also for http:// */
    int timeout_ms;      /* of a whole request; 0: 30000 */
    int skip_verify;     /* ~/.migrc api.skipverifycert only */
};

struct mig_http_response {
    int status;
    struct mig_buf *body;
};

/* Starts libcurl, once in a process; mig_http_open() does it. */
int mig_http_global(struct mig_err *err);
int mig_http_open(const struct mig_http_options *options, struct mig_http **ret,
                  struct mig_err *err);
void mig_http_close(struct mig_http *http);
/* headers: NULL-terminated "Name: value", or NULL. body NULL: no body. The response's body is
 * appended to `out`, MIG_E_LIMIT over `max`. 0 when any HTTP status came. Connections are kept for
 * reuse. */
int mig_http_request(struct mig_http *http, const char *method, const char *url,
                     const char *const headers[], const void *body, size_t len, size_t max,
                     int *ret_status, struct mig_buf *out, struct mig_err *err);
/* Appends name=value&… form encoding of one pair, with '&' when out is not empty. */
int mig_http_form(struct mig_buf *out, const char *name, const char *value, size_t len);

#endif
