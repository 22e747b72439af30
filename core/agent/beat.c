/* SPDX-License-Identifier: MPL-2.0 */
/* The role that posts one heartbeat (facts 2.8) and ends, so that neither a slow API nor libcurl's
 * memory stays with the relay. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/env.h"
#include "agent/message.h"
#include "agent/pack.h"
#include "agent/role.h"
#include "agent/site.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/json.h"
#include "base/log.h"
#include "document/agent.h"
#include "plugin/worker.h"
#include "transport/http.h"

#define TIMEOUT_MS 20000

struct beat {
    char *queueloc;
    int64_t pid;
    uint64_t hash;   /* of the environment that was last told */
    int64_t refresh; /* when it changed */
    char *plugins;   /* JSON */
    char *layers;    /* JSON */
    char *persist;   /* JSON */
};

static int
read_hello(struct beat *b)
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

static int
make_beat(struct beat *b, char *const modules[], struct mig_buf *out)
{
    static char mode[] = "daemon", version[] = PACKAGE_VERSION;
    struct mig_time now = mig_time_now();
    char name[256];
    struct mig_heartbeat beat = {.name = name,
                                 .mode = mode,
                                 .version = version,
                                 .pid = b->pid,
                                 .queueloc = b->queueloc,
                                 .starttime = now};
    int rc = -1;

    mig_env_hostname(name, sizeof(name));
    beat.environment = mig_env_json(modules);
    beat.tags = mig_site_tags(&mig_site);
    if (beat.environment && beat.tags) {
        mig_env_add(beat.environment, "plugins", b->plugins);
        mig_env_add(beat.environment, "confinement", b->layers);
        mig_env_add(beat.environment, "persist", b->persist);
        note_change(b, beat.environment, now);
        beat.refreshtime.sec = b->refresh;
        rc = mig_heartbeat_json(&beat, out);
    }
    json_object_put(beat.environment);
    json_object_put(beat.tags);
    return rc;
}

static int
post(const struct mig_buf *body, struct mig_err *err)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct mig_http_options options = {.user_agent = "MIG Agent " PACKAGE_VERSION,
                                       .timeout_ms = TIMEOUT_MS};
    struct mig_buf answer = MIG_BUF_INIT;
    struct mig_http *http = NULL;
    char url[1024], ca[32];
    int fd, status = 0, rc;

    if (mig_site.ca_pem) {
        fd = mig_memfd_sealed("ca", mig_site.ca_pem, strlen(mig_site.ca_pem));
        if (fd < 0)
            return mig_err_errno(err, -fd, "CA certificate");
        snprintf(ca, sizeof(ca), "/proc/self/fd/%d", fd);
        options.ca_file = ca;
    }
    snprintf(url, sizeof(url), "%sheartbeat", mig_site.api);
    rc = mig_http_open(&options, &http, err);
    if (rc == 0)
        rc = mig_http_request(http, "POST", url, headers, body->data, body->len, 1u << 20, &status,
                              &answer, err);
    if (rc == 0 && status / 100 != 2)
        rc = mig_err_set(err, MIG_E_PROTOCOL, "POST %s: status %d: %.300s", url, status,
                         answer.data ? answer.data : "");
    mig_http_close(http);
    mig_buf_fini(&answer);
    return rc;
}

static void
report(const struct beat *b, int taken)
{
    struct mig_buf out = MIG_BUF_INIT;

    mig_pack_number(&out, (uint64_t)taken);
    mig_pack_number(&out, b->hash);
    mig_pack_number(&out, (uint64_t)b->refresh);
    if (!out.failed)
        mig_frame_send(MIG_ROLE_FD, MIG_MSG_BEAT, out.data, out.len);
    mig_buf_fini(&out);
}

int
mig_beat_main(const struct mig_role_user *user)
{
    struct beat b = {0};
    struct mig_buf body = MIG_BUF_INIT;
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
    if (read_hello(&b) < 0 || make_beat(&b, modules, &body) < 0)
        goto out;
    rc = post(&body, &err);
    if (rc < 0)
        mig_role_log(MIG_SEV_WARNING, "%s", err.text);
    report(&b, rc == 0);
    status = 0;
out:
    if (modules)
        mig_plugin_list_free(modules);
    free(b.queueloc);
    free(b.plugins);
    free(b.layers);
    free(b.persist);
    mig_buf_fini(&body);
    return status;
}
