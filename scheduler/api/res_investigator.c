/* SPDX-License-Identifier: MPL-2.0 */
/* GET /investigator, POST /investigator/create/ and /investigator/update/. */
#include "config.h"

#include "api/api.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/links.h"
#include "api/multipart.h"
#include "api/query.h"
#include "api/render.h"
#include "base/json.h"
#include "base/log.h"
#include "store/api_investigator.h"
#include "store/investigators.h"

#define NAME_MAX_BYTES 1024u
#define PERMISSIONS_MAX 4096u

/* Answers with one investigator; `apikey` is shown this once, NULL: none. */
static void
answer_one(struct mig_worker *worker, struct mig_request *request, int64_t id, const char *apikey)
{
    char href[MIG_LINK_MAX], history[MIG_LINK_MAX];
    struct mig_envelope env;
    struct mig_err err = {0};
    PGresult *res = NULL;

    if (mig_store_investigator_get(worker->db, id, &res, &err) < 0) {
        mig_answer_failure(worker, request, &err);
    } else if (PQntuples(res) == 0) {
        mig_answer_error(worker, request, 404, "Investigator ID '%" PRId64 "' not found", id);
    } else {
        mig_answer_open(worker, request, &env);
        mig_envelope_item(&env, mig_link(worker->api, "investigator", id, href));
        mig_envelope_data(&env, "investigator");
        mig_render_whole_investigator(env.out, res, 0, apikey);
        snprintf(history, sizeof history,
                 "%s/search?type=action&investigatorid=%" PRId64 "&limit=100",
                 worker->api->base_url, id);
        mig_envelope_link(&env, "investigator history", history);
        mig_answer_close(request, &env, 200);
    }
    PQclear(res);
}

void
mig_api_investigator_get(struct mig_worker *worker, struct mig_request *request)
{
    struct mig_err err = {0};
    int64_t id;

    if (mig_query_id(request->query, "investigatorid", "Investigator", &id, &err) < 0)
        mig_answer_error(worker, request, 400, "%s", err.text);
    else
        answer_one(worker, request, id, NULL);
}

static int
parse_form(const struct mig_request *request, struct mig_query **ret, struct mig_err *err)
{
    const char *body = request->body.data == NULL ? "" : request->body.data;

    if (mig_multipart_is(request->content_type))
        return mig_multipart_parse(request->content_type, body, request->body.len, ret, err);
    int rc = mig_query_parse(body, request->body.len, ret, err);
    return rc < 0 ? mig_err_prefix(err, "malformed form") : 0;
}

/* {"search":true,…}: what is not named is not granted, what is unknown is refused. */
static int
parse_permissions(const char *text, uint32_t *ret, struct mig_err *err)
{
    static const struct mig_json_limits limits = {.max_bytes = PERMISSIONS_MAX, .fold_depth = 1};
    struct json_object *object = NULL;
    uint32_t mask = 0;
    int rc = mig_json_parse(text, strlen(text), &limits, &object, err);

    if (rc == 0 && !json_object_is_type(object, json_type_object))
        rc = mig_err_set(err, MIG_E_INVALID, "expected an object");
    if (rc == 0) {
        json_object_object_foreach(object, key, value)
        {
            int bit = mig_render_permission(key);
            if (bit < 0)
                rc = mig_err_set(err, MIG_E_INVALID, "'%.64s' is no permission", key);
            else if (!json_object_is_type(value, json_type_boolean))
                rc = mig_err_set(err, MIG_E_INVALID, "'%.64s' is not true or false", key);
            else if (json_object_get_boolean(value))
                mask |= 1u << bit;
            if (rc < 0)
                break;
        }
    }
    json_object_put(object);
    if (rc < 0)
        return mig_err_prefix(err, "Wrong parameters 'permissions'");
    *ret = mask;
    return 0;
}

/* ---- create ------------------------------------------------------------------------------------
 */

static int
parse_create(const struct mig_query *form, const char **ret_name, uint32_t *ret_mask,
             const char **ret_key, char fpr[MIG_FPR_LEN + 1], struct mig_err *err)
{
    const char *name = mig_query_get(form, "name");
    const char *permissions = mig_query_get(form, "permissions");
    const char *key = mig_query_get(form, "publickey");

    if (name == NULL || *name == '\0' || strlen(name) > NAME_MAX_BYTES)
        return mig_err_set(err, MIG_E_INVALID, "Wrong parameters 'name': expected 1 to %u bytes",
                           NAME_MAX_BYTES);
    if (permissions == NULL)
        return mig_err_set(err, MIG_E_INVALID, "Wrong parameters 'permissions': it is missing");
    int rc = parse_permissions(permissions, ret_mask, err);
    if (rc == 0 && key != NULL && *key != '\0') {
        rc = mig_investigators_key(key, strlen(key), fpr, err);
        if (rc < 0)
            mig_err_prefix(err, "Wrong parameters 'publickey'");
    } else {
        key = NULL;
    }
    *ret_name = name;
    *ret_key = key;
    return rc;
}

