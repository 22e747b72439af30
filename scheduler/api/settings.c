/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/log.h"

/* manifest.* and the logging keys of the original are taken and have no meaning yet. */
static const char *const known[] = {
    "authentication.enabled",
    "authentication.tokenduration",
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
    "server.port",
    "server.portfile",
    "server.workers",
    NULL,
};

/* key='value' with the quoting of libpq's connection strings. */
static void
add_keyword(struct mig_buf *out, const char *key, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    mig_buf_addf(out, "%s%s='", out->len > 0 ? " " : "", key);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            mig_buf_addc(out, '\\');
        mig_buf_addc(out, *value);
    }
    mig_buf_addc(out, '\'');
}

static char *
conninfo_from_parts(struct mig_conf *conf)
{
    static const char *const parts[] = {"host", "port", "dbname", "user", "password", "sslmode"};
    struct mig_buf out = MIG_BUF_INIT;

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char name[32];

        snprintf(name, sizeof name, "postgres.%s", parts[i]);
        add_keyword(&out, parts[i], mig_conf_get(conf, name, NULL));
    }
    if (out.data == NULL)
        mig_buf_adds(&out, "dbname='mig'");
    return mig_buf_take(&out, NULL);
}

/* In a connection string the last of two settings of one name counts. */
static char *
target_conninfo(const struct mig_api_settings *settings)
{
    struct mig_buf out = MIG_BUF_INIT;

    mig_buf_adds(&out, settings->conninfo);
    add_keyword(&out, "user", mig_conf_get(settings->conf, "postgres.targetuser", "migtarget"));
    add_keyword(&out, "password", mig_conf_get(settings->conf, "postgres.targetpassword", NULL));
    return mig_buf_take(&out, NULL);
}

static int
load_postgres(struct mig_api_settings *settings, struct mig_err *err)
{
    const char *whole = mig_conf_get(settings->conf, "postgres.conninfo", NULL);
    const char *target = mig_conf_get(settings->conf, "postgres.targetconninfo", NULL);

    settings->conninfo = whole != NULL ? strdup(whole) : conninfo_from_parts(settings->conf);
    if (settings->conninfo == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    if (target != NULL)
        settings->target_conninfo = strdup(target);
    else if (strstr(settings->conninfo, "://") != NULL)
        return mig_err_set(err, MIG_E_CONFIG,
                           "postgres.conninfo is a URI: say postgres.targetconninfo too, for the "
                           "role that evaluates target expressions (migtarget)");
    else
        settings->target_conninfo = target_conninfo(settings);
    if (settings->target_conninfo == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    return 0;
}

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
load_logging(struct mig_api_settings *settings, struct mig_err *err)
{
    const char *mode = mig_conf_get(settings->conf, "logging.mode", "stdout");
    const char *level = mig_conf_get(settings->conf, "logging.level", "info");

    settings->log_severity = mig_log_severity(level);
    if (settings->log_severity < 0)
        return mig_err_set(
            err, MIG_E_CONFIG,
            "logging.level: expected err, warning, notice, info or debug, found '%s'", level);
    if (strcmp(mode, "stdout") == 0 || strcmp(mode, "stderr") == 0)
        settings->log_destination = "stderr";
    else if (strcmp(mode, "syslog") == 0)
        settings->log_destination = "syslog";
    else if (strcmp(mode, "file") == 0)
        settings->log_destination = mig_conf_get(settings->conf, "logging.file", NULL);
    else
        return mig_err_set(err, MIG_E_CONFIG,
                           "logging.mode: expected stdout, file or syslog, found '%s'", mode);
    if (settings->log_destination == NULL)
        return mig_err_set(err, MIG_E_CONFIG, "logging.mode is file: logging.file is missing");
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
    return load_public_ip(settings, err);
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
    rc = mig_conf_get_duration(settings->conf, "authentication.tokenduration", "10m",
                               &settings->token_ms, err);
    if (rc < 0)
        return rc;
    if (settings->token_ms < 1000 || settings->token_ms > INT64_C(86400000))
        return mig_err_set(err, MIG_E_CONFIG, "authentication.tokenduration: expected 1s to 24h");
    return 0;
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
        rc = load_postgres(&settings, err);
    if (rc >= 0)
        rc = load_logging(&settings, err);
    if (rc < 0) {
        mig_api_settings_fini(&settings);
        return rc;
    }
    *ret = settings;
    return 0;
}

void
mig_api_settings_fini(struct mig_api_settings *settings)
{
    free(settings->conninfo);
    free(settings->target_conninfo);
    mig_conf_free(settings->conf);
    *settings = (struct mig_api_settings){0};
}
