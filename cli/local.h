/* SPDX-License-Identifier: MPL-2.0 */
/* `mig MODULE -t local`: the question is put to this very machine, without a platform. */
#ifndef MIG_CLI_LOCAL_H
#define MIG_CLI_LOCAL_H

#include <signal.h>
#include <stddef.h>

#include "args.h"
#include "base/error.h"

int mig_local_run(const struct mig_args *args, const char *parameters, size_t len,
                  const volatile sig_atomic_t *stop, struct mig_err *err);

#endif
