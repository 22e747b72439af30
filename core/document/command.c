/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "document/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "document/fields.h"

static const char *const command_fields[] = {"id",      "action",    "agent",      "status",
                                             "results", "starttime", "finishtime", NULL};
static const char *const agent_fields[] = {"id", "name", "queueloc", NULL};
static const char *const result_fields[] = {"foundanything", "success", "elements",
                                            "statistics",    "errors",  NULL};

void
mig_command_free(struct mig_command *command)
{
    if (command == NULL)
        return;
    mig_action_free(command->action);
    free(command->agent.name);
    free(command->agent.queueloc);
    free(command->agent.raw);
    free(command->status);
    json_object_put(command->results);
    free(command);
}

/* Both booleans must be there: an answer without them would read as "nothing found". */
static int
check_result(struct json_object *obj, struct mig_err *err)
{
    struct json_object *errors = NULL;
    int flag;
    int rc;

    if (!json_object_is_type(obj, json_type_object))
        return mig_err_set(err, MIG_E_INVALID, "expected an object, found %s",
                           json_type_to_name(json_object_get_type(obj)));
    rc = mig_fields_exact(obj, result_fields, err);
    if (rc == 0)
        rc = mig_json_get_bool(obj, "foundanything", 1, &flag, err);
    if (rc == 0)
        rc = mig_json_get_bool(obj, "success", 1, &flag, err);
    if (rc != 0 || !json_object_object_get_ex(obj, "errors", &errors) || errors == NULL)
        return rc;
    if (!json_object_is_type(errors, json_type_array))
        return mig_err_set(err, MIG_E_INVALID, "field \"errors\": expected an array, found %s",
                           json_type_to_name(json_object_get_type(errors)));
    for (size_t i = 0; i < json_object_array_length(errors); i++) {
        if (!json_object_is_type(json_object_array_get_idx(errors, i), json_type_string))
            return mig_err_set(err, MIG_E_INVALID, "field \"errors\": entry %zu is not a string",
                               i + 1);
    }
    return 0;
}

static int
parse_results(struct mig_command *command, struct json_object *obj, struct mig_err *err)
{
    int rc = mig_fields_child(obj, "results", json_type_array, &command->results, err);

    if (rc != 0 || command->results == NULL)
        return rc;
    if (json_object_array_length(command->results) > MIG_ACTION_MAX_OPERATIONS)
        return mig_err_set(err, MIG_E_LIMIT, "%zu results, at most %u are allowed",
                           json_object_array_length(command->results), MIG_ACTION_MAX_OPERATIONS);
    for (size_t i = 0; rc == 0 && i < json_object_array_length(command->results); i++) {
        rc = check_result(json_object_array_get_idx(command->results, i), err);
        if (rc != 0)
            mig_err_prefix(err, "result %zu", i + 1);
    }
    return rc;
}

static int
parse_agent(struct mig_command_agent *agent, struct json_object *obj, const char *json, size_t len,
            struct mig_err *err)
{
    struct json_object *record = NULL;
    const char *raw;
    size_t raw_len;
    int rc;

    if (!json_object_object_get_ex(obj, "agent", &record) ||
        !json_object_is_type(record, json_type_object))
        return mig_err_set(err, MIG_E_INVALID, "field \"agent\": expected an object");
    rc = mig_fields_exact(record, agent_fields, err);
    if (rc == 0)
        rc = mig_fields_id(record, "id", &agent->id, err);
    if (rc == 0)
        rc = mig_fields_text(record, "name", MIG_ACTION_MAX_NAME, &agent->name, err);
    if (rc == 0)
        rc = mig_fields_text(record, "queueloc", MIG_ACTION_MAX_NAME, &agent->queueloc, err);
    if (rc != 0) {
        mig_err_prefix(err, "agent");
        return rc;
    }
    if (mig_json_raw_member(json, len, "agent", &raw, &raw_len) == 0)
        agent->raw = strndup(raw, raw_len);
    if (agent->raw == NULL)
        return mig_err_set(err, -ENOMEM, "agent: out of memory");
    return 0;
}

static int
parse_command(struct mig_command *command, struct json_object *obj, const char *json, size_t len,
              struct mig_err *err)
{
    const char *action;
    size_t action_len;
    int rc;

