/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The privileged process: it starts the roles and the workers, owns the spool and the journal, and
 * never parses what came from the network. Commands go relay -> supervisor -> verifier as bytes;
 * what comes back is a record of agent/verdict.h.
 */
#ifndef MIG_AGENT_SUPERVISOR_H
#define MIG_AGENT_SUPERVISOR_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/account.h"
#include "agent/child.h"
#include "agent/identity.h"
#include "base/error.h"

struct mig_buf;
struct mig_control;
struct mig_job;
struct mig_journal;
struct mig_owner_log;
struct mig_persist;
struct mig_roster;
struct mig_site;

struct mig_supervisor {
    const struct mig_site *site;
    int run_fd, lock_fd, spool_fd;
    char queueloc[MIG_QUEUELOC_MAX];
    struct mig_account account;
    char verifier_home[512];
    struct mig_journal *journal;
    struct mig_owner_log *owner_log;
    struct mig_child relay, verifier, beat;
    struct mig_control *control;
    struct mig_persist *persist; /* NULL: the site has none */

    int relay_up;
    char proxy[256];           /* of the relay's connection; "": none */
    char *cloud;               /* JSON, as the beat last found out; NULL: nothing */
    uint64_t relay_instance;   /* tags of an earlier relay mean nothing */
    int64_t verifier_deadline; /* of the request it is at; 0: it is idle */
    int64_t verifier_idle_since;
    int64_t beat_next, beat_deadline;
    uint64_t env_hash;
    int64_t env_refresh;

    struct mig_roster *roster;
    struct mig_job *jobs; /* oldest first */
    uint64_t last_cookie;
    unsigned running; /* workers */
    size_t answers;   /* in the spool */
    int stopping;
    int given_up;       /* a check-in that did not come to its end */
    int64_t down_since; /* monotonic: without a broker */
    int beaten;         /* the first heartbeat is through, or will not be */
    int64_t active_at;  /* monotonic: when a role last said something, or an operation ended */

    int64_t started; /* Unix seconds */
    uint64_t accepted, refused, answered;
};

/* Serves until it is told to stop. 0, or the reason why it could not start. */
int mig_supervisor_run(const struct mig_site *site, struct mig_err *err);

/* ---- jobs: agent/jobs.c, and job_verify.c, job_run.c, job_answer.c for what each is told ---- */

/* Takes up what the spool holds from before. */
int mig_jobs_load(struct mig_supervisor *s, struct mig_err *err);
void mig_jobs_free(struct mig_supervisor *s);
size_t mig_jobs_count(const struct mig_supervisor *s);
/* A command came from the relay; the bytes are copied. */
void mig_jobs_command(struct mig_supervisor *s, uint64_t connection, uint64_t tag, const void *raw,
                      size_t len);
/* What the verifier said. MIG_E_PROTOCOL when it makes no sense. */
int mig_jobs_verdict(struct mig_supervisor *s, const void *data, size_t len);
int mig_jobs_answer(struct mig_supervisor *s, const void *data, size_t len);
void mig_jobs_verifier_lost(struct mig_supervisor *s);
/* What became of a published answer. */
void mig_jobs_fate(struct mig_supervisor *s, uint64_t cookie, uint64_t fate);
void mig_jobs_relay_down(struct mig_supervisor *s);
/* Starts all that can be started: checks, workers, answers. */
void mig_jobs_work(struct mig_supervisor *s);
/* Fills descriptors of workers; returns how many. Lowers *timeout_ms. */
size_t mig_jobs_poll(struct mig_supervisor *s, struct pollfd *fds, size_t max, int *timeout_ms);
/* Lets the workers move on. */
void mig_jobs_step(struct mig_supervisor *s);

/* ---- agent/supervisor.c, for jobs ---- */

/* Starts the verifier when it is not there. 0, or it is not to be had now. */
int mig_supervisor_verifier(struct mig_supervisor *s);

/* ---- the local socket: agent/control.c ---- */

int mig_control_open(int dirfd, struct mig_control **ret, struct mig_err *err);
void mig_control_close(struct mig_control *control, int dirfd);
size_t mig_control_poll(struct mig_control *control, struct pollfd *fds, size_t max);
void mig_control_step(struct mig_control *control, struct mig_supervisor *s);
/* Asks a running agent; the answer into `reply`. */
int mig_control_ask(const struct mig_site *site, const char *query, struct mig_buf *reply);
/* Asks a running agent: "confinement", "persist", "pid", "plugins", "status" or
 * "shutdown"; prints the answer. The exit
 * status. */
int mig_control_query(const struct mig_site *site, const char *query);

#endif
