/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"

/* Every key of the original is taken. */
static const char *const known[] = {
    "agent.whitelist",
    "authentication.enabled",
    "authentication.tokenduration",
    "limits.address",
    "limits.addressburst",
    "limits.answertime",
    "limits.heartbeat",
    "limits.heartbeatburst",
    "limits.investigator",
    "limits.investigatorburst",
    "logging.file",
    "logging.host",
    "logging.level",
    "logging.maxfilesize",
    "logging.mode",
    "logging.port",
    "logging.protocol",
    "manifest.requiredsignatures",
    "postgres.conninfo",
    "postgres.dbname",
    "postgres.host",
    "postgres.maxconn",
    "postgres.password",
    "postgres.port",
    "postgres.sslmode",
    "postgres.targetconninfo",
    "postgres.targetpassword",
    "postgres.targetuser",
    "postgres.user",
    "server.baseroute",
    "server.clientpublicip",
    "server.host",
    "server.ip",
    "server.maxconnections",
    "server.metrics",
    "server.port",
    "server.portfile",
    "server.tlscert",
    "server.tlskey",
    "server.workers",
    NULL,
};

/* Of these, what has no meaning here. */
static const char *const unused[] = {
    "logging.host",
    "logging.maxfilesize",
    "logging.port",
    "logging.protocol",
    "manifest.requiredsignatures",
    "postgres.maxconn",
    NULL,
};

/* peer, or x-forwarded-for:<n> */
static int
load_public_ip(struct mig_api_settings *settings, struct mig_err *err)
{
    static const char prefix[] = "x-forwarded-for:";
    const char *word = mig_conf_get(settings->conf, "server.clientpublicip", "peer");
    const char *number = word + sizeof prefix - 1;

    settings->forwarded = -1;
    if (strcasecmp(word, "peer") == 0 || *word == '\0')
        return 0;
    if (strncasecmp(word, prefix, sizeof prefix - 1) == 0 && *number != '\0' &&
        strlen(number) <= 2 && strspn(number, "0123456789") == strlen(number)) {
        settings->forwarded = (int)strtol(number, NULL, 10);
        return 0;
    }
    return mig_err_set(
        err, MIG_E_CONFIG,
        "server.clientpublicip: expected peer or x-forwarded-for:<0..99>, found '%s'", word);
}

static int
load_limits(struct mig_api_settings *settings, struct mig_err *err)
{
    const struct {
        const char *rate, *burst;
        int64_t rate_default, burst_default;
        int64_t *ret_rate, *ret_burst;
    } limits[] = {
        {"limits.address", "limits.addressburst", 200, 1000, &settings->address_rate,
         &settings->address_burst},
        {"limits.heartbeat", "limits.heartbeatburst", 0, 1000, &settings->heartbeat_rate,
         &settings->heartbeat_burst},
        {"limits.investigator", "limits.investigatorburst", 100, 1000, &settings->investigator_rate,
         &settings->investigator_burst},
    };
    int rc = 0;

    for (size_t i = 0; rc >= 0 && i < sizeof limits / sizeof limits[0]; i++) {
        rc = mig_conf_get_number(settings->conf, limits[i].rate, 0, 1000000, limits[i].rate_default,
                                 limits[i].ret_rate, err);
        if (rc >= 0)
            rc = mig_conf_get_number(settings->conf, limits[i].burst, 1, 1000000,
                                     limits[i].burst_default, limits[i].ret_burst, err);
    }
    return rc;
}

/* local (this machine), or all */
static int
load_metrics(struct mig_api_settings *settings, struct mig_err *err)
{
    const char *word = mig_conf_get(settings->conf, "server.metrics", "local");

    settings->metrics_open = strcasecmp(word, "all") == 0;
    if (!settings->metrics_open && strcasecmp(word, "local") != 0)
        return mig_err_set(err, MIG_E_CONFIG, "server.metrics: expected local or all, found '%s'",
                           word);
    return 0;
}

