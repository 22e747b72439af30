/* SPDX-License-Identifier: MPL-2.0 */
/* mig-plugin: what an author or a packager does with a plugin before a site allows it. */
#ifndef MIG_TOOL_H
#define MIG_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "plugin/worker.h"

struct mig_buf;
struct mig_candidate;

/* ---- trust.c: the whitelist of this program, and of its workers, is the one file that the user
 * has named. ---- */

/* First thing in main(): a worker takes over what its parent trusts. */
void mig_tool_inherit(int argc, char **argv);
/* `name`: the file's, under which a host looks for it. */
int mig_tool_trust(const char *name, const struct mig_candidate *candidate, struct mig_err *err);

/* ---- call.c: a plugin file and calls into it ---- */

struct mig_tool_file {
    char name[33];   /* of the plugin, as its file has it */
    char *directory; /* absolute */
};

/* MIG_E_INVALID when the path is not that of a NAME.so. */
int mig_tool_file(const char *path, struct mig_tool_file *ret, struct mig_err *err);
void mig_tool_file_fini(struct mig_tool_file *file);

/* One call in a confined worker. The output comes also when it has failed, as far as there is one.
 */
int mig_tool_call(const struct mig_tool_file *file, struct mig_worker_spec *spec,
                  struct mig_buf *out, struct mig_err *err);

/* ---- the commands; they give the exit status ---- */

int mig_tool_new(int argc, char **argv);
int mig_tool_digest(int argc, char **argv);
int mig_tool_check(int argc, char **argv);
int mig_tool_run(int argc, char **argv);

/* "mig-plugin: …" on standard error; gives 1. */
int mig_tool_fail(const struct mig_err *err);
int mig_tool_usage(void); /* gives 2 */

#endif
