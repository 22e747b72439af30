/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "lanes/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/log.h"
#include "store/target.h"

/* Every key of the original is taken; those that have no meaning here are ignored. */
static const char *const known[] = {"agent.timeout",
                                    "agent.heartbeatfreq",
                                    "agent.whitelist",
                                    "agent.detectmultiagents",
                                    "agent.killdupagents",
                                    "agent.logactions",
                                    "collector.freq",
                                    "periodic.freq",
                                    "periodic.deleteafter",
                                    "periodic.queuescleanupfreq",
                                    "directories.spool",
                                    "directories.tmp",
                                    "postgres.conninfo",
                                    "postgres.targetconninfo",
                                    "postgres.host",
                                    "postgres.port",
                                    "postgres.dbname",
                                    "postgres.user",
                                    "postgres.password",
                                    "postgres.sslmode",
                                    "postgres.maxconn",
                                    "postgres.targetuser",
                                    "postgres.targetpassword",
                                    "targets.timeout",
                                    "mq.uri",
                                    "mq.host",
                                    "mq.port",
                                    "mq.user",
                                    "mq.pass",
                                    "mq.vhost",
                                    "mq.usetls",
                                    "mq.cacert",
                                    "mq.tlscert",
                                    "mq.tlskey",
                                    "mq.timeout",
                                    "debug.heartbeats",
                                    "logging.mode",
                                    "logging.level",
                                    "logging.file",
                                    "logging.maxfilesize",
                                    "logging.host",
                                    "logging.port",
                                    "logging.protocol",
                                    NULL};

static char *
copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

/* One key = 'value' of a libpq connection string. */
static void
add_setting(struct mig_buf *out, const char *key, const char *value)
{
    if (!value)
        return;
    mig_buf_addf(out, "%s%s='", out->len ? " " : "", key);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            mig_buf_addc(out, '\\');
        mig_buf_addc(out, *value);
    }
    mig_buf_addc(out, '\'');
}

static char *
make_conninfo(struct mig_conf *conf)
{
    static const char *const settings[] = {"host", "port", "dbname", "user", "password", "sslmode"};
    struct mig_buf out = MIG_BUF_INIT;

    if (mig_conf_get(conf, "postgres.conninfo", NULL))
        return copy(mig_conf_get(conf, "postgres.conninfo", NULL));
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        char key[64] = "postgres.";
        strncat(key, settings[i], sizeof(key) - strlen(key) - 1);
        add_setting(&out, settings[i], mig_conf_get(conf, key, NULL));
    }
    return out.len ? mig_buf_take(&out, NULL) : copy("");
}

/* In a connection string the last of two settings of one name counts. */
static int
make_target_conninfo(struct mig_conf *conf, struct mig_lanes_settings *c, struct mig_err *err)
{
    const char *whole = mig_conf_get(conf, "postgres.targetconninfo", NULL);
    struct mig_buf out = MIG_BUF_INIT;

    if (!whole && strstr(c->conninfo, "://"))
        return mig_err_set(err, MIG_E_CONFIG,
                           "postgres.conninfo is a URI: say postgres.targetconninfo too, for the "
                           "role that evaluates target expressions (migtarget)");
    if (!whole) {
        mig_buf_adds(&out, c->conninfo);
        add_setting(&out, "user", mig_conf_get(conf, "postgres.targetuser", "migtarget"));
        add_setting(&out, "password", mig_conf_get(conf, "postgres.targetpassword", NULL));
    }
    c->target_conninfo = whole ? copy(whole) : mig_buf_take(&out, NULL);
    return c->target_conninfo ? 0 : mig_err_errno(err, ENOMEM, "configuration");
}

/* Percent-encoding of RFC 3986. */
static void
add_encoded(struct mig_buf *out, const char *text)
{
    for (; *text; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~", *text))
            mig_buf_addc(out, *text);
        else
            mig_buf_addf(out, "%%%02X", (unsigned char)*text);
    }
}

static int
make_mq(struct mig_conf *conf, struct mig_lanes_settings *c, struct mig_err *err)
{
    struct mig_buf out = MIG_BUF_INIT;
    int tls = 0;
    int64_t port = 0;
    int r = mig_conf_get_bool(conf, "mq.usetls", 0, &tls, err);

    if (r == 0)
        r = mig_conf_get_number(conf, "mq.port", 1, 65535, tls ? 5671 : 5672, &port, err);
    if (r < 0)
        return r;
    c->mq_uri = copy(mig_conf_get(conf, "mq.uri", NULL));
    if (!c->mq_uri && !mig_conf_get(conf, "mq.host", NULL))
        return mig_err_set(err, MIG_E_CONFIG,
                           "mq.uri is missing: amqp[s]://user:password@host/vhost");
    if (!c->mq_uri) {
        mig_buf_adds(&out, tls ? "amqps://" : "amqp://");
        add_encoded(&out, mig_conf_get(conf, "mq.user", "guest"));
        mig_buf_addc(&out, ':');
        add_encoded(&out, mig_conf_get(conf, "mq.pass", "guest"));
        mig_buf_addf(&out, "@%s:%d/", mig_conf_get(conf, "mq.host", ""), (int)port);
        add_encoded(&out, mig_conf_get(conf, "mq.vhost", "/"));
        c->mq_uri = mig_buf_take(&out, NULL);
    }
    c->mq_ca = copy(mig_conf_get(conf, "mq.cacert", NULL));
    c->mq_cert = copy(mig_conf_get(conf, "mq.tlscert", NULL));
    c->mq_key = copy(mig_conf_get(conf, "mq.tlskey", NULL));
    c->mq = (struct mig_amqp_options){.uri = c->mq_uri,
                                      .ca_pem = c->mq_ca,
                                      .cert_pem = c->mq_cert,
                                      .key_pem = c->mq_key,
                                      .client_name = "mig-scheduler"};
    return c->mq_uri ? 0 : mig_err_errno(err, ENOMEM, "configuration");
}

