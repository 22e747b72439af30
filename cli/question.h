/* SPDX-License-Identifier: MPL-2.0 */
/* From the command line to an action that is ready to be launched. */
#ifndef MIG_CLI_QUESTION_H
#define MIG_CLI_QUESTION_H

#include <stddef.h>

#include "base/error.h"

struct mig_action;
struct mig_args;
struct mig_buf;
struct mig_migrc;
struct mig_pgp;

/* Appends the target expression of -t, macros expanded, with -target-found and -target-notfound. A
 * notice goes to stderr when there is no -t. */
int mig_question_target(const struct mig_args *args, const struct mig_migrc *migrc,
                        struct mig_buf *out, struct mig_err *err);
/* Appends the name of an action: -n, or the command line cut after about a hundred bytes. */
int mig_question_name(const struct mig_args *args, int argc, char **argv, struct mig_buf *out);
/* A new, unsigned action of one operation; `parameters` is JSON text. */
int mig_question_new(const struct mig_args *args, const char *name, const char *target,
                     const char *parameters, size_t len, struct mig_action **ret,
                     struct mig_err *err);
/* The action of -i: what it says is kept, the rest is filled in. */
int mig_question_load(const struct mig_args *args, const struct mig_migrc *migrc,
                      struct mig_action **ret, struct mig_err *err);
/* Reads an action's file; "-" is standard input. */
int mig_question_read(const char *path, struct mig_action **ret, struct mig_err *err);
/* Adds a signature by the key `fpr`. */
int mig_question_sign(struct mig_action *action, struct mig_pgp *pgp, const char *fpr,
                      struct mig_err *err);

#endif
