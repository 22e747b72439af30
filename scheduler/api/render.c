/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/render.h"

#include <libpq-fe.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"
#include "store/api_rows.h"

#define ZERO_TIME "0001-01-01T00:00:00Z"

/* One row on its way out. `first`: no member was written yet. */
struct render {
    struct mig_buf *out;
    const PGresult *res;
    int row;
    int column;
    int first;
};

static void
key(struct render *r, const char *name)
{
    mig_buf_addf(r->out, "%s\"%s\":", r->first ? "" : ",", name);
    r->first = 0;
}

static const char *
value(const struct render *r, int column)
{
    if (PQgetisnull(r->res, r->row, r->column + column))
        return NULL;
    return PQgetvalue(r->res, r->row, r->column + column);
}

static void
add_string(struct render *r, const char *name, int column)
{
    const char *text = value(r, column);

    key(r, name);
    if (text == NULL)
        text = "";
    mig_json_add_string(r->out, text, strlen(text));
}

/* JSON text or a number, as it is stored. */
static void
add_raw(struct render *r, const char *name, int column, const char *absent)
{
    const char *text = value(r, column);

    key(r, name);
    mig_buf_adds(r->out, text == NULL || *text == '\0' ? absent : text);
}

static void
add_time(struct render *r, const char *name, int column)
{
    const char *stored = value(r, column);
    char text[MIG_TIME_TEXT] = ZERO_TIME;
    struct mig_time time;

    if (stored != NULL && mig_time_parse(stored, strlen(stored), &time) == 0)
        mig_time_format(time, text);
    key(r, name);
    mig_buf_addf(r->out, "\"%s\"", text);
}

static void
action_members(struct render *r)
{
    add_raw(r, "id", MIG_ACTION_ID, "0");
    add_string(r, "name", MIG_ACTION_NAME);
    add_string(r, "target", MIG_ACTION_TARGET);
    add_raw(r, "description", MIG_ACTION_DESCRIPTION, "{}");
    add_raw(r, "threat", MIG_ACTION_THREAT, "{}");
    add_time(r, "validfrom", MIG_ACTION_VALIDFROM);
    add_time(r, "expireafter", MIG_ACTION_EXPIREAFTER);
    add_raw(r, "operations", MIG_ACTION_OPERATIONS, "null");
    add_raw(r, "pgpsignatures", MIG_ACTION_SIGNATURES, "[]");
}

static void
action_states(struct render *r)
{
    add_string(r, "status", MIG_ACTION_STATUS);
    add_time(r, "starttime", MIG_ACTION_STARTTIME);
    add_time(r, "finishtime", MIG_ACTION_FINISHTIME);
    add_time(r, "lastupdatetime", MIG_ACTION_LASTUPDATETIME);
}

void
mig_render_action(struct mig_buf *out, const PGresult *res, int row, int column)
{
    struct render r = {out, res, row, column, 1};

    mig_buf_addc(out, '{');
    action_members(&r);
    action_states(&r);
    mig_buf_adds(out, ",\"counters\":{}");
    add_raw(&r, "syntaxversion", MIG_ACTION_SYNTAXVERSION, "2");
    mig_buf_addc(out, '}');
}

/* Counters that are 0 are left out. */
static void
counters(struct render *r)
{
    static const struct {
        const char *name;
        int column;
    } list[] = {
        {"sent", MIG_ACTION_SENT},           {"done", MIG_ACTION_DONE},
        {"inflight", MIG_ACTION_INFLIGHT},   {"success", MIG_ACTION_SUCCESS},
        {"cancelled", MIG_ACTION_CANCELLED}, {"expired", MIG_ACTION_EXPIRED},
        {"failed", MIG_ACTION_FAILED},       {"timeout", MIG_ACTION_TIMEOUT},
    };

    key(r, "counters");
    mig_buf_addc(r->out, '{');
    r->first = 1;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (value(r, list[i].column) != NULL && strcmp(value(r, list[i].column), "0") != 0)
            add_raw(r, list[i].name, list[i].column, "0");
    mig_buf_addc(r->out, '}');
    r->first = 0;
}

void
mig_render_whole_action(struct mig_buf *out, const PGresult *res, int row)
{
    struct render r = {out, res, row, 0, 1};

    mig_buf_addc(out, '{');
    action_members(&r);
    add_raw(&r, "investigators", MIG_ACTION_INVESTIGATORS, "[]");
    action_states(&r);
    counters(&r);
    add_raw(&r, "syntaxversion", MIG_ACTION_SYNTAXVERSION, "2");
    mig_buf_addc(out, '}');
}

