/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/persist.h"

#include <errno.h>
#include <inttypes.h>
#include <mig/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/alerts.h"
#include "agent/site.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "plugin/wire.h"
#include "plugin/worker.h"

#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 60000
#define STEADY_MS 60000     /* an instance that lived this long had no trouble starting */
#define HUNG_MS 60000       /* without coming to wait() */
#define QUARANTINE_AFTER 8u /* failures in a row */
#define QUARANTINE_MS 3600000
#define RECHECK_MS 30000 /* a configuration that was wrong is read again */
#define ASK_MS 20000
#define QUESTIONS_MAX 16u
#define STOP_MS 2000
#define LOGGED_A_TURN 16 /* alerts that nobody takes */
#define ALERTS_BURST 1000
#define ALERTS_A_SECOND 200

enum state { STARTING, RUNNING, WAITING, MISCONFIGURED, QUARANTINED, OFF };
static const char *const state_names[] = {"starting",      "running",     "waiting",
                                          "misconfigured", "quarantined", "off"};

struct question {
    void *asker; /* NULL: gone */
    mig_persist_reply_fn *reply;
    int64_t until;
    size_t len;
    char text[];
};

struct instance {
    struct mig_persist *persist;
    const char *name, *site_json;
    enum state state;
    char reason[512];
    struct mig_worker *worker;
    int64_t started, start_after, alive;
    int backoff_ms;
    unsigned failures;
    int delivers; /* -1: it has not said */
    int mistake;
    int owes_kept, kept_result; /* an alert that the sync of this turn makes durable */
    int64_t tokens, tokens_at;
    uint64_t alerts, lost, restarts;

    struct question *questions[QUESTIONS_MAX];
    size_t questions_count;
    int asked; /* questions[0] is with the instance */
    struct mig_buf answer;

    int delivering;
    int64_t deliver_after;
    int deliver_backoff_ms;
};

struct mig_persist {
    const struct mig_site *site;
    char state_root[4096];
    struct mig_alerts *alerts;
    struct instance *instances;
    size_t count;
};

static struct instance *
find(struct mig_persist *p, const char *module)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->instances[i].name, module) == 0)
            return &p->instances[i];
    return NULL;
}

/* ---- questions ---- */

static void
end_question(struct instance *it, int result, const char *text, size_t len)
{
    struct question *q = it->questions[0];

    if (q->asker)
        q->reply(q->asker, result, text, len);
    free(q);
    it->questions_count--;
    memmove(it->questions, it->questions + 1, it->questions_count * sizeof(it->questions[0]));
    it->asked = 0;
    mig_buf_reset(&it->answer);
}

static void
not_running(const struct instance *it, char *text, size_t size)
{
    snprintf(text, size, "%s does not run here: %s%s%s", it->name, state_names[it->state],
             it->reason[0] ? ": " : "", it->reason);
}

static void
end_questions(struct instance *it)
{
    char text[700];

    not_running(it, text, sizeof(text));
    while (it->questions_count > 0)
        end_question(it, -ENOENT, text, strlen(text));
}

static void
ask_next(struct instance *it)
{
    int rc;

    if (it->state != RUNNING || it->asked || it->questions_count == 0)
        return;
    rc = mig_worker_send(it->worker, MIG_WIRE_QUESTION, it->questions[0]->text,
                         it->questions[0]->len);
    if (rc == 0)
        it->asked = 1;
    else if (rc != -EAGAIN)
        end_question(it, rc, "it is gone", 10);
}

int
mig_persist_ask(struct mig_persist *p, const char *module, void *asker, mig_persist_reply_fn *reply,
                const char *question, size_t len)
{
    struct instance *it = p ? find(p, module) : NULL;
    struct question *q;
    char text[700];

    if (!it || it->state != RUNNING) {
        if (it)
            not_running(it, text, sizeof(text));
        else
            snprintf(text, sizeof(text), "%.64s does not run here: the site does not say so",
                     module);
        reply(asker, -ENOENT, text, strlen(text));
        return 0;
    }
    q = len <= MIG_QUESTION_MAX && it->questions_count < QUESTIONS_MAX ? malloc(sizeof(*q) + len)
                                                                       : NULL;
    if (!q) {
        reply(asker, -EAGAIN, "too many ask at once", 20);
        return 0;
    }
    q->asker = asker;
    q->reply = reply;
    q->until = mig_time_monotonic_ms() + ASK_MS;
    q->len = len;
    memcpy(q->text, question, len);
    it->questions[it->questions_count++] = q;
    ask_next(it);
    return 0;
}

