/* SPDX-License-Identifier: MPL-2.0 */
/* GET /search */
#include "config.h"

#include "api/api.h"

#include <errno.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "api/links.h"
#include "api/query.h"
#include "api/render.h"
#include "api/settings.h"
#include "base/json.h"
#include "base/time.h"
#include "store/api_search.h"
#include "store/target.h"

#define ID_MAX (INT64_C(1) << 53)
#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000000
/* How the original's client spells "no condition". */
#define ANY_ID "∞"
#define ANY_TEXT "%"
/* Of what is found so many are known at a time: ids and sizes. */
#define WINDOW 10000
/* Bytes that are read and rendered at a time; a single row may be larger. What is stored may be
 * compressed, and a row has more than its large columns. */
#define PART_MAX ((size_t)512 << 10)
#define UNPACKED 8
#define ROW_BYTES 4096

static const char *const type_names[] = {"action", "agent", "command", "investigator"};

/* A search as it was asked. The texts of `sql` belong to the request's query or to the arrays here.
 */
struct asked {
    struct mig_search sql;
    const char *target;
    char after[MIG_TIME_TEXT], before[MIG_TIME_TEXT];
};

/* A search whose answer is under way. */
struct search {
    struct asked asked;
    struct mig_envelope env;
    struct mig_search_found *found; /* of this window */
    size_t count, next;
    int64_t done; /* in the windows before */
    bool last;    /* window */
};

/* The parameters in the order in which they are echoed. */
static const char *const parameter_names[] = {
    "actionid",         "actionname", "after",     "agentid",       "agentname",
    "agentversion",     "before",     "commandid", "foundanything", "investigatorid",
    "investigatorname", "status",     "target",    "threatfamily",
};

static int
parse_type(const struct mig_query *query, enum mig_search_type *ret, struct mig_err *err)
{
    const char *text = mig_query_get(query, "type");

    if (text == NULL || *text == '\0')
        text = type_names[MIG_SEARCH_ACTION];
    for (unsigned i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (strcmp(text, type_names[i]) == 0) {
            *ret = (enum mig_search_type)i;
            return 0;
        }
    }
    return mig_err_set(err, MIG_E_INVALID,
                       "search type is invalid: expected action, agent, command or investigator, "
                       "found '%.64s'",
                       text);
}

static int
parse_id(const struct mig_query *query, const char *name, int64_t *ret, struct mig_err *err)
{
    const char *text = mig_query_get(query, name);

    if (text != NULL && strcmp(text, ANY_ID) == 0)
        return 0;
    return mig_query_number(query, name, 1, ID_MAX, 0, ret, err);
}

static const char *
parse_pattern(const struct mig_query *query, const char *name)
{
    const char *text = mig_query_get(query, name);

    return text == NULL || *text == '\0' || strcmp(text, ANY_TEXT) == 0 ? NULL : text;
}

static int
parse_date(const struct mig_query *query, const char *name, char text[MIG_TIME_TEXT],
           const char **ret, struct mig_err *err)
{
    const char *given = mig_query_get(query, name);
    struct mig_time time;

    if (given == NULL || *given == '\0')
        return 0;
    if (mig_time_parse(given, strlen(given), &time) < 0)
        return mig_err_set(err, MIG_E_INVALID, "%s date not in RFC3339 format", name);
    mig_time_format(time, text);
    *ret = strncmp(text, "0000", 4) == 0 ? NULL : text; /* the database has no year 0 */
    return 0;
}

static int
parse_found(const struct mig_query *query, int *ret, struct mig_err *err)
{
    const char *text = mig_query_get(query, "foundanything");

    *ret = -1;
    if (text == NULL || *text == '\0')
        return 0;
    if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
        return mig_err_set(err, MIG_E_INVALID, "foundanything parameter must be true or false");
    *ret = strcasecmp(text, "true") == 0;
    return 0;
}

static int
parse_numbers(const struct mig_query *query, struct mig_search *sql, struct mig_err *err)
{
    int rc = parse_id(query, "actionid", &sql->action_id, err);

    if (rc >= 0)
        rc = parse_id(query, "agentid", &sql->agent_id, err);
    if (rc >= 0)
        rc = parse_id(query, "commandid", &sql->command_id, err);
    if (rc >= 0)
        rc = parse_id(query, "investigatorid", &sql->investigator_id, err);
    if (rc >= 0)
        rc = mig_query_number(query, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT, &sql->limit, err);
    if (rc >= 0)
        rc = mig_query_number(query, "offset", 0, ID_MAX, 0, &sql->offset, err);
    return rc;
}

