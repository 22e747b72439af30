/* SPDX-License-Identifier: MPL-2.0 */
/* Exports a function beside its descriptor, which another library might come to call. */
#include "zoo.h"

MIG_EXPORT int zoo_helper(void);

int
zoo_helper(void)
{
    return 0;
}

ZOO_RUN

ZOO_NOTE("twosymbols", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {ZOO_SELF("twosymbols", 0), .run = run};
