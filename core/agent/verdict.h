/* SPDX-License-Identifier: MPL-2.0 */
/* What the verifier says of a command: all that the privileged process ever learns of it. */
#ifndef MIG_AGENT_VERDICT_H
#define MIG_AGENT_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "document/cancel.h"

struct mig_buf;

enum mig_verdict_kind {
    MIG_VERDICT_ACCEPTED = 1,
    MIG_VERDICT_REFUSED = 2,   /* `answer` says so to the investigator */
    MIG_VERDICT_UNREADABLE = 3 /* not a command: there is nobody to answer */
};

struct mig_verdict_operation {
    char *module;
    char *parameters; /* plain JSON text, cut from what was signed */
    size_t parameters_len;
    struct mig_cancel cancel; /* of the built-in operation; action_id 0: it is another one */
};

struct mig_verdict {
    enum mig_verdict_kind kind;
    int64_t command_id;
    int64_t action_id;
    int64_t expires;          /* Unix seconds */
    unsigned char digest[32]; /* SHA-256 of the signed text */
    char *reason;
    char *name;    /* of the action, for the owner's log */
    char *signers; /* fingerprints, separated by spaces */
    struct mig_verdict_operation *operations;
    size_t count;
    char *answer;
    size_t answer_len;
};

void mig_verdict_fini(struct mig_verdict *verdict);
int mig_verdict_pack(const struct mig_verdict *verdict, struct mig_buf *out);
/* 0, -ENOMEM or MIG_E_PROTOCOL. */
int mig_verdict_unpack(const void *data, size_t len, struct mig_verdict *ret);

#endif
