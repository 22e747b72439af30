/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A way to a broker through an HTTP proxy (CONNECT, RFC 9110 9.3.6), with TLS inside when asked
 * for. Programs that link it link libcurl, which does the CONNECT, the TLS and its checks.
 */
#ifndef MIG_TRANSPORT_TUNNEL_H
#define MIG_TRANSPORT_TUNNEL_H

#include "base/error.h"

struct mig_tunnel_options {
    /* [user:password@]host:port; NULL: what https_proxy, http_proxy and no_proxy of the environment
     * say. */
    const char *proxy;
    const char *host;
    int port;
    int tls; /* certificate and host name are checked, TLS 1.2 or later */
    const char *ca_pem, *cert_pem, *key_pem; /* paths; the last two may be NULL */
    int timeout_ms;                          /* until connected; 0: 5000 */
};

/* A connected, non-blocking socket, to be closed; with TLS it is one end of a pair, whose other end
 * a thread serves until either side closes. */
int mig_tunnel_open(const struct mig_tunnel_options *options, int *ret_fd, struct mig_err *err);
/* Whether the environment names a proxy for such connections. */
int mig_tunnel_environment(void);

#endif
