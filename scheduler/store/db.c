/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/db.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define DB_MAX_LISTEN 4
#define DB_MAX_PREPARED 64
#define DB_CONNECT_TIMEOUT "10"

struct mig_db {
    PGconn *conn;
    char *conninfo;
    char *application;
    char sqlstate[6];
    bool in_transaction;
    unsigned noted; /* bit i: of listens[i] something has come, or may have been lost */
    const char *prepared[DB_MAX_PREPARED]; /* names on this connection; constants of the callers */
    size_t prepared_count;
    char *listens[DB_MAX_LISTEN];
    size_t listens_count;
};

/* One line of what the server or libpq said. libpq does not repeat passwords in its messages. */
static int
db_error(struct mig_db *db, const PGresult *res, const char *what, struct mig_err *err)
{
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    const char *text = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;

    if (!state)
        state = PQstatus(db->conn) == CONNECTION_BAD ? "08006" : "";
    snprintf(db->sqlstate, sizeof(db->sqlstate), "%s", state);
    if (!text)
        text = PQerrorMessage(db->conn);
    char line[512];
    snprintf(line, sizeof(line), "%s", text ? text : "");
    line[strcspn(line, "\r\n")] = '\0'; /* what follows are guesses */
    /* Never half a character: the message may be stored. */
    for (size_t len = strlen(line); len && !mig_utf8_valid(line, len);)
        line[--len] = '\0';
    return mig_err_set(err, MIG_E_DATABASE, "%s: %s%s%s", what, line, *state ? ", SQLSTATE " : "",
                       state);
}

static void
db_notice(void *context, const char *message)
{
    (void)context;
    (void)message;
}

static int
db_relisten(struct mig_db *db, struct mig_err *err)
{
    for (size_t i = 0; i < db->listens_count; i++) {
        char *name = PQescapeIdentifier(db->conn, db->listens[i], strlen(db->listens[i]));
        char sql[160];
        if (!name)
            return db_error(db, NULL, "LISTEN", err);
        snprintf(sql, sizeof(sql), "LISTEN %s", name);
        PQfreemem(name);
        PGresult *res = PQexec(db->conn, sql);
        int r = PQresultStatus(res) == PGRES_COMMAND_OK ? 0 : db_error(db, res, "LISTEN", err);
        PQclear(res);
        if (r < 0)
            return r;
    }
    return 0;
}

/* conninfo goes in as `dbname`, which libpq expands; it comes last of the two so that it may say
 * its own application_name and time-out. */
static int
db_connect(struct mig_db *db, struct mig_err *err)
{
    const char *keys[] = {"application_name", "connect_timeout", "client_encoding", "dbname", NULL};
    const char *values[] = {db->application, DB_CONNECT_TIMEOUT, "UTF8", db->conninfo, NULL};

    PQfinish(db->conn);
    db->prepared_count = 0;
    db->in_transaction = false;
    db->conn = PQconnectdbParams(keys, values, 1);
    if (!db->conn)
        return mig_err_errno(err, ENOMEM, "database");
    if (PQstatus(db->conn) != CONNECTION_OK)
        return db_error(db, NULL, "database", err);
    PQsetNoticeProcessor(db->conn, db_notice, NULL);
    return db_relisten(db, err);
}

int
mig_db_open(const char *conninfo, const char *application, struct mig_db **ret, struct mig_err *err)
{
    struct mig_db *db = calloc(1, sizeof(*db));
    int r;

    if (!db)
        return mig_err_errno(err, ENOMEM, "database");
    db->conninfo = strdup(conninfo);
    db->application = strdup(application);
    if (!db->conninfo || !db->application)
        r = mig_err_errno(err, ENOMEM, "database");
    else
        r = db_connect(db, err);
    if (r < 0) {
        mig_db_close(db);
        return r;
    }
    *ret = db;
    return 0;
}

void
mig_db_close(struct mig_db *db)
{
    if (!db)
        return;
    PQfinish(db->conn);
    for (size_t i = 0; i < db->listens_count; i++)
        free(db->listens[i]);
    if (db->conninfo)
        explicit_bzero(db->conninfo, strlen(db->conninfo));
    free(db->conninfo);
    free(db->application);
    free(db);
}

int
mig_db_check(struct mig_db *db, struct mig_err *err)
{
    if (PQstatus(db->conn) == CONNECTION_OK)
        return 0;
    if (db->in_transaction)
        return mig_err_set(err, MIG_E_DATABASE,
                           "database: the connection was lost in a transaction");
    int r = db_connect(db, err);
    if (r == 0)
        db->noted = (1u << db->listens_count) - 1;
    return r;
}

int
mig_db_fd(struct mig_db *db)
{
    return PQsocket(db->conn);
}

/* Takes over res. */
static int
db_finish(struct mig_db *db, const char *what, PGresult *res, PGresult **ret, struct mig_err *err)
{
    ExecStatusType status = PQresultStatus(res);

    db->sqlstate[0] = '\0';
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        int r = db_error(db, res, what, err);
        PQclear(res);
        return r;
    }
    if (ret)
        *ret = res;
    else
        PQclear(res);
    return 0;
}

int
mig_db_exec(struct mig_db *db, const char *sql, int count, const char *const params[],
            PGresult **ret, struct mig_err *err)
{
    /* Always the extended protocol, which takes one statement only. */
    return db_finish(db, "database",
                     PQexecParams(db->conn, sql, count, NULL, params, NULL, NULL, 0), ret, err);
}

