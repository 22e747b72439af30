/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/persist_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/roster.h"
#include "agent/site.h"
#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "plugin/wire.h"
#include "plugin/worker.h"

#define STEADY_MS 60000  /* an instance that lived this long had no trouble starting */
#define RECHECK_MS 30000 /* a configuration that was wrong is read again */
#define FOR_EVER INT64_MAX

static int
take_ready(struct mig_instance *it, const char *body, size_t len)
{
    uint32_t delivers;

    if (len < sizeof(delivers))
        return MIG_E_PROTOCOL;
    memcpy(&delivers, body, sizeof(delivers));
    it->delivers = delivers != 0;
    it->state = MIG_PERSIST_RUNNING;
    it->reason[0] = '\0';
    mig_log(MIG_SEV_NOTICE, "persistent module %s runs", it->name);
    return 0;
}

static int
hear(void *context, struct mig_worker *worker, uint32_t type, const char *body, size_t len)
{
    struct mig_instance *it = context;

    (void)worker;
    it->alive = mig_time_monotonic_ms();
    switch (type) {
    case MIG_WIRE_READY:
        return take_ready(it, body, len);
    case MIG_WIRE_ALIVE:
        return 0;
    case MIG_WIRE_ALERT:
        return mig_persist_take_alert(it, body, len);
    case MIG_WIRE_ANSWER:
        return mig_persist_take_answer(it, body, len);
    case MIG_WIRE_ANSWERED:
        return mig_persist_take_answered(it, body, len);
    case MIG_WIRE_DELIVERED:
        return mig_persist_take_delivered(it, body, len);
    case MIG_WIRE_MISTAKE:
        it->mistake = 1;
        return 0;
    default:
        return MIG_E_PROTOCOL;
    }
}

static void
hold(struct mig_instance *it, enum mig_persist_state state, const char *reason, int64_t pause_ms)
{
    if (state != MIG_PERSIST_STOPPED && (it->state != state || strcmp(it->reason, reason) != 0))
        mig_log(MIG_SEV_ERR, "persistent module %s: %s: %s", it->name, mig_persist_states[state],
                reason);
    it->state = state;
    snprintf(it->reason, sizeof(it->reason), "%s", reason);
    it->start_after = pause_ms == FOR_EVER ? FOR_EVER : mig_time_monotonic_ms() + pause_ms;
    mig_persist_end_questions(it);
}

/* The plugin as a whole, its operations too, runs no more. */
static int
in_quarantine(struct mig_instance *it)
{
    const char *quarantine = mig_roster_quarantine(it->persist->roster, it->name);

    if (quarantine)
        hold(it, MIG_PERSIST_QUARANTINED, quarantine, FOR_EVER);
    return quarantine != NULL;
}

/* It has ended, for a reason that is not known to be the configuration. */
static void
failed(struct mig_instance *it, int crashed, const char *reason)
{
    struct mig_roster *roster = it->persist->roster;
    int64_t lived = mig_time_monotonic_ms() - it->started;

    it->restarts++;
    if (lived >= STEADY_MS) {
        it->backoff_ms = MIG_PERSIST_BACKOFF_MIN_MS;
        mig_roster_outcome(roster, it->name, MIG_ROSTER_INSTANCE, 0, "");
    }
    mig_roster_outcome(roster, it->name, MIG_ROSTER_INSTANCE, crashed, reason);
    if (in_quarantine(it))
        return;
    hold(it, MIG_PERSIST_BACKOFF, reason, it->backoff_ms);
    it->backoff_ms = it->backoff_ms >= MIG_PERSIST_BACKOFF_MAX_MS / 2 ? MIG_PERSIST_BACKOFF_MAX_MS
                                                                      : it->backoff_ms * 2;
}

static void
start(struct mig_instance *it)
{
    struct mig_persist *p = it->persist;
    struct mig_buf config = MIG_BUF_INIT;
    struct mig_err err = {0};
    char state_dir[4200];
    int rc = mig_persist_conf(p->site, it->name, it->site_json, &config, &err);
    struct mig_worker_spec spec = {.call = MIG_WORKER_PERSIST,
                                   .plugin = it->name,
                                   .plugin_dir = mig_site_plugin_dir(p->site),
                                   .input = config.data,
                                   .input_len = config.len,
                                   .memory_max = p->site->memory_max,
                                   .open_files_max = (unsigned)p->site->open_files_max,
                                   .private_mode = p->site->private_mode != 0,
                                   .message = hear,
                                   .context = it,
                                   .state_dir = state_dir,
                                   .state_max = p->site->state_max};

    snprintf(state_dir, sizeof(state_dir), "%s/%s", p->state_root, it->name);
    it->started = it->alive = mig_time_monotonic_ms();
    it->mistake = it->delivering = it->owes_kept = 0;
    if (rc == -ENOENT) {
        hold(it, MIG_PERSIST_STOPPED, "switched off in the configuration folder", RECHECK_MS);
    } else if (rc < 0) {
        hold(it, MIG_PERSIST_MISCONFIGURED, err.text, RECHECK_MS);
    } else if (mig_worker_start(&spec, &it->worker, &err) < 0) {
        it->worker = NULL;
        failed(it, 0, err.text);
    } else {
        it->state = MIG_PERSIST_STARTING;
    }
    mig_buf_fini(&config);
}

static void
drop(struct mig_instance *it)
{
    mig_worker_free(it->worker);
    it->worker = NULL;
    it->delivering = it->owes_kept = 0;
}

static void
bury(struct mig_instance *it)
{
    const struct mig_worker_outcome *outcome = mig_worker_outcome(it->worker);
    char reason[512];
    int refused = outcome && outcome->status == MIG_WORKER_REFUSED;
    int crashed = outcome && outcome->crashed;

    snprintf(reason, sizeof(reason), "%s",
             outcome && outcome->reason[0] ? outcome->reason : "it has ended by itself");
    drop(it);
    if (it->mistake || refused)
        hold(it, MIG_PERSIST_MISCONFIGURED, reason, RECHECK_MS);
    else
        failed(it, crashed, reason);
}

void
mig_persist_instance_step(struct mig_instance *it, int64_t now)
{
    if (!it->worker) {
        if (now >= it->start_after && !in_quarantine(it))
            start(it);
        return;
    }
    if (mig_worker_step(it->worker) != 0) {
        bury(it);
    } else if (mig_roster_quarantine(it->persist->roster, it->name)) {
        drop(it);
        in_quarantine(it);
    } else if (now - it->alive > MIG_PERSIST_HUNG_MS) {
        drop(it);
        failed(it, 1, "it was hung: no sign of life for a minute");
    } else {
        mig_persist_questions(it, now);
    }
}