static int
read_logging(struct mig_conf *conf, struct mig_lanes_settings *c, struct mig_err *err)
{
    const char *mode = mig_conf_get(conf, "logging.mode", "stdout");
    const char *level = mig_conf_get(conf, "logging.level", "info");
    const char *file = mig_conf_get(conf, "logging.file", NULL);

    c->log_severity = mig_log_severity(level);
    if (c->log_severity < 0)
        return mig_err_set(err, MIG_E_CONFIG,
                           "logging.level is '%s': expected err, warning, notice, info or debug",
                           level);
    if (strcmp(mode, "file") == 0) {
        if (!file || *file != '/')
            return mig_err_set(err, MIG_E_CONFIG,
                               "logging.file: mode is file, expected an absolute path");
        c->log_destination = copy(file);
    } else if (strcmp(mode, "syslog") == 0) {
        c->log_destination = copy("syslog");
    } else if (strcmp(mode, "stdout") == 0 || strcmp(mode, "stderr") == 0) {
        c->log_destination = copy("stderr");
    } else {
        return mig_err_set(err, MIG_E_CONFIG,
                           "logging.mode is '%s': expected stdout, file or syslog", mode);
    }
    return c->log_destination ? 0 : mig_err_errno(err, ENOMEM, "configuration");
}

static int
read_times(struct mig_conf *conf, struct mig_lanes_settings *c, struct mig_err *err)
{
    int64_t target = MIG_TARGET_TIMEOUT_MS;
    int r = mig_conf_get_duration(conf, "agent.timeout", "20m", &c->agent_timeout_ms, err);

    if (r == 0)
        r = mig_conf_get_duration(conf, "agent.heartbeatfreq", "5m", &c->heartbeat_freq_ms, err);
    if (r == 0)
        r = mig_conf_get_duration(conf, "periodic.freq", "87s", &c->periodic_freq_ms, err);
    if (r == 0)
        r = mig_conf_get_duration(conf, "targets.timeout", "2s", &target, err);
    if (r == 0 && (target < 1 || target > 60000))
        r = mig_err_set(err, MIG_E_CONFIG, "targets.timeout: expected 1ms to 60s");
    if (r == 0 &&
        (c->periodic_freq_ms < 100 || c->heartbeat_freq_ms < 1 || c->agent_timeout_ms < 1))
        r = mig_err_set(err, MIG_E_CONFIG,
                        "agent.timeout, agent.heartbeatfreq and periodic.freq must be above 0 "
                        "(periodic.freq at least 100ms)");
    c->target_timeout_ms = (int)target;
    return r;
}

static int
from_conf(struct mig_conf *conf, struct mig_lanes_settings **ret, struct mig_err *err)
{
    struct mig_lanes_settings *c = calloc(1, sizeof(*c));
    int r = c ? mig_conf_only(conf, known, err) : mig_err_errno(err, ENOMEM, "configuration");

    if (r == 0 && !(c->conninfo = make_conninfo(conf)))
        r = mig_err_errno(err, ENOMEM, "configuration");
    if (r == 0)
        r = make_target_conninfo(conf, c, err);
    if (r == 0)
        r = make_mq(conf, c, err);
    if (r == 0)
        r = read_logging(conf, c, err);
    if (r == 0)
        r = read_times(conf, c, err);
    mig_conf_free(conf);
    if (r < 0)
        mig_lanes_settings_free(c);
    else
        *ret = c;
    return r;
}

int
mig_lanes_settings_load(const char *path, struct mig_lanes_settings **ret, struct mig_err *err)
{
    struct mig_conf *conf = NULL;
    int r = mig_conf_load(path, &conf, err);

    if (r == 0) {
        r = from_conf(conf, ret, err);
        if (r < 0 && err && !strstr(err->text, path))
            mig_err_prefix(err, "%s", path);
    }
    return r;
}

int
mig_lanes_settings_parse(const char *name, const char *text, size_t len,
                         struct mig_lanes_settings **ret, struct mig_err *err)
{
    struct mig_conf *conf = NULL;
    int r = mig_conf_parse(name, text, len, &conf, err);

    return r < 0 ? r : from_conf(conf, ret, err);
}

static void
free_secret(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void
mig_lanes_settings_free(struct mig_lanes_settings *c)
{
    if (!c)
        return;
    free_secret(c->conninfo);
    free_secret(c->target_conninfo);
    free_secret(c->mq_uri);
    free(c->mq_ca);
    free(c->mq_cert);
    free(c->mq_key);
    free(c->log_destination);
    free(c);
}
