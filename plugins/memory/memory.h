/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_PLUGIN_MEMORY_H
#define MIG_PLUGIN_MEMORY_H

#include <mig/plugin.h>

#define MEMORY_OPTIONS_COUNT 10
#define MEMORY_FIELDS_COUNT 8
extern const struct mig_option memory_options[MEMORY_OPTIONS_COUNT];
extern const struct mig_field memory_fields[MEMORY_FIELDS_COUNT];

int memory_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

#endif
