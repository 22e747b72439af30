/* SPDX-License-Identifier: MPL-2.0 */
/* mig-admin agent: list, duplicates, remove */
#ifndef MIG_ADMIN_AGENT_H
#define MIG_ADMIN_AGENT_H

#include "base/error.h"

struct mig_db;

/* argv[0] is the verb. MIG_E_SYNTAX when the command line is wrong. */
int mig_admin_agent(struct mig_db *db, int argc, char **argv, struct mig_err *err);

#endif
