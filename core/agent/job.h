/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A job is one command on its way through the agent:
 *
 *   CHECK     the verifier is to look at it; it is neither durable nor acknowledged
 *   REFUSE    it was refused by the journal; the verifier is to make the answer
 *   RUN       in the spool and the journal, acknowledged; operations wait or run
 *   ASSEMBLE  all operations have ended; the verifier is to make the answer
 *   READY     the answer is in the spool, to be sent
 *   SENT      the relay has it; the broker has not confirmed it
 *
 * A job that a restart finds in the spool goes on at RUN or at READY.
 */
#ifndef MIG_AGENT_JOB_H
#define MIG_AGENT_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "agent/assemble.h"
#include "agent/verdict.h"
#include "base/error.h"

struct mig_supervisor;
struct mig_worker;

enum mig_job_state { JOB_CHECK, JOB_REFUSE, JOB_RUN, JOB_ASSEMBLE, JOB_READY, JOB_SENT };

/* A `cancel` that runs: it waits for the end of what it has stopped. */
struct mig_job_cancelling {
    int active;
    unsigned commands, stopped, unstarted; /* of the last two, operations */
};

struct mig_job {
    struct mig_job *next;
    enum mig_job_state state;
    uint64_t cookie;
    int asked; /* the verifier has it */
    int attempts;
    int64_t retry_at; /* monotonic */

    int unacked;
    uint64_t instance, connection, tag;

    char *raw;
    size_t raw_len;
    struct mig_verdict verdict;
    char *refusal;
    int noted;          /* in the owner's log */
    size_t answer_size; /* bytes, once it is sent */

    struct mig_answer_part *parts;
    struct mig_worker **workers;
    struct mig_job_cancelling *cancelling;
    unsigned char *parts_ended;
    char *cancelled; /* by whom */
    size_t next_operation, ended;
    size_t outputs;
};

/* ---- agent/job.c ---- */

/* At the end of the list; NULL when there is no memory. */
struct mig_job *mig_job_new(struct mig_supervisor *s, enum mig_job_state state);
/* Gives up what only a running command needs. */
void mig_job_shrink(struct mig_supervisor *s, struct mig_job *job);
void mig_job_free(struct mig_supervisor *s, struct mig_job *job);
/* The job past CHECK that has this command, or NULL. */
struct mig_job *mig_job_find(const struct mig_supervisor *s, int64_t command_id);
/* Tells the broker that the command is safe, once. */
void mig_job_acknowledge(struct mig_supervisor *s, struct mig_job *job);
/* Not to be tried again for some seconds. */
void mig_job_later(struct mig_job *job);
/* To RUN: room for each operation. 0 or -ENOMEM. */
int mig_job_prepare(struct mig_job *job);
/* To REFUSE, for this reason. */
void mig_job_refuse(struct mig_job *job, const struct mig_err *err);

/* ---- agent/job_run.c ---- */

void mig_job_end_operation(struct mig_supervisor *s, struct mig_job *job, size_t i,
                           enum mig_answer_status status, const char *reason);

/* ---- agent/job_cancel.c ---- */

/* Starts operation `i`, a `cancel`: stops what it means, or fails when there is nothing. */
void mig_job_cancel(struct mig_supervisor *s, struct mig_job *job, size_t i);
/* Ends it when all that it has stopped is answered. */
void mig_job_cancel_step(struct mig_supervisor *s, struct mig_job *job, size_t i);

/* ---- what can be started now: agent/job_run.c, job_verify.c, job_answer.c ---- */

void mig_job_start_workers(struct mig_supervisor *s);
void mig_job_ask_verifier(struct mig_supervisor *s);
void mig_job_send_answers(struct mig_supervisor *s);

#endif