static int
load_tls(struct mig_api_settings *settings, struct mig_err *err)
{
    settings->tls_cert = mig_conf_get(settings->conf, "server.tlscert", NULL);
    settings->tls_key = mig_conf_get(settings->conf, "server.tlskey", NULL);
    if ((settings->tls_cert == NULL) != (settings->tls_key == NULL))
        return mig_err_set(err, MIG_E_CONFIG,
                           "server.tlscert and server.tlskey: expected both or none");
    return 0;
}

static int
load_server(struct mig_api_settings *settings, struct mig_err *err)
{
    struct mig_conf *conf = settings->conf;
    int64_t port, workers, connections;
    int rc;

    rc = mig_conf_get_number(conf, "server.port", 0, 65535, 1664, &port, err);
    if (rc >= 0)
        rc = mig_conf_get_number(conf, "server.workers", 1, 64, 8, &workers, err);
    if (rc >= 0)
        rc = mig_conf_get_number(conf, "server.maxconnections", 1, 65536, 1024, &connections, err);
    if (rc < 0)
        return rc;
    settings->port = (uint16_t)port;
    settings->workers = (unsigned)workers;
    settings->connections = (unsigned)connections;
    settings->ip = mig_conf_get(conf, "server.ip", "127.0.0.1");
    settings->host = mig_conf_get(conf, "server.host", NULL);
    settings->portfile = mig_conf_get(conf, "server.portfile", NULL);
    settings->baseroute = mig_conf_get(conf, "server.baseroute", "/api/v1");
    if (*settings->baseroute != '/' || settings->baseroute[strlen(settings->baseroute) - 1] == '/')
        return mig_err_set(err, MIG_E_CONFIG,
                           "server.baseroute: expected a path as /api/v1, found '%s'",
                           settings->baseroute);
    settings->whitelist = mig_conf_get(conf, "agent.whitelist", NULL);
    rc = load_public_ip(settings, err);
    if (rc >= 0)
        rc = load_metrics(settings, err);
    if (rc >= 0)
        rc = load_tls(settings, err);
    return rc;
}

/* 10 minutes unless the file says otherwise. */
static int
load_duration(struct mig_api_settings *settings, const char *key, int64_t *ret, struct mig_err *err)
{
    int rc = mig_conf_get_duration(settings->conf, key, "10m", ret, err);

    if (rc < 0)
        return rc;
    if (*ret < 1000 || *ret > INT64_C(86400000))
        return mig_err_set(err, MIG_E_CONFIG, "%s: expected 1s to 24h", key);
    return 0;
}

static int
load_authentication(struct mig_api_settings *settings, struct mig_err *err)
{
    int enabled;
    int rc;

    rc = mig_conf_get_bool(settings->conf, "authentication.enabled", 1, &enabled, err);
    if (rc < 0)
        return rc;
    settings->authentication = enabled != 0;
    return load_duration(settings, "authentication.tokenduration", &settings->token_ms, err);
}

int
mig_api_settings_load(const char *path, struct mig_api_settings *ret, struct mig_err *err)
{
    struct mig_api_settings settings = {0};
    int rc;

    rc = mig_conf_load(path, &settings.conf, err);
    if (rc < 0)
        return rc;
    rc = mig_conf_only(settings.conf, known, err);
    if (rc >= 0)
        rc = load_authentication(&settings, err);
    if (rc >= 0)
        rc = load_server(&settings, err);
    if (rc >= 0)
        rc = load_limits(&settings, err);
    if (rc >= 0)
        rc = load_duration(&settings, "limits.answertime", &settings.answer_ms, err);
    if (rc >= 0)
        rc = mig_store_settings_read(settings.conf, &settings.store, err);
    if (rc < 0) {
        mig_api_settings_fini(&settings);
        return rc;
    }
    *ret = settings;
    return 0;
}

void
mig_api_settings_warn(const struct mig_api_settings *settings)
{
    mig_store_settings_warn_unused(settings->conf, unused);
}

void
mig_api_settings_fini(struct mig_api_settings *settings)
{
    mig_store_settings_fini(&settings->store);
    mig_conf_free(settings->conf);
    *settings = (struct mig_api_settings){0};
}
