/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/persist_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/alerts.h"
#include "agent/site.h"
#include "base/json.h"
#include "base/time.h"
#include "plugin/wire.h"
#include "plugin/worker.h"

#define STOP_MS 2000

const char *const mig_persist_states[] = {"starting",      "running",     "back-off",
                                          "misconfigured", "quarantined", "stopped"};

int
mig_persist_start(const struct mig_site *site, int run_fd, const char *run_dir,
                  struct mig_roster *roster, struct mig_persist **ret, struct mig_err *err)
{
    struct mig_persist *p;
    size_t count = 0;
    int rc;

    while (site->persist && site->persist[2 * count])
        count++;
    if (count == 0)
        return 0;
    p = calloc(1, sizeof(*p));
    if (p)
        p->instances = calloc(count, sizeof(*p->instances));
    if (!p || !p->instances) {
        free(p);
        return mig_err_errno(err, ENOMEM, "persistent modules");
    }
    p->site = site;
    p->roster = roster;
    p->count = count;
    snprintf(p->state_root, sizeof(p->state_root), "%s/persist", run_dir);
    for (size_t i = 0; i < count; i++)
        p->instances[i] = (struct mig_instance){.persist = p,
                                                .name = site->persist[2 * i],
                                                .site_json = site->persist[2 * i + 1],
                                                .backoff_ms = MIG_PERSIST_BACKOFF_MIN_MS,
                                                .delivers = -1,
                                                .tokens = MIG_PERSIST_ALERTS_BURST,
                                                .tokens_at = mig_time_monotonic_ms()};
    rc = mig_alerts_open(run_fd, site->alerts_max, &p->alerts, err);
    if (rc < 0) {
        mig_persist_end(p);
        return rc;
    }
    *ret = p;
    return 0;
}

void
mig_persist_end(struct mig_persist *p)
{
    int64_t until = mig_time_monotonic_ms() + STOP_MS;

    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        if (p->instances[i].worker)
            mig_worker_send(p->instances[i].worker, MIG_WIRE_STOP, "", 0);
    for (size_t i = 0; i < p->count; i++) {
        struct mig_instance *it = &p->instances[i];

        while (it->worker && mig_worker_step(it->worker) == 0 && mig_time_monotonic_ms() < until) {
            struct pollfd fd = {.fd = mig_worker_fd(it->worker), .events = POLLIN};

            mig_persist_tell_kept(p);
            poll(&fd, 1, 50);
        }
        mig_worker_free(it->worker);
        it->worker = NULL;
        mig_persist_end_questions(it);
        mig_buf_fini(&it->answer);
    }
    if (p->alerts)
        mig_alerts_sync(p->alerts);
    mig_alerts_close(p->alerts);
    free(p->instances);
    free(p);
}

static void
lower(int *timeout_ms, int64_t when, int64_t now)
{
    int64_t left = when > now ? when - now : 0;

    if (*timeout_ms < 0 || left < *timeout_ms)
        *timeout_ms = (int)left;
}

size_t
mig_persist_poll(struct mig_persist *p, struct pollfd *fds, size_t max, int *timeout_ms)
{
    int64_t now = mig_time_monotonic_ms();
    size_t n = 0;

    for (size_t i = 0; p && i < p->count; i++) {
        struct mig_instance *it = &p->instances[i];

        if (!it->worker) {
            lower(timeout_ms, it->start_after, now);
            continue;
        }
        if (n < max)
            fds[n++] = (struct pollfd){.fd = mig_worker_fd(it->worker), .events = POLLIN};
        lower(timeout_ms, it->alive + MIG_PERSIST_HUNG_MS + 1, now);
        if (it->owes_kept)
            lower(timeout_ms, now + 10, now);
        if (it->deliver_after > now)
            lower(timeout_ms, it->deliver_after, now);
        if (it->questions_count > 0)
            lower(timeout_ms, it->questions[0]->until + 1, now);
    }
    return n;
}

void
mig_persist_step(struct mig_persist *p)
{
    for (size_t i = 0; p && i < p->count; i++)
        mig_persist_instance_step(&p->instances[i], mig_time_monotonic_ms());
    if (!p)
        return;
    mig_persist_tell_kept(p);
    mig_persist_deliver(p);
}

int
mig_persist_json(const struct mig_persist *p, struct mig_buf *out)
{
    mig_buf_addc(out, '[');
    for (size_t i = 0; p && i < p->count; i++) {
        const struct mig_instance *it = &p->instances[i];

        mig_buf_addf(out, "%s{\"module\":\"%s\",\"state\":\"%s\"", i ? "," : "", it->name,
                     mig_persist_states[it->state]);
        if (it->reason[0]) {
            mig_buf_adds(out, ",\"reason\":");
            mig_json_add_string(out, it->reason, strlen(it->reason));
        }
        mig_buf_addc(out, '}');
    }
    return mig_buf_addc(out, ']');
}

void
mig_persist_status(struct mig_persist *p, struct mig_buf *out)
{
    mig_buf_adds(out, "{\"modules\":[");
    for (size_t i = 0; p && i < p->count; i++) {
        const struct mig_instance *it = &p->instances[i];

        mig_buf_addf(out, "%s{\"module\":\"%s\",\"state\":\"%s\",\"reason\":", i ? "," : "",
                     it->name, mig_persist_states[it->state]);
        mig_json_add_string(out, it->reason, strlen(it->reason));
        mig_buf_addf(out, ",\"alerts\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"restarts\":%" PRIu64 "}",
                     it->alerts, it->lost, it->restarts);
    }
    mig_buf_adds(out, "]");
    if (p) {
        mig_buf_adds(out, ",\"queue\":");
        mig_alerts_status(p->alerts, out);
    }
    mig_buf_addc(out, '}');
}
