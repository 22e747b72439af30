/* SPDX-License-Identifier: MPL-2.0 */
/* GET and POST /heartbeat. The POST answers {"error":null} or {"error":"…"}, not the envelope. */
#include "config.h"

#include "api/api.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/counters.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "document/agent.h"
#include "store/api_agent.h"
#include "store/array.h"
#include "store/whitelist.h"

void
mig_api_heartbeat_get(struct mig_worker *worker, struct mig_request *request)
{
    struct mig_envelope env;

    mig_answer_open(worker, request, &env);
    mig_envelope_item(&env, worker->api->base_url);
    mig_envelope_data(&env, "heartbeat");
    mig_buf_adds(env.out, "\"gatorz say hi\"");
    mig_answer_close(request, &env, 200);
}

static void
answer(struct mig_request *request, unsigned status, const char *prefix, const char *message)
{
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_buf json = MIG_BUF_INIT;

    mig_buf_addf(&text, "%s%s", prefix, message == NULL ? "" : message);
    mig_buf_adds(&json, "{\"error\":");
    if (message == NULL)
        mig_buf_adds(&json, "null");
    else if (!text.failed)
        mig_json_add_string(&json, text.data, text.len);
    mig_buf_addc(&json, '}');
    if (!json.failed && !text.failed)
        mig_answer_text(request, status, json.data, json.len);
    else
        mig_answer_text(request, 500, "{\"error\":\"\"}", 12);
    mig_buf_fini(&text);
    mig_buf_fini(&json);
}

static void
refuse(struct mig_request *request, const struct mig_err *err)
{
    if (err->code == MIG_E_SYNTAX || err->code == MIG_E_LIMIT)
        answer(request, 400, "Failed to decode request body: ", err->text);
    else if (strncmp(err->text, "missing field(s)", 16) == 0)
        answer(request, 400, "Missing fields in request body: ", err->text);
    else
        answer(request, 400, "Invalid fields in request body: ", err->text);
}

static int
save(struct mig_db *db, const struct mig_heartbeat *beat, struct mig_err *err)
{
    char start[MIG_TIME_TEXT], refresh[MIG_TIME_TEXT];
    char *environment = beat->environment == NULL ? strdup("{}") : mig_json_text(beat->environment);
    char *tags = beat->tags == NULL ? strdup("{}") : mig_json_text(beat->tags);
    struct mig_store_beat row = {
        .name = beat->name,
        .queueloc = beat->queueloc,
        .mode = beat->mode,
        .version = beat->version,
        .pid = beat->pid,
        .starttime = start,
        .refreshtime = refresh,
        .environment = environment,
        .tags = tags,
    };
    int rc;

    mig_time_format(beat->starttime, start);
    mig_time_format(beat->refreshtime, refresh);
    if (environment != NULL && tags != NULL) {
        mig_json_readable(environment);
        mig_json_readable(tags);
    }
    if (environment == NULL || tags == NULL)
        rc = mig_err_set(err, -ENOMEM, "out of memory");
    else
        rc = mig_store_agent_beat(db, &row, err);
    free(environment);
    free(tags);
    return rc;
}

void
mig_api_heartbeat_post(struct mig_worker *worker, struct mig_request *request)
{
    struct mig_heartbeat *beat = NULL;
    struct mig_err err = {0};
    char opid[48];

    if (mig_heartbeat_parse(request->body.data == NULL ? "" : request->body.data, request->body.len,
                            mig_time_now(), &beat, &err) < 0) {
        refuse(request, &err);
        return;
    }
    if (!mig_whitelist_has(worker->whitelist, beat->queueloc)) {
        mig_log(MIG_SEV_WARNING, "%" PRId64 " - - heartbeat of %s: not in agent.whitelist",
                request->opid, beat->queueloc);
        answer(request, 403, "", "this queue location is not listed");
    } else if (save(worker->db, beat, &err) < 0) {
        mig_log(MIG_SEV_ERR, "%" PRId64 " - - heartbeat of %s: %s", request->opid, beat->queueloc,
                err.text);
        snprintf(opid, sizeof opid, "see the log for %" PRId64, request->opid);
        answer(request, 500, "Failed to save heartbeat: ", opid);
    } else {
        atomic_fetch_add(&worker->api->counters->heartbeats, 1);
        answer(request, 200, "", NULL);
    }
    mig_heartbeat_free(beat);
}
