/* SPDX-License-Identifier: MPL-2.0 */
/* Its descriptor is smaller than that of ABI 1.0. */
#include "zoo.h"

ZOO_RUN

ZOO_NOTE("short_one", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {
    .magic = MIG_PLUGIN_MAGIC,
    .abi_major = MIG_ABI_MAJOR,
    .abi_minor = MIG_ABI_MINOR,
    .struct_size = 64,
    .name = "short_one",
    .version = "1.0.0",
    .run = run,
};
