/* SPDX-License-Identifier: MPL-2.0 */
/* The checks of the agent (facts 3), in their order: the form, that the command is for this agent,
 * the validity window, every signature, the ACL for every operation, and that the target means this
 * agent. */
#ifndef MIG_AGENT_VERIFY_H
#define MIG_AGENT_VERIFY_H

#include <stddef.h>

#include "base/time.h"

struct mig_acl;
struct mig_pgp;
struct mig_target_record;
struct mig_verdict;

struct mig_verify {
    struct mig_pgp *pgp;
    const struct mig_acl *acl;
    const char *queueloc; /* this agent's */
    struct mig_time now;
    const struct mig_target_record *record; /* of this agent; NULL: targets are not checked */
    int strict;                             /* refuse a target that the agent can not decide on */
};

/* Fills *ret whatever the bytes are. 0 or -ENOMEM. */
int mig_verify_command(const struct mig_verify *verify, const void *raw, size_t len,
                       struct mig_verdict *ret);

#endif
