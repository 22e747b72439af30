/* SPDX-License-Identifier: MPL-2.0 */
/* Pending actions become commands. Woken by NOTIFY, by the opening of a window, by the end of one.
 */
#include "config.h"
#include "lanes/lane.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/db.h"
#include "store/intake.h"
#include "store/target.h"

struct intake {
    struct mig_lane *lane;
    struct mig_db *db;
    struct mig_db *target_db;
    /* The action whose target was being evaluated when its connection broke, and how often. */
    int64_t lost_action;
    int lost_times;
};

/* A target may end its own connection (pg_terminate_backend): that must not be tried for ever. */
static bool
is_fatal(struct intake *in, int64_t action)
{
    in->lost_times = in->lost_action == action ? in->lost_times + 1 : 1;
    in->lost_action = action;
    return in->lost_times >= 2;
}

static int
refuse(struct intake *in, const struct mig_intake_action *action, const char *reason,
       struct mig_err *err)
{
    int r = mig_intake_invalid(in->db, action->id, reason, err);

    if (r == 0)
        r = mig_db_commit(in->db, err);
    if (r == 0)
        mig_log(MIG_SEV_NOTICE, "action %" PRId64 " is invalid: %s", action->id, reason);
    return r;
}

static int
take(struct intake *in, const struct mig_intake_action *action, struct mig_err *err)
{
    struct mig_err reason = {0};
    int64_t *agents = NULL, commands = 0;
    size_t count = 0;
    int r = mig_target_expand(in->target_db, action->target, in->lane->config->target_timeout_ms,
                              &agents, &count, &reason);

    if (r == MIG_E_DATABASE && mig_db_check(in->target_db, err) < 0)
        return MIG_E_DATABASE;
    if (r == MIG_E_DATABASE && !is_fatal(in, action->id)) {
        mig_db_rollback(in->db);
        return 0;
    }
    if (r == MIG_E_DATABASE)
        mig_err_set(
            &reason, r,
            "action target: the connection to the database broke twice while it was evaluated");
    if (r < 0)
        return refuse(in, action, reason.text, err);
    if (count > 0)
        r = mig_intake_prepare(in->db, action->id, agents, count, &commands, err);
    free(agents);
    if (r < 0)
        return r;
    if (commands == 0)
        return refuse(in, action, "no agent that is online or idle matches the target", err);
    r = mig_db_commit(in->db, err);
    if (r == 0)
        mig_log(MIG_SEV_INFO, "action %" PRId64 " '%s': %" PRId64 " commands", action->id,
                action->name, commands);
    return r;
}

/* 1 when there may be more, 0 when there is nothing to do now. */
static int
take_next(struct intake *in, struct mig_err *err)
{
    struct mig_intake_action action = {0};
    int r = mig_db_begin(in->db, err);
    int found = r < 0 ? r : mig_intake_claim(in->db, &action, err);

    if (found > 0)
        r = take(in, &action, err);
    mig_db_rollback(in->db); /* nothing, after a commit */
    mig_intake_action_fini(&action);
    if (found < 0)
        return found;
    return r < 0 ? r : found;
}

static int
step(struct intake *in, struct mig_err *err)
{
    int64_t due = MIG_LANE_SAFETY_MS, expired = 0;
    int r;

    do
        r = take_next(in, err);
    while (r > 0 && !mig_lane_stopping(in->lane));
    if (r == 0)
        r = mig_intake_expire(in->db, &expired, err);
    if (r == 0 && expired > 0)
        mig_log(MIG_SEV_NOTICE, "%" PRId64 " actions expired before they were started", expired);
    if (r == 0)
        r = mig_intake_due(in->db, MIG_LANE_SAFETY_MS, &due, err);
    if (r < 0)
        return r;
    r = mig_db_notified(in->db, err);
    /* Another scheduler may hold what is due now. */
    if (r == 0)
        mig_lane_wait(in->lane, mig_db_fd(in->db), -1, due < 10 ? 10 : due);
    return r < 0 ? r : mig_db_notified(in->db, err);
}

int
mig_lane_intake(struct mig_lane *lane, struct mig_err *err)
{
    struct intake in = {.lane = lane};
    int r = mig_lane_db(lane, &in.db, err);

    if (r == 0)
        r = mig_target_open(lane->config->store.target_conninfo, &in.target_db, err);
    if (r == 0)
        r = mig_db_listen(in.db, MIG_CHANNEL_ACTIONS, err);
    if (r == 0)
        mig_lane_ready(lane);
    while (r >= 0 && !mig_lane_stopping(lane))
        r = step(&in, err);
    mig_db_close(in.db);
    mig_db_close(in.target_db);
    return r < 0 ? r : 0;
}
