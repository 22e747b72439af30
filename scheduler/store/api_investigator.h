/* SPDX-License-Identifier: MPL-2.0 */
/* Investigators as the API reads and changes them, and what /metrics tells of the database. */
#ifndef MIG_STORE_API_INVESTIGATOR_H
#define MIG_STORE_API_INVESTIGATOR_H

#include <stdint.h>

#include "base/error.h"

struct mig_db;
typedef struct pg_result PGresult;

/* One row (enum mig_investigator_column, then the public key in base64 or NULL), or none. */
int mig_store_investigator_get(struct mig_db *db, int64_t id, PGresult **ret, struct mig_err *err);

struct mig_store_investigator_change {
    const char *status;          /* NULL: as it is */
    const uint32_t *permissions; /* NULL: as they are */
    const char *apikey_hex;      /* SHA-256 of a new key; "" takes the key away; NULL: as it is */
};
/* All or nothing. MIG_E_NOT_FOUND; MIG_E_DENIED when nobody active would be left who may change
 * investigators. */
int mig_store_investigator_update(struct mig_db *db, int64_t id,
                                  const struct mig_store_investigator_change *change,
                                  struct mig_err *err);

/* Rows (what, state, number): agents, actions and open commands by status. */
int mig_store_metrics(struct mig_db *db, PGresult **ret, struct mig_err *err);

#endif
