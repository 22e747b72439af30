/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/json.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

/* Above this a double no longer holds every whole number. */
#define NUMBER_MAX ((uint64_t)1 << 53)
#define PARAMETERS_DEPTH 64
#define MESSAGE_SIZE 1024

int
mig_refuse(const struct mig_host *host, int code, const char *format, ...)
{
    char message[MESSAGE_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    host->refuse(host, message);
    return code;
}

int
mig_json_parameters(const struct mig_host *host, const char *text, size_t length,
                    struct json_object **ret_object)
{
    struct json_tokener *tokener = NULL;
    struct json_object *object = NULL;
    int code = -EINVAL;

    if (length > INT32_MAX)
        return mig_refuse(host, -EINVAL, "parameters of %zu bytes are too long", length);
    tokener = json_tokener_new_ex(PARAMETERS_DEPTH);
    if (tokener == NULL)
        return mig_refuse(host, -ENOMEM, "no memory for the parameters");
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    object = json_tokener_parse_ex(tokener, text, (int)length);
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        mig_refuse(host, code, "parameters are not valid JSON at byte %zu: %s",
                   json_tokener_get_parse_end(tokener),
                   json_tokener_error_desc(json_tokener_get_error(tokener)));
        goto out;
    }
    if (!json_object_is_type(object, json_type_object)) {
        mig_refuse(host, code, "parameters must be a JSON object, not %s",
                   json_type_to_name(json_object_get_type(object)));
        goto out;
    }
    *ret_object = object;
    object = NULL;
    code = 0;
out:
    json_object_put(object);
    json_tokener_free(tokener);
    return code;
}

/* 1 with the member's value when it is there and not null. */
static int
get_member(struct json_object *object, const char *member, struct json_object **ret_value)
{
    struct json_object *value = NULL;

    if (object == NULL || !json_object_object_get_ex(object, member, &value) || value == NULL)
        return 0;
    *ret_value = value;
    return 1;
}

static int
refuse_type(const struct mig_host *host, const char *member, const char *expected,
            struct json_object *found)
{
    return mig_refuse(host, -EINVAL, "parameter '%s' must be %s, not %s", member, expected,
                      json_type_to_name(json_object_get_type(found)));
}

static bool
is_known(const char *member, const char *const known[], size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(known[i], member) == 0)
            return true;
    return false;
}

/* "a, b and c". */
static void
list_names(const char *const names[], size_t count, char *ret_text, size_t size)
{
    size_t used = 0;
    size_t i;

    ret_text[0] = '\0';
    for (i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s",
                                 i == 0           ? ""
                                 : i + 1 == count ? " and "
                                                  : ", ",
                                 names[i]);
}

int
mig_json_only(const struct mig_host *host, struct json_object *object, const char *where,
              const char *const known[], size_t count)
{
    char names[MESSAGE_SIZE / 2];

    if (object == NULL)
        return 0;
    if (!json_object_is_type(object, json_type_object))
        return mig_refuse(host, -EINVAL, "%s: expected an object, not %s",
                          where != NULL ? where : "parameters",
                          json_type_to_name(json_object_get_type(object)));
    json_object_object_foreach(object, member, value)
    {
        (void)value;
        if (is_known(member, known, count))
            continue;
        list_names(known, count, names, sizeof(names));
        return mig_refuse(host, -EINVAL, "%s%sunknown %s '%.100s', expected %s",
                          where != NULL ? where : "", where != NULL ? ": " : "",
                          where != NULL ? "member" : "parameter", member, names);
    }
    return 0;
}

int
mig_json_get_bool(const struct mig_host *host, struct json_object *object, const char *member,
                  bool *ret_value)
{
    struct json_object *value = NULL;

    if (get_member(object, member, &value) == 0)
        return 0;
    if (!json_object_is_type(value, json_type_boolean))
        return refuse_type(host, member, "true or false", value);
    *ret_value = json_object_get_boolean(value);
    return 1;
}

int
mig_json_get_number(const struct mig_host *host, struct json_object *object, const char *member,
                    uint64_t *ret_value)
{
    struct json_object *value = NULL;
    double number;

    if (get_member(object, member, &value) == 0)
        return 0;
    /* Go writes whole floats without a fraction, others may write 1e3 or 30.0. */
    if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
        return refuse_type(host, member, "a number", value);
    number = json_object_get_double(value);
    if (!(number >= 0) || number > (double)NUMBER_MAX || number != (double)(uint64_t)number)
        return mig_refuse(host, -EINVAL,
                          "parameter '%s' must be a whole number from 0 to 2^53, not %s", member,
                          json_object_get_string(value));
    *ret_value = (uint64_t)number;
    return 1;
}

