/* SPDX-License-Identifier: MPL-2.0 */
/* Commands of actions that are over become expired, at the moment the first of them is; unsent ones
 * of actions that were cancelled become so. */
#include "config.h"
#include "lanes/lane.h"

#include "base/log.h"
#include "store/collect.h"
#include "store/db.h"
#include "store/intake.h"

#define BATCH 10000

static int
step(struct mig_lane *lane, struct mig_db *db, struct mig_err *err)
{
    int64_t due = MIG_LANE_SAFETY_MS;
    size_t expired = 0, cancelled = 0;
    int r = 0;

    do {
        r = mig_collect_expire(db, BATCH, &expired, &cancelled, err);
        if (r == 0 && expired + cancelled > 0)
            mig_log(MIG_SEV_INFO, "%zu commands expired, %zu cancelled", expired, cancelled);
    } while (r == 0 && (expired == BATCH || cancelled == BATCH) && !mig_lane_stopping(lane));
    if (r == 0)
        r = mig_collect_due(db, MIG_LANE_SAFETY_MS, &due, err);
    if (r == 0)
        r = mig_db_notified(db, err);
    /* What is due and still there is locked by another lane, which is about to decide. */
    if (r == 0)
        mig_lane_wait(lane, mig_db_fd(db), -1, due < 100 ? 100 : due);
    return r < 0 ? r : mig_db_notified(db, err);
}

int
mig_lane_expire(struct mig_lane *lane, struct mig_err *err)
{
    struct mig_db *db = NULL;
    int r = mig_lane_db(lane, &db, err);

    if (r == 0)
        r = mig_db_listen(db, MIG_CHANNEL_COMMANDS, err); /* an action that is over sooner */
    if (r == 0)
        mig_lane_ready(lane);
    while (r >= 0 && !mig_lane_stopping(lane))
        r = step(lane, db, err);
    mig_db_close(db);
    return r < 0 ? r : 0;
}
