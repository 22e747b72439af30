/* SPDX-License-Identifier: MPL-2.0 */
/* A PostgreSQL connection (libpq), text parameters, reconnecting. Every statement of the platform
 * lives in scheduler/store/. */
#ifndef MIG_STORE_DB_H
#define MIG_STORE_DB_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_db;
typedef struct pg_result PGresult;

/* `conninfo` as libpq takes it. Errors never hold the password. */
int mig_db_open(const char *conninfo, const char *application, struct mig_db **ret,
                struct mig_err *err);
void mig_db_close(struct mig_db *db);
/* Makes a lost connection anew when not inside a transaction; 0 when it is usable. */
int mig_db_check(struct mig_db *db, struct mig_err *err);
int mig_db_fd(struct mig_db *db);

/* Runs one statement with `count` text parameters ($1…; NULL is SQL NULL). *ret (may be NULL) is to
 * be PQclear()ed. MIG_E_DATABASE with the server's primary message; `sqlstate` is kept for
 * mig_db_sqlstate(). */
int mig_db_exec(struct mig_db *db, const char *sql, int count, const char *const params[],
                PGresult **ret, struct mig_err *err);
/* As above by name: prepared on first use on this connection. `sql` must be a constant. */
int mig_db_prepared(struct mig_db *db, const char *name, const char *sql, int count,
                    const char *const params[], PGresult **ret, struct mig_err *err);
/* 1 when the connection is gone; mig_db_check() makes it anew. */
int mig_db_lost(const struct mig_db *db);
const char *mig_db_sqlstate(const struct mig_db *db);
/* Runs a text of several statements, without parameters, in one transaction of its own: all or
 * nothing. For the files of sql/ only. */
int mig_db_script(struct mig_db *db, const char *sql, struct mig_err *err);
/* Sets the password of a role; the server sees its SCRAM verifier only. */
int mig_db_set_password(struct mig_db *db, const char *role, const char *password,
                        struct mig_err *err);
int mig_db_begin(struct mig_db *db, struct mig_err *err);
int mig_db_commit(struct mig_db *db, struct mig_err *err);
void mig_db_rollback(struct mig_db *db);

/* Where the connection has LISTENed, it does so again after mig_db_check() made it anew, and
 * mig_db_notified() then says 1 once: something may have been missed. At most 4 channels. */
int mig_db_listen(struct mig_db *db, const char *channel, struct mig_err *err);
/* Consumes what has come; 1 when there was a notification, 0 when none, or an error. Does not
 * block. */
int mig_db_notified(struct mig_db *db, struct mig_err *err);
/* The same for one of the channels; what has come on the others is kept for later calls. */
int mig_db_notified_on(struct mig_db *db, const char *channel, struct mig_err *err);

#endif
