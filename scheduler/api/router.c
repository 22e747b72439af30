/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/router.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/limit.h"
#include "api/query.h"
#include "api/settings.h"
#include "base/log.h"
#include "base/time.h"
#include "document/action.h"
#include "store/db.h"

#define HEARTBEAT_MAX 102400u
#define FORM_MAX 16384u
#define KEY_FORM_MAX (1u << 20)
#define FAILURE_COST 20.0 /* requests that one whose credentials are refused is counted as */

static const struct mig_route routes[] = {
    {"GET", "/action", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_ACTION, 0, mig_api_action_get},
    {"POST", "/action/cancel", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_ACTION_CREATE, FORM_MAX,
     mig_api_action_cancel},
    {"POST", "/action/create", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_ACTION_CREATE,
     MIG_ACTION_MAX_BYTES, mig_api_action_create},
    {"GET", "/agent", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_AGENT, 0, mig_api_agent_get},
    {"GET", "/command", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_COMMAND, 0, mig_api_command_get},
    {"GET", "/dashboard", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_DASHBOARD, 0, mig_api_dashboard_get},
    {"GET", "/healthz", MIG_ACCESS_PUBLIC, 0, 0, mig_api_healthz_get},
    {"GET", "/heartbeat", MIG_ACCESS_PUBLIC, 0, 0, mig_api_heartbeat_get},
    {"POST", "/heartbeat", MIG_ACCESS_PUBLIC, 0, HEARTBEAT_MAX, mig_api_heartbeat_post},
    {"GET", "/investigator", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_INVESTIGATOR, 0,
     mig_api_investigator_get},
    {"POST", "/investigator/create", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_INVESTIGATOR_CREATE,
     KEY_FORM_MAX, mig_api_investigator_create},
    {"POST", "/investigator/update", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_INVESTIGATOR_UPDATE,
     FORM_MAX, mig_api_investigator_update},
    {"GET", "/ip", MIG_ACCESS_PUBLIC, 0, 0, mig_api_ip_get},
    {"GET", "/metrics", MIG_ACCESS_LOCAL, 0, 0, mig_api_metrics_get},
    {"GET", "/publickey/", MIG_ACCESS_PUBLIC, 0, 0, mig_api_publickey_get},
    {"GET", "/search", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_SEARCH, 0, mig_api_search_get},
};

static int
path_matches(const struct mig_route *route, const char *path)
{
    size_t len = strlen(route->path);

    if (strncmp(path, route->path, len) != 0)
        return 0;
    if (route->path[len - 1] == '/')
        return path[len] != '\0' && strchr(path + len, '/') == NULL;
    return path[len] == '\0' || (path[len] == '/' && path[len + 1] == '\0');
}

const struct mig_route *
mig_router_find(const char *method, const char *path, const char **ret_allow)
{
    const char *allow = NULL;

    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!path_matches(&routes[i], path))
            continue;
        if (strcmp(method, routes[i].method) == 0)
            return &routes[i];
        allow = allow == NULL ? routes[i].method : "GET, POST";
    }
    *ret_allow = allow;
    return NULL;
}

void
mig_router_too_large(struct mig_worker *worker, struct mig_request *request,
                     const struct mig_route *route)
{
    mig_answer_error(worker, request, 413, "the request body is larger than %zu bytes",
                     route->body_max);
}

static int
lacks_credentials(const struct mig_worker *worker, const struct mig_request *request,
                  const struct mig_route *route)
{
    return route->access == MIG_ACCESS_INVESTIGATOR && worker->api->settings->authentication &&
           request->token == NULL && request->apikey == NULL;
}

static void
refuse_rate(struct mig_worker *worker, struct mig_request *request, int64_t wait_ms)
{
    request->retry_after = (unsigned)(wait_ms / 1000) + 1;
    mig_answer_error(worker, request, 429, "too many requests; again in %u s",
                     request->retry_after);
}

/* From this machine, and not on behalf of another. */
static int
is_local(const struct mig_request *request)
{
    return request->forwarded == NULL &&
           (strncmp(request->peer, "127.", 4) == 0 || strcmp(request->peer, "::1") == 0 ||
            strncmp(request->peer, "::ffff:127.", 11) == 0);
}

/* Milliseconds until this address may ask again, 0: now. */
static int64_t
over_rate(const struct mig_worker *worker, const struct mig_request *request,
          const struct mig_route *route)
{
    struct mig_limit *limit =
        route->serve == mig_api_heartbeat_post ? worker->api->heartbeats : worker->api->addresses;
    char ip[64], client[64];

    if (limit == NULL)
        return 0;
    mig_request_client(worker->api, request, ip);
    mig_limit_client(ip, client);
    return mig_limit_take(limit, client, 1, mig_time_monotonic_ms());
}

