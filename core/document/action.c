/* SPDX-License-Identifier: MPL-2.0 */
/* Making, reading and judging an action. How it is written is in action_text.c. */
#include "config.h"

#include "document/action.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "document/fields.h"

static const char *const action_fields[] = {
    "id",          "name",           "target",        "description",   "threat", "validfrom",
    "expireafter", "operations",     "pgpsignatures", "investigators", "status", "starttime",
    "finishtime",  "lastupdatetime", "counters",      "syntaxversion", NULL};
static const char *const operation_fields[] = {"module", "parameters", "is_compressed",
                                               "want_compressed", NULL};

/* Action, operations, operation: inside of it, parameters are a free map. */
static const struct mig_json_limits action_limits = {.max_bytes = MIG_ACTION_MAX_BYTES,
                                                     .fold_depth = 3};

static void
operation_fini(struct mig_operation *op)
{
    free(op->module);
    free(op->parameters);
}

void
mig_action_free(struct mig_action *action)
{
    if (action == NULL)
        return;
    for (size_t i = 0; i < action->operations_count; i++)
        operation_fini(&action->operations[i]);
    for (size_t i = 0; i < action->signatures_count; i++)
        free(action->signatures[i]);
    free(action->operations);
    free(action->signatures);
    free(action->name);
    free(action->target);
    free(action->status);
    json_object_put(action->description);
    json_object_put(action->threat);
    json_object_put(action->investigators);
    json_object_put(action->counters);
    free(action);
}

static struct mig_action *
empty_action(void)
{
    struct mig_action *action = calloc(1, sizeof *action);

    if (action == NULL)
        return NULL;
    action->validfrom = MIG_TIME_GO_ZERO;
    action->expireafter = MIG_TIME_GO_ZERO;
    action->starttime = MIG_TIME_GO_ZERO;
    action->finishtime = MIG_TIME_GO_ZERO;
    action->lastupdatetime = MIG_TIME_GO_ZERO;
    return action;
}

struct mig_action *
mig_action_new(const char *name, const char *target, struct mig_time validfrom,
               struct mig_time expireafter)
{
    struct mig_action *action = empty_action();

    if (action == NULL)
        return NULL;
    action->name = strdup(name);
    action->target = strdup(target);
    action->validfrom = validfrom;
    action->expireafter = expireafter;
    action->syntaxversion = 2;
    if (action->name == NULL || action->target == NULL) {
        mig_action_free(action);
        return NULL;
    }
    return action;
}

