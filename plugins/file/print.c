/* SPDX-License-Identifier: MPL-2.0 */
#include "file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

/* The order of the values behind " on checks". */
static const struct {
    const char *member;
    const char *name;
} checks[] = {
    {"names", "name"},   {"sizes", "size"},       {"modes", "mode"},
    {"mtimes", "mtime"}, {"contents", "content"}, {"md5", "md5"},
    {"sha1", "sha1"},    {"sha2", "sha2"},        {"sha3", "sha3"},
};

static const char *
string_of(struct json_object *object, const char *member)
{
    const char *text = json_object_get_string(json_object_object_get(object, member));

    return text != NULL ? text : "";
}

static void
write_checks(FILE *line, struct json_object *search)
{
    struct json_object *values;
    size_t i;
    size_t j;

    fputs(" on checks", line);
    for (i = 0; i < MIG_COUNT(checks); i++) {
        values = json_object_object_get(search, checks[i].member);
        for (j = 0;
             json_object_is_type(values, json_type_array) && j < json_object_array_length(values);
             j++)
            fprintf(line, " %s='%s'", checks[i].name, mig_json_string_at(values, j));
    }
}

static void
write_found(FILE *line, struct json_object *element, const char *label)
{
    struct json_object *info = json_object_object_get(element, "fileinfo");
    struct json_object *search = json_object_object_get(element, "search");
    struct json_object *options = json_object_object_get(search, "options");
    const char *sha256 = string_of(info, "sha256");

    fprintf(line, "%s [lastmodified:%s, mode:%s, size:%.0f", string_of(element, "file"),
            string_of(info, "lastmodified"), string_of(info, "mode"),
            json_object_get_double(json_object_object_get(info, "size")));
    if (*sha256 != '\0')
        fputs(", sha256:", line);
    for (; *sha256 != '\0'; sha256++)
        fputc(tolower((unsigned char)*sha256), line);
    fprintf(line, "] in search '%s'", label);
    if (!json_object_get_boolean(json_object_object_get(options, "matchall")))
        write_checks(line, search);
}

/* What files are called must not forge lines or steer the terminal. */
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
    char *text = NULL;
    size_t size = 0;
    FILE *line;
    int found = *string_of(element, "file") != '\0';
    int code = 0;

    if (!found && (flags & MIG_PRINT_FOUND_ONLY))
        return 0;
    line = open_memstream(&text, &size);
    if (line == NULL)
        return -ENOMEM;
    if (found)
        write_found(line, element, label);
    else
        fprintf(line, "0 match found in search '%s'", label);
    if (fclose(line) != 0)
        code = -ENOMEM;
    if (code == 0)
        code = output_line(host, text);
    free(text);
    return code;
}

static int
print_errors(const struct mig_host *host, struct json_object *result)
{
    struct json_object *errors = NULL;
    size_t i;
    int code = mig_json_get_strings(host, result, "errors", &errors);

    for (i = 0; code > 0 && i < json_object_array_length(errors); i++)
        output_line(host, mig_json_string_at(errors, i));
    return code < 0 ? code : 0;
}

static void
print_statistics(const struct mig_host *host, struct json_object *statistics)
{
    mig_print(host, "Statistics: %.0f files checked, %.0f failed to open, %.0f matched, ran in %s.",
              json_object_get_double(json_object_object_get(statistics, "filescount")),
              json_object_get_double(json_object_object_get(statistics, "openfailed")),
              json_object_get_double(json_object_object_get(statistics, "totalhits")),
              string_of(statistics, "exectime"));
}

/* A line a search: "Not looked at in search 's1': 3 permission, 1 depth". */
static int
print_skipped(const struct mig_host *host, struct json_object *statistics)
{
    struct json_object *skipped = json_object_object_get(statistics, "skipped");
    char *text = NULL;
    size_t size = 0;
    FILE *line;
    int code = 0;

    if (!json_object_is_type(skipped, json_type_object))
        return 0;
    json_object_object_foreach(skipped, label, counts)
    {
        const char *separator = ": ";

        if (!json_object_is_type(counts, json_type_object) ||
            json_object_object_length(counts) == 0 || (line = open_memstream(&text, &size)) == NULL)
            continue;
        fprintf(line, "Not looked at in search '%s'", label);
        json_object_object_foreach(counts, why, count)
        {
            fprintf(line, "%s%.0f %s", separator, json_object_get_double(count), why);
            separator = ", ";
        }
        if (fclose(line) != 0)
            return -ENOMEM;
        code = output_line(host, text);
        free(text);
        text = NULL;
    }
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

int
file_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL;
    int code = mig_json_parameters(host, result, length, &object);

    if (code == 0)
        code = print_elements(host, json_object_object_get(object, "elements"), flags);
    if (code == 0 && (flags & MIG_PRINT_FOUND_ONLY) == 0) {
        code = print_errors(host, object);
        print_statistics(host, json_object_object_get(object, "statistics"));
        print_skipped(host, json_object_object_get(object, "statistics"));
    }
    json_object_put(object);
    return code;
}
