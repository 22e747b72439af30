/* SPDX-License-Identifier: MPL-2.0 */
/* The role that posts one heartbeat (facts 2.8) and ends, so that neither a slow API nor libcurl's
 * memory stays with the relay. Where the site has no API it hands it to the supervisor, for the
 * broker. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cloud.h"
#include "agent/env.h"
#include "agent/message.h"
#include "agent/pack.h"
#include "agent/reach.h"
#include "agent/role.h"
#include "agent/site.h"
#include "base/buf.h"
#include "base/frame.h"
#include "base/json.h"
#include "base/log.h"
#include "document/agent.h"
#include "plugin/worker.h"

#define TIMEOUT_MS 18000    /* of the heartbeat; the supervisor waits for 30 s in all */
#define ASK_TIMEOUT_MS 5000 /* for the public address */

struct beat {
    char *queueloc;
    int64_t pid;
    uint64_t hash;   /* of the environment that was last told */
    int64_t refresh; /* when it changed */
    char *plugins;   /* JSON */
    char *layers;    /* JSON */
    char *persist;   /* JSON */
    char *proxy;     /* of the relay's connection; "": none */
    char *tags;      /* JSON */
    char *mode;
    uint64_t public_ip, cloud; /* whether the site asks for them */
    char *known_cloud;         /* JSON, from before; "": nothing */
};

/* A module that the endpoint switches off is none of this agent's. */
static void
take_out(char **modules, struct mig_unpack *in)
{
    char *off = mig_unpack_dup(in, NULL);

    for (char **to = modules; off && to && *to; to++) {
        if (strcmp(*to, off) != 0)
            continue;
        free(*to);
        do
            to[0] = to[1];
        while (*to++);
        break;
    }
    free(off);
}

static int
read_hello(struct beat *b, char **modules)
{
    struct mig_buf hello = MIG_BUF_INIT;
    struct mig_unpack in;
    int rc = mig_role_hello(&hello);

    if (rc == 0) {
        mig_unpack_init(&in, hello.data, hello.len);
        b->queueloc = mig_unpack_dup(&in, NULL);
        b->pid = (int64_t)mig_unpack_number(&in);
        b->hash = mig_unpack_number(&in);
        b->refresh = (int64_t)mig_unpack_number(&in);
        b->plugins = mig_unpack_dup(&in, NULL);
        b->layers = mig_unpack_dup(&in, NULL);
        b->persist = mig_unpack_dup(&in, NULL);
        b->proxy = mig_unpack_dup(&in, NULL);
        b->tags = mig_unpack_dup(&in, NULL);
        b->mode = mig_unpack_dup(&in, NULL);
        b->public_ip = mig_unpack_number(&in);
        b->cloud = mig_unpack_number(&in);
        b->known_cloud = mig_unpack_dup(&in, NULL);
        while (in.left > 0 && !in.bad)
            take_out(modules, &in);
        rc = in.bad ? -1 : 0;
    }
    mig_buf_fini(&hello);
    return rc;
}

static void
note_change(struct beat *b, struct json_object *environment, struct mig_time now)
{
    char *text = mig_json_text(environment);
    uint64_t hash = text ? mig_env_hash(text) : 0;

    free(text);
    if (hash == b->hash && b->refresh != 0)
        return;
    b->hash = hash;
    b->refresh = now.sec;
}

/* The address that the API sees; without it the one that the host has stays. */
static void
ask_public_ip(struct json_object *environment)
{
    struct mig_buf answer = MIG_BUF_INIT;
    struct mig_err err = {0};

    if (mig_reach_api(&mig_site, "ip", NULL, ASK_TIMEOUT_MS, &answer, &err) < 0)
        mig_role_log(MIG_SEV_WARNING, "public address: %s", err.text);
    else if (mig_env_public_ip(environment, answer.data ? answer.data : "") < 0)
        mig_role_log(MIG_SEV_WARNING, "public address: %sip answered with '%.60s'", mig_site.api,
                     answer.data ? answer.data : "");
    mig_buf_fini(&answer);
}