static int
parse(const struct mig_query *query, struct asked *asked, struct mig_err *err)
{
    struct mig_search *sql = &asked->sql;
    int rc = parse_type(query, &sql->type, err);

    if (rc >= 0)
        rc = parse_numbers(query, sql, err);
    if (rc >= 0)
        rc = parse_date(query, "after", asked->after, &sql->after, err);
    if (rc >= 0)
        rc = parse_date(query, "before", asked->before, &sql->before, err);
    if (rc >= 0)
        rc = parse_found(query, &sql->found, err);
    if (rc < 0)
        return rc;
    sql->action_name = parse_pattern(query, "actionname");
    sql->agent_name = parse_pattern(query, "agentname");
    sql->agent_version = parse_pattern(query, "agentversion");
    sql->investigator_name = parse_pattern(query, "investigatorname");
    sql->threat_family = parse_pattern(query, "threatfamily");
    sql->status = parse_pattern(query, "status");
    asked->target = mig_query_get(query, "target");
    if (asked->target != NULL && (*asked->target == '\0' || sql->type != MIG_SEARCH_AGENT))
        asked->target = NULL;
    return 0;
}

static int
by_id(const void *a, const void *b)
{
    int64_t left = ((const struct mig_search_found *)a)->id;
    int64_t right = ((const struct mig_search_found *)b)->id;

    return left < right ? -1 : left > right;
}

