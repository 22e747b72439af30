/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/router.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/query.h"
#include "api/settings.h"
#include "base/log.h"
#include "document/action.h"
#include "store/db.h"

#define HEARTBEAT_MAX 102400u

static const struct mig_route routes[] = {
    {"GET", "/action", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_ACTION, 0, mig_api_action_get},
    {"POST", "/action/create", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_ACTION_CREATE,
     MIG_ACTION_MAX_BYTES, mig_api_action_create},
    {"GET", "/agent", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_AGENT, 0, mig_api_agent_get},
    {"GET", "/command", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_COMMAND, 0, mig_api_command_get},
    {"GET", "/dashboard", MIG_ACCESS_INVESTIGATOR, MIG_PERMIT_DASHBOARD, 0, mig_api_dashboard_get},
    {"GET", "/heartbeat", MIG_ACCESS_PUBLIC, 0, 0, mig_api_heartbeat_get},
    {"POST", "/heartbeat", MIG_ACCESS_PUBLIC, 0, HEARTBEAT_MAX, mig_api_heartbeat_post},
    {"GET", "/ip", MIG_ACCESS_PUBLIC, 0, 0, mig_api_ip_get},
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

int
mig_router_refuse_early(struct mig_worker *worker, struct mig_request *request,
                        const struct mig_route *route, const char *allow, size_t length)
{
    if (route == NULL && allow == NULL) {
        mig_answer_error(worker, request, 404, "there is no such resource");
    } else if (route == NULL) {
        request->allow = allow;
        mig_answer_error(worker, request, 405, "method not allowed; expected %s", allow);
    } else if (lacks_credentials(worker, request, route)) {
        request->access = route->access;
        mig_answer_error(worker, request, 401, "Valid authentication header not found");
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

/* 1: go on; 0: the answer is set. */
static int
authenticate(struct mig_worker *worker, struct mig_request *request)
{
    struct mig_identity who = {0};
    struct mig_err err = {0};
    int rc;

    if (request->token == NULL) {
        mig_answer_error(worker, request, 401,
                         "Authorization verification failed with error 'API keys are not taken "
                         "here: send X-PGPAUTHORIZATION'");
        return 0;
    }
    rc = mig_auth_token(worker->auth, worker->db, request->token, worker->api->settings->token_ms,
                        &who, &err);
    if (rc < 0 && mig_auth_is_failure(rc))
        mig_answer_failure(worker, request, &err);
    else if (rc < 0)
        refuse_token(worker, request, err.text);
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
    if (route->access == MIG_ACCESS_PUBLIC)
        return 1;
    if (!worker->api->settings->authentication) {
        request->investigator_name = strdup("authdisabled");
        request->permissions = UINT64_MAX;
        return 1;
    }
    if (!authenticate(worker, request))
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
