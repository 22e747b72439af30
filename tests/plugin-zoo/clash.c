/* SPDX-License-Identifier: MPL-2.0 */
/* Is another file, and says that it is `good`. */
#include "zoo.h"

ZOO_RUN

ZOO_NOTE("good", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {ZOO_SELF("good", 0), .run = run};
