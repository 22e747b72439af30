/* SPDX-License-Identifier: MPL-2.0 */
/* What the parts of mig-api share: a request with its answer, and the worker that serves it. */
#ifndef MIG_API_API_H
#define MIG_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/envelope.h"
#include "base/buf.h"
#include "base/error.h"

struct mig_api_settings;
struct mig_auth;
struct mig_counters;
struct mig_db;
struct mig_limit;
struct mig_whitelist;
struct mig_query;

/* Permission bits of investigators, as the protocol numbers them. */
#define MIG_PERMIT_SEARCH (1u << 0)
#define MIG_PERMIT_ACTION (1u << 1)
#define MIG_PERMIT_ACTION_CREATE (1u << 2)
#define MIG_PERMIT_COMMAND (1u << 3)
#define MIG_PERMIT_AGENT (1u << 4)
#define MIG_PERMIT_DASHBOARD (1u << 5)
#define MIG_PERMIT_INVESTIGATOR (1u << 16)
#define MIG_PERMIT_INVESTIGATOR_CREATE (1u << 17)
#define MIG_PERMIT_INVESTIGATOR_UPDATE (1u << 18)

/* What all workers share; constant once the server listens. */
struct mig_api {
    const struct mig_api_settings *settings;
    char *host;     /* "http://127.0.0.1:1664" */
    char *base_url; /* host and base route */
    /* What changes while it listens; each may be used by any thread. */
    struct mig_counters *counters;
    struct mig_limit *addresses;     /* requests but heartbeats, by address */
    struct mig_limit *heartbeats;    /* by address */
    struct mig_limit *investigators; /* by id */
};

struct mig_worker {
    const struct mig_api *api;
    struct mig_db *db;
    struct mig_db *target_db; /* NULL until a target is searched for */
    struct mig_auth *auth;
    struct mig_whitelist *whitelist;
};

/* Makes a connection that was closed while it was idle anew; 0 when it is usable. */
int mig_worker_database(struct mig_db *db, struct mig_err *err);

/* MIG_ACCESS_LOCAL: without credentials, from this machine only, unless the configuration says
 * else. */
enum mig_access { MIG_ACCESS_PUBLIC, MIG_ACCESS_INVESTIGATOR, MIG_ACCESS_LOCAL };

struct mig_request {
    int64_t opid; /* names this request in the log and in errors */
    char *method;
    char *path;   /* below the base route, decoded, "" when the route does not match */
    char *target; /* path and query as they came, for links and the log */
    char *query_text;
    char *content_type;
    char *token;     /* X-PGPAUTHORIZATION or NULL */
    char *apikey;    /* X-MIGAPIKEY or NULL; erased after use */
    char *forwarded; /* X-Forwarded-For or NULL */
    char *user_agent;
    char peer[64];
    struct mig_buf body;

    /* filled on the way */
    struct mig_query *query;
    enum mig_access access;
    int64_t investigator_id;
    char *investigator_name;
    uint64_t permissions;

    /* the answer */
    unsigned status;
    const char *answer_type; /* content type */
    const char *allow;       /* for 405 */
    unsigned retry_after;    /* seconds, for 429 and 503; 0: not said */
    struct mig_buf answer;
    /* NULL, or the answer goes on: a worker calls it when `answer` was sent, and again, until it is
     * NULL. It adds the next part there; negative: the answer can not be finished. Between two
     * calls nothing is held but more_context, which ends with the request. */
    int (*more)(struct mig_worker *worker, struct mig_request *request, struct mig_err *err);
    bool cut; /* it could not be finished */
    void *more_context;
    void (*more_free)(void *context);
};

void mig_request_fini(struct mig_request *request);

/* Opens the envelope of an answer. */
void mig_answer_open(struct mig_worker *worker, struct mig_request *request,
                     struct mig_envelope *env);
/* Closes it with a status of success. */
void mig_answer_close(struct mig_request *request, struct mig_envelope *env, unsigned status);
/* An answer that holds an error only; what was written before is dropped. */
void mig_answer_error(struct mig_worker *worker, struct mig_request *request, unsigned status,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));
/* 500: `err` goes to the log, the client learns the operation id. */
void mig_answer_failure(struct mig_worker *worker, struct mig_request *request,
                        const struct mig_err *err);
/* A plain text answer. */
void mig_answer_text(struct mig_request *request, unsigned status, const char *text, size_t len);

/* The client's address as [server] clientpublicip says; "0.0.0.0" when it can not be known. */
void mig_request_client(const struct mig_api *api, const struct mig_request *request, char ip[64]);

/* The resources, one a file. Authenticated and permitted when they are called. */
void mig_api_action_cancel(struct mig_worker *worker, struct mig_request *request);
void mig_api_action_create(struct mig_worker *worker, struct mig_request *request);
void mig_api_action_get(struct mig_worker *worker, struct mig_request *request);
void mig_api_agent_get(struct mig_worker *worker, struct mig_request *request);
void mig_api_command_get(struct mig_worker *worker, struct mig_request *request);
void mig_api_dashboard_get(struct mig_worker *worker, struct mig_request *request);
void mig_api_healthz_get(struct mig_worker *worker, struct mig_request *request);
void mig_api_heartbeat_get(struct mig_worker *worker, struct mig_request *request);
void mig_api_heartbeat_post(struct mig_worker *worker, struct mig_request *request);
void mig_api_investigator_create(struct mig_worker *worker, struct mig_request *request);
void mig_api_investigator_get(struct mig_worker *worker, struct mig_request *request);
void mig_api_investigator_update(struct mig_worker *worker, struct mig_request *request);
void mig_api_ip_get(struct mig_worker *worker, struct mig_request *request);
void mig_api_metrics_get(struct mig_worker *worker, struct mig_request *request);
void mig_api_publickey_get(struct mig_worker *worker, struct mig_request *request);
void mig_api_search_get(struct mig_worker *worker, struct mig_request *request);

#endif
