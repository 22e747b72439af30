/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/target.h"

#include <ctype.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/array.h"
#include "store/db.h"

/* What a target's role must not be able to do; each row that comes back is a reason to refuse it.
 */
static const char target_role_sql[] =
    "SELECT 'is a superuser' FROM pg_roles WHERE rolname = session_user AND rolsuper"
    " UNION ALL SELECT 'is a member of ' || r.rolname FROM pg_roles r"
    "  WHERE r.rolname NOT IN (session_user, 'migreadonly')"
    "  AND pg_has_role(session_user, r.oid, 'MEMBER')"
    " UNION ALL SELECT 'may write table ' || c.relname FROM pg_class c"
    "  JOIN pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"
    "  AND has_table_privilege(session_user, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"
    " UNION ALL SELECT 'is not session_user' WHERE current_user <> session_user";

int
mig_target_open(const char *conninfo, struct mig_db **ret, struct mig_err *err)
{
    struct mig_db *db = NULL;
    PGresult *res = NULL;
    int r = mig_db_open(conninfo, "mig target", &db, err);

    if (r < 0)
        return r;
    r = mig_db_exec(db, target_role_sql, 0, NULL, &res, err);
    if (r == 0 && PQntuples(res) > 0)
        r = mig_err_set(err, MIG_E_CONFIG,
                        "the role for target expressions %s: log in as migtarget, which has "
                        "migreadonly's grants and no other",
                        PQgetvalue(res, 0, 0));
    PQclear(res);
    if (r < 0) {
        mig_db_close(db);
        return r;
    }
    *ret = db;
    return 0;
}

static bool
is_word(unsigned char c)
{
    return isalnum(c) || c == '_' || c >= 0x80;
}

/* Behind the closing quote, or NULL. Doubled quotes read as one string after another, which is as
 * good. */
static const char *
skip_quoted(const char *p, char quote, bool backslash)
{
    for (p++; *p; p++) {
        if (backslash && *p == '\\' && p[1])
            p++;
        else if (*p == quote)
            return p + 1;
    }
    return NULL;
}

/* $tag$ … $tag$; p itself + 1 when it is no such quote, NULL when it does not end. */
static const char *
skip_dollar(const char *p)
{
    const char *end = p + 1;
    char tag[64];

    while (is_word((unsigned char)*end))
        end++;
    size_t len = (size_t)(end - p) + 1;
    if (*end != '$' || isdigit((unsigned char)p[1]) || len >= sizeof(tag))
        return p + 1;
    memcpy(tag, p, len);
    tag[len] = '\0';
    end = strstr(end + 1, tag);
    return end ? end + len : NULL;
}

/* Comments nest. */
static const char *
skip_comment(const char *p)
{
    int depth = 0;

    for (; *p; p++) {
        if (p[0] == '/' && p[1] == '*') {
            depth++;
            p++;
        } else if (p[0] == '*' && p[1] == '/') {
            p++;
            if (--depth == 0)
                return p + 1;
        }
    }
    return NULL;
}

/* Behind what starts at p, which is a quote, a comment or one character; NULL when it does not end.
 */
static const char *
skip_token(const char *start, const char *p)
{
    bool behind_word = p > start && (is_word((unsigned char)p[-1]) || p[-1] == '$');

    if (*p == '\'') {
        bool escapes = p > start && (p[-1] == 'e' || p[-1] == 'E') &&
                       !(p > start + 1 && is_word((unsigned char)p[-2]));
        return skip_quoted(p, '\'', escapes);
    }
    if (*p == '"')
        return skip_quoted(p, '"', false);
    if (*p == '$' && !behind_word)
        return skip_dollar(p);
    if (p[0] == '/' && p[1] == '*')
        return skip_comment(p);
    if (p[0] == '-' && p[1] == '-')
        return p + strcspn(p, "\r\n");
    return p + 1;
}