static bool
db_is_prepared(const struct mig_db *db, const char *name)
{
    for (size_t i = 0; i < db->prepared_count; i++)
        if (strcmp(db->prepared[i], name) == 0)
            return true;
    return false;
}

int
mig_db_prepared(struct mig_db *db, const char *name, const char *sql, int count,
                const char *const params[], PGresult **ret, struct mig_err *err)
{
    if (!db_is_prepared(db, name)) {
        if (db->prepared_count == DB_MAX_PREPARED)
            return mig_db_exec(db, sql, count, params, ret, err);
        int r = db_finish(db, name, PQprepare(db->conn, name, sql, count, NULL), NULL, err);
        if (r < 0)
            return r;
        db->prepared[db->prepared_count++] = name;
    }
    return db_finish(db, name, PQexecPrepared(db->conn, name, count, params, NULL, NULL, 0), ret,
                     err);
}

int
mig_db_lost(const struct mig_db *db)
{
    return PQstatus(db->conn) != CONNECTION_OK;
}

const char *
mig_db_sqlstate(const struct mig_db *db)
{
    return db->sqlstate;
}

int
mig_db_script(struct mig_db *db, const char *sql, struct mig_err *err)
{
    int r = mig_db_begin(db, err);

    if (r == 0)
        r = db_finish(db, "script", PQexec(db->conn, sql), NULL, err);
    if (r == 0)
        r = mig_db_commit(db, err);
    else
        mig_db_rollback(db);
    return r;
}

int
mig_db_set_password(struct mig_db *db, const char *role, const char *password, struct mig_err *err)
{
    char *verifier = PQencryptPasswordConn(db->conn, password, role, "scram-sha-256");
    char *name = PQescapeIdentifier(db->conn, role, strlen(role));
    char *literal = verifier ? PQescapeLiteral(db->conn, verifier, strlen(verifier)) : NULL;
    char sql[1024];
    int r;

    if (!name || !literal) {
        r = db_error(db, NULL, "password", err);
    } else {
        snprintf(sql, sizeof(sql), "ALTER ROLE %s PASSWORD %s", name, literal);
        r = mig_db_exec(db, sql, 0, NULL, NULL, err);
        explicit_bzero(sql, sizeof(sql));
    }
    PQfreemem(verifier);
    PQfreemem(name);
    PQfreemem(literal);
    return r;
}

int
mig_db_begin(struct mig_db *db, struct mig_err *err)
{
    int r = mig_db_exec(db, "BEGIN", 0, NULL, NULL, err);

    db->in_transaction = r == 0;
    return r;
}

/* COMMIT of a transaction in error is answered with ROLLBACK and no error: that is one here. */
int
mig_db_commit(struct mig_db *db, struct mig_err *err)
{
    PGresult *res = NULL;
    int r = mig_db_exec(db, "COMMIT", 0, NULL, &res, err);

    db->in_transaction = false;
    if (r == 0 && strcmp(PQcmdStatus(res), "COMMIT") != 0)
        r = mig_err_set(err, MIG_E_DATABASE, "database: the transaction was rolled back");
    PQclear(res);
    return r;
}

/* Keeps the SQLSTATE of what went wrong before. */
void
mig_db_rollback(struct mig_db *db)
{
    char state[sizeof(db->sqlstate)];

    memcpy(state, db->sqlstate, sizeof(state));
    if (PQtransactionStatus(db->conn) != PQTRANS_IDLE)
        mig_db_exec(db, "ROLLBACK", 0, NULL, NULL, NULL);
    db->in_transaction = false;
    memcpy(db->sqlstate, state, sizeof(state));
}

int
mig_db_listen(struct mig_db *db, const char *channel, struct mig_err *err)
{
    if (db->listens_count == DB_MAX_LISTEN || strlen(channel) > 63)
        return mig_err_set(err, MIG_E_LIMIT, "LISTEN %s: at most %d channels of 63 bytes", channel,
                           DB_MAX_LISTEN);
    char *copy = strdup(channel);
    if (!copy)
        return mig_err_errno(err, ENOMEM, "LISTEN %s", channel);
    db->listens[db->listens_count++] = copy;
    return db_relisten(db, err);
}

static int
consume_notes(struct mig_db *db, struct mig_err *err)
{
    PGnotify *note;

    if (!PQconsumeInput(db->conn))
        return db_error(db, NULL, "database", err);
    while ((note = PQnotifies(db->conn))) {
        for (size_t i = 0; i < db->listens_count; i++)
            if (strcmp(db->listens[i], note->relname) == 0)
                db->noted |= 1u << i;
        PQfreemem(note);
    }
    return 0;
}

int
mig_db_notified(struct mig_db *db, struct mig_err *err)
{
    int r = consume_notes(db, err);

    if (r == 0) {
        r = db->noted != 0;
        db->noted = 0;
    }
    return r;
}

int
mig_db_notified_on(struct mig_db *db, const char *channel, struct mig_err *err)
{
    int r = consume_notes(db, err);

    for (size_t i = 0; r >= 0 && i < db->listens_count; i++) {
        if (strcmp(db->listens[i], channel) == 0 && (db->noted & 1u << i) != 0) {
            db->noted &= ~(1u << i);
            r = 1;
        }
    }
    return r;
}
