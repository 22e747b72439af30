/* SPDX-License-Identifier: MPL-2.0 */
/* Its note begins with the wrong number. */
#include "zoo.h"

ZOO_RUN

MIG_NOTE_SECTION static const struct mig_plugin_elf_note note = {
    4,
    (uint32_t)sizeof(struct mig_plugin_note),
    MIG_NOTE_TYPE,
    MIG_NOTE_OWNER,
    {0x12345678, MIG_ABI_MAJOR, MIG_ABI_MINOR, "badnote", "1.0.0"}};
const struct mig_plugin mig_plugin_symbol = {ZOO_SELF("badnote", 0), .run = run};