/* The page that is asked for, of ids in any order. */
static int
cut_page(struct search *search, const int64_t *ids, size_t count, struct mig_err *err)
{
    size_t offset = (size_t)search->asked.sql.offset, limit = (size_t)search->asked.sql.limit;
    struct mig_search_found *found = calloc(count > 0 ? count : 1, sizeof *found);

    if (found == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        found[i].id = ids[i];
    qsort(found, count, sizeof *found, by_id);
    offset = offset < count ? offset : count;
    search->found = found;
    search->next = offset;
    search->count = limit < count - offset ? offset + limit : count;
    search->last = true;
    return 0;
}

/* Agents by an expression: evaluated as the role that may do nothing else, then looked up by id. */
static int
search_target(struct mig_worker *worker, struct search *search, struct mig_err *err)
{
    const char *target = search->asked.target;
    int64_t *ids = NULL;
    size_t count = 0;
    int rc = mig_target_check(target, err);

    if (rc < 0)
        return rc;
    if (worker->target_db == NULL)
        rc = mig_target_open(worker->api->settings->store.target_conninfo, &worker->target_db, err);
    else
        rc = mig_worker_database(worker->target_db, err);
    if (rc >= 0)
        rc = mig_target_expand(worker->target_db, target, MIG_TARGET_TIMEOUT_MS, &ids, &count, err);
    if (rc >= 0)
        rc = cut_page(search, ids, count, err);
    free(ids);
    return rc;
}

/* The next ids and sizes of the page. */
static int
next_window(struct mig_worker *worker, struct search *search, struct mig_err *err)
{
    int64_t left = search->asked.sql.limit - search->done;
    struct mig_search sql = search->asked.sql;

    sql.offset += search->done;
    sql.limit = left < WINDOW ? left : WINDOW;
    free(search->found);
    search->found = NULL;
    search->count = search->next = 0;
    int rc = mig_store_search(worker->db, &sql, &search->found, &search->count, err);
    search->last = (int64_t)search->count < sql.limit || left == sql.limit;
    return rc;
}

static void
add_parameters(struct mig_envelope *env, const struct mig_query *query, const struct asked *asked)
{
    mig_envelope_data(env, "search parameters");
    mig_buf_addf(env->out, "{\"type\":\"%s\",\"limit\":%" PRId64 ",\"offset\":%" PRId64,
                 type_names[asked->sql.type], asked->sql.limit, asked->sql.offset);
    for (size_t i = 0; i < sizeof parameter_names / sizeof parameter_names[0]; i++) {
        const char *value = mig_query_get(query, parameter_names[i]);

        if (value == NULL)
            continue;
        mig_buf_addf(env->out, ",\"%s\":", parameter_names[i]);
        if (strcmp(parameter_names[i], "foundanything") == 0)
            mig_buf_adds(env->out, asked->sql.found == 1 ? "true" : "false");
        else
            mig_json_add_string(env->out, value, strlen(value));
    }
    mig_buf_addc(env->out, '}');
}

static void
add_pagination(struct mig_envelope *env, const struct mig_worker *worker,
               const struct mig_query *query, const struct asked *asked)
{
    struct mig_buf next = MIG_BUF_INIT;

    mig_buf_addf(&next, "%s/search?type=%s&limit=%" PRId64 "&offset=%" PRId64,
                 worker->api->base_url, type_names[asked->sql.type], asked->sql.limit,
                 asked->sql.offset + asked->sql.limit);
    for (size_t i = 0; i < sizeof parameter_names / sizeof parameter_names[0]; i++) {
        const char *value = mig_query_get(query, parameter_names[i]);

        if (value == NULL)
            continue;
        mig_buf_addf(&next, "&%s=", parameter_names[i]);
        mig_link_escape(&next, value);
    }
    mig_envelope_data(env, "pagination");
    mig_buf_addf(env->out,
                 "{\"limit\":%" PRId64 ",\"offset\":%" PRId64 ",\"next\":", asked->sql.limit,
                 asked->sql.offset);
    if (!next.failed)
        mig_json_add_string(env->out, next.data, next.len);
    mig_buf_addc(env->out, '}');
    mig_buf_fini(&next);
}

static void
add_row(struct mig_envelope *env, const struct mig_worker *worker, enum mig_search_type type,
        const PGresult *res, int row)
{
    char href[MIG_LINK_MAX];
    int64_t id = strtoll(PQgetvalue(res, row, 0), NULL, 10); /* the first column of every type */

    mig_envelope_item(env, mig_link(worker->api, type_names[type], id, href));
    mig_envelope_data(env, type_names[type]);
    switch (type) {
    case MIG_SEARCH_ACTION:
        mig_render_whole_action(env->out, res, row);
        break;
    case MIG_SEARCH_AGENT:
        mig_render_agent(env->out, res, row, 0);
        break;
    case MIG_SEARCH_COMMAND:
        mig_render_command(env->out, res, row);
        id = strtoll(PQgetvalue(res, row, MIG_COMMAND_ACTION + MIG_ACTION_ID), NULL, 10);
        mig_envelope_link(env, "action", mig_link(worker->api, "action", id, href));
        break;
    case MIG_SEARCH_INVESTIGATOR:
        mig_render_investigator(env->out, res, row);
        break;
    }
}

/* How many of what is found go into the next part. */
static size_t
part(const struct search *search)
{
    size_t bytes = 0, count = 0;

    while (search->next + count < search->count) {
        bytes += search->found[search->next + count].bytes * UNPACKED + ROW_BYTES;
        if (count > 0 && bytes > PART_MAX)
            break;
        count++;
    }
    return count;
}

static int
add_part(struct mig_worker *worker, struct mig_request *request, struct search *search,
         struct mig_err *err)
{
    enum mig_search_type type = search->asked.sql.type;
    size_t count = part(search);
    PGresult *res = NULL;
    int rc =
        mig_store_search_rows(worker->db, type, search->found + search->next, count, &res, err);

    if (rc < 0)
        return rc;
    for (int i = 0; i < PQntuples(res) && !request->answer.failed; i++)
        add_row(&search->env, worker, type, res, i);
    PQclear(res);
    search->next += count;
    return 0;
}

static void
finish(struct mig_worker *worker, struct mig_request *request, struct search *search)
{
    const struct asked *asked = &search->asked;
    struct mig_buf self = MIG_BUF_INIT;

    mig_buf_addf(&self, "%s%s", worker->api->host, request->target);
    if (asked->sql.offset > 0) {
        mig_envelope_item(&search->env, self.failed ? "" : self.data);
        add_pagination(&search->env, worker, request->query, asked);
    }
    mig_envelope_item(&search->env, self.failed ? "" : self.data);
    add_parameters(&search->env, request->query, asked);
    mig_answer_close(request, &search->env, 200);
    mig_buf_fini(&self);
}

/* mig_request.more */
static int
more(struct mig_worker *worker, struct mig_request *request, struct mig_err *err)
{
    struct search *search = request->more_context;
    int rc = 0;

    if (search->next == search->count && !search->last) {
        search->done += (int64_t)search->count;
        rc = next_window(worker, search, err);
    }
    if (rc >= 0 && search->next < search->count)
        rc = add_part(worker, request, search, err);
    if (rc < 0)
        return rc;
    if (search->next == search->count && search->last) {
        request->more = NULL;
        finish(worker, request, search);
    }
    return 0;
}

static void
search_free(void *context)
{
    struct search *search = context;

    free(search->found);
    free(search);
}

/* A pattern or value that the database can not take (SQLSTATE class 22) is the client's fault. */
static int
is_bad_value(struct mig_db *db)
{
    const char *state = mig_db_sqlstate(db);

    return state != NULL && strncmp(state, "22", 2) == 0;
}

static void
refuse(struct mig_worker *worker, struct mig_request *request, const struct asked *asked, int rc,
       const struct mig_err *err)
{
    if (asked->target != NULL && (rc == MIG_E_INVALID || rc == MIG_E_TIMEOUT))
        mig_answer_error(worker, request, 400, "search target is invalid: %s", err->text);
    else if (asked->target == NULL && rc == MIG_E_DATABASE && is_bad_value(worker->db))
        mig_answer_error(worker, request, 400,
                         "a search parameter is not a valid pattern: '%%' and '_' are wildcards, "
                         "'\\' quotes the next character");
    else
        mig_answer_failure(worker, request, err);
}

void
mig_api_search_get(struct mig_worker *worker, struct mig_request *request)
{
    struct search *search = calloc(1, sizeof *search);
    struct mig_err err = {0};
    int rc;

    if (search == NULL) {
        mig_answer_failure(worker, request, &err);
        return;
    }
    request->more_context = search;
    request->more_free = search_free;
    if (parse(request->query, &search->asked, &err) < 0) {
        mig_answer_error(worker, request, 400, "%s", err.text);
        return;
    }
    if (search->asked.target != NULL)
        rc = search_target(worker, search, &err);
    else
        rc = next_window(worker, search, &err);
    if (rc >= 0 && search->next == search->count) {
        mig_answer_error(worker, request, 404, "no results found");
        return;
    }
    if (rc >= 0) {
        mig_answer_open(worker, request, &search->env);
        request->status = 200;
        request->more = more;
        rc = more(worker, request, &err);
    }
    if (rc < 0)
        refuse(worker, request, &search->asked, rc, &err);
}
