/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/mkagent.h"
#include "base/conf.h"
#include "base/log.h"

static const char *const known[] = {"agent.api",
                                    "agent.checkin",
                                    "agent.checktarget",
                                    "agent.confdir",
                                    "agent.discovercloudmeta",
                                    "agent.discoverpublicip",
                                    "agent.extraprivacymode",
                                    "agent.heartbeatfreq",
                                    "agent.maxworkers",
                                    "agent.moduletimeout",
                                    "agent.plugindir",
                                    "agent.proxies",
                                    "agent.relay",
                                    "agent.rundir",
                                    "agent.tags",
                                    "limits.cpu",
                                    "limits.memory",
                                    "limits.openfiles",
                                    "limits.output",
                                    "logging.destination",
                                    "logging.level",
                                    "persist.module",
                                    "persist.queue",
                                    "persist.state",
                                    "user.relay",
                                    "user.verifier",
                                    NULL};

static size_t
count_values(struct mig_conf *conf, const char *name)
{
    size_t count = 0;

    while (mig_conf_get_nth(conf, name, count))
        count++;
    return count;
}

static int
read_relays(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    size_t count = count_values(s->conf, "agent.relay");

    if (count == 0)
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s/agent.conf: agent.relay is missing: expected the broker's address, "
                           "amqp[s]://user:password@host:port/vhost",
                           dir);
    s->relays = calloc(count + 1, sizeof(*s->relays));
    if (!s->relays)
        return mig_err_errno(err, ENOMEM, "%s/agent.conf", dir);
    for (size_t i = 0; i < count; i++) {
        const char *uri = mig_conf_get_nth(s->conf, "agent.relay", i);
        int tls = strncmp(uri, "amqps://", 8) == 0;

        if (!tls && strncmp(uri, "amqp://", 7) != 0)
            return mig_err_set(err, MIG_E_CONFIG,
                               "%s/agent.conf: agent.relay: expected amqp:// or amqps://, found "
                               "'%.12s...'",
                               dir, uri);
        if (tls && !s->site.ca_pem)
            return mig_err_set(err, MIG_E_CONFIG,
                               "%s/agent.conf: agent.relay is amqps: put the CA certificate that "
                               "the broker is checked with into %s/tls/ca.pem",
                               dir, dir);
        s->relays[i] = uri;
    }
    s->site.relays = s->relays;
    return 0;
}

static int
read_api(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    const char *api = mig_conf_get(s->conf, "agent.api", "");
    size_t len = strlen(api);

    if (len > 0 && strncmp(api, "http://", 7) != 0 && strncmp(api, "https://", 8) != 0)
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s/agent.conf: agent.api: expected an address such as "
                           "https://api.example.net/api/v1/, found '%.100s'",
                           dir, api);
    mig_buf_adds(&s->api, api);
    if (len > 0 && api[len - 1] != '/')
        mig_buf_addc(&s->api, '/');
    s->site.api = s->api.data ? s->api.data : "";
    return s->api.failed ? mig_err_errno(err, ENOMEM, "agent.api") : 0;
}

static int
read_tags(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    size_t count = count_values(s->conf, "agent.tags");

    s->tags = calloc(2 * count + 1, sizeof(*s->tags));
    if (!s->tags)
        return mig_err_errno(err, ENOMEM, "%s/agent.conf", dir);
    for (size_t i = 0; i < count; i++) {
        const char *tag = mig_conf_get_nth(s->conf, "agent.tags", i);
        const char *colon = strchr(tag, ':');

        if (!colon || colon == tag)
            return mig_err_set(err, MIG_E_CONFIG,
                               "%s/agent.conf: agent.tags: expected name:value, found '%.100s'",
                               dir, tag);
        s->tags[2 * i] = mig_conf_trimmed(tag, colon);
        s->tags[2 * i + 1] = mig_conf_trimmed(colon + 1, colon + strlen(colon));
        if (!s->tags[2 * i] || !s->tags[2 * i + 1])
            return mig_err_errno(err, ENOMEM, "%s/agent.conf", dir);
    }
    s->site.tags = (const char *const *)s->tags;
    return 0;
}

