/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "lanes/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "store/target.h"

/* Every key of the original is taken. */
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
                                    "mq.queuetype",
                                    "mq.agentaccounts",
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

/* Of these, what has no meaning here. */
static const char *const unused[] = {
    "agent.killdupagents", "agent.logactions",
    "collector.freq",      "periodic.deleteafter",
    "directories.spool",   "directories.tmp",
    "postgres.maxconn",    "mq.timeout",
    "debug.heartbeats",    "logging.maxfilesize",
    "logging.host",        "logging.port",
    "logging.protocol",    NULL,
};

static char *
copy(const char *text)
{
    return text ? strdup(text) : NULL;
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

/* Each mq.uri, or one of host, port and so on. */
static int
make_uris(struct mig_conf *conf, struct mig_lanes_settings *c, struct mig_err *err)
{
    struct mig_buf out = MIG_BUF_INIT;
    size_t count = 0;
    int tls = 0;
    int64_t port = 0;
    int r = mig_conf_get_bool(conf, "mq.usetls", 0, &tls, err);

    if (r == 0)
        r = mig_conf_get_number(conf, "mq.port", 1, 65535, tls ? 5671 : 5672, &port, err);
    if (r < 0)
        return r;
    while (mig_conf_get_nth(conf, "mq.uri", count))
        count++;
    if (count == 0 && !mig_conf_get(conf, "mq.host", NULL))
        return mig_err_set(err, MIG_E_CONFIG,
                           "mq.uri is missing: amqp[s]://user:password@host/vhost");
    c->mq_uris = calloc(count + 2, sizeof(*c->mq_uris));
    if (!c->mq_uris)
        return mig_err_errno(err, ENOMEM, "configuration");
    for (size_t i = 0; i < count; i++)
        if (!(c->mq_uris[i] = copy(mig_conf_get_nth(conf, "mq.uri", i))))
            return mig_err_errno(err, ENOMEM, "configuration");
    if (count == 0) {
        mig_buf_adds(&out, tls ? "amqps://" : "amqp://");
        add_encoded(&out, mig_conf_get(conf, "mq.user", "guest"));
        mig_buf_addc(&out, ':');
        add_encoded(&out, mig_conf_get(conf, "mq.pass", "guest"));
        mig_buf_addf(&out, "@%s:%d/", mig_conf_get(conf, "mq.host", ""), (int)port);
        add_encoded(&out, mig_conf_get(conf, "mq.vhost", "/"));
        c->mq_uris[0] = mig_buf_take(&out, NULL);
    }
    return c->mq_uris[0] ? 0 : mig_err_errno(err, ENOMEM, "configuration");
}

static int
make_mq(struct mig_conf *conf, struct mig_lanes_settings *c, struct mig_err *err)
{
    int r = make_uris(conf, c, err);

    if (r == 0)
        r = mig_conf_get_bool(conf, "mq.agentaccounts", 0, &c->agent_accounts, err);
    if (r < 0)
        return r;
    c->queue_type = mig_conf_get(conf, "mq.queuetype", "classic");
    if (strcmp(c->queue_type, "classic") != 0 && strcmp(c->queue_type, "quorum") != 0)
        return mig_err_set(err, MIG_E_CONFIG, "mq.queuetype is '%s': expected classic or quorum",
                           c->queue_type);
    c->mq_ca = copy(mig_conf_get(conf, "mq.cacert", NULL));
    c->mq_cert = copy(mig_conf_get(conf, "mq.tlscert", NULL));
    c->mq_key = copy(mig_conf_get(conf, "mq.tlskey", NULL));
    c->mq = (struct mig_amqp_options){.ca_pem = c->mq_ca,
                                      .cert_pem = c->mq_cert,
                                      .key_pem = c->mq_key,
                                      .client_name = "mig-scheduler"};
    return 0;
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
        r = mig_conf_get_duration(conf, "periodic.queuescleanupfreq", "24h", &c->queues_freq_ms,
                                  err);
    if (r == 0)
        r = mig_conf_get_bool(conf, "agent.detectmultiagents", 1, &c->detect_duplicates, err);
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
    int r;

    if (!c) {
        mig_conf_free(conf);
        return mig_err_errno(err, ENOMEM, "configuration");
    }
    c->conf = conf;
    c->whitelist = mig_conf_get(conf, "agent.whitelist", NULL);
    r = mig_conf_only(conf, known, err);
    if (r == 0)
        r = mig_store_settings_read(conf, &c->store, err);
    if (r == 0)
        r = make_mq(conf, c, err);
    if (r == 0)
        r = read_times(conf, c, err);
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

void
mig_lanes_settings_warn(const struct mig_lanes_settings *config)
{
    mig_store_settings_warn_unused(config->conf, unused);
}

void
mig_lanes_settings_free(struct mig_lanes_settings *c)
{
    if (!c)
        return;
    mig_store_settings_fini(&c->store);
    for (char **uri = c->mq_uris; uri && *uri; uri++)
        mig_store_settings_erase(*uri);
    free(c->mq_uris);
    free(c->mq_ca);
    free(c->mq_cert);
    free(c->mq_key);
    mig_conf_free(c->conf);
    free(c);
}