int
mig_target_check(const char *target, struct mig_err *err)
{
    int depth = 0;
    const char *p = target;

    if (strlen(target) > MIG_TARGET_MAX)
        return mig_err_set(err, MIG_E_INVALID, "action target is over %u bytes", MIG_TARGET_MAX);
    if (target[strspn(target, " \t\r\n\f\v")] == '\0')
        return mig_err_set(err, MIG_E_INVALID, "action target is empty");
    while (*p) {
        const char *next = skip_token(target, p);
        if (!next)
            return mig_err_set(err, MIG_E_INVALID,
                               "action target: what starts at byte %zu with %c does not end",
                               (size_t)(p - target), *p);
        if (*p == ';')
            return mig_err_set(err, MIG_E_INVALID,
                               "action target: ';' at byte %zu: expected one boolean expression",
                               (size_t)(p - target));
        if (next == p + 1)
            depth += (*p == '(') - (*p == ')');
        if (depth < 0)
            return mig_err_set(err, MIG_E_INVALID, "action target: ')' at byte %zu closes nothing",
                               (size_t)(p - target));
        p = next;
    }
    if (depth > 0)
        return mig_err_set(err, MIG_E_INVALID, "action target: %d '(' not closed", depth);
    return 0;
}

static int
copy_ids(const PGresult *res, int64_t **ret_ids, size_t *ret_count, struct mig_err *err)
{
    size_t count = (size_t)PQntuples(res);
    int64_t *ids = calloc(count ? count : 1, sizeof(*ids));

    if (!ids)
        return mig_err_errno(err, ENOMEM, "target of %zu agents", count);
    for (size_t i = 0; i < count; i++)
        ids[i] = mig_array_to_int(PQgetvalue(res, (int)i, 0));
    *ret_ids = ids;
    *ret_count = count;
    return 0;
}

/* The newline ends a comment that the expression may end with. */
static int
run_target(struct mig_db *db, const char *target, int timeout_ms, PGresult **ret,
           struct mig_err *err)
{
    struct mig_buf sql = MIG_BUF_INIT;
    char timeout[64];
    int r;

    snprintf(timeout, sizeof(timeout), "SET LOCAL statement_timeout = %d", timeout_ms);
    mig_buf_addf(&sql,
                 "SELECT DISTINCT ON (queueloc) id FROM public.agents"
                 " WHERE status IN ('online', 'idle') AND (%s\n)"
                 " ORDER BY queueloc, heartbeattime DESC, id DESC",
                 target);
    r = mig_db_exec(db, "SET TRANSACTION READ ONLY", 0, NULL, NULL, err);
    if (r == 0)
        r = mig_db_exec(db, timeout, 0, NULL, NULL, err);
    if (r == 0)
        r = sql.failed ? mig_err_errno(err, ENOMEM, "target")
                       : mig_db_exec(db, sql.data, 0, NULL, ret, err);
    mig_buf_fini(&sql);
    return r;
}

/* Only a lost connection is not the expression's fault: it may well be what makes the server run
 * out of memory or space. */
static int
blame(struct mig_db *db, int timeout_ms, struct mig_err *err)
{
    if (mig_db_lost(db))
        return MIG_E_DATABASE;
    if (strcmp(mig_db_sqlstate(db), "57014") == 0)
        return mig_err_set(err, MIG_E_TIMEOUT,
                           "action target: not evaluated within %d ms: make it simpler",
                           timeout_ms);
    mig_err_prefix(err, "action target");
    if (err)
        err->code = MIG_E_INVALID;
    return MIG_E_INVALID;
}

int
mig_target_expand(struct mig_db *db, const char *target, int timeout_ms, int64_t **ret_ids,
                  size_t *ret_count, struct mig_err *err)
{
    PGresult *res = NULL;
    int r = mig_target_check(target, err);

    if (r < 0)
        return r;
    r = mig_db_check(db, err);
    if (r == 0)
        r = mig_db_begin(db, err);
    if (r < 0)
        return r;
    r = run_target(db, target, timeout_ms, &res, err);
    if (r < 0)
        r = blame(db, timeout_ms, err);
    mig_db_rollback(db);
    /* Nothing of one expression reaches the next: settings, advisory locks. */
    mig_db_exec(db, "DISCARD ALL", 0, NULL, NULL, NULL);
    if (r == 0)
        r = copy_ids(res, ret_ids, ret_count, err);
    PQclear(res);
    return r;
}
