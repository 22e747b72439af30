/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "cancel.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "client.h"
#include "document/action.h"
#include "document/cancel.h"

const char mig_cancel_help[] =
    "usage: mig cancel [options] ID\n"
    "\n"
    "Stops the action ID: the platform sends it to nobody else, and the agents that are at it\n"
    "stop, as they are told by an action of its own that you sign. Their commands end as\n"
    "cancelled, with what they had found until then. The target is that of the action, unless\n"
    "-t gives another one. Agents ask for the weight that their access control list gives to\n"
    "`cancel`.\n";

int
mig_cancel_id(const char *const args[], size_t count, int64_t *ret, struct mig_err *err)
{
    char *end = NULL;
    int64_t id = 0;

    errno = 0;
    if (count == 1 && args[0][0] >= '0' && args[0][0] <= '9')
        id = strtoll(args[0], &end, 10);
    if (count != 1 || !end || *end || errno || id < 1)
        return mig_err_set(
            err, MIG_E_INVALID, "mig cancel takes one argument, the id of an action%s%.80s%s",
            count == 1 ? ", not '" : "", count == 1 ? args[0] : "", count == 1 ? "'" : "");
    *ret = id;
    return 0;
}

static int
read_action(struct json_object *items, int64_t id, struct mig_action **ret, struct mig_err *err)
{
    struct json_object *value = NULL;
    char *text;
    int code;

    if (items && json_object_array_length(items) > 0)
        value = mig_client_data(json_object_array_get_idx(items, 0), "action");
    text = value ? mig_json_text(value) : NULL;
    if (!text)
        return mig_err_set(err, MIG_E_PROTOCOL, "the API shows no action %" PRId64, id);
    code = mig_action_parse(text, strlen(text), ret, err);
    free(text);
    return code < 0 ? mig_err_prefix(err, "action %" PRId64, id) : 0;
}

static int
make_parameters(const struct mig_action *action, int64_t id, struct mig_buf *out,
                struct mig_err *err)
{
    struct mig_cancel cancel = {.action_id = id, .has_digest = 1};
    struct mig_buf text = MIG_BUF_INIT;
    int code = mig_action_signed_text(action, &text);

    if (code == 0 && !EVP_Digest(text.data, text.len, cancel.digest, NULL, EVP_sha256(), NULL))
        code = mig_err_set(err, MIG_E_CRYPTO, "SHA-256 is not available");
    if (code == 0)
        code = mig_cancel_json(&cancel, out);
    mig_buf_fini(&text);
    return code == -ENOMEM ? mig_err_errno(err, ENOMEM, "action %" PRId64, id) : code;
}

int
mig_cancel_look_up(struct mig_client *client, int64_t id, struct mig_buf *target,
                   struct mig_buf *parameters, struct mig_err *err)
{
    struct json_object *items = NULL;
    struct mig_action *action = NULL;
    char path[64];
    int code;

    snprintf(path, sizeof(path), "action?actionid=%" PRId64, id);
    code = mig_client_get(client, path, &items, err);
    if (code == 0)
        code = read_action(items, id, &action, err);
    if (code == 0)
        code = make_parameters(action, id, parameters, err);
    if (code == 0 && mig_buf_adds(target, action->target) < 0)
        code = mig_err_errno(err, ENOMEM, "action %" PRId64, id);
    if (code == 0)
        fprintf(stderr, "action %" PRId64 " is \"%.200s\", for %.500s\n", id, action->name,
                action->target);
    mig_action_free(action);
    json_object_put(items);
    return code;
}

int
mig_cancel_tell(struct mig_client *client, int64_t id, struct mig_err *err)
{
    struct json_object *items = NULL;
    char value[24];
    int code;

    snprintf(value, sizeof(value), "%" PRId64, id);
    code = mig_client_post(client, "action/cancel/", "actionid", value, strlen(value), &items, err);
    json_object_put(items);
    if (code < 0 && strstr(err->text, "is over")) {
        fprintf(stderr, "[notice] for the platform it is over; agents are asked all the same\n");
        return 0;
    }
    return code;
}

int
mig_cancel_print(const void *result, size_t len, struct mig_buf *out, struct mig_err *err)
{
    struct json_object *object = NULL, *elements = NULL, *errors = NULL;
    int64_t commands = 0, stopped = 0, unstarted = 0;
    int code = mig_json_parse(result, len, NULL, &object, err);

    if (code < 0)
        return code;
    if (json_object_object_get_ex(object, "elements", &elements) &&
        json_object_is_type(elements, json_type_object) &&
        mig_json_get_int64(elements, "commands", 1, &commands, NULL) == 0) {
        mig_json_get_int64(elements, "stopped", 0, &stopped, NULL);
        mig_json_get_int64(elements, "notstarted", 0, &unstarted, NULL);
        mig_buf_addf(out, "cancelled: %" PRId64 " operations stopped, %" PRId64 " not started\n",
                     stopped, unstarted);
    }
    if (json_object_object_get_ex(object, "errors", &errors) &&
        json_object_is_type(errors, json_type_array))
        for (size_t i = 0; i < json_object_array_length(errors); i++)
            mig_buf_addf(out, "[error] %s\n",
                         json_object_get_string(json_object_array_get_idx(errors, i)));
    json_object_put(object);
    return out->failed ? mig_err_errno(err, ENOMEM, "result") : 0;
}