/* [user:password@]host:port */
static int
check_proxy(const char *dir, const char *proxy, struct mig_err *err)
{
    const char *host = mig_site_proxy_name(proxy), *colon = strrchr(host, ':');
    char *end = NULL;
    long port = colon ? strtol(colon + 1, &end, 10) : 0;

    if (!strstr(proxy, "://") && colon && colon > host && !strpbrk(proxy, " \t/") && end && !*end &&
        port > 0 && port < 65536 &&
        (host[0] == '[' ? colon[-1] == ']' : memchr(host, ':', (size_t)(colon - host)) == NULL))
        return 0;
    return mig_err_set(err, MIG_E_CONFIG,
                       "%s/agent.conf: agent.proxies: expected host:port or "
                       "user:password@host:port, separated by commas, found '%.100s'",
                       dir, host);
}

static int
add_proxies(const char *dir, const char *list, struct mig_mksite *s, size_t *count,
            struct mig_err *err)
{
    const char *at = list, *end;
    int rc = 0;

    do {
        char *proxy, **grown = reallocarray(s->proxies, *count + 2, sizeof(*grown));

        if (!grown)
            return mig_err_errno(err, ENOMEM, "%s/agent.conf", dir);
        s->proxies = grown;
        s->proxies[*count] = NULL;
        end = at + strcspn(at, ",");
        proxy = mig_conf_trimmed(at, end);
        if (!proxy)
            return mig_err_errno(err, ENOMEM, "%s/agent.conf", dir);
        s->proxies[(*count)++] = proxy;
        s->proxies[*count] = NULL;
        rc = check_proxy(dir, proxy, err);
        at = end + 1;
    } while (rc == 0 && *end);
    return rc;
}

static int
read_proxies(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    size_t values = count_values(s->conf, "agent.proxies"), count = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < values; i++)
        rc = add_proxies(dir, mig_conf_get_nth(s->conf, "agent.proxies", i), s, &count, err);
    s->site.proxies = (const char *const *)s->proxies;
    return rc;
}

static int
read_switches(struct mig_mksite *s, struct mig_err *err)
{
    const struct {
        const char *key;
        uint64_t *to;
    } switches[] = {{"agent.checkin", &s->site.checkin},
                    {"agent.discovercloudmeta", &s->site.cloud},
                    {"agent.discoverpublicip", &s->site.public_ip}};
    int rc = 0, value = 0;

    for (size_t i = 0; rc == 0 && i < sizeof(switches) / sizeof(switches[0]); i++) {
        rc = mig_conf_get_bool(s->conf, switches[i].key, 0, &value, err);
        *switches[i].to = value != 0;
    }
    if (rc == 0 && s->site.public_ip && !s->site.api[0])
        rc = mig_err_set(err, MIG_E_CONFIG,
                         "agent.discoverpublicip asks the API, and agent.api is missing");
    return rc;
}

/* What one operation may use up, and what it may tell. */
static int
read_budget(struct mig_mksite *s, struct mig_err *err)
{
    int64_t output = 0, memory = 0, cpu = 0, files = 0;
    int private_mode = 0;
    struct mig_conf *c = s->conf;
    int rc = mig_conf_get_number(c, "limits.output", 4096, 32 << 20, 16 << 20, &output, err);

    if (rc == 0)
        rc = mig_conf_get_number(c, "limits.memory", 0, INT64_MAX, (int64_t)1 << 30, &memory, err);
    if (rc == 0)
        rc = mig_conf_get_number(c, "limits.cpu", 0, 86400, 600, &cpu, err);
    if (rc == 0)
        rc = mig_conf_get_number(c, "limits.openfiles", 32, 65536, 256, &files, err);
    if (rc == 0)
        rc = mig_conf_get_bool(c, "agent.extraprivacymode", 0, &private_mode, err);
    s->site.output_max = (uint64_t)output;
    s->site.memory_max = (uint64_t)memory;
    s->site.cpu_max = (uint64_t)cpu;
    s->site.open_files_max = (uint64_t)files;
    s->site.private_mode = private_mode != 0;
    return rc;
}

