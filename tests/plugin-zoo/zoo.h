/* SPDX-License-Identifier: MPL-2.0 */
/* What the plugins of the zoo have in common: each breaks one clause of the contract, or keeps it
 * on purpose. */
#ifndef MIG_ZOO_H
#define MIG_ZOO_H

#include <stdlib.h>
#include <string.h>

#include <mig/plugin.h>

#define ZOO_NOTE(NAME, VERSION, MAJOR, MINOR)                                                      \
    MIG_NOTE_SECTION static const struct mig_plugin_elf_note zoo_note = {                          \
        4,                                                                                         \
        (uint32_t)sizeof(struct mig_plugin_note),                                                  \
        MIG_NOTE_TYPE,                                                                             \
        MIG_NOTE_OWNER,                                                                            \
        {MIG_PLUGIN_MAGIC, MAJOR, MINOR, NAME, VERSION}}

/* The members that every plugin of the zoo fills alike. */
#define ZOO_SELF(NAME, NEEDS)                                                                      \
    .magic = MIG_PLUGIN_MAGIC, .abi_major = MIG_ABI_MAJOR, .abi_minor = MIG_ABI_MINOR,             \
    .struct_size = sizeof(struct mig_plugin), .needs = (NEEDS), .name = (NAME),                    \
    .version = "1.0.0", .summary = "one of the zoo"

#define ZOO_FIELDS(table)                                                                          \
    .fields = (table), .fields_count = MIG_COUNT(table), .field_size = sizeof((table)[0])
#define ZOO_OPTIONS(table)                                                                         \
    .options = (table), .options_count = MIG_COUNT(table), .option_size = sizeof((table)[0])

/* A run() for those that never come to it. */
#define ZOO_RUN                                                                                    \
    static int run(const struct mig_host *host, const char *parameters, size_t length)             \
    {                                                                                              \
        (void)host;                                                                                \
        (void)parameters;                                                                          \
        (void)length;                                                                              \
        return 0;                                                                                  \
    }

#endif
