/* SPDX-License-Identifier: MPL-2.0 */
/* Linked into the test program. */
#include "zoo.h"

static const struct mig_field fields[] = {{"inside", "yes", MIG_FIELD_BOOL, 0, 0}};

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    (void)parameters;
    (void)length;
    return host->set(host, "inside", "true", 4);
}

const struct mig_plugin mig_plugin_symbol = {
    ZOO_SELF("inside", 0),
    ZOO_FIELDS(fields),
    .run = run,
};
