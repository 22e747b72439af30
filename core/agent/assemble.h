/* SPDX-License-Identifier: MPL-2.0 */
/* The answer to a command: made by an unprivileged role of what the workers left. */
#ifndef MIG_AGENT_ASSEMBLE_H
#define MIG_AGENT_ASSEMBLE_H

#include <stddef.h>

#include "base/error.h"
#include "base/time.h"

struct mig_buf;
struct mig_command;

enum mig_answer_status {
    MIG_ANSWER_SUCCESS = 0,
    MIG_ANSWER_FAILED = 1,
    MIG_ANSWER_TIMEOUT = 2,
    MIG_ANSWER_CANCELLED = 3
};

#define MIG_ANSWER_MAX (60u << 20) /* bytes of an answered command */

/* How one operation ended. */
struct mig_answer_part {
    enum mig_answer_status status;
    char *output; /* of the worker, unchecked; NULL: none */
    size_t output_len;
    char *reason; /* NULL or "": none */
};

void mig_answer_part_fini(struct mig_answer_part *part);

/* The request: with `refusal` (or NULL) instead of parts when no operation was run. */
int mig_assemble_pack(struct mig_buf *out, const void *raw, size_t raw_len, const char *refusal,
                      const struct mig_answer_part *parts, size_t count);
/* Does what the request says and appends the answered command. */
int mig_assemble_serve(const void *request, size_t len, struct mig_time now, struct mig_buf *out,
                       struct mig_err *err);
/* Status `failed`, the same reason in every result. */
int mig_assemble_refusal(struct mig_command *command, const char *reason, struct mig_time now,
                         struct mig_buf *out, struct mig_err *err);

#endif
