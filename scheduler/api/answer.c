/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/api.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/query.h"
#include "base/log.h"

/* An answer that would be larger is refused: the limit parameter is there to ask for less. */
#define ANSWER_MAX ((size_t)256 << 20)

void
mig_request_fini(struct mig_request *request)
{
    free(request->method);
    free(request->path);
    free(request->target);
    free(request->query_text);
    free(request->content_type);
    free(request->token);
    if (request->apikey != NULL)
        explicit_bzero(request->apikey, strlen(request->apikey));
    free(request->apikey);
    free(request->forwarded);
    free(request->user_agent);
    free(request->investigator_name);
    mig_query_free(request->query);
    if (request->more_context != NULL)
        request->more_free(request->more_context);
    mig_buf_fini(&request->body);
    mig_buf_fini(&request->answer);
}

static void
open_envelope(struct mig_worker *worker, struct mig_request *request, struct mig_envelope *env)
{
    struct mig_buf href = MIG_BUF_INIT;

    mig_buf_fini(&request->answer);
    request->answer = (struct mig_buf)MIG_BUF_INIT;
    request->answer.limit = ANSWER_MAX;
    request->answer_type = "application/json";
    mig_buf_addf(&href, "%s%s", worker->api->host, request->target);
    mig_envelope_open(env, &request->answer, href.failed ? "" : href.data);
    mig_buf_fini(&href);
}

void
mig_answer_open(struct mig_worker *worker, struct mig_request *request, struct mig_envelope *env)
{
    open_envelope(worker, request, env);
}

void
mig_answer_close(struct mig_request *request, struct mig_envelope *env, unsigned status)
{
    mig_envelope_close(env, NULL, NULL);
    request->status = status;
}

void
mig_answer_error(struct mig_worker *worker, struct mig_request *request, unsigned status,
                 const char *format, ...)
{
    struct mig_envelope env;
    char message[1200];
    char code[24];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    snprintf(code, sizeof code, "%" PRId64, request->opid);
    request->more = NULL;
    open_envelope(worker, request, &env);
    mig_envelope_close(&env, code, message);
    request->status = status;
}

void
mig_answer_failure(struct mig_worker *worker, struct mig_request *request,
                   const struct mig_err *err)
{
    mig_log(MIG_SEV_ERR, "%" PRId64 " - - %s", request->opid,
            err->code != 0 ? err->text : "out of memory");
    mig_answer_error(worker, request, 500, "internal error, see the log for %" PRId64,
                     request->opid);
}

void
mig_answer_text(struct mig_request *request, unsigned status, const char *text, size_t len)
{
    mig_buf_fini(&request->answer);
    request->answer = (struct mig_buf)MIG_BUF_INIT;
    mig_buf_add(&request->answer, text, len);
    request->answer_type = "application/json"; /* the protocol says so of everything */
    request->status = status;
}
