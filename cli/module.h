/* SPDX-License-Identifier: MPL-2.0 */
/* What `mig` asks of a plugin, each time of a worker: no plugin ever shares our process. */
#ifndef MIG_CLI_MODULE_H
#define MIG_CLI_MODULE_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct json_object;
struct mig_buf;

/* Appends the text of `mig NAME help`. */
int mig_module_help(const char *name, struct mig_buf *out, struct mig_err *err);
/* The description of core/plugin/worker.h's MIG_WORKER_DESCRIBE; put *ret. */
int mig_module_describe(const char *name, struct json_object **ret, struct mig_err *err);
/* 1 when the description's option takes a value, 0 when it is a switch, -1 when there is none. A
 * mig_args_valued_fn; the context is the description. */
int mig_module_valued(void *description, const char *name, size_t len);
/* Appends the arguments, each followed by a NUL, with the text of a file in the place of its name
 * where the description's option takes one. MIG_E_INVALID, MIG_E_LIMIT, or why it can not be read.
 */
int mig_module_arguments(struct json_object *description, const char *const args[], size_t count,
                         struct mig_buf *out, struct mig_err *err);
/* Appends the parameters that the arguments mean. */
int mig_module_parse(const char *name, struct json_object *description, const char *const args[],
                     size_t count, struct mig_buf *out, struct mig_err *err);
/* Runs an operation here and appends the module's result. -EINTR when *stop became non-zero. */
int mig_module_run(const char *name, const void *parameters, size_t len, int64_t timeout_ms,
                   const volatile sig_atomic_t *stop, struct mig_buf *out, struct mig_err *err);
/* Appends the result as lines of text; `flags` are MIG_PRINT_* bits. */
int mig_module_print(const char *name, const void *result, size_t len, uint32_t flags,
                     struct mig_buf *out, struct mig_err *err);
/* Prints the modules of the plugin folder with their summaries on standard output. */
void mig_module_list(void);

#endif