static void
created(struct mig_worker *worker, struct mig_request *request, int64_t id)
{
    char href[MIG_LINK_MAX], name[48];
    struct mig_envelope env;

    mig_log(MIG_SEV_NOTICE, "%" PRId64 " - - investigator %" PRId64 " created by %s", request->opid,
            id, request->investigator_name);
    snprintf(name, sizeof name, "Investigator ID %" PRId64, id);
    mig_answer_open(worker, request, &env);
    mig_envelope_item(&env, mig_link(worker->api, "investigator", id, href));
    mig_envelope_data(&env, name);
    mig_buf_addf(env.out, "\"%s\"", href);
    mig_answer_close(request, &env, 201);
}

void
mig_api_investigator_create(struct mig_worker *worker, struct mig_request *request)
{
    const char *name = NULL, *key = NULL;
    char fpr[MIG_FPR_LEN + 1] = "";
    struct mig_query *form = NULL;
    struct mig_err err = {0};
    uint32_t mask = 0;
    int64_t id = 0;
    int rc = parse_form(request, &form, &err);

    if (rc == 0)
        rc = parse_create(form, &name, &mask, &key, fpr, &err);
    if (rc < 0) {
        mig_answer_error(worker, request, 400, "%s", err.text);
    } else {
        rc = mig_investigators_add(worker->db, name, key == NULL ? NULL : fpr, key,
                                   key == NULL ? 0 : strlen(key), mask, &id, &err);
        if (rc == MIG_E_INVALID)
            mig_answer_error(worker, request, 409, "%s", err.text);
        else if (rc < 0)
            mig_answer_failure(worker, request, &err);
        else
            created(worker, request, id);
    }
    mig_query_free(form);
}

/* ---- update ------------------------------------------------------------------------------------
 */

struct update {
    int64_t id;
    uint32_t mask;
    char key[MIG_APIKEY_LEN + 1]; /* "" without a new one */
    char digest[65];
    struct mig_store_investigator_change change;
};

static int
one_of(const char *name, const char *value, const char *a, const char *b, struct mig_err *err)
{
    if (strcmp(value, a) == 0 || strcmp(value, b) == 0)
        return 0;
    return mig_err_set(err, MIG_E_INVALID,
                       "Wrong parameters '%s': expected %s or %s, found '%.64s'", name, a, b,
                       value);
}

/* The original names the investigator `id`; `investigatorid` is what every other resource says. */
static int
parse_who(const struct mig_query *form, int64_t *ret, struct mig_err *err)
{
    const char *name = mig_query_get(form, "id") != NULL ? "id" : "investigatorid";

    return mig_query_id(form, name, "Investigator", ret, err);
}

static int
parse_update(const struct mig_query *form, struct update *u, struct mig_err *err)
{
    const char *status = mig_query_get(form, "status");
    const char *permissions = mig_query_get(form, "permissions");
    const char *apikey = mig_query_get(form, "apikey");
    int rc = parse_who(form, &u->id, err);

    if (rc == 0 && status == NULL && permissions == NULL && apikey == NULL)
        rc = mig_err_set(err, MIG_E_INVALID,
                         "nothing to update: expected status, permissions or apikey");
    if (rc == 0 && status != NULL)
        rc = one_of("status", status, "active", "disabled", err);
    if (rc == 0 && permissions != NULL)
        rc = parse_permissions(permissions, &u->mask, err);
    if (rc == 0 && apikey != NULL)
        rc = one_of("apikey", apikey, "active", "disabled", err);
    if (rc == 0 && apikey != NULL && strcmp(apikey, "active") == 0)
        rc = mig_auth_apikey_new(u->key, u->digest, err);
    u->change = (struct mig_store_investigator_change){
        .status = status,
        .permissions = permissions == NULL ? NULL : &u->mask,
        .apikey_hex = apikey == NULL ? NULL : u->digest, /* "" when it is taken away */
    };
    return rc;
}

void
mig_api_investigator_update(struct mig_worker *worker, struct mig_request *request)
{
    struct mig_query *form = NULL;
    struct update u = {0};
    struct mig_err err = {0};
    int rc = parse_form(request, &form, &err);

    if (rc == 0)
        rc = parse_update(form, &u, &err);
    if (rc < 0 && !mig_auth_is_failure(rc)) {
        mig_answer_error(worker, request, 400, "%s", err.text);
        goto out;
    }
    if (rc == 0)
        rc = mig_store_investigator_update(worker->db, u.id, &u.change, &err);
    if (rc == MIG_E_NOT_FOUND) {
        mig_answer_error(worker, request, 404, "%s", err.text);
    } else if (rc == MIG_E_DENIED) {
        mig_answer_error(worker, request, 409, "%s", err.text);
    } else if (rc < 0) {
        mig_answer_failure(worker, request, &err);
    } else {
        mig_log(MIG_SEV_NOTICE, "%" PRId64 " - - investigator %" PRId64 " updated by %s%s%s%s",
                request->opid, u.id, request->investigator_name, u.change.status ? " status" : "",
                u.change.permissions ? " permissions" : "", u.change.apikey_hex ? " apikey" : "");
        answer_one(worker, request, u.id, *u.key ? u.key : NULL);
    }
out:
    explicit_bzero(&u, sizeof u);
    mig_query_free(form);
}
