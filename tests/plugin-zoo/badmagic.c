/* SPDX-License-Identifier: MPL-2.0 */
/* Its descriptor begins with the wrong number. */
#include "zoo.h"

ZOO_RUN

ZOO_NOTE("badmagic", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {
    .magic = 0x12345678,
    .abi_major = MIG_ABI_MAJOR,
    .struct_size = sizeof(struct mig_plugin),
    .name = "badmagic",
    .version = "1.0.0",
    .run = run,
};
