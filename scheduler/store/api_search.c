/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "store/api_search.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "store/array.h"

#define CONDITIONS_MAX 16
#define NUMBER_TEXT 24
/* Of the columns that can be large, as they are stored: nothing is read or unpacked for it. */
#define ACTION_BYTES                                                                               \
    "pg_column_size(a.operations) + pg_column_size(a.pgpsignatures) + pg_column_size(a.target)"
#define AGENT_BYTES                                                                                \
    "coalesce(pg_column_size(g.environment), 0) + coalesce(pg_column_size(g.tags), 0)"

/* The statement as it grows. Values only ever travel as parameters. */
struct statement {
    struct mig_buf sql;
    const char *params[CONDITIONS_MAX];
    char numbers[CONDITIONS_MAX][NUMBER_TEXT];
    int count;
};

/* `before` $n `after`, joined to what is there with AND. */
static void
condition(struct statement *st, const char *before, const char *value, const char *after)
{
    if (value == NULL)
        return;
    st->params[st->count++] = value;
    mig_buf_addf(&st->sql, " AND %s$%d%s", before, st->count, after);
}

static void
condition_number(struct statement *st, const char *before, int64_t value, const char *after)
{
    if (value == 0)
        return;
    snprintf(st->numbers[st->count], NUMBER_TEXT, "%" PRId64, value);
    condition(st, before, st->numbers[st->count], after);
}

static void
signed_by(struct statement *st, const struct mig_search *search)
{
    condition_number(st,
                     "EXISTS (SELECT FROM signatures s WHERE s.actionid = a.id AND "
                     "s.investigatorid = ",
                     search->investigator_id, "::bigint)");
    condition(st,
              "EXISTS (SELECT FROM signatures s JOIN investigators i ON i.id = s.investigatorid "
              "WHERE s.actionid = a.id AND i.name ILIKE ",
              search->investigator_name, ")");
}

static void
about_action(struct statement *st, const struct mig_search *search)
{
    condition_number(st, "a.id = ", search->action_id, "::bigint");
    condition(st, "a.name ILIKE ", search->action_name, "");
    condition(st, "a.threat->>'family' ILIKE ", search->threat_family, "");
    signed_by(st, search);
}

static void
about_agent(struct statement *st, const struct mig_search *search)
{
    condition_number(st, "g.id = ", search->agent_id, "::bigint");
    condition(st, "g.name ILIKE ", search->agent_name, "");
    condition(st, "g.version ILIKE ", search->agent_version, "");
}

static void
search_actions(struct statement *st, const struct mig_search *search)
{
    mig_buf_adds(&st->sql, "SELECT a.id, " ACTION_BYTES " FROM actions a WHERE true");
    about_action(st, search);
    condition(st, "a.status ILIKE ", search->status, "");
    condition(st, "a.validfrom >= ", search->after, "::timestamptz");
    condition(st, "a.expireafter <= ", search->before, "::timestamptz");
    condition_number(st, "EXISTS (SELECT FROM commands c WHERE c.actionid = a.id AND c.agentid = ",
                     search->agent_id, "::bigint)");
    condition(st,
              "EXISTS (SELECT FROM commands c JOIN agents g ON g.id = c.agentid WHERE "
              "c.actionid = a.id AND g.name ILIKE ",
              search->agent_name, ")");
    condition(st,
              "EXISTS (SELECT FROM commands c JOIN agents g ON g.id = c.agentid WHERE "
              "c.actionid = a.id AND g.version ILIKE ",
              search->agent_version, ")");
    condition_number(st, "EXISTS (SELECT FROM commands c WHERE c.actionid = a.id AND c.id = ",
                     search->command_id, "::bigint)");
    mig_buf_addf(&st->sql,
                 " ORDER BY a.validfrom DESC, a.id DESC LIMIT %" PRId64 " OFFSET %" PRId64,
                 search->limit, search->offset);
}

static void
search_commands(struct statement *st, const struct mig_search *search)
{
    mig_buf_adds(&st->sql, "SELECT c.id, coalesce(pg_column_size(c.results), 0) + " ACTION_BYTES
                           " + " AGENT_BYTES
                           " FROM commands c JOIN actions a ON a.id = c.actionid JOIN agents g ON "
                           "g.id = c.agentid WHERE true");
    condition_number(st, "c.id = ", search->command_id, "::bigint");
    condition_number(st, "c.actionid = ", search->action_id, "::bigint");
    about_action(st, search);
    about_agent(st, search);
    condition(st, "c.status ILIKE ", search->status, "");
    condition(st, "c.starttime >= ", search->after, "::timestamptz");
    condition(st, "c.starttime <= ", search->before, "::timestamptz");
    if (search->found >= 0)
        condition(st,
                  "c.status = 'success' AND EXISTS (SELECT FROM json_array_elements(CASE "
                  "json_typeof(c.results) WHEN 'array' THEN c.results ELSE '[]' END) r WHERE "
                  "CASE json_typeof(r) WHEN 'object' THEN r->>'foundanything' END = ",
                  search->found ? "true" : "false", ")");
    mig_buf_addf(&st->sql,
                 " ORDER BY c.starttime DESC, c.id DESC LIMIT %" PRId64 " OFFSET %" PRId64,
                 search->limit, search->offset);
}

