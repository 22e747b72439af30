/* SPDX-License-Identifier: MPL-2.0 */
/* The numbered files of sql/ and the version of a database. */
#ifndef MIG_STORE_SCHEMA_H
#define MIG_STORE_SCHEMA_H

#include "base/error.h"

struct mig_db;

/* The version of the database, 0 when it is empty. */
int mig_schema_version(struct mig_db *db, int *ret, struct mig_err *err);

/* Applies the files NNNN-*.sql of the folder that are newer than the database, in order, each in
 * its own transaction under a lock. `applied` (may be NULL) is called with the name of each.
 * MIG_E_INVALID when the database is newer than the folder. */
int mig_schema_migrate(struct mig_db *db, const char *folder,
                       void (*applied)(const char *name, void *context), void *context,
                       struct mig_err *err);

#endif
