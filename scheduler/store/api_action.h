/* SPDX-License-Identifier: MPL-2.0 */
/* Actions and commands as the API stores and reads them. */
#ifndef MIG_STORE_API_ACTION_H
#define MIG_STORE_API_ACTION_H

#include <stddef.h>
#include <stdint.h>

#include "store/api_rows.h"
#include "store/db.h"

/* All texts are as they are stored; times in RFC 3339, not finer than microseconds. */
struct mig_store_action {
    const char *name;
    const char *target;
    const char *description; /* JSON */
    const char *threat;      /* JSON */
    const char *operations;  /* JSON, the signed text */
    const char *signatures;  /* JSON */
    const char *validfrom;
    const char *expireafter;
    const char *starttime;
    const char *finishtime;
    const char *lastupdatetime;
    const char *syntaxversion;
};

struct mig_store_signature {
    int64_t investigator;
    const char *signature;
};

/* One transaction: the action as pending, its signatures, and NOTIFY mig_actions with its id. */
int mig_store_action_insert(struct mig_db *db, const struct mig_store_action *action,
                            const struct mig_store_signature *signatures, size_t count,
                            int64_t *ret_id, struct mig_err *err);
enum mig_store_cancel {
    MIG_STORE_CANCEL_DONE,    /* or it was cancelled before */
    MIG_STORE_CANCEL_UNKNOWN, /* no such action */
    MIG_STORE_CANCEL_OVER     /* completed or invalid */
};
/* Marks an action as cancelled and wakes the lanes that act on it. investigator 0: nobody's name.
 */
int mig_store_action_cancel(struct mig_db *db, int64_t id, int64_t investigator,
                            enum mig_store_cancel *ret, struct mig_err *err);
/* One row (enum mig_action_column and mig_action_more_column), or none. */
int mig_store_action_get(struct mig_db *db, int64_t id, PGresult **ret, struct mig_err *err);
/* The latest `limit` actions, the same columns. */
int mig_store_action_latest(struct mig_db *db, int64_t limit, PGresult **ret, struct mig_err *err);
/* One row (enum mig_command_column), or none. */
int mig_store_command_get(struct mig_db *db, int64_t id, PGresult **ret, struct mig_err *err);

#endif
