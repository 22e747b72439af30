/* SPDX-License-Identifier: MPL-2.0 */
/* GET /dashboard: the latest statistics of the agents, then the ten latest actions. */
#include "config.h"

#include "api/api.h"

#include <libpq-fe.h>
#include <stdlib.h>

#include "api/links.h"
#include "api/render.h"
#include "store/api_action.h"
#include "store/api_agent.h"

#define LATEST_ACTIONS 10

static void
add_stats(struct mig_worker *worker, struct mig_envelope *env, const PGresult *res)
{
    static const struct {
        const char *name;
        int column;
    } list[] = {
        {"online agents", MIG_STATS_ONLINE_AGENTS},
        {"online agents by version", MIG_STATS_ONLINE_AGENTS_BY_VERSION},
        {"online endpoints", MIG_STATS_ONLINE_ENDPOINTS},
        {"idle agents", MIG_STATS_IDLE_AGENTS},
        {"idle agents by version", MIG_STATS_IDLE_AGENTS_BY_VERSION},
        {"idle endpoints", MIG_STATS_IDLE_ENDPOINTS},
        {"new endpoints", MIG_STATS_NEW_ENDPOINTS},
        {"endpoints running 2 or more agents", MIG_STATS_MULTI_AGENTS_ENDPOINTS},
        {"disappeared endpoints", MIG_STATS_DISAPPEARED_ENDPOINTS},
        {"flapping endpoints", MIG_STATS_FLAPPING_ENDPOINTS},
    };
    struct mig_buf href = MIG_BUF_INIT;

    mig_buf_addf(&href, "%s/dashboard", worker->api->base_url);
    mig_envelope_item(env, href.failed ? "" : href.data);
    mig_buf_fini(&href);
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        mig_envelope_data(env, list[i].name);
        mig_buf_adds(env->out, PQgetisnull(res, 0, list[i].column)
                                   ? "null"
                                   : PQgetvalue(res, 0, list[i].column));
    }
}

void
mig_api_dashboard_get(struct mig_worker *worker, struct mig_request *request)
{
    PGresult *stats = NULL, *actions = NULL;
    char href[MIG_LINK_MAX];
    struct mig_envelope env;
    struct mig_err err = {0};

    if (mig_store_agent_stats(worker->db, &stats, &err) < 0 ||
        mig_store_action_latest(worker->db, LATEST_ACTIONS, &actions, &err) < 0) {
        mig_answer_failure(worker, request, &err);
        goto out;
    }
    mig_answer_open(worker, request, &env);
    if (PQntuples(stats) == 1)
        add_stats(worker, &env, stats);
    for (int i = 0; i < PQntuples(actions); i++) {
        int64_t id = strtoll(PQgetvalue(actions, i, MIG_ACTION_ID), NULL, 10);

        mig_envelope_item(&env, mig_link(worker->api, "action", id, href));
        mig_envelope_data(&env, "action");
        mig_render_whole_action(env.out, actions, i);
    }
    mig_answer_close(request, &env, 200);
out:
    PQclear(stats);
    PQclear(actions);
}
