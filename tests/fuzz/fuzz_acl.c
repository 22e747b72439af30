/* SPDX-License-Identifier: MPL-2.0 */
/* Nobody is ever permitted by an ACL without having signed. */
#include "config.h"

#include "fuzz.h"

#include "trust/acl.h"

static int
check_entry(void *context, const char *module, const char *label, const char *fpr)
{
    struct mig_err err = {0};

    (void)label;
    (void)fpr;
    MUST(mig_acl_check(context, module, NULL, 0, &err) == MIG_E_DENIED && err.text[0] != '\0');
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mig_acl *acl = NULL;
    struct mig_err err = {0};
    int rc = mig_acl_parse((const char *)data, size, &acl, &err);

    if (rc != 0) {
        MUST(err.code == rc && err.text[0] != '\0' && acl == NULL);
        return 0;
    }
    mig_acl_walk(acl, check_entry, acl);
    mig_acl_free(acl);
    return 0;
}