    command->starttime = MIG_TIME_GO_ZERO;
    command->finishtime = MIG_TIME_GO_ZERO;
    rc = mig_fields_exact(obj, command_fields, err);
    if (rc == 0)
        rc = mig_fields_id(obj, "id", &command->id, err);
    if (rc == 0)
        rc = mig_fields_text(obj, "status", 256, &command->status, err);
    if (rc == 0)
        rc = mig_fields_time(obj, "starttime", &command->starttime, err);
    if (rc == 0)
        rc = mig_fields_time(obj, "finishtime", &command->finishtime, err);
    if (rc == 0)
        rc = parse_agent(&command->agent, obj, json, len, err);
    if (rc == 0)
        rc = parse_results(command, obj, err);
    if (rc != 0)
        return rc;
    if (mig_json_raw_member(json, len, "action", &action, &action_len) != 0)
        return mig_err_set(err, MIG_E_INVALID, "field \"action\" is missing");
    return mig_action_parse(action, action_len, &command->action, err);
}

int
mig_command_parse(const char *json, size_t len, struct mig_command **ret, struct mig_err *err)
{
    /* The action is checked by its own rules; a result holds what a module chose to say. */
    static const struct mig_json_limits limits = {.fold_depth = 2};
    struct mig_command *command = NULL;
    struct json_object *obj = NULL;
    int rc = mig_json_parse(json, len, &limits, &obj, err);

    if (rc != 0)
        goto out;
    if (!json_object_is_type(obj, json_type_object)) {
        rc = mig_err_set(err, MIG_E_INVALID, "expected an object, found an array");
        goto out;
    }
    command = calloc(1, sizeof *command);
    if (command == NULL) {
        rc = mig_err_set(err, -ENOMEM, "out of memory");
        goto out;
    }
    rc = parse_command(command, obj, json, len, err);
    if (rc == 0) {
        *ret = command;
        command = NULL;
    }
out:
    if (rc != 0)
        mig_err_prefix(err, "command");
    mig_command_free(command);
    json_object_put(obj);
    return rc;
}

static void
add_agent(struct mig_buf *out, const struct mig_command_agent *agent)
{
    if (agent->raw != NULL) {
        mig_buf_adds(out, agent->raw);
        return;
    }
    mig_buf_addf(out, "{\"id\":%lld,", (long long)agent->id);
    mig_fields_add_text(out, "name", agent->name);
    mig_buf_addc(out, ',');
    mig_fields_add_text(out, "queueloc", agent->queueloc);
    mig_buf_addc(out, '}');
}

int
mig_command_json(const struct mig_command *command, struct mig_buf *out)
{
    mig_buf_addf(out, "{\"id\":%lld,\"action\":", (long long)command->id);
    mig_action_json(command->action, out);
    mig_buf_adds(out, ",\"agent\":");
    add_agent(out, &command->agent);
    mig_buf_addc(out, ',');
    mig_fields_add_text(out, "status", command->status);
    mig_buf_addc(out, ',');
    mig_fields_add_child(out, "results", command->results, "null");
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "starttime", command->starttime);
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "finishtime", command->finishtime);
    mig_buf_addc(out, '}');
    return out->failed ? -ENOMEM : 0;
}

int
mig_result_json(struct mig_buf *out, bool foundanything, bool success, const char *elements,
                const char *statistics, const char *const errors[])
{
    mig_buf_addf(out, "{\"foundanything\":%s,\"success\":%s,\"elements\":",
                 foundanything ? "true" : "false", success ? "true" : "false");
    mig_buf_adds(out, elements != NULL ? elements : "{}");
    mig_buf_adds(out, ",\"statistics\":");
    mig_buf_adds(out, statistics != NULL ? statistics : "{}");
    mig_buf_adds(out, ",\"errors\":");
    if (errors == NULL) {
        mig_buf_adds(out, "null");
    } else {
        mig_buf_addc(out, '[');
        for (size_t i = 0; errors[i] != NULL; i++) {
            if (i > 0)
                mig_buf_addc(out, ',');
            mig_json_add_string(out, errors[i], strlen(errors[i]));
        }
        mig_buf_addc(out, ']');
    }
    return mig_buf_addc(out, '}');
}

int
mig_result_check(const char *json, size_t len, struct mig_err *err)
{
    static const struct mig_json_limits limits = {.fold_depth = 1};
    struct json_object *obj = NULL;
    int rc = mig_json_parse(json, len, &limits, &obj, err);

    if (rc == 0)
        rc = check_result(obj, err);
    if (rc != 0)
        mig_err_prefix(err, "module result");
    json_object_put(obj);
    return rc;
}