int
mig_action_add_signature(struct mig_action *action, const char *oneline)
{
    char **grown;

    if (action->signatures_count >= MIG_ACTION_MAX_SIGNATURES)
        return MIG_E_LIMIT;
    grown = reallocarray(action->signatures, action->signatures_count + 1, sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    action->signatures = grown;
    grown[action->signatures_count] = strdup(oneline);
    if (grown[action->signatures_count] == NULL)
        return -ENOMEM;
    action->signatures_count++;
    return 0;
}

/* Appends an operation without flags; *ret_op belongs to the action. */
static int
append_operation(struct mig_action *action, const char *module, const char *parameters, size_t len,
                 struct mig_operation **ret_op, struct mig_err *err)
{
    static const struct mig_json_limits limits = {.max_bytes = MIG_PARAMETERS_MAX};
    struct mig_operation op = {.module = strdup(module)};
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_operation *grown;
    int rc = mig_json_canonical(parameters, len, &limits, &text, err);

    if (rc != 0)
        goto out;
    if (text.len > MIG_PARAMETERS_MAX) {
        rc = mig_err_set(err, MIG_E_LIMIT, "parameters have %zu bytes, at most %u are allowed",
                         text.len, MIG_PARAMETERS_MAX);
        goto out;
    }
    op.parameters = mig_buf_take(&text, &op.parameters_len);
    grown = reallocarray(action->operations, action->operations_count + 1, sizeof *grown);
    if (grown != NULL)
        action->operations = grown;
    if (grown == NULL || op.module == NULL || op.parameters == NULL) {
        rc = mig_err_set(err, -ENOMEM, "operation of module %s: out of memory", module);
        goto out;
    }
    grown[action->operations_count] = op;
    *ret_op = &grown[action->operations_count++];
    op = (struct mig_operation){0};
out:
    operation_fini(&op);
    mig_buf_fini(&text);
    return rc;
}

int
mig_action_add_operation(struct mig_action *action, const char *module, const char *parameters,
                         size_t len, struct mig_err *err)
{
    struct mig_operation *op;

    if (action->operations_count >= MIG_ACTION_MAX_OPERATIONS)
        return mig_err_set(err, MIG_E_LIMIT, "an action holds at most %u operations",
                           MIG_ACTION_MAX_OPERATIONS);
    return append_operation(action, module, parameters, len, &op, err);
}

/* `text` is the operation as it came: parameters are cut from it, json-c would round numbers. */
static int
parse_operation(struct mig_action *action, struct json_object *obj, const char *text, size_t len,
                struct mig_err *err)
{
    const char *module = "";
    const char *parameters = "null";
    size_t parameters_len = 4;
    struct mig_operation *op;
    int compressed = 0;
    int want = 0;
    int rc;

    if (!json_object_is_type(obj, json_type_object))
        return mig_err_set(err, MIG_E_INVALID, "expected an object, found %s",
                           json_type_to_name(json_object_get_type(obj)));
    rc = mig_fields_exact(obj, operation_fields, err);
    if (rc == 0)
        rc = mig_json_get_string(obj, "module", 0, &module, err);
    if (rc == 0)
        rc = mig_json_get_bool(obj, "is_compressed", 0, &compressed, err);
    if (rc == 0)
        rc = mig_json_get_bool(obj, "want_compressed", 0, &want, err);
    if (rc != 0)
        return rc;
    (void)mig_json_raw_member(text, len, "parameters", &parameters, &parameters_len);
    if (compressed && parameters[0] != '"')
        return mig_err_set(err, MIG_E_INVALID,
                           "is_compressed is set and the parameters are not a string");
    rc = append_operation(action, module, parameters, parameters_len, &op, err);
    if (rc != 0)
        return rc;
    op->is_compressed = compressed;
    op->want_compressed = want;
    return 0;
}

static int
parse_operations(struct mig_action *action, struct json_object *obj, const char *json, size_t len,
                 struct mig_err *err)
{
    struct json_object *list = NULL;
    const char *text;
    size_t text_len;
    size_t cursor = 0;
    size_t count;
    int rc;

    json_object_object_get_ex(obj, "operations", &list);
    if (list != NULL && !json_object_is_type(list, json_type_array))
        return mig_err_set(err, MIG_E_INVALID, "field \"operations\": expected an array, found %s",
                           json_type_to_name(json_object_get_type(list)));
    count = list != NULL ? json_object_array_length(list) : 0;
    if (count == 0)
        return mig_err_set(err, MIG_E_INVALID,
                           "action operations is empty: there is no operation to run");
    if (count > MIG_ACTION_MAX_OPERATIONS)
        return mig_err_set(err, MIG_E_LIMIT, "action has %zu operations, at most %u are allowed",
                           count, MIG_ACTION_MAX_OPERATIONS);
    rc = mig_json_raw_member(json, len, "operations", &text, &text_len);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const char *at;
        size_t at_len;
        rc = mig_json_raw_next(text, text_len, &cursor, &at, &at_len);
        if (rc != 0)
            return mig_err_set(err, rc, "operation %zu can not be found in the text", i + 1);
        rc = parse_operation(action, json_object_array_get_idx(list, i), at, at_len, err);
        if (rc != 0)
            mig_err_prefix(err, "operation %zu", i + 1);
    }
    return rc;
}

static int
parse_signatures(struct mig_action *action, struct json_object *obj, struct mig_err *err)
{
    struct json_object *list = NULL;
    size_t count;

    if (!json_object_object_get_ex(obj, "pgpsignatures", &list) || list == NULL)
        return 0;
    if (!json_object_is_type(list, json_type_array))
        return mig_err_set(err, MIG_E_INVALID,
                           "field \"pgpsignatures\": expected an array, found %s",
                           json_type_to_name(json_object_get_type(list)));
    count = json_object_array_length(list);
    if (count > MIG_ACTION_MAX_SIGNATURES)
        return mig_err_set(err, MIG_E_LIMIT, "action has %zu signatures, at most %u are allowed",
                           count, MIG_ACTION_MAX_SIGNATURES);
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        const char *text = json_object_get_string(item);
        int rc;
        if (!json_object_is_type(item, json_type_string) ||
            strlen(text) != (size_t)json_object_get_string_len(item))
            return mig_err_set(err, MIG_E_INVALID, "signature %zu: expected a line of armor",
                               i + 1);
        rc = mig_action_add_signature(action, text);
        if (rc != 0)
            return mig_err_set(err, rc, "signature %zu: out of memory", i + 1);
    }
    return 0;
}

static int
parse_times(struct mig_action *action, struct json_object *obj, struct mig_err *err)
{
    const struct {
        const char *key;
        struct mig_time *to;
    } times[] = {
        {"validfrom", &action->validfrom},           {"expireafter", &action->expireafter},
        {"starttime", &action->starttime},           {"finishtime", &action->finishtime},
        {"lastupdatetime", &action->lastupdatetime},
    };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof times / sizeof times[0]; i++)
        rc = mig_fields_time(obj, times[i].key, times[i].to, err);
    return rc;
}

