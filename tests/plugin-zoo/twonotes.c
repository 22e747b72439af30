/* SPDX-License-Identifier: MPL-2.0 */
/* Says twice who it is. */
#include "zoo.h"

ZOO_RUN

MIG_PLUGIN_NOTE("twonotes", "1.0.0");
ZOO_NOTE("good", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {ZOO_SELF("twonotes", 0), .run = run};
