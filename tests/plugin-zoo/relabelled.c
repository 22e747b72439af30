/* SPDX-License-Identifier: MPL-2.0 */
/* The whitelist says another version. */
#include "zoo.h"

ZOO_RUN

ZOO_NOTE("relabelled", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {ZOO_SELF("relabelled", 0), .run = run};
