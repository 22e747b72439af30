/* SPDX-License-Identifier: MPL-2.0 */
/* Has a descriptor and no note. */
#include "zoo.h"

ZOO_RUN

const struct mig_plugin mig_plugin_symbol = {ZOO_SELF("nonote", 0), .run = run};
