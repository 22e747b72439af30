/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "document/fields.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

#define ID_MAX (1LL << 53)

/* One character as Go folds field names: ASCII case, and the two letters beyond ASCII whose simple
 * case folding is ASCII, U+017F (long s) and U+212A (Kelvin sign). */
static int
fold_next(const char **at)
{
    unsigned char c = (unsigned char)**at;

    if (strncmp(*at, "\xc5\xbf", 2) == 0) {
        *at += 2;
        return 's';
    }
    if (strncmp(*at, "\xe2\x84\xaa", 3) == 0) {
        *at += 3;
        return 'k';
    }
    (*at)++;
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool
same_folded(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (fold_next(&a) != fold_next(&b))
            return false;
    }
    return *a == *b;
}

int
mig_fields_exact(struct json_object *obj, const char *const names[], struct mig_err *err)
{
    json_object_object_foreach(obj, key, value)
    {
        (void)value;
        for (size_t i = 0; names[i] != NULL; i++) {
            if (strcmp(key, names[i]) != 0 && same_folded(key, names[i]))
                return mig_err_set(err, MIG_E_INVALID,
                                   "unknown field \"%s\": field names are matched exactly, write "
                                   "\"%s\"",
                                   key, names[i]);
        }
    }
    return 0;
}

int
mig_fields_text(struct json_object *obj, const char *key, size_t max, char **ret,
                struct mig_err *err)
{
    const char *text = "";
    char *copy;
    int rc = mig_json_get_string(obj, key, 0, &text, err);

    if (rc != 0)
        return rc;
    if (strlen(text) > max)
        return mig_err_set(err, MIG_E_LIMIT, "field \"%s\" has %zu bytes, at most %zu are allowed",
                           key, strlen(text), max);
    copy = strdup(text);
    if (copy == NULL)
        return mig_err_set(err, -ENOMEM, "field \"%s\": out of memory", key);
    *ret = copy;
    return 0;
}

int
mig_fields_time(struct json_object *obj, const char *key, struct mig_time *ret, struct mig_err *err)
{
    const char *text = NULL;
    int rc = mig_json_get_string(obj, key, 0, &text, err);

    if (rc != 0 || text == NULL)
        return rc;
    if (mig_time_parse(text, strlen(text), ret) != 0)
        return mig_err_set(err, MIG_E_INVALID,
                           "field \"%s\": expected a time such as 2006-01-02T15:04:05Z, found "
                           "\"%.64s\"",
                           key, text);
    return 0;
}

int
mig_fields_child(struct json_object *obj, const char *key, enum json_type type,
                 struct json_object **ret, struct mig_err *err)
{
    struct json_object *value = NULL;

    if (!json_object_object_get_ex(obj, key, &value) || value == NULL)
        return 0;
    if (!json_object_is_type(value, type))
        return mig_err_set(err, MIG_E_INVALID, "field \"%s\": expected an %s, found %s", key,
                           json_type_to_name(type), json_type_to_name(json_object_get_type(value)));
    *ret = json_object_get(value);
    return 0;
}

int
mig_fields_id(struct json_object *obj, const char *key, int64_t *ret, struct mig_err *err)
{
    int64_t id = *ret;
    int rc = mig_json_get_int64(obj, key, 0, &id, err);

    if (rc != 0)
        return rc;
    if (id < 0 || id > ID_MAX)
        return mig_err_set(err, MIG_E_INVALID, "field \"%s\": expected 0 to 2^53, found %lld", key,
                           (long long)id);
    *ret = id;
    return 0;
}

void
mig_fields_add_text(struct mig_buf *out, const char *key, const char *text)
{
    mig_buf_addf(out, "\"%s\":", key);
    mig_json_add_string(out, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

void
mig_fields_add_time(struct mig_buf *out, const char *key, struct mig_time t)
{
    char text[MIG_TIME_TEXT];

    mig_time_format(t, text);
    mig_buf_addf(out, "\"%s\":\"%s\"", key, text);
}

void
mig_fields_add_child(struct mig_buf *out, const char *key, struct json_object *obj,
                     const char *absent)
{
    const char *text = absent;

    if (obj != NULL)
        text = json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
                                                       JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text == NULL) {
        out->failed = true;
        return;
    }
    mig_buf_addf(out, "\"%s\":", key);
    mig_buf_adds(out, text);
}