void
mig_persist_forget(struct mig_persist *p, const void *asker)
{
    for (size_t i = 0; p && i < p->count; i++)
        for (size_t k = 0; k < p->instances[i].questions_count; k++)
            if (p->instances[i].questions[k]->asker == asker)
                p->instances[i].questions[k]->asker = NULL;
}

static int
take_answer(struct instance *it, const char *body, size_t len)
{
    if (!it->asked || len > MIG_ANSWER_MAX - it->answer.len)
        return MIG_E_PROTOCOL;
    return mig_buf_add(&it->answer, body, len);
}

static int
take_answered(struct instance *it, const char *body, size_t len)
{
    int32_t code;

    if (!it->asked || len < sizeof(code))
        return MIG_E_PROTOCOL;
    memcpy(&code, body, sizeof(code));
    if (code == 0)
        end_question(it, 0, it->answer.data ? it->answer.data : "", it->answer.len);
    else
        end_question(it, code < 0 ? code : -EIO, body + sizeof(code), len - sizeof(code));
    return 0;
}

/* ---- alerts ---- */

static int
take_alert(struct instance *it, const char *body, size_t len)
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
may_be_told(struct instance *it, int64_t now)
{
    it->tokens += (now - it->tokens_at) * ALERTS_A_SECOND / 1000;
    if (it->tokens > ALERTS_BURST)
        it->tokens = ALERTS_BURST;
    if (it->tokens < 1)
        return 0;
    it->tokens--;
    it->tokens_at = now;
    return 1;
}

