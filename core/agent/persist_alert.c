/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/persist_internal.h"

#include <errno.h>
#include <string.h>

#include "agent/alerts.h"
#include "base/log.h"
#include "base/time.h"
#include "plugin/wire.h"
#include "plugin/worker.h"

#define LOGGED_A_TURN 16 /* alerts that nobody takes */
#define ALERTS_A_SECOND 200

int
mig_persist_take_alert(struct mig_instance *it, const char *body, size_t len)
{
    if (it->owes_kept)
        return MIG_E_PROTOCOL;
    it->owes_kept = 1;
    it->kept_result = mig_alerts_add(it->persist->alerts, it->name, body, len);
    if (it->kept_result == 0)
        it->alerts++;
    else
        it->lost++;
    return 0;
}

/* An instance that has had its share waits for its word, and so does not go on. */
static int
may_be_told(struct mig_instance *it, int64_t now)
{
    it->tokens += (now - it->tokens_at) * ALERTS_A_SECOND / 1000;
    if (it->tokens > MIG_PERSIST_ALERTS_BURST)
        it->tokens = MIG_PERSIST_ALERTS_BURST;
    if (it->tokens < 1)
        return 0;
    it->tokens--;
    it->tokens_at = now;
    return 1;
}

void
mig_persist_tell_kept(struct mig_persist *p)
{
    int64_t now = mig_time_monotonic_ms();
    int rc = 0, any = 0;

    for (size_t i = 0; i < p->count; i++)
        any |= p->instances[i].owes_kept == 1;
    if (any)
        rc = mig_alerts_sync(p->alerts);
    for (size_t i = 0; i < p->count; i++) {
        struct mig_instance *it = &p->instances[i];

        if (it->owes_kept == 1 && rc < 0 && it->kept_result == 0)
            it->kept_result = rc;
        if (!it->owes_kept)
            continue;
        it->owes_kept = 2; /* durable, to be told */
        if (may_be_told(it, now) && it->worker &&
            mig_worker_reply(it->worker, MIG_WIRE_KEPT, it->kept_result, "", 0) != -EAGAIN)
            it->owes_kept = 0;
    }
}

int
mig_persist_take_delivered(struct mig_instance *it, const char *body, size_t len)
{
    int32_t code;

    if (!it->delivering || len < sizeof(code))
        return MIG_E_PROTOCOL;
    memcpy(&code, body, sizeof(code));
    it->delivering = 0;
    if (code == 0) {
        mig_alerts_drop(it->persist->alerts);
        it->deliver_backoff_ms = 0;
        return 0;
    }
    it->deliver_backoff_ms = it->deliver_backoff_ms ? it->deliver_backoff_ms * 2 : 250;
    if (it->deliver_backoff_ms > MIG_PERSIST_BACKOFF_MAX_MS)
        it->deliver_backoff_ms = MIG_PERSIST_BACKOFF_MAX_MS;
    it->deliver_after = mig_time_monotonic_ms() + it->deliver_backoff_ms;
    return 0;
}

static void
log_alerts(struct mig_persist *p)
{
    for (int i = 0; i < LOGGED_A_TURN; i++) {
        struct mig_buf alert = MIG_BUF_INIT;
        int rc = mig_alerts_first(p->alerts, &alert);

        if (rc == 0) {
            mig_log(MIG_SEV_WARNING, "alert: %.1500s", alert.data);
            mig_alerts_drop(p->alerts);
        }
        mig_buf_fini(&alert);
        if (rc < 0)
            return;
    }
}

void
mig_persist_deliver(struct mig_persist *p)
{
    struct mig_instance *taker = NULL;
    struct mig_buf alert = MIG_BUF_INIT;
    int unknown = 0;

    for (size_t i = 0; i < p->count; i++) {
        struct mig_instance *it = &p->instances[i];

        unknown |= it->delivers != 0 && it->state != MIG_PERSIST_STOPPED;
        if (it->delivers == 1 && it->state == MIG_PERSIST_RUNNING && !taker)
            taker = it;
    }
    if (!taker) {
        if (!unknown)
            log_alerts(p);
        return;
    }
    if (taker->delivering || taker->deliver_after > mig_time_monotonic_ms())
        return;
    if (mig_alerts_first(p->alerts, &alert) == 0 &&
        mig_worker_send(taker->worker, MIG_WIRE_DELIVER, alert.data, alert.len) == 0)
        taker->delivering = 1;
    mig_buf_fini(&alert);
}
