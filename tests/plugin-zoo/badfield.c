/* SPDX-License-Identifier: MPL-2.0 */
/* Its field table has a path that is none. */
#include "zoo.h"

ZOO_RUN

ZOO_NOTE("badfield", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
static const struct mig_field fields[] = {{"a..b", NULL, MIG_FIELD_STRING, 0, 0}};
const struct mig_plugin mig_plugin_symbol = {
    ZOO_SELF("badfield", 0),
    ZOO_FIELDS(fields),
    .run = run,
};
