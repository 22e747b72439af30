/* SPDX-License-Identifier: MPL-2.0 */
/* GET /agent?agentid=N */
#include "config.h"

#include "api/api.h"

#include <inttypes.h>
#include <libpq-fe.h>

#include "api/links.h"
#include "api/query.h"
#include "api/render.h"
#include "store/api_agent.h"

void
mig_api_agent_get(struct mig_worker *worker, struct mig_request *request)
{
    char href[MIG_LINK_MAX];
    struct mig_envelope env;
    struct mig_err err = {0};
    PGresult *res = NULL;
    int64_t id;

    if (mig_query_id(request->query, "agentid", "Agent", &id, &err) < 0) {
        mig_answer_error(worker, request, 400, "%s", err.text);
    } else if (mig_store_agent_get(worker->db, id, &res, &err) < 0) {
        mig_answer_failure(worker, request, &err);
    } else if (PQntuples(res) == 0) {
        mig_answer_error(worker, request, 404, "Agent ID '%" PRId64 "' not found", id);
    } else {
        mig_answer_open(worker, request, &env);
        mig_envelope_item(&env, mig_link(worker->api, "agent", id, href));
        mig_envelope_data(&env, "agent");
        mig_render_agent(env.out, res, 0, 0);
        mig_answer_close(request, &env, 200);
    }
    PQclear(res);
}
