/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The spool: what the agent owes. "<command id>.job" is a verified command that is not answered
 * yet,
 * "<command id>.answer" an answer that the broker has not confirmed yet. Both are whole or not
 * there.
 */
#ifndef MIG_AGENT_SPOOL_H
#define MIG_AGENT_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_buf;
struct mig_verdict;

/* Opens or makes the folder `spool` in the run folder. */
int mig_spool_open(int dirfd, int *ret_fd, struct mig_err *err);
int mig_spool_put_job(int spool, const struct mig_verdict *verdict, const void *raw, size_t len,
                      struct mig_err *err);
/* Appends the command's bytes to `raw`. */
int mig_spool_get_job(int spool, int64_t command_id, struct mig_verdict *ret, struct mig_buf *raw,
                      struct mig_err *err);
/* Durable, and the job is gone after it. */
int mig_spool_put_answer(int spool, int64_t command_id, const void *json, size_t len,
                         struct mig_err *err);
int mig_spool_get_answer(int spool, int64_t command_id, struct mig_buf *out, struct mig_err *err);
void mig_spool_drop_job(int spool, int64_t command_id);
void mig_spool_drop_answer(int spool, int64_t command_id);
/* Puts a damaged job aside as "<id>.job.bad". */
void mig_spool_set_aside(int spool, int64_t command_id);
/* Calls `each` for every entry, oldest id first; an answer hides a job of the same id. */
int mig_spool_scan(int spool, int (*each)(void *context, int64_t command_id, int answered),
                   void *context, struct mig_err *err);

#endif