static int
parse_fields(struct mig_action *action, struct json_object *obj, struct mig_err *err)
{
    struct json_object *status = NULL;
    int rc = mig_fields_id(obj, "id", &action->id, err);

    if (rc == 0)
        rc = mig_fields_text(obj, "name", MIG_ACTION_MAX_NAME, &action->name, err);
    if (rc == 0)
        rc = mig_fields_text(obj, "target", MIG_ACTION_MAX_NAME, &action->target, err);
    if (rc == 0 && json_object_object_get_ex(obj, "status", &status) && status != NULL)
        rc = mig_fields_text(obj, "status", 256, &action->status, err);
    if (rc == 0)
        rc = mig_json_get_int64(obj, "syntaxversion", 0, &action->syntaxversion, err);
    if (rc == 0)
        rc = mig_fields_child(obj, "description", json_type_object, &action->description, err);
    if (rc == 0)
        rc = mig_fields_child(obj, "threat", json_type_object, &action->threat, err);
    if (rc == 0)
        rc = mig_fields_child(obj, "investigators", json_type_array, &action->investigators, err);
    if (rc == 0)
        rc = mig_fields_child(obj, "counters", json_type_object, &action->counters, err);
    return rc;
}

int
mig_action_parse(const char *json, size_t len, struct mig_action **ret, struct mig_err *err)
{
    struct mig_action *action = NULL;
    struct json_object *obj = NULL;
    int rc = mig_json_parse(json, len, &action_limits, &obj, err);

    if (rc != 0)
        goto out;
    if (!json_object_is_type(obj, json_type_object)) {
        rc = mig_err_set(err, MIG_E_INVALID, "expected an object, found an array");
        goto out;
    }
    action = empty_action();
    if (action == NULL) {
        rc = mig_err_set(err, -ENOMEM, "out of memory");
        goto out;
    }
    rc = mig_fields_exact(obj, action_fields, err);
    if (rc == 0)
        rc = parse_fields(action, obj, err);
    if (rc == 0)
        rc = parse_times(action, obj, err);
    if (rc == 0)
        rc = parse_signatures(action, obj, err);
    if (rc == 0)
        rc = parse_operations(action, obj, json, len, err);
    if (rc == 0) {
        *ret = action;
        action = NULL;
    }
out:
    if (rc != 0)
        mig_err_prefix(err, "action");
    mig_action_free(action);
    json_object_put(obj);
    return rc;
}

/* The signed text does not escape name and target, so with such a text in one of them another name
 * and target would give the same bytes: a signature could be moved to a target it was not made for.
 */
static int
check_ambiguous(const char *what, const char *text, struct mig_err *err)
{
    static const char *const marks[] = {";target=", ";validfrom="};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (strstr(text, marks[i]) != NULL)
            return mig_err_set(err, MIG_E_INVALID,
                               "action %s holds '%s': the signed text could be read in two ways; "
                               "word it differently",
                               what, marks[i]);
    }
    return 0;
}

static int
check_form(const struct mig_action *action, struct mig_err *err)
{
    int rc;

    if (action->name[0] == '\0')
        return mig_err_set(err, MIG_E_INVALID, "action name is empty");
    if (action->target[0] == '\0')
        return mig_err_set(err, MIG_E_INVALID, "action target is empty");
    rc = check_ambiguous("name", action->name, err);
    if (rc == 0)
        rc = check_ambiguous("target", action->target, err);
    if (rc != 0)
        return rc;
    if (action->syntaxversion != 2)
        return mig_err_set(err, MIG_E_INVALID, "wring syntax version, expected 2");
    if (action->operations_count == 0)
        return mig_err_set(err, MIG_E_INVALID,
                           "action operations is empty: there is no operation to run");
    for (size_t i = 0; i < action->operations_count; i++) {
        if (action->operations[i].module[0] == '\0')
            return mig_err_set(err, MIG_E_INVALID, "operation %zu: module is empty", i + 1);
    }
    return 0;
}

int
mig_action_check(const struct mig_action *action, struct mig_time now, unsigned flags,
                 struct mig_err *err)
{
    int rc = check_form(action, err);

    if (rc != 0)
        return rc;
    if (mig_time_compare(action->validfrom, action->expireafter) > 0)
        return mig_err_set(err, MIG_E_INVALID, "action expireafter is set before action validfrom");
    if ((flags & MIG_ACTION_CHECK_SIGNATURES) && action->signatures_count == 0)
        return mig_err_set(err, MIG_E_INVALID, "action pgpsignatures is empty");
    if (mig_time_compare(now, action->expireafter) > 0)
        return mig_err_set(err, MIG_E_WINDOW, "action expireafter is in the past");
    if ((flags & MIG_ACTION_CHECK_STARTED) && mig_time_compare(now, action->validfrom) < 0)
        return mig_err_set(err, MIG_E_WINDOW, "Action ValidFrom date is in the future");
    return 0;
}