static int
read_numbers(struct mig_mksite *s, struct mig_err *err)
{
    int64_t workers = 0;
    struct mig_conf *c = s->conf;
    int rc;

    rc = mig_conf_get_duration(c, "agent.heartbeatfreq", "300s", &s->site.heartbeat_ms, err);
    if (rc == 0)
        rc = mig_conf_get_duration(c, "agent.moduletimeout", "300s", &s->site.module_timeout_ms,
                                   err);
    if (rc == 0)
        rc = mig_conf_get_number(c, "agent.maxworkers", 1, 64, 4, &workers, err);
    if (rc == 0)
        rc = read_budget(s, err);
    if (rc < 0)
        return rc;
    if (s->site.heartbeat_ms < 1000 || s->site.module_timeout_ms < 1000)
        return mig_err_set(err, MIG_E_CONFIG,
                           "agent.heartbeatfreq and agent.moduletimeout: "
                           "expected one second or more");
    s->site.max_workers = (uint64_t)workers;
    return 0;
}

/* Whether a command is held against its action's target. */
static int
read_check_target(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    static const char *const words[] = {"off", "decidable", "strict"};
    const char *word = mig_conf_get(s->conf, "agent.checktarget", "decidable");

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(word, words[i]) == 0) {
            s->site.check_target = i;
            return 0;
        }
    return mig_err_set(err, MIG_E_CONFIG,
                       "%s/agent.conf: agent.checktarget: expected off, decidable or strict, "
                       "found '%.64s'",
                       dir, word);
}

static int
absolute(const char *dir, const char *key, const char *value, struct mig_err *err)
{
    return !value || value[0] == '/'
               ? 0
               : mig_err_set(err, MIG_E_CONFIG,
                             "%s/agent.conf: %s: expected an absolute path, found '%.200s'", dir,
                             key, value);
}

static int
read_words(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    struct mig_conf *c = s->conf;
    int rc;

    s->site.run_dir = mig_conf_get(c, "agent.rundir", NULL);
    s->site.plugin_dir = mig_conf_get(c, "agent.plugindir", NULL);
    s->site.conf_dir = mig_conf_get(c, "agent.confdir", NULL);
    s->site.relay_user = mig_conf_get(c, "user.relay", "_mig-relay");
    s->site.verifier_user = mig_conf_get(c, "user.verifier", "_mig-verify");
    s->site.log_destination = mig_conf_get(c, "logging.destination", "stderr");
    s->site.log_level = mig_conf_get(c, "logging.level", "info");
    rc = absolute(dir, "agent.rundir", s->site.run_dir, err);
    if (rc == 0)
        rc = absolute(dir, "agent.plugindir", s->site.plugin_dir, err);
    if (rc == 0)
        rc = absolute(dir, "agent.confdir", s->site.conf_dir, err);
    if (rc < 0)
        return rc;
    if (mig_log_severity(s->site.log_level) < 0)
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s/agent.conf: logging.level: expected err, warning, notice, info or "
                           "debug, found '%.64s'",
                           dir, s->site.log_level);
    if (strcmp(s->site.log_destination, "stderr") != 0 &&
        strcmp(s->site.log_destination, "syslog") != 0 && s->site.log_destination[0] != '/')
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s/agent.conf: logging.destination: expected stderr, syslog or an "
                           "absolute path, found '%.200s'",
                           dir, s->site.log_destination);
    return 0;
}

int
mig_mksite_conf(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    int rc = mig_conf_only(s->conf, known, err);

    if (rc == 0)
        rc = read_relays(dir, s, err);
    if (rc == 0)
        rc = read_api(dir, s, err);
    if (rc == 0)
        rc = read_tags(dir, s, err);
    if (rc == 0)
        rc = read_proxies(dir, s, err);
    if (rc == 0)
        rc = read_switches(s, err);
    if (rc == 0)
        rc = read_numbers(s, err);
    if (rc == 0)
        rc = read_check_target(dir, s, err);
    if (rc == 0)
        rc = read_words(dir, s, err);
    if (rc == 0)
        rc = mig_mksite_persist(dir, s, err);
    return rc;
}
