/* SPDX-License-Identifier: MPL-2.0 */
/* Has no run function. */
#include "zoo.h"

ZOO_RUN

ZOO_NOTE("norun", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {ZOO_SELF("norun", 0), .validate = run};
