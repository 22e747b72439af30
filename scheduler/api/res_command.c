/* SPDX-License-Identifier: MPL-2.0 */
/* GET /command?commandid=N */
#include "config.h"

#include "api/api.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdlib.h>

#include "api/links.h"
#include "api/query.h"
#include "api/render.h"
#include "store/api_action.h"

void
mig_api_command_get(struct mig_worker *worker, struct mig_request *request)
{
    char href[MIG_LINK_MAX];
    struct mig_envelope env;
    struct mig_err err = {0};
    PGresult *res = NULL;
    int64_t id, action_id;

    if (mig_query_id(request->query, "commandid", "Command", &id, &err) < 0) {
        mig_answer_error(worker, request, 400, "%s", err.text);
    } else if (mig_store_command_get(worker->db, id, &res, &err) < 0) {
        mig_answer_failure(worker, request, &err);
    } else if (PQntuples(res) == 0) {
        mig_answer_error(worker, request, 404, "Command ID '%" PRId64 "' not found", id);
    } else {
        action_id = strtoll(PQgetvalue(res, 0, MIG_COMMAND_ACTION + MIG_ACTION_ID), NULL, 10);
        mig_answer_open(worker, request, &env);
        mig_envelope_item(&env, mig_link(worker->api, "command", id, href));
        mig_envelope_data(&env, "command");
        mig_render_command(env.out, res, 0);
        mig_envelope_link(&env, "action", mig_link(worker->api, "action", action_id, href));
        mig_answer_close(request, &env, 200);
    }
    PQclear(res);
}
