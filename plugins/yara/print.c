/* SPDX-License-Identifier: MPL-2.0 */
/* The original's lines; a process has its id behind its executable. */
#include "config.h"

#include "yara_module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

static int
print_line(const struct mig_host *host, const char *text)
{
    char *line = mig_text_line(text);
    int code = line != NULL ? mig_print(host, "%s", line) : -ENOMEM;

    free(line);
    return code;
}

static int
print_match(const struct mig_host *host, struct json_object *match)
{
    struct json_object *object = NULL, *rules = NULL, *pid = NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *line = open_memstream(&text, &size);
    int code;

    if (line == NULL)
        return -ENOMEM;
    json_object_object_get_ex(match, "Object", &object);
    json_object_object_get_ex(match, "MatchedRules", &rules);
    fputs(json_object_is_type(object, json_type_string) ? json_object_get_string(object) : "",
          line);
    if (json_object_object_get_ex(match, "Pid", &pid))
        fprintf(line, " pid=%lld", (long long)json_object_get_int64(pid));
    fputs(" [", line);
    for (size_t i = 0;
         json_object_is_type(rules, json_type_array) && i < json_object_array_length(rules); i++) {
        const char *name = mig_json_string_at(rules, i);
        fprintf(line, "%s%s", i > 0 ? "," : "", name != NULL ? name : "");
    }
    fputs("]", line);
    code = fclose(line) == 0 ? print_line(host, text) : -ENOMEM;
    free(text);
    return code;
}

static int
print_errors(const struct mig_host *host, struct json_object *result)
{
    struct json_object *errors = NULL;
    int code = mig_json_get_strings(host, result, "errors", &errors);
    size_t i;

    if (code <= 0)
        return code;
    for (i = 0, code = 0; code == 0 && i < json_object_array_length(errors); i++)
        code = print_line(host, mig_json_string_at(errors, i));
    return code;
}

int
yara_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL, *elements = NULL, *matches = NULL;
    size_t i;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    json_object_object_get_ex(object, "elements", &elements);
    json_object_object_get_ex(elements, "Matches", &matches);
    for (i = 0; code == 0 && json_object_is_type(matches, json_type_array) &&
                i < json_object_array_length(matches);
         i++)
        code = print_match(host, json_object_array_get_idx(matches, i));
    if (code == 0 && (flags & MIG_PRINT_FOUND_ONLY) == 0)
        code = print_errors(host, object);
    json_object_put(object);
    return code;
}