void
mig_render_agent(struct mig_buf *out, const PGresult *res, int row, int column)
{
    struct render r = {out, res, row, column, 1};

    mig_buf_addc(out, '{');
    add_raw(&r, "id", MIG_AGENT_ID, "0");
    add_string(&r, "name", MIG_AGENT_NAME);
    add_string(&r, "queueloc", MIG_AGENT_QUEUELOC);
    add_string(&r, "mode", MIG_AGENT_MODE);
    add_string(&r, "version", MIG_AGENT_VERSION);
    add_raw(&r, "pid", MIG_AGENT_PID, "0");
    add_string(&r, "loadername", MIG_AGENT_LOADERNAME);
    add_time(&r, "starttime", MIG_AGENT_STARTTIME);
    add_time(&r, "destructiontime", MIG_AGENT_DESTRUCTIONTIME);
    add_time(&r, "heartbeatts", MIG_AGENT_HEARTBEATTIME);
    add_time(&r, "refreshts", MIG_AGENT_REFRESHTIME);
    add_string(&r, "status", MIG_AGENT_STATUS);
    add_raw(&r, "environment", MIG_AGENT_ENVIRONMENT, "{}");
    add_raw(&r, "tags", MIG_AGENT_TAGS, "{}");
    mig_buf_addc(out, '}');
}

void
mig_render_command(struct mig_buf *out, const PGresult *res, int row)
{
    struct render r = {out, res, row, 0, 1};

    mig_buf_addc(out, '{');
    add_raw(&r, "id", MIG_COMMAND_ID, "0");
    key(&r, "action");
    mig_render_action(out, res, row, MIG_COMMAND_ACTION);
    key(&r, "agent");
    mig_render_agent(out, res, row, MIG_COMMAND_AGENT);
    add_string(&r, "status", MIG_COMMAND_STATUS);
    add_raw(&r, "results", MIG_COMMAND_RESULTS, "[]");
    add_time(&r, "starttime", MIG_COMMAND_STARTTIME);
    add_time(&r, "finishtime", MIG_COMMAND_FINISHTIME);
    mig_buf_addc(out, '}');
}

/* The bits in the protocol's order. */
static const char *const permission_names[] = {
    "search",
    "action",
    "action_create",
    "command",
    "agent",
    "dashboard",
    "loader",
    "loader_status",
    "loader_expect",
    "loader_key",
    "loader_new",
    "manifest",
    "manifest_sign",
    "manifest_new",
    "manifest_status",
    "manifest_loaders",
    "investigator",
    "investigator_create",
    "investigator_update",
};

int
mig_render_permission(const char *name)
{
    for (size_t i = 0; i < sizeof permission_names / sizeof permission_names[0]; i++)
        if (strcmp(permission_names[i], name) == 0)
            return (int)i;
    return -1;
}

static void
permissions(struct render *r)
{
    const char *stored = value(r, MIG_INVESTIGATOR_PERMISSIONS);
    uint64_t bits = stored == NULL ? 0 : strtoull(stored, NULL, 10);

    key(r, "permissions");
    mig_buf_addc(r->out, '{');
    for (size_t i = 0; i < sizeof permission_names / sizeof permission_names[0]; i++)
        mig_buf_addf(r->out, "%s\"%s\":%s", i == 0 ? "" : ",", permission_names[i],
                     bits >> i & 1 ? "true" : "false");
    mig_buf_addc(r->out, '}');
}

static void
investigator(struct render *r)
{
    mig_buf_addc(r->out, '{');
    add_raw(r, "id", MIG_INVESTIGATOR_ID, "0");
    add_string(r, "name", MIG_INVESTIGATOR_NAME);
    add_string(r, "pgpfingerprint", MIG_INVESTIGATOR_FINGERPRINT);
    add_string(r, "status", MIG_INVESTIGATOR_STATUS);
    add_time(r, "createdat", MIG_INVESTIGATOR_CREATEDAT);
    add_time(r, "lastmodified", MIG_INVESTIGATOR_LASTMODIFIED);
    permissions(r);
}

void
mig_render_investigator(struct mig_buf *out, const PGresult *res, int row)
{
    struct render r = {out, res, row, 0, 1};

    investigator(&r);
    mig_buf_addc(out, '}');
}

void
mig_render_whole_investigator(struct mig_buf *out, const PGresult *res, int row, const char *apikey)
{
    struct render r = {out, res, row, 0, 1};

    investigator(&r);
    add_string(&r, "publickey", MIG_INVESTIGATOR_COLUMNS);
    if (apikey != NULL) {
        key(&r, "apikey");
        mig_json_add_string(out, apikey, strlen(apikey));
    }
    mig_buf_addc(out, '}');
}
