/* SPDX-License-Identifier: MPL-2.0 */
/* Note and descriptor say different versions. */
#include "zoo.h"

ZOO_RUN

ZOO_NOTE("disagree", "2.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {ZOO_SELF("disagree", 0), .run = run};