int
mig_router_refuse_early(struct mig_worker *worker, struct mig_request *request,
                        const struct mig_route *route, const char *allow, size_t length)
{
    int64_t wait = route == NULL ? 0 : over_rate(worker, request, route);

    if (wait > 0) {
        refuse_rate(worker, request, wait);
    } else if (route == NULL && allow == NULL) {
        mig_answer_error(worker, request, 404, "there is no such resource");
    } else if (route == NULL) {
        request->allow = allow;
        mig_answer_error(worker, request, 405, "method not allowed; expected %s", allow);
    } else if (lacks_credentials(worker, request, route)) {
        request->access = route->access;
        mig_answer_error(worker, request, 401, "Valid authentication header not found");
    } else if (route->access == MIG_ACCESS_LOCAL && !worker->api->settings->metrics_open &&
               !is_local(request)) {
        mig_answer_error(worker, request, 403, "for this machine only");
    } else if (length > route->body_max) {
        mig_router_too_large(worker, request, route);
    } else {
        return 0;
    }
    return 1;
}

static void
refuse_token(struct mig_worker *worker, struct mig_request *request, const char *why)
{
    mig_answer_error(worker, request, 401,
                     "Authorization verification failed with error 'verifySignedToken() -> %s'",
                     why);
}

static void
refuse_credentials(struct mig_worker *worker, struct mig_request *request, const char *why)
{
    char ip[64], client[64];

    if (request->token != NULL)
        refuse_token(worker, request, why);
    else
        mig_answer_error(worker, request, 401, "Authorization verification failed with error '%s'",
                         why);
    mig_request_client(worker->api, request, ip);
    mig_limit_client(ip, client);
    mig_limit_charge(worker->api->addresses, client, FAILURE_COST, mig_time_monotonic_ms());
}

static int
within_rate(struct mig_worker *worker, struct mig_request *request)
{
    char id[24];

    snprintf(id, sizeof id, "%" PRId64, request->investigator_id);
    int64_t wait = mig_limit_take(worker->api->investigators, id, 1, mig_time_monotonic_ms());
    if (wait > 0)
        refuse_rate(worker, request, wait);
    return wait <= 0;
}

/* 1: go on; 0: the answer is set. */
static int
authenticate(struct mig_worker *worker, struct mig_request *request)
{
    struct mig_identity who = {0};
    struct mig_err err = {0};
    int rc;

    if (request->token != NULL)
        rc = mig_auth_token(worker->auth, worker->db, request->token,
                            worker->api->settings->token_ms, &who, &err);
    else
        rc = mig_auth_apikey(worker->db, request->apikey, &who, &err);
    if (request->apikey != NULL)
        explicit_bzero(request->apikey, strlen(request->apikey));
    if (rc < 0 && mig_auth_is_failure(rc))
        mig_answer_failure(worker, request, &err);
    else if (rc < 0)
        refuse_credentials(worker, request, err.text);
    if (rc < 0)
        return 0;
    request->investigator_id = who.id;
    request->investigator_name = who.name;
    request->permissions = who.permissions;
    return 1;
}

static int
admit(struct mig_worker *worker, struct mig_request *request, const struct mig_route *route)
{
    request->access = route->access;
    if (route->access != MIG_ACCESS_INVESTIGATOR)
        return 1;
    if (!worker->api->settings->authentication) {
        request->investigator_name = strdup("authdisabled");
        request->permissions = UINT64_MAX;
        return 1;
    }
    if (!authenticate(worker, request) || !within_rate(worker, request))
        return 0;
    if ((request->permissions & route->permission) == 0) {
        /* the original answers 401 here, which tells its client to try once more */
        mig_answer_error(worker, request, 403, "Insufficient permissions to access endpoint");
        return 0;
    }
    return 1;
}

static int
usable_database(struct mig_worker *worker, struct mig_request *request)
{
    struct mig_err err = {0};

    if (mig_worker_database(worker->db, &err) >= 0)
        return 1;
    mig_log(MIG_SEV_ERR, "%" PRId64 " - - %s", request->opid, err.text);
    mig_answer_error(worker, request, 503,
                     "the database is not reachable, see the log for %" PRId64, request->opid);
    return 0;
}

void
mig_router_more(struct mig_worker *worker, struct mig_request *request)
{
    struct mig_err err = {0};
    int rc = mig_worker_database(worker->db, &err);

    if (rc >= 0)
        rc = request->more(worker, request, &err);
    if (rc >= 0 && request->answer.failed)
        rc = mig_err_set(&err, MIG_E_LIMIT, "a part of the answer is too large");
    if (rc >= 0)
        return;
    mig_log(MIG_SEV_ERR, "%" PRId64 " - - %s", request->opid, err.text);
    request->cut = true;
}

void
mig_router_serve(struct mig_worker *worker, struct mig_request *request,
                 const struct mig_route *route)
{
    const char *text = request->query_text == NULL ? "" : request->query_text;
    struct mig_err err = {0};

    if (!usable_database(worker, request) || !admit(worker, request, route))
        return;
    if (mig_query_parse(text, strlen(text), &request->query, &err) < 0) {
        mig_answer_error(worker, request, 400, "malformed query: %s", err.text);
        return;
    }
    route->serve(worker, request);
    if (request->answer.failed)
        mig_answer_error(worker, request, 500,
                         "the answer is too large; ask for less with the parameter limit");
}
