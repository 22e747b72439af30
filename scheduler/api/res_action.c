/* SPDX-License-Identifier: MPL-2.0 */
/* GET /action?actionid=N, POST /action/create/ and POST /action/cancel/ */
#include "config.h"

#include "api/api.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/counters.h"
#include "api/links.h"
#include "api/query.h"
#include "api/render.h"
#include "base/json.h"
#include "base/log.h"
#include "document/action.h"
#include "store/api_action.h"
#include "store/array.h"

/* The protocol's "not yet" and "never", to the microsecond that the database keeps. */
#define NOT_YET "0011-01-11T11:11:11Z"
#define NEVER "9998-01-11T11:11:11Z"
#define YEAR_ONE INT64_C(-62135596800)

void
mig_api_action_get(struct mig_worker *worker, struct mig_request *request)
{
    char href[MIG_LINK_MAX];
    struct mig_envelope env;
    struct mig_err err = {0};
    PGresult *res = NULL;
    int64_t id;

    if (mig_query_id(request->query, "actionid", "Action", &id, &err) < 0) {
        mig_answer_error(worker, request, 400, "%s", err.text);
    } else if (mig_store_action_get(worker->db, id, &res, &err) < 0) {
        mig_answer_failure(worker, request, &err);
    } else if (PQntuples(res) == 0) {
        mig_answer_error(worker, request, 404, "Action ID '%" PRId64 "' not found", id);
    } else {
        mig_answer_open(worker, request, &env);
        mig_envelope_item(&env, mig_link(worker->api, "action", id, href));
        mig_envelope_data(&env, "action");
        mig_render_whole_action(env.out, res, 0);
        mig_answer_close(request, &env, 200);
    }
    PQclear(res);
}

static int
is_json(const struct mig_request *request)
{
    static const char json[] = "application/json";

    return request->content_type != NULL &&
           strncasecmp(request->content_type, json, sizeof json - 1) == 0;
}

/* The action's text: the body itself, or the form field `action`. */
static int
parse_body(struct mig_request *request, struct mig_action **ret, struct mig_err *err)
{
    const char *body = request->body.data == NULL ? "" : request->body.data;
    struct mig_query *form = NULL;
    const char *text;
    int rc;

    if (is_json(request))
        return mig_action_parse(body, request->body.len, ret, err);
    rc = mig_query_parse(body, request->body.len, &form, err);
    if (rc < 0)
        return mig_err_prefix(err, "malformed form");
    text = mig_query_get(form, "action");
    if (text == NULL)
        rc = mig_err_set(err, MIG_E_INVALID, "Wrong parameters 'action': it is missing");
    else
        rc = mig_action_parse(text, strlen(text), ret, err);
    mig_query_free(form);
    return rc;
}

/* The database keeps microseconds, and rounds: cut here, or a signed second could change. */
static int
fit_time(struct mig_time *time, const char *name, struct mig_err *err)
{
    if (time->sec < YEAR_ONE)
        return mig_err_set(err, MIG_E_INVALID, "action %s is before the year 1", name);
    time->nsec -= time->nsec % 1000;
    return 0;
}

static int
check(struct mig_action *action, struct mig_err *err)
{
    int rc = mig_action_check(action, mig_time_now(), MIG_ACTION_CHECK_SIGNATURES, err);

    if (rc >= 0)
        rc = fit_time(&action->validfrom, "validfrom", err);
    if (rc >= 0)
        rc = fit_time(&action->expireafter, "expireafter", err);
    return rc;
}

/* Every signature must be good, by an active investigator, and each by another one. */
static int
verify(struct mig_worker *worker, const struct mig_action *action,
       struct mig_store_signature *signers, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    char fpr[MIG_FPR_LEN + 1];
    int rc = mig_action_signed_text(action, &text);

    for (size_t i = 0; rc >= 0 && i < action->signatures_count; i++) {
        signers[i].signature = action->signatures[i];
        rc = mig_auth_signature(worker->auth, worker->db, text.data, text.len,
                                action->signatures[i], fpr, &signers[i].investigator, err);
        if (rc < 0) {
            mig_err_prefix(err, "action signature %zu", i + 1);
            break;
        }
        for (size_t k = 0; k < i; k++)
            if (signers[k].investigator == signers[i].investigator)
                rc = mig_err_set(err, MIG_E_DENIED,
                                 "permission violation: key %s used to sign multiple times", fpr);
    }
    mig_buf_fini(&text);
    return rc;
}

