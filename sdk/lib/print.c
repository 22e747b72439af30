/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/json.h>

#include <json-c/json.h>
#include <string.h>

struct walk {
    const struct mig_host *host;
    const char *format;
    const char *star; /* what the first '*' stands for, or NULL */
};

/* The format is a table's, not the compiler's to check: only its "%s" mean anything. */
static void
print_value(const struct walk *walk, struct json_object *value)
{
    const char *texts[2] = {walk->star, json_object_get_string(value)};
    size_t next = walk->star == NULL, used = 0;
    char line[8192] = "";

    for (const char *at = walk->format; *at != '\0' && used < sizeof(line) - 1; at++) {
        const char *text = strncmp(at, "%s", 2) == 0 && next < 2 ? texts[next++] : NULL;
        size_t length = text != NULL ? strlen(text) : 1;

        if (length > sizeof(line) - 1 - used)
            length = sizeof(line) - 1 - used;
        memcpy(line + used, text != NULL ? text : at, length);
        used += length;
        at += text != NULL;
    }
    walk->host->output(walk->host, line, used);
}

static void print_at(struct walk walk, struct json_object *value, const char *path);

static void
print_member(struct walk walk, struct json_object *object, const char *path)
{
    size_t length = strcspn(path, ".[");
    const char *rest = path + length + (path[length] == '.');

    if (!json_object_is_type(object, json_type_object))
        return;
    json_object_object_foreach(object, name, value)
    {
        if (length == 1 && *path == '*') {
            struct walk below = walk;

            if (below.star == NULL)
                below.star = name;
            print_at(below, value, rest);
        } else if (strlen(name) == length && memcmp(name, path, length) == 0) {
            print_at(walk, value, rest);
        }
    }
}

static void
print_at(struct walk walk, struct json_object *value, const char *path)
{
    if (value == NULL)
        return;
    if (*path == '\0') {
        print_value(&walk, value);
    } else if (strncmp(path, "[]", 2) != 0) {
        print_member(walk, value, path);
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            print_at(walk, json_object_array_get_idx(value, i), path + 2 + (path[2] == '.'));
    }
}

int
mig_print_lines(const struct mig_host *host, const char *result, size_t length, uint32_t flags,
                const struct mig_line *lines, size_t count)
{
    struct json_object *all = NULL;
    int code = mig_json_parameters(host, result, length, &all);

    for (size_t i = 0; code >= 0 && i < count; i++) {
        struct walk walk = {host, lines[i].format, NULL};

        if (!(lines[i].flags & MIG_LINE_REST && flags & MIG_PRINT_FOUND_ONLY))
            print_at(walk, all, lines[i].path);
    }
    json_object_put(all);
    return code < 0 ? code : 0;
}
