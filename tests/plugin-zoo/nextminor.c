/* SPDX-License-Identifier: MPL-2.0 */
/* Of an ABI with the next minor number. */
#include "zoo.h"

ZOO_RUN

ZOO_NOTE("nextminor", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR + 1);
const struct mig_plugin mig_plugin_symbol = {
    .magic = MIG_PLUGIN_MAGIC,
    .abi_major = MIG_ABI_MAJOR,
    .abi_minor = MIG_ABI_MINOR + 1,
    .struct_size = sizeof(struct mig_plugin),
    .name = "nextminor",
    .version = "1.0.0",
    .run = run,
};
