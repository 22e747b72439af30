/* SPDX-License-Identifier: MPL-2.0 */
/* TLS of the outputs of dispatch, by libcurl: the peer's certificate is always checked. */
#ifndef MIG_DISPATCH_TLS_H
#define MIG_DISPATCH_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>
#include <mig/plugin.h>

struct json_object;
struct tls;

/* Takes ca, cert and key, PEM texts, of the member `section` of the configuration. 0, or a negative
 * errno value after refuse(). */
int dispatch_tls_options(const struct mig_host *host, struct json_object *config,
                         const char *section, CURL *curl);

/* A connection to be made, without a protocol on it; the same options. */
int dispatch_tls_new(const struct mig_host *host, struct json_object *config, const char *section,
                     const char *server, unsigned port, struct tls **ret_tls);
void dispatch_tls_free(struct tls *tls);
/* Connects unless it is. -EIO, and why in words. */
int dispatch_tls_dial(struct tls *tls, char *why, size_t size);
/* The other end has closed it: a write would still succeed once. */
bool dispatch_tls_closed(struct tls *tls);
int dispatch_tls_write(struct tls *tls, const char *data, size_t length);
void dispatch_tls_hang_up(struct tls *tls);

#endif
