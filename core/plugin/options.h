/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The option table at work: the arguments of `mig NAME`, the check of an action's parameters, the
 * help. Pure functions of the table and a text.
 */
#ifndef MIG_PLUGIN_OPTIONS_H
#define MIG_PLUGIN_OPTIONS_H

#include <stddef.h>

#include "base/error.h"

struct mig_buf;
struct mig_plugin;

#define MIG_OPTIONS_VALUE_MAX (1u << 20) /* bytes of a value whose option gives no limit */

/* `arguments`: each followed by a NUL, `len` bytes in all. Go's flag syntax: -x v, -x=v, --x v; a
 * bool takes its value with '=' only. The value of a file is its text: whoever calls has read it.
 * Appends the parameters as JSON. MIG_E_INVALID naming the argument. */
int mig_options_parse(const struct mig_plugin *plugin, const char *arguments, size_t len,
                      struct mig_buf *out, struct mig_err *err);
/* Checks parameters as an action holds them: every member is declared and has its type, what is
 * required is there. null stands for no parameters. MIG_E_INVALID naming the parameter. */
int mig_options_validate(const struct mig_plugin *plugin, const char *parameters, size_t len,
                         struct mig_err *err);
/* Appends the text of `mig NAME help`. */
int mig_options_help(const struct mig_plugin *plugin, struct mig_buf *out);
/* Appends all that the descriptor says, as JSON:
 * {"name","version","summary","abi","digest","needs":[…],
 * "options":[…],"fields":[…],"programs":[…],"examples","validate","parse","print"}. */
int mig_options_describe(const struct mig_plugin *plugin, const char *digest, struct mig_buf *out);

#endif
