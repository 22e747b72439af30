/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_ADMIN_INVESTIGATOR_H
#define MIG_ADMIN_INVESTIGATOR_H

#include "base/error.h"

struct mig_db;

/* `mig-admin investigator …`: argv[0] is the sub-command. MIG_E_SYNTAX: the usage is to be shown.
 */
int mig_admin_investigator(struct mig_db *db, int argc, char **argv, struct mig_err *err);

#endif
