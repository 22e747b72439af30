/* SPDX-License-Identifier: MPL-2.0 */
/* Nothing is wrong with it, but it is in no whitelist. */
#include "zoo.h"

ZOO_RUN

ZOO_NOTE("stranger", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {ZOO_SELF("stranger", 0), .run = run};