/* What was known before stays when the service does not answer: a host does not leave its cloud. */
static void
ask_cloud(struct beat *b, struct json_object *environment)
{
    struct json_object *cloud = mig_cloud_discover(MIG_CLOUD_ADDRESS);
    char *text = cloud ? mig_json_text(cloud) : NULL;

    json_object_put(cloud);
    if (text) {
        free(b->known_cloud);
        b->known_cloud = text;
    }
    cloud = json_tokener_parse(b->known_cloud);
    if (json_object_is_type(cloud, json_type_object)) {
        json_object_object_foreach(cloud, key, value)
        {
            json_object_object_add(environment, key, json_object_get(value));
        }
    }
    json_object_put(cloud);
}

static int
make_beat(struct beat *b, char *const modules[], struct mig_buf *out)
{
    static char version[] = PACKAGE_VERSION;
    struct mig_time now = mig_time_now();
    char name[256];
    struct mig_heartbeat beat = {.name = name,
                                 .mode = b->mode,
                                 .version = version,
                                 .pid = b->pid,
                                 .queueloc = b->queueloc,
                                 .starttime = now};
    int rc = -1;

    mig_env_hostname(name, sizeof(name));
    beat.environment = mig_env_json(modules);
    beat.tags = json_tokener_parse(b->tags);
    if (beat.environment && beat.tags) {
        mig_env_proxy(beat.environment, b->proxy);
        if (b->public_ip)
            ask_public_ip(beat.environment);
        if (b->cloud)
            ask_cloud(b, beat.environment);
        mig_env_add(beat.environment, "plugins", b->plugins);
        mig_env_add(beat.environment, "confinement", b->layers);
        mig_env_add(beat.environment, "persist", b->persist);
        note_change(b, beat.environment, now);
        beat.refreshtime.sec = b->refresh;
        rc = mig_site.api[0] ? mig_heartbeat_json(&beat, out)
                             : mig_heartbeat_record_json(&beat, out);
    }
    json_object_put(beat.environment);
    json_object_put(beat.tags);
    return rc;
}

/* `body`: for the broker; NULL: none. */
static void
report(const struct beat *b, int taken, const struct mig_buf *body)
{
    struct mig_buf out = MIG_BUF_INIT;

    mig_pack_number(&out, (uint64_t)taken);
    mig_pack_number(&out, b->hash);
    mig_pack_number(&out, (uint64_t)b->refresh);
    mig_pack_text(&out, b->known_cloud);
    mig_pack_bytes(&out, body ? body->data : "", body ? body->len : 0);
    if (!out.failed)
        mig_frame_send(MIG_ROLE_FD, MIG_MSG_BEAT, out.data, out.len);
    mig_buf_fini(&out);
}

int
mig_beat_main(const struct mig_role_user *user)
{
    struct beat b = {0};
    struct mig_buf body = MIG_BUF_INIT, answer = MIG_BUF_INIT;
    struct mig_err err = {0};
    char **modules = NULL;
    unsigned got;
    int status = 1, rc;

    /* The plugin folder may be closed to others, so it is listed before the rights are gone. */
    if (mig_plugin_list(mig_site_plugin_dir(&mig_site), &modules, &err) < 0)
        mig_role_log(MIG_SEV_WARNING, "%s", err.text);
    if (mig_role_confine(user, MIG_ROLE_NETWORK, &got, &err) < 0) {
        mig_role_log(MIG_SEV_ERR, "%s", err.text);
        goto out;
    }
    if (read_hello(&b, modules) < 0 || make_beat(&b, modules, &body) < 0)
        goto out;
    rc = mig_site.api[0] ? mig_reach_api(&mig_site, "heartbeat", &body, TIMEOUT_MS, &answer, &err)
                         : 0;
    if (rc < 0)
        mig_role_log(MIG_SEV_WARNING, "%s", err.text);
    report(&b, rc == 0, mig_site.api[0] ? NULL : &body);
    status = 0;
out:
    if (modules)
        mig_plugin_list_free(modules);
    free(b.queueloc);
    free(b.plugins);
    free(b.layers);
    free(b.persist);
    free(b.proxy);
    free(b.tags);
    free(b.mode);
    free(b.known_cloud);
    mig_buf_fini(&body);
    mig_buf_fini(&answer);
    return status;
}
