/* SPDX-License-Identifier: MPL-2.0 */
/* Documents as json-c objects. json-c is lenient; nothing reaches it that the scanner did not pass.
 */
#include "config.h"

#include "base/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

int
mig_json_parse(const char *text, size_t len, const struct mig_json_limits *limits,
               struct json_object **ret_obj, struct mig_err *err)
{
    unsigned depth =
        limits != NULL && limits->max_depth != 0 ? limits->max_depth : MIG_JSON_MAX_DEPTH;
    struct json_tokener *tok = NULL;
    struct json_object *obj = NULL;
    int rc = mig_json_check(text, len, limits, err);

    if (rc != 0)
        return rc;
    if (len > INT_MAX - 1)
        return mig_err_set(err, MIG_E_LIMIT, "JSON of %zu bytes, at most %d are allowed", len,
                           INT_MAX);
    tok = json_tokener_new_ex((int)(depth > 1000 ? 1000 : depth) + 2);
    if (tok == NULL)
        return mig_err_set(err, -ENOMEM, "JSON of %zu bytes: out of memory", len);
    obj = json_tokener_parse_ex(tok, text, (int)len);
    if (json_object_is_type(obj, json_type_object) || json_object_is_type(obj, json_type_array)) {
        *ret_obj = obj;
        obj = NULL;
    } else if (json_tokener_get_error(tok) == json_tokener_error_depth ||
               json_tokener_get_error(tok) == json_tokener_error_size) {
        rc = mig_err_set(err, MIG_E_LIMIT, "JSON: %s",
                         json_tokener_error_desc(json_tokener_get_error(tok)));
    } else {
        rc = mig_err_set(err, MIG_E_SYNTAX, "JSON: expected an object or an array");
    }
    json_object_put(obj);
    json_tokener_free(tok);
    return rc;
}

/* 1 when there is a value, 0 when it is absent or null and may be. */
static int
get(struct json_object *obj, const char *key, int required, struct json_object **ret,
    struct mig_err *err)
{
    struct json_object *value = NULL;

    if (!json_object_is_type(obj, json_type_object))
        return mig_err_set(err, MIG_E_INVALID, "expected an object with the field \"%s\", found %s",
                           key, json_type_to_name(json_object_get_type(obj)));
    if (!json_object_object_get_ex(obj, key, &value) || value == NULL) {
        if (required)
            return mig_err_set(err, MIG_E_INVALID, "field \"%s\" is missing", key);
        return 0;
    }
    *ret = value;
    return 1;
}

static int
wrong_type(struct json_object *value, const char *key, const char *expected, struct mig_err *err)
{
    return mig_err_set(err, MIG_E_INVALID, "field \"%s\": expected %s, found %s", key, expected,
                       json_type_to_name(json_object_get_type(value)));
}

int
mig_json_get_string(struct json_object *obj, const char *key, int required, const char **ret,
                    struct mig_err *err)
{
    struct json_object *value;
    const char *text;
    int rc = get(obj, key, required, &value, err);

    if (rc <= 0)
        return rc;
    if (!json_object_is_type(value, json_type_string))
        return wrong_type(value, key, "a string", err);
    text = json_object_get_string(value);
    if (strlen(text) != (size_t)json_object_get_string_len(value))
        return mig_err_set(err, MIG_E_INVALID, "field \"%s\": a NUL character is not allowed", key);
    *ret = text;
    return 0;
}

int
mig_json_get_int64(struct json_object *obj, const char *key, int required, int64_t *ret,
                   struct mig_err *err)
{
    struct json_object *value;
    int rc = get(obj, key, required, &value, err);
    double number;

    if (rc <= 0)
        return rc;
    if (json_object_is_type(value, json_type_int)) {
        /* json-c saturates what it can not hold. */
        int64_t n = json_object_get_int64(value);
        if (n == INT64_MAX || n == INT64_MIN)
            return mig_err_set(err, MIG_E_INVALID, "field \"%s\": the number is too large", key);
        *ret = n;
        return 0;
    }
    if (!json_object_is_type(value, json_type_double))
        return wrong_type(value, key, "a whole number", err);
    number = json_object_get_double(value);
    if (!(number > -9223372036854775808.0 && number < 9223372036854775808.0))
        return mig_err_set(err, MIG_E_INVALID, "field \"%s\": the number is too large", key);
    if (number != (double)(int64_t)number)
        return mig_err_set(err, MIG_E_INVALID, "field \"%s\": expected a whole number, found %g",
                           key, number);
    *ret = (int64_t)number;
    return 0;
}

int
mig_json_get_bool(struct json_object *obj, const char *key, int required, int *ret,
                  struct mig_err *err)
{
    struct json_object *value;
    int rc = get(obj, key, required, &value, err);

    if (rc <= 0)
        return rc;
    if (!json_object_is_type(value, json_type_boolean))
        return wrong_type(value, key, "true or false", err);
    *ret = json_object_get_boolean(value) ? 1 : 0;
    return 0;
}

char *
mig_json_text(struct json_object *obj)
{
    const char *text = json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
                                                               JSON_C_TO_STRING_NOSLASHESCAPE);

    return text != NULL ? strdup(text) : NULL;
}
