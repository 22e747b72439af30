/* SPDX-License-Identifier: MPL-2.0 */
/* api.cfg. */
#ifndef MIG_API_SETTINGS_H
#define MIG_API_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/settings.h"

struct mig_conf;

struct mig_api_settings {
    bool authentication;
    int64_t token_ms;  /* a token's time may be this far from now */
    int64_t answer_ms; /* in which a client has to have taken an answer that comes in parts */
    const char *ip;
    uint16_t port;         /* 0: a free one */
    const char *portfile;  /* NULL: none; gets the port in decimal once the server listens */
    const char *host;      /* NULL: http://ip:port */
    const char *baseroute; /* "/api/v1" */
    int forwarded;         /* -1: peer address; else the n-th from the end of X-Forwarded-For */
    unsigned workers;
    unsigned connections;  /* at the same time */
    const char *whitelist; /* of queue locations that may beat; NULL: everybody */
    const char *tls_cert;  /* NULL: plain HTTP; else PEM files */
    const char *tls_key;
    bool metrics_open; /* /metrics for everyone, not for this machine only */
    /* Requests a second and how many at once, 0: as many as come. */
    int64_t address_rate, address_burst;
    int64_t heartbeat_rate, heartbeat_burst;
    int64_t investigator_rate, investigator_burst;
    struct mig_store_settings store;
    struct mig_conf *conf; /* owns the texts above */
};

/* MIG_E_CONFIG with file, line and key. */
int mig_api_settings_load(const char *path, struct mig_api_settings *ret, struct mig_err *err);
/* Logs a warning for each key that is set and has no meaning here. */
void mig_api_settings_warn(const struct mig_api_settings *settings);
void mig_api_settings_fini(struct mig_api_settings *settings);

#endif
