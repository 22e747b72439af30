/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of the persistent modules share; nobody else includes it. */
#ifndef MIG_AGENT_PERSIST_INTERNAL_H
#define MIG_AGENT_PERSIST_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "agent/persist.h"
#include "base/buf.h"

#define MIG_PERSIST_BACKOFF_MIN_MS 1000
#define MIG_PERSIST_BACKOFF_MAX_MS 60000
#define MIG_PERSIST_HUNG_MS 60000     /* without coming to wait() */
#define MIG_PERSIST_ALERTS_BURST 1000 /* that an instance may give at once */
#define MIG_PERSIST_QUESTIONS_MAX 16u

enum mig_persist_state {
    MIG_PERSIST_STARTING,
    MIG_PERSIST_RUNNING,
    MIG_PERSIST_BACKOFF,
    MIG_PERSIST_MISCONFIGURED,
    MIG_PERSIST_QUARANTINED,
    MIG_PERSIST_STOPPED
};

extern const char *const mig_persist_states[];

struct mig_question {
    void *asker; /* NULL: gone */
    mig_persist_reply_fn *reply;
    int64_t until;
    size_t len;
    char text[];
};

struct mig_instance {
    struct mig_persist *persist;
    const char *name, *site_json;
    enum mig_persist_state state;
    char reason[512];
    struct mig_worker *worker;
    int64_t started, start_after, alive;
    int backoff_ms;
    int delivers; /* -1: it has not said */
    int mistake;
    int owes_kept, kept_result; /* an alert that the sync of this turn makes durable */
    int64_t tokens, tokens_at;
    uint64_t alerts, lost, restarts;

    struct mig_question *questions[MIG_PERSIST_QUESTIONS_MAX];
    size_t questions_count;
    int asked; /* questions[0] is with the instance */
    struct mig_buf answer;

    int delivering;
    int64_t deliver_after;
    int deliver_backoff_ms;
};

struct mig_persist {
    const struct mig_site *site;
    struct mig_roster *roster;
    char state_root[4096];
    struct mig_alerts *alerts;
    struct mig_instance *instances;
    size_t count;
};

/* ---- persist_ask.c ---- */

/* NULL: the site does not have it. */
struct mig_instance *mig_persist_find(struct mig_persist *p, const char *module);
/* Whoever waits is told that it does not run. */
void mig_persist_end_questions(struct mig_instance *it);
/* Hands the next question over, and gives up on one that took too long. */
void mig_persist_questions(struct mig_instance *it, int64_t now);
int mig_persist_take_answer(struct mig_instance *it, const char *body, size_t len);
int mig_persist_take_answered(struct mig_instance *it, const char *body, size_t len);

/* ---- persist_alert.c ---- */

int mig_persist_take_alert(struct mig_instance *it, const char *body, size_t len);
int mig_persist_take_delivered(struct mig_instance *it, const char *body, size_t len);
/* What is on disk now is told to those that wait for it. */
void mig_persist_tell_kept(struct mig_persist *p);
/* The first of the queue goes to the module that takes alerts, or to the log when none does. */
void mig_persist_deliver(struct mig_persist *p);

/* ---- persist_instance.c ---- */

/* Starts it, lets it move on, buries it. */
void mig_persist_instance_step(struct mig_instance *it, int64_t now);

#endif
