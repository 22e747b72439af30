/* SPDX-License-Identifier: MPL-2.0 */
#include "scribe.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

static bool
is_true(struct json_object *object, const char *member)
{
    return json_object_get_boolean(json_object_object_get(object, member));
}

static const char *
word(struct json_object *object, const char *member)
{
    return is_true(object, member) ? "true" : "false";
}

/* For a terminal, to be freed. */
static char *
line_of(struct json_object *object, const char *member)
{
    char *line = mig_text_line(scribe_text(object, member));

    return line != NULL ? line : calloc(1, 1);
}

static void
print_lines(const struct mig_host *host, struct json_object *result, const char *id,
            const char *name, const char *error)
{
    struct json_object *list = json_object_object_get(result, "results");

    mig_print(host, "master [%s] name:\"%s\" id:\"%s\" hastrue:%s error:\"%s\"",
              word(result, "masterresult"), name, id, word(result, "hastrueresults"), error);
    for (size_t i = 0;
         json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        char *identifier = line_of(one, "identifier");
        if (json_object_is_type(one, json_type_object))
            mig_print(host, "sub [%s] name:\"%s\" id:\"%s\" identifier:\"%s\"", word(one, "result"),
                      name, id, identifier);
        free(identifier);
    }
}

static void
print_human(const struct mig_host *host, struct json_object *result, const char *id,
            const char *name, const char *error)
{
    struct json_object *list = json_object_object_get(result, "results");

    mig_print(host, "result for \"%s\" (%s)", name, id);
    mig_print(host, "\tmaster result: %s%s", word(result, "masterresult"),
              !is_true(result, "masterresult") && is_true(result, "hastrueresults")
                  ? ", has true results, failure caused by dependency"
                  : "");
    if (is_true(result, "iserror"))
        mig_print(host, "\t[error] error: %s", error);
    for (size_t i = 0;
         json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        char *identifier = line_of(one, "identifier");
        if (json_object_is_type(one, json_type_object))
            mig_print(host, "\t[%s] identifier: %s", word(one, "result"), identifier);
        free(identifier);
    }
}

static void
print_result(const struct mig_host *host, struct json_object *elements, struct json_object *result)
{
    char *id = line_of(result, "testid"), *name = line_of(result, "name");
    char *error = line_of(result, "error"), *text;

    if (is_true(elements, "jsonoutput")) {
        text = mig_text_line(json_object_to_json_string_ext(
            result, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        mig_print(host, "%s", text != NULL ? text : "");
        free(text);
    } else if (is_true(elements, "humanoutput")) {
        print_human(host, result, id, name, error);
    } else {
        print_lines(host, result, id, name, error);
    }
    free(id);
    free(name);
    free(error);
}

int
scribe_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL, *elements, *list = NULL;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    elements = json_object_object_get(object, "elements");
    if (json_object_is_type(elements, json_type_object))
        list = json_object_object_get(elements, "results");
    for (size_t i = 0;
         json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++)
        if (json_object_is_type(json_object_array_get_idx(list, i), json_type_object))
            print_result(host, elements, json_object_array_get_idx(list, i));
    if ((flags & MIG_PRINT_FOUND_ONLY) == 0)
        mig_print_member(host, object, "errors", "error: ");
    json_object_put(object);
    return 0;
}