int
mig_json_get_string(const struct mig_host *host, struct json_object *object, const char *member,
                    const char **ret_value)
{
    struct json_object *value = NULL;
    const char *text;

    if (get_member(object, member, &value) == 0)
        return 0;
    if (!json_object_is_type(value, json_type_string))
        return refuse_type(host, member, "a string", value);
    text = json_object_get_string(value);
    if (strlen(text) != (size_t)json_object_get_string_len(value))
        return mig_refuse(host, -EINVAL, "parameter '%s' holds a NUL character", member);
    *ret_value = text;
    return 1;
}

int
mig_json_get_strings(const struct mig_host *host, struct json_object *object, const char *member,
                     struct json_object **ret_array)
{
    struct json_object *array = NULL;
    struct json_object *item;
    size_t i;

    if (get_member(object, member, &array) == 0)
        return 0;
    if (!json_object_is_type(array, json_type_array))
        return refuse_type(host, member, "an array of strings", array);
    for (i = 0; i < json_object_array_length(array); i++) {
        item = json_object_array_get_idx(array, i);
        if (!json_object_is_type(item, json_type_string))
            return mig_refuse(host, -EINVAL, "parameter '%s[%zu]' must be a string, not %s", member,
                              i, json_type_to_name(json_object_get_type(item)));
        if (strlen(json_object_get_string(item)) != (size_t)json_object_get_string_len(item))
            return mig_refuse(host, -EINVAL, "parameter '%s[%zu]' holds a NUL character", member,
                              i);
    }
    *ret_array = array;
    return 1;
}

const char *
mig_json_string_at(struct json_object *array, size_t index)
{
    return array != NULL && index < json_object_array_length(array)
               ? json_object_get_string(json_object_array_get_idx(array, index))
               : NULL;
}

const char *
mig_json_text(struct json_object *value, size_t *ret_length)
{
    return json_object_to_json_string_length(
        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, ret_length);
}

typedef int hand_over_fn(const struct mig_host *host, const char *key, const char *json,
                         size_t length);

static int
hand_over(hand_over_fn *fn, const struct mig_host *host, const char *key, struct json_object *value)
{
    size_t length = 0;
    const char *text = value != NULL ? mig_json_text(value, &length) : NULL;
    int code = text != NULL ? fn(host, key, text, length) : -ENOMEM;

    json_object_put(value);
    return code;
}

int
mig_json_emit(const struct mig_host *host, const char *key, struct json_object *value)
{
    return hand_over(host->emit, host, key, value);
}

int
mig_json_set(const struct mig_host *host, const char *key, struct json_object *value)
{
    return hand_over(host->set, host, key, value);
}

int
mig_json_statistic(const struct mig_host *host, const char *key, struct json_object *value)
{
    return hand_over(host->statistic, host, key, value);
}

struct reply {
    const struct mig_host *host;
    int code;
};

static void
replied(void *context, const char *answer, size_t length)
{
    struct reply *reply = context;

    reply->code = reply->host->set(reply->host, NULL, answer, length);
    if (reply->code == 0)
        reply->host->found(reply->host, 1);
}

int
mig_ask_instance(const struct mig_host *host, const char *question, size_t length)
{
    struct reply reply = {host, 0};
    int code;

    if (!MIG_HOST_HAS(host, ask))
        return mig_refuse(host, -ENOSYS, "this host runs no persistent modules");
    code = host->ask(host, question, length, replied, &reply);
    return code < 0 ? code : reply.code;
}

typedef int take_text_fn(const struct mig_host *host, const char *text, size_t length);

static int
format_to(take_text_fn *fn, const struct mig_host *host, const char *format, va_list args)
{
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    int code;

    if (length < 0)
        return -ENOMEM;
    code = fn(host, text, (size_t)length);
    free(text);
    return code;
}

static int
take_error(const struct mig_host *host, const char *text, size_t length)
{
    (void)length;
    return host->error(host, text);
}

int
mig_error(const struct mig_host *host, const char *format, ...)
{
    va_list args;
    int code;

    va_start(args, format);
    code = format_to(take_error, host, format, args);
    va_end(args);
    return code;
}

int
mig_print(const struct mig_host *host, const char *format, ...)
{
    va_list args;
    int code;

    va_start(args, format);
    code = format_to(host->output, host, format, args);
    va_end(args);
    return code;
}

void
mig_print_member(const struct mig_host *host, struct json_object *object, const char *member,
                 const char *prefix)
{
    struct json_object *value = NULL;
    size_t i;

    if (get_member(object, member, &value) == 0)
        return;
    if (!json_object_is_type(value, json_type_array)) {
        mig_print(host, "%s%s", prefix, json_object_get_string(value));
        return;
    }
    for (i = 0; i < json_object_array_length(value); i++)
        mig_print(host, "%s%s", prefix, mig_json_string_at(value, i));
}