static void
tell_kept(struct mig_persist *p)
{
    int64_t now = mig_time_monotonic_ms();
    int rc = 0, any = 0;

    for (size_t i = 0; i < p->count; i++)
        any |= p->instances[i].owes_kept == 1;
    if (any)
        rc = mig_alerts_sync(p->alerts);
    for (size_t i = 0; i < p->count; i++) {
        struct instance *it = &p->instances[i];

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

static int
take_delivered(struct instance *it, const char *body, size_t len)
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
    if (it->deliver_backoff_ms > BACKOFF_MAX_MS)
        it->deliver_backoff_ms = BACKOFF_MAX_MS;
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

static void
deliver(struct mig_persist *p)
{
    struct instance *taker = NULL;
    struct mig_buf alert = MIG_BUF_INIT;
    int unknown = 0;

    for (size_t i = 0; i < p->count; i++) {
        struct instance *it = &p->instances[i];

        unknown |= it->delivers != 0 && it->state != OFF;
        if (it->delivers == 1 && it->state == RUNNING && !taker)
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

/* ---- an instance ---- */

static int
take_ready(struct instance *it, const char *body, size_t len)
{
    uint32_t delivers;

    if (len < sizeof(delivers))
        return MIG_E_PROTOCOL;
    memcpy(&delivers, body, sizeof(delivers));
    it->delivers = delivers != 0;
    it->state = RUNNING;
    it->reason[0] = '\0';
    mig_log(MIG_SEV_NOTICE, "persistent module %s runs", it->name);
    return 0;
}

static int
hear(void *context, struct mig_worker *worker, uint32_t type, const char *body, size_t len)
{
    struct instance *it = context;

    (void)worker;
    it->alive = mig_time_monotonic_ms();
    switch (type) {
    case MIG_WIRE_READY:
        return take_ready(it, body, len);
    case MIG_WIRE_ALIVE:
        return 0;
    case MIG_WIRE_ALERT:
        return take_alert(it, body, len);
    case MIG_WIRE_ANSWER:
        return take_answer(it, body, len);
    case MIG_WIRE_ANSWERED:
        return take_answered(it, body, len);
    case MIG_WIRE_DELIVERED:
        return take_delivered(it, body, len);
    case MIG_WIRE_MISTAKE:
        it->mistake = 1;
        return 0;
    default:
        return MIG_E_PROTOCOL;
    }
}

static void
hold(struct instance *it, enum state state, const char *reason, int64_t pause_ms)
{
    if (state != OFF && (it->state != state || strcmp(it->reason, reason) != 0))
        mig_log(MIG_SEV_ERR, "persistent module %s: %s: %s", it->name, state_names[state], reason);
    it->state = state;
    snprintf(it->reason, sizeof(it->reason), "%s", reason);
    it->start_after = mig_time_monotonic_ms() + pause_ms;
    end_questions(it);
}

/* It has ended, for a reason that is not known to be the configuration. */
static void
failed(struct instance *it, const char *reason)
{
    int64_t lived = mig_time_monotonic_ms() - it->started;

    it->restarts++;
    if (lived >= STEADY_MS) {
        it->backoff_ms = BACKOFF_MIN_MS;
        it->failures = 0;
    }
    if (++it->failures >= QUARANTINE_AFTER) {
        it->failures = 0;
        it->backoff_ms = BACKOFF_MIN_MS;
        hold(it, QUARANTINED, reason, QUARANTINE_MS);
        return;
    }
    hold(it, WAITING, reason, it->backoff_ms);
    it->backoff_ms = it->backoff_ms >= BACKOFF_MAX_MS / 2 ? BACKOFF_MAX_MS : it->backoff_ms * 2;
}

static void
start(struct instance *it)
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
        hold(it, OFF, "switched off in the configuration folder", RECHECK_MS);
    } else if (rc < 0) {
        hold(it, MISCONFIGURED, err.text, RECHECK_MS);
    } else if (mig_worker_start(&spec, &it->worker, &err) < 0) {
        it->worker = NULL;
        failed(it, err.text);
    } else {
        it->state = STARTING;
    }
    mig_buf_fini(&config);
}

static void
bury(struct instance *it)
{
    const struct mig_worker_outcome *outcome = mig_worker_outcome(it->worker);
    char reason[512];
    int refused = outcome && outcome->status == MIG_WORKER_REFUSED;

    snprintf(reason, sizeof(reason), "%s",
             outcome && outcome->reason[0] ? outcome->reason : "it has ended by itself");
    mig_worker_free(it->worker);
    it->worker = NULL;
    it->delivering = it->owes_kept = 0;
    if (it->mistake || refused)
        hold(it, MISCONFIGURED, reason, RECHECK_MS);
    else
        failed(it, reason);
}

static void
step(struct instance *it, int64_t now)
{
    if (!it->worker) {
        if (now >= it->start_after)
            start(it);
        return;
    }
    if (mig_worker_step(it->worker) != 0) {
        bury(it);
        return;
    }
    if (now - it->alive > HUNG_MS) {
        mig_worker_free(it->worker);
        it->worker = NULL;
        failed(it, "it was hung: no sign of life for a minute");
        return;
    }
    if (it->questions_count > 0 && now > it->questions[0]->until) {
        if (it->asked) /* its answer would be taken for that of the next */
            it->alive = now - HUNG_MS;
        end_question(it, -ETIMEDOUT, "it does not answer", 18);
    }
    ask_next(it);
}

/* ---- all of them ---- */

int
mig_persist_start(const struct mig_site *site, int run_fd, const char *run_dir,
                  struct mig_persist **ret, struct mig_err *err)
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
    p->count = count;
    snprintf(p->state_root, sizeof(p->state_root), "%s/persist", run_dir);
    for (size_t i = 0; i < count; i++)
        p->instances[i] = (struct instance){.persist = p,
                                            .name = site->persist[2 * i],
                                            .site_json = site->persist[2 * i + 1],
                                            .backoff_ms = BACKOFF_MIN_MS,
                                            .delivers = -1,
                                            .tokens = ALERTS_BURST,
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
        struct instance *it = &p->instances[i];

        while (it->worker && mig_worker_step(it->worker) == 0 && mig_time_monotonic_ms() < until) {
            struct pollfd fd = {.fd = mig_worker_fd(it->worker), .events = POLLIN};

            tell_kept(p);
            poll(&fd, 1, 50);
        }
        mig_worker_free(it->worker);
        it->worker = NULL;
        end_questions(it);
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
        struct instance *it = &p->instances[i];

        if (!it->worker) {
            lower(timeout_ms, it->start_after, now);
            continue;
        }
        if (n < max)
            fds[n++] = (struct pollfd){.fd = mig_worker_fd(it->worker), .events = POLLIN};
        lower(timeout_ms, it->alive + HUNG_MS + 1, now);
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
        step(&p->instances[i], mig_time_monotonic_ms());
    if (!p)
        return;
    tell_kept(p);
    deliver(p);
}

void
mig_persist_status(struct mig_persist *p, struct mig_buf *out)
{
    mig_buf_adds(out, "{\"modules\":[");
    for (size_t i = 0; p && i < p->count; i++) {
        const struct instance *it = &p->instances[i];

        mig_buf_addf(out, "%s{\"module\":\"%s\",\"state\":\"%s\",\"reason\":", i ? "," : "",
                     it->name, state_names[it->state]);
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