/* Sets what the API decides. */
static int
complete(struct mig_action *action, struct mig_err *err)
{
    char *status = strdup("pending");

    if (status == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    free(action->status);
    action->status = status;
    action->id = 0;
    mig_time_parse(NOT_YET, sizeof NOT_YET - 1, &action->starttime);
    mig_time_parse(NOT_YET, sizeof NOT_YET - 1, &action->lastupdatetime);
    mig_time_parse(NEVER, sizeof NEVER - 1, &action->finishtime);
    return 0;
}

/* A copy of the raw text of one member, "{}" when it is not there. */
static char *
member(const struct mig_buf *json, const char *name)
{
    const char *text = "{}";
    size_t len = 2;

    mig_json_raw_member(json->data, json->len, name, &text, &len);
    return strndup(text, len);
}

/* The JSON columns are cut from the action's canonical text: what is read back gives the same
 * signed text, byte for byte. */
static int
store(struct mig_db *db, struct mig_action *action, const struct mig_store_signature *signers,
      struct mig_err *err)
{
    char validfrom[MIG_TIME_TEXT], expireafter[MIG_TIME_TEXT];
    struct mig_buf json = MIG_BUF_INIT;
    char *parts[4] = {NULL};
    int rc = mig_action_json(action, &json);

    if (rc < 0)
        goto out;
    parts[0] = member(&json, "description");
    parts[1] = member(&json, "threat");
    parts[2] = member(&json, "operations");
    parts[3] = member(&json, "pgpsignatures");
    if (parts[0] == NULL || parts[1] == NULL || parts[2] == NULL || parts[3] == NULL) {
        rc = mig_err_set(err, -ENOMEM, "out of memory");
        goto out;
    }
    /* neither is signed, and targets may look at both */
    mig_json_readable(parts[0]);
    mig_json_readable(parts[1]);
    mig_time_format(action->validfrom, validfrom);
    mig_time_format(action->expireafter, expireafter);
    rc = mig_store_action_insert(db,
                                 &(struct mig_store_action){
                                     .name = action->name,
                                     .target = action->target,
                                     .description = parts[0],
                                     .threat = parts[1],
                                     .operations = parts[2],
                                     .signatures = parts[3],
                                     .validfrom = validfrom,
                                     .expireafter = expireafter,
                                     .starttime = NOT_YET,
                                     .finishtime = NEVER,
                                     .lastupdatetime = NOT_YET,
                                     .syntaxversion = "2",
                                 },
                                 signers, action->signatures_count, &action->id, err);
out:
    for (size_t i = 0; i < 4; i++)
        free(parts[i]);
    mig_buf_fini(&json);
    return rc;
}

static void
accepted(struct mig_worker *worker, struct mig_request *request, const struct mig_action *action)
{
    char href[MIG_LINK_MAX], name[48];
    struct mig_envelope env;

    atomic_fetch_add(&worker->api->counters->actions, 1);
    mig_log(MIG_SEV_INFO, "%" PRId64 " %" PRId64 " - action stored, %zu signature(s)",
            request->opid, action->id, action->signatures_count);
    snprintf(name, sizeof name, "action ID %" PRId64, action->id);
    mig_answer_open(worker, request, &env);
    mig_envelope_item(&env, mig_link(worker->api, "action", action->id, href));
    mig_envelope_data(&env, name);
    mig_action_json(action, env.out);
    mig_answer_close(request, &env, 202);
}

void
mig_api_action_create(struct mig_worker *worker, struct mig_request *request)
{
    struct mig_store_signature signers[MIG_ACTION_MAX_SIGNATURES] = {0};
    struct mig_action *action = NULL;
    struct mig_err err = {0};
    int rc;

    rc = parse_body(request, &action, &err);
    mig_buf_fini(&request->body);
    request->body = (struct mig_buf)MIG_BUF_INIT;
    if (rc >= 0)
        rc = check(action, &err);
    if (rc >= 0)
        rc = verify(worker, action, signers, &err);
    if (rc < 0 && !mig_auth_is_failure(rc)) {
        mig_answer_error(worker, request, 400, "%s", err.text);
        goto out;
    }
    if (rc >= 0)
        rc = complete(action, &err);
    if (rc >= 0)
        rc = store(worker->db, action, signers, &err);
    if (rc >= 0)
        accepted(worker, request, action);
    else
        mig_answer_failure(worker, request, &err);
out:
    mig_action_free(action);
}

static void
answer_action(struct mig_worker *worker, struct mig_request *request, int64_t id)
{
    char href[MIG_LINK_MAX];
    struct mig_envelope env;
    struct mig_err err = {0};
    PGresult *res = NULL;

    if (mig_store_action_get(worker->db, id, &res, &err) < 0 || PQntuples(res) == 0) {
        mig_answer_failure(worker, request, &err);
    } else {
        mig_answer_open(worker, request, &env);
        mig_envelope_item(&env, mig_link(worker->api, "action", id, href));
        mig_envelope_data(&env, "action");
        mig_render_whole_action(env.out, res, 0);
        mig_answer_close(request, &env, 200);
    }
    PQclear(res);
}

/* Only what the platform still can decide: what is not sent yet stays here. An agent that has the
 * command stops for a signed action alone. */
static void
cancel(struct mig_worker *worker, struct mig_request *request, int64_t id)
{
    enum mig_store_cancel outcome;
    struct mig_err err = {0};

    if (mig_store_action_cancel(worker->db, id, request->investigator_id, &outcome, &err) < 0) {
        mig_answer_failure(worker, request, &err);
    } else if (outcome == MIG_STORE_CANCEL_UNKNOWN) {
        mig_answer_error(worker, request, 404, "Action ID '%" PRId64 "' not found", id);
    } else if (outcome == MIG_STORE_CANCEL_OVER) {
        mig_answer_error(worker, request, 409, "Action ID '%" PRId64 "' is over", id);
    } else {
        mig_log(MIG_SEV_NOTICE, "%" PRId64 " %" PRId64 " - action cancelled by %s", request->opid,
                id, request->investigator_name);
        answer_action(worker, request, id);
    }
}

void
mig_api_action_cancel(struct mig_worker *worker, struct mig_request *request)
{
    const char *body = request->body.data == NULL ? "" : request->body.data;
    struct mig_query *form = NULL;
    struct mig_err err = {0};
    int64_t id = 0;
    int rc = mig_query_parse(body, request->body.len, &form, &err);

    if (rc < 0)
        mig_err_prefix(&err, "malformed form");
    else
        rc = mig_query_id(form, "actionid", "Action", &id, &err);
    if (rc < 0)
        mig_answer_error(worker, request, 400, "%s", err.text);
    else
        cancel(worker, request, id);
    mig_query_free(form);
}
