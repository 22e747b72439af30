/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

static const struct {
    const char *member;
    const char *name;
} checks[] = {
    {"names", "name"}, {"libraries", "library"}, {"bytes", "byte"}, {"contents", "content"}};

static void
write_found(FILE *line, struct json_object *process, struct json_object *search, const char *label)
{
    struct json_object *options = json_object_object_get(search, "options");
    struct json_object *values;
    size_t i, j;

    fprintf(line, "%s [pid:%.0f] in search '%s'",
            json_object_get_string(json_object_object_get(process, "name")),
            json_object_get_double(json_object_object_get(process, "pid")), label);
    if (json_object_get_boolean(json_object_object_get(options, "matchall")))
        return;
    fputs(" on checks", line);
    for (i = 0; i < MIG_COUNT(checks); i++) {
        values = json_object_object_get(search, checks[i].member);
        for (j = 0;
             json_object_is_type(values, json_type_array) && j < json_object_array_length(values);
             j++)
            fprintf(line, " %s='%s'", checks[i].name, mig_json_string_at(values, j));
    }
}

/* What processes are called must not forge lines or steer the terminal. */
static int
output_line(const struct mig_host *host, const char *text)
{
    char *line = mig_text_line(text);
    int code = line != NULL ? host->output(host, line, strlen(line)) : -ENOMEM;

    free(line);
    return code;
}

static int
print_element(const struct mig_host *host, struct json_object *element, const char *label,
              uint32_t flags)
{
    struct json_object *process = json_object_object_get(element, "process");
    const char *name = json_object_get_string(json_object_object_get(process, "name"));
    char *text = NULL;
    size_t size = 0;
    FILE *line;
    int code;

    if (name == NULL || *name == '\0') {
        if (flags & MIG_PRINT_FOUND_ONLY)
            return 0;
        return mig_print(host, "0 match found in search '%s'", label);
    }
    line = open_memstream(&text, &size);
    if (line == NULL)
        return -ENOMEM;
    write_found(line, process, json_object_object_get(element, "search"), label);
    code = fclose(line) == 0 ? output_line(host, text) : -ENOMEM;
    free(text);
    return code;
}

static int
print_elements(const struct mig_host *host, struct json_object *elements, uint32_t flags)
{
    size_t i;
    int code = 0;

    if (!json_object_is_type(elements, json_type_object))
        return 0;
    json_object_object_foreach(elements, label, list)
    {
        if (!json_object_is_type(list, json_type_array))
            return mig_refuse(host, -EINVAL, "elements of search '%s' must be an array", label);
        for (i = 0; code == 0 && i < json_object_array_length(list); i++)
            code = print_element(host, json_object_array_get_idx(list, i), label, flags);
    }
    return code;
}

static void
print_rest(const struct mig_host *host, struct json_object *result)
{
    struct json_object *statistics = json_object_object_get(result, "statistics");
    struct json_object *failures = json_object_object_get(statistics, "failures");
    const char *time = json_object_get_string(json_object_object_get(statistics, "exectime"));
    size_t count =
        json_object_is_type(failures, json_type_array) ? json_object_array_length(failures) : 0;

    mig_print_member(host, result, "errors", "");
    mig_print_member(host, statistics, "failures", "Failure: ");
    mig_print(host, "Statistics: %.0f processes checked, %.0f matched, %zu failures, ran in %s.",
              json_object_get_double(json_object_object_get(statistics, "processcount")),
              json_object_get_double(json_object_object_get(statistics, "totalhits")), count,
              time != NULL ? time : "");
}

int
memory_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL;
    int code = mig_json_parameters(host, result, length, &object);

    if (code == 0)
        code = print_elements(host, json_object_object_get(object, "elements"), flags);
    if (code == 0 && (flags & MIG_PRINT_FOUND_ONLY) == 0)
        print_rest(host, object);
    json_object_put(object);
    return code;
}
