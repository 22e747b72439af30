/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading a descriptor of any minor ABI: its tables have the plugin's stride, and what the plugin's
 * struct does not have reads as zero.
 */
#ifndef MIG_PLUGIN_TABLE_H
#define MIG_PLUGIN_TABLE_H

#include <stddef.h>

#include <mig/plugin.h>

#include "base/error.h"

/* sizeof of the structs in ABI 1.0, below which nothing is a descriptor. */
#define MIG_PLUGIN_SIZE_1_0                                                                        \
    (offsetof(struct mig_plugin, print) + sizeof(((struct mig_plugin *)NULL)->print))
#define MIG_OPTION_SIZE_1_0                                                                        \
    (offsetof(struct mig_option, max) + sizeof(((struct mig_option *)NULL)->max))
#define MIG_FIELD_SIZE_1_0                                                                         \
    (offsetof(struct mig_field, max) + sizeof(((struct mig_field *)NULL)->max))

/* Copies what plugin and host both have. */
void mig_table_plugin(const struct mig_plugin *foreign, struct mig_plugin *ret);
void mig_table_option(const struct mig_plugin *plugin, size_t index, struct mig_option *ret);
void mig_table_field(const struct mig_plugin *plugin, size_t index, struct mig_field *ret);

/* Checks a copied descriptor: sizes, texts, tables, needs. MIG_E_PLUGIN with the reason. */
int mig_table_check(const struct mig_plugin *plugin, struct mig_err *err);

#endif
