/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/roster.h"
#include "agent/site.h"
#include "agent/supervisor.h"
#include "base/buf.h"
#include "base/time.h"
#include "plugin/layers.h"

static void
add_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text ? text : ""));
}

static void
add_duration(struct json_object *object, const char *key, int64_t ms)
{
    char text[MIG_TIME_TEXT];

    mig_duration_format(ms * 1000000, text);
    add_text(object, key, text);
}

/* amqp://user:password@host -> amqp://user:***@host */
static struct json_object *
without_password(const char *uri)
{
    const char *start = strstr(uri, "://"), *at, *colon;
    struct mig_buf text = MIG_BUF_INIT;
    struct json_object *value;

    start = start ? start + 3 : uri;
    at = memrchr(start, '@', strcspn(start, "/"));
    colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
    if (colon) {
        mig_buf_add(&text, uri, (size_t)(colon + 1 - uri));
        mig_buf_addf(&text, "***%s", at);
    } else {
        mig_buf_adds(&text, uri);
    }
    value = json_object_new_string(text.data ? text.data : "");
    mig_buf_fini(&text);
    return value;
}

static struct json_object *
agent_part(const struct mig_site *site)
{
    struct json_object *part = json_object_new_object();
    struct json_object *relays = json_object_new_array();
    struct json_object *proxies = json_object_new_array();
    struct json_object *tags = json_object_new_object();

    for (size_t i = 0; site->relays && site->relays[i]; i++)
        json_object_array_add(relays, without_password(site->relays[i]));
    for (size_t i = 0; site->tags && site->tags[i]; i += 2)
        add_text(tags, site->tags[i], site->tags[i + 1]);
    for (size_t i = 0; site->proxies && site->proxies[i]; i++)
        json_object_array_add(proxies,
                              json_object_new_string(mig_site_proxy_name(site->proxies[i])));
    json_object_object_add(part, "relay", relays);
    json_object_object_add(part, "proxies", proxies);
    json_object_object_add(part, "checkin", json_object_new_boolean(site->checkin != 0));
    json_object_object_add(part, "discoverpublicip", json_object_new_boolean(site->public_ip != 0));
    json_object_object_add(part, "discovercloudmeta", json_object_new_boolean(site->cloud != 0));
    add_text(part, "api", site->api);
    add_duration(part, "heartbeatfreq", site->heartbeat_ms);
    add_duration(part, "moduletimeout", site->module_timeout_ms);
    json_object_object_add(part, "maxworkers", json_object_new_int64((int64_t)site->max_workers));
    add_text(part, "rundir", mig_site_run_dir(site));
    add_text(part, "plugindir", mig_site_plugin_dir(site));
    json_object_object_add(part, "tls", json_object_new_boolean(site->ca_pem != NULL));
    json_object_object_add(part, "tags", tags);
    return part;
}

/* What the running agent says; NULL without one. */
static struct json_object *
ask_agent(const struct mig_site *site, const char *query)
{
    struct mig_buf text = MIG_BUF_INIT;
    struct json_object *part = NULL;

    if (mig_site_present(site) && mig_control_ask(site, query, &text) == 0 && text.data)
        part = json_tokener_parse(text.data);
    mig_buf_fini(&text);
    return part;
}

/* The running agent knows which are in quarantine; without one, what it would see. */
static struct json_object *
plugins_part(const struct mig_site *site)
{
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_roster *roster = NULL;
    struct json_object *list = ask_agent(site, "plugins");

    if (!list && (roster = mig_roster_new(mig_site_plugin_dir(site)))) {
        if (mig_roster_json(roster, SIZE_MAX / 2, &text) == 0)
            list = json_tokener_parse(text.data);
    }
    mig_roster_free(roster);
    mig_buf_fini(&text);
    return list ? list : json_object_new_array();
}

/* The running agent knows which cgroup it has. */
static struct json_object *
confinement_part(const struct mig_site *site)
{
    struct mig_buf text = MIG_BUF_INIT;
    struct json_object *part = ask_agent(site, "confinement");

    if (!part && mig_layers_json(&text) == 0)
        part = json_tokener_parse(text.data);
    mig_buf_fini(&text);
    return part;
}

static struct json_object *
persist_part(const struct mig_site *site)
{
    struct json_object *part = ask_agent(site, "persist");

    if (part)
        return part;
    part = json_object_new_array();
    for (size_t i = 0; site->persist && site->persist[i]; i += 2) {
        struct json_object *one = json_object_new_object();

        add_text(one, "module", site->persist[i]);
        add_text(one, "state", "stopped");
        add_text(one, "reason", "no agent runs");
        json_object_array_add(part, one);
    }
    return part;
}

int
mig_agent_settings(const struct mig_site *site, FILE *out)
{
    struct json_object *all = json_object_new_object();
    struct json_object *limits = json_object_new_object();
    struct json_object *users = json_object_new_object();
    struct json_object *signers = json_object_new_array();
    struct json_object *off = json_object_new_array();

    add_text(all, "version", PACKAGE_VERSION);
    json_object_object_add(all, "site", json_object_new_boolean(mig_site_present(site)));
    json_object_object_add(all, "agent", agent_part(site));
    json_object_object_add(limits, "output", json_object_new_int64((int64_t)site->output_max));
    json_object_object_add(limits, "memory", json_object_new_int64((int64_t)site->memory_max));
    json_object_object_add(limits, "cpu", json_object_new_int64((int64_t)site->cpu_max));
    json_object_object_add(limits, "openfiles",
                           json_object_new_int64((int64_t)site->open_files_max));
    json_object_object_add(all, "limits", limits);
    add_text(all, "checktarget",
             (const char *const[]){"off", "decidable", "strict"}[site->check_target % 3]);
    json_object_object_add(all, "extraprivacymode", json_object_new_boolean(site->private_mode));
    for (size_t i = 0; site->modules_off && site->modules_off[i]; i++)
        json_object_array_add(off, json_object_new_string(site->modules_off[i]));
    json_object_object_add(all, "modulesoff", off);
    add_text(users, "relay", site->relay_user);
    add_text(users, "verifier", site->verifier_user);
    json_object_object_add(all, "user", users);
    for (size_t i = 0; site->signers && site->signers[i]; i++)
        json_object_array_add(signers, json_object_new_string(site->signers[i]));
    json_object_object_add(all, "investigators", signers);
    json_object_object_add(all, "plugins", plugins_part(site));
    json_object_object_add(all, "confinement", confinement_part(site));
    json_object_object_add(all, "persist", persist_part(site));
    fprintf(out, "%s\n",
            json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                    JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(all);
    return 0;
}