static void
search_agents(struct statement *st, const struct mig_search *search)
{
    mig_buf_adds(&st->sql, "SELECT g.id, " AGENT_BYTES " FROM agents g WHERE true");
    about_agent(st, search);
    condition(st, "g.status ILIKE ", search->status, "");
    condition(st, "g.heartbeattime >= ", search->after, "::timestamptz");
    condition(st, "g.heartbeattime <= ", search->before, "::timestamptz");
    condition_number(st, "EXISTS (SELECT FROM commands c WHERE c.agentid = g.id AND c.actionid = ",
                     search->action_id, "::bigint)");
    condition(st,
              "EXISTS (SELECT FROM commands c JOIN actions a ON a.id = c.actionid WHERE "
              "c.agentid = g.id AND a.name ILIKE ",
              search->action_name, ")");
    condition_number(st, "EXISTS (SELECT FROM commands c WHERE c.agentid = g.id AND c.id = ",
                     search->command_id, "::bigint)");
    mig_buf_addf(&st->sql,
                 " ORDER BY g.heartbeattime DESC, g.id DESC LIMIT %" PRId64 " OFFSET %" PRId64,
                 search->limit, search->offset);
}

static void
search_investigators(struct statement *st, const struct mig_search *search)
{
    mig_buf_adds(&st->sql, "SELECT i.id, 0 FROM investigators i WHERE true");
    condition_number(st, "i.id = ", search->investigator_id, "::bigint");
    condition(st, "i.name ILIKE ", search->investigator_name, "");
    condition(st, "i.status ILIKE ", search->status, "");
    condition(st, "i.lastmodified >= ", search->after, "::timestamptz");
    condition(st, "i.lastmodified <= ", search->before, "::timestamptz");
    condition_number(st,
                     "EXISTS (SELECT FROM signatures s WHERE s.investigatorid = i.id AND "
                     "s.actionid = ",
                     search->action_id, "::bigint)");
    mig_buf_addf(&st->sql, " ORDER BY i.id LIMIT %" PRId64 " OFFSET %" PRId64, search->limit,
                 search->offset);
}

static int
copy_found(const PGresult *res, struct mig_search_found **ret, size_t *ret_count,
           struct mig_err *err)
{
    size_t count = (size_t)PQntuples(res);
    struct mig_search_found *found = calloc(count > 0 ? count : 1, sizeof *found);

    if (found == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        found[i].id = mig_array_to_int(PQgetvalue(res, (int)i, 0));
        found[i].bytes = (size_t)mig_array_to_int(PQgetvalue(res, (int)i, 1));
    }
    *ret = found;
    *ret_count = count;
    return 0;
}

int
mig_store_search(struct mig_db *db, const struct mig_search *search, struct mig_search_found **ret,
                 size_t *ret_count, struct mig_err *err)
{
    struct statement st = {.sql = MIG_BUF_INIT};
    PGresult *res = NULL;
    int rc;

    switch (search->type) {
    case MIG_SEARCH_ACTION:
        search_actions(&st, search);
        break;
    case MIG_SEARCH_AGENT:
        search_agents(&st, search);
        break;
    case MIG_SEARCH_COMMAND:
        search_commands(&st, search);
        break;
    case MIG_SEARCH_INVESTIGATOR:
        search_investigators(&st, search);
        break;
    }
    if (st.sql.failed || st.sql.data == NULL)
        rc = mig_err_set(err, -ENOMEM, "out of memory");
    else
        rc = mig_db_exec(db, st.sql.data, st.count, st.params, &res, err);
    if (rc >= 0)
        rc = copy_found(res, ret, ret_count, err);
    PQclear(res);
    mig_buf_fini(&st.sql);
    return rc;
}

#define ASKED " FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (id, place) "

static const struct {
    const char *name;
    const char *sql;
} rows_statements[] = {
    [MIG_SEARCH_ACTION] = {"api_search_actions",
                           "SELECT " MIG_ACTION_SQL ", " MIG_ACTION_MORE_SQL ASKED
                           "JOIN actions a ON a.id = asked.id" MIG_ACTION_COUNTERS_SQL
                           "ORDER BY asked.place"},
    [MIG_SEARCH_AGENT] = {"api_search_agents",
                          "SELECT " MIG_AGENT_SQL ASKED
                          "JOIN agents g ON g.id = asked.id ORDER BY asked.place"},
    [MIG_SEARCH_COMMAND] = {"api_search_commands",
                            "SELECT " MIG_COMMAND_SQL ASKED
                            "JOIN commands c ON c.id = asked.id JOIN actions a ON a.id = c.actionid"
                            " JOIN agents g ON g.id = c.agentid ORDER BY asked.place"},
    [MIG_SEARCH_INVESTIGATOR] = {"api_search_investigators",
                                 "SELECT " MIG_INVESTIGATOR_SQL ASKED
                                 "JOIN investigators i ON i.id = asked.id ORDER BY asked.place"},
};

int
mig_store_search_rows(struct mig_db *db, enum mig_search_type type,
                      const struct mig_search_found *found, size_t count, PGresult **ret,
                      struct mig_err *err)
{
    const char *params[] = {NULL};
    struct mig_buf array = MIG_BUF_INIT;
    int rc;

    for (size_t i = 0; i < count; i++)
        mig_array_int(&array, found[i].id);
    params[0] = mig_array_end(&array);
    if (params[0] == NULL)
        rc = mig_err_set(err, -ENOMEM, "out of memory");
    else
        rc = mig_db_prepared(db, rows_statements[type].name, rows_statements[type].sql, 1, params,
                             ret, err);
    mig_buf_fini(&array);
    return rc;
}
