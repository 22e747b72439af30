/* SPDX-License-Identifier: MPL-2.0 */
/* The program mig-admin: lays the database and looks after its investigators. */
#ifndef MIG_ADMIN_ADMIN_H
#define MIG_ADMIN_ADMIN_H

/* Options and commands as in `mig-admin help`. Returns the exit code. */
int mig_admin_main(int argc, char **argv);

#endif
