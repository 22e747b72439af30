/* SPDX-License-Identifier: MPL-2.0 */
/* The agent's access control list (facts 3), fail closed. */
#ifndef MIG_TRUST_ACL_H
#define MIG_TRUST_ACL_H

#include <stddef.h>

#include "base/error.h"

struct mig_acl;

/* Refuses a minimumweight below 1, weights that are not positive integers, fingerprints that are
 * not 40 hex digits, anything that could not take effect. */
int mig_acl_parse(const char *json, size_t len, struct mig_acl **ret, struct mig_err *err);
void mig_acl_free(struct mig_acl *acl);
/* Is `module` permitted to these signers? One fingerprint twice -> "permission violation: key <fp>
 * used to sign multiple times". A fingerprint counts once, however many labels name it: the
 * greatest weight. MIG_E_DENIED with the texts of facts 3. */
int mig_acl_check(const struct mig_acl *acl, const char *module, const char *const fprs[],
                  size_t count, struct mig_err *err);
/* Calls `each` for every fingerprint the list names (mig-mkagent checks that the keys are there)
 * and for every entry whose minimumweight all its investigators together can not reach, with fpr
 * NULL. */
int mig_acl_walk(const struct mig_acl *acl,
                 int (*each)(void *context, const char *module, const char *label, const char *fpr),
                 void *context);

#endif
