/* SPDX-License-Identifier: MPL-2.0 */
/* mig-admin prune */
#ifndef MIG_ADMIN_PRUNE_H
#define MIG_ADMIN_PRUNE_H

#include "base/error.h"

struct mig_db;

/* argv[0] is the command. MIG_E_SYNTAX when the command line is wrong. */
int mig_admin_prune(struct mig_db *db, int argc, char **argv, struct mig_err *err);

#endif
