/* SPDX-License-Identifier: MPL-2.0 */
/* The original's lines. */
#include "config.h"

#include "pkg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

static const char *
string_of(struct json_object *object, const char *member)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, member, &value);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* What others wrote must stay one line. */
static int
print_line(const struct mig_host *host, const char *text)
{
    char *line = mig_text_line(text);
    int code = line != NULL ? mig_print(host, "%s", line) : -ENOMEM;

    free(line);
    return code;
}

static int
print_package(const struct mig_host *host, struct json_object *package)
{
    const char *root = string_of(package, "root");
    char *text = NULL;
    int code;

    if (asprintf(&text, "pkgmatch name=%s version=%s type=%s arch=%s%s%s%s%s",
                 string_of(package, "name"), string_of(package, "version"),
                 string_of(package, "type"), string_of(package, "arch"),
                 *root != '\0' ? " root=" : "", root, *root != '\0' ? " cgroup=" : "",
                 string_of(package, "cgroup")) < 0)
        return -ENOMEM;
    code = print_line(host, text);
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
pkg_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL, *elements = NULL, *packages = NULL, *statistics = NULL;
    size_t i;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    json_object_object_get_ex(object, "elements", &elements);
    json_object_object_get_ex(elements, "packages", &packages);
    json_object_object_get_ex(object, "statistics", &statistics);
    for (i = 0; code == 0 && json_object_is_type(packages, json_type_array) &&
                i < json_object_array_length(packages);
         i++)
        code = print_package(host, json_object_array_get_idx(packages, i));
    if (code == 0 && (flags & MIG_PRINT_FOUND_ONLY) == 0) {
        code = print_errors(host, object);
        if (code == 0)
            code = mig_print(host, "Statistics: runtime %s", string_of(statistics, "execruntime"));
    }
    json_object_put(object);
    return code;
}
