/* SPDX-License-Identifier: MPL-2.0 */
/* Of an ABI with the next major number. */
#include "zoo.h"

ZOO_RUN

ZOO_NOTE("nextmajor", "1.0.0", MIG_ABI_MAJOR + 1, 0);
const struct mig_plugin mig_plugin_symbol = {
    .magic = MIG_PLUGIN_MAGIC,
    .abi_major = MIG_ABI_MAJOR + 1,
    .struct_size = sizeof(struct mig_plugin),
    .name = "nextmajor",
    .version = "1.0.0",
    .run = run,
};
