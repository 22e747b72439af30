/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "document/cancel.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/json.h"

static int
parse_digest(const char *text, struct mig_cancel *ret, struct mig_err *err)
{
    int good = strlen(text) == (size_t)2 * MIG_CANCEL_DIGEST;

    for (size_t i = 0; good && i < MIG_CANCEL_DIGEST; i++) {
        int high = mig_hex_digit(text[2 * i]), low = mig_hex_digit(text[2 * i + 1]);

        good = high >= 0 && low >= 0;
        ret->digest[i] = (unsigned char)(good ? high << 4 | low : 0);
    }
    ret->has_digest = good;
    return good ? 0
                : mig_err_set(err, MIG_E_INVALID,
                              "cancel: sha256 is '%.80s', expected 64 hexadecimal digits", text);
}

static int
read_members(struct json_object *object, struct mig_cancel *ret, struct mig_err *err)
{
    const char *digest = NULL;
    int rc;

    json_object_object_foreach(object, key, value)
    {
        (void)value;
        if (strcmp(key, "actionid") != 0 && strcmp(key, "sha256") != 0)
            return mig_err_set(err, MIG_E_INVALID,
                               "cancel: unknown parameter '%.64s', expected actionid and sha256",
                               key);
    }
    rc = mig_json_get_int64(object, "actionid", 1, &ret->action_id, err);
    if (rc == 0 && ret->action_id < 1)
        rc = mig_err_set(err, MIG_E_INVALID,
                         "actionid is %" PRId64 ", expected the id of an action", ret->action_id);
    if (rc == 0)
        rc = mig_json_get_string(object, "sha256", 0, &digest, err);
    if (rc < 0)
        return mig_err_prefix(err, "cancel");
    return digest ? parse_digest(digest, ret, err) : 0;
}

int
mig_cancel_parse(const char *json, size_t len, struct mig_cancel *ret, struct mig_err *err)
{
    const struct mig_json_limits limits = {.max_bytes = 4096, .max_depth = 4};
    struct mig_cancel cancel = {0};
    struct json_object *object = NULL;
    int rc = mig_json_parse(json, len, &limits, &object, err);

    if (rc < 0)
        return mig_err_prefix(err, "cancel");
    rc = json_object_is_type(object, json_type_object)
             ? read_members(object, &cancel, err)
             : mig_err_set(err, MIG_E_INVALID, "cancel: expected {\"actionid\": …}");
    json_object_put(object);
    if (rc == 0)
        *ret = cancel;
    return rc;
}

int
mig_cancel_json(const struct mig_cancel *cancel, struct mig_buf *out)
{
    mig_buf_addf(out, "{\"actionid\":%" PRId64, cancel->action_id);
    if (cancel->has_digest) {
        mig_buf_adds(out, ",\"sha256\":\"");
        for (size_t i = 0; i < MIG_CANCEL_DIGEST; i++)
            mig_buf_addf(out, "%02x", cancel->digest[i]);
        mig_buf_addc(out, '"');
    }
    return mig_buf_addc(out, '}');
}
