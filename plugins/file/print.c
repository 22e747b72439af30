/* SPDX-License-Identifier: MPL-2.0 */
#include "file.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
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

/* ---- a result, bit by bit ----
 * A tree of 80,000 elements takes ten times the memory of their text, so each is parsed alone. */

static const char *
skip_blanks(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n", *at) != NULL && *at != '\0')
        at++;
    return at;
}

/* Behind the JSON value at `at`; NULL when it does not end. What is inside is not checked. */
static const char *
skip_value(const char *at, const char *end)
{
    unsigned int depth = 0;
    bool quoted = false;

    for (; at < end; at++) {
        if (quoted) {
            at += *at == '\\';
            quoted = at < end && *at != '"';
        } else if (*at == '"') {
            quoted = true;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            if (depth == 0)
                return at;
            depth--;
        } else if (depth == 0 && (*at == ',' || *at == ':')) {
            return at;
        }
    }
    return depth == 0 && !quoted ? at : NULL;
}

static struct json_object *
parse(const char *text, const char *end)
{
    struct json_tokener *tokener = json_tokener_new_ex(64);
    struct json_object *value = NULL;

    if (tokener != NULL && end - text < INT32_MAX) {
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        value = json_tokener_parse_ex(tokener, text, (int)(end - text));
        /* A string or a number at the end of the text may have gone on. */
        if (json_tokener_get_error(tokener) == json_tokener_continue)
            value = json_tokener_parse_ex(tokener, "", 1);
        if (json_tokener_get_error(tokener) != json_tokener_success) {
            json_object_put(value);
            value = NULL;
        }
    }
    if (tokener != NULL)
        json_tokener_free(tokener);
    return value;
}

struct text {
    const char *start;
    const char *end;
};

typedef int item_fn(void *context, const char *key, struct text value);

struct printing {
    const struct mig_host *host;
    const char *label;
    uint32_t flags;
};

static int
refuse_text(const struct mig_host *host)
{
    return mig_refuse(host, -EINVAL, "the result is not valid JSON");
}

/* Calls `fn` with each value of an object, or of an array, whose key is NULL. */
static int
each(const struct printing *printing, struct text text, item_fn *fn, void *context)
{
    const char *at = skip_blanks(text.start, text.end);
    bool object = at < text.end && *at == '{';
    struct json_object *key = NULL;
    const char *next;
    int code = 0;

    if (at == text.end || (*at != '{' && *at != '['))
        return refuse_text(printing->host);
    at = skip_blanks(at + 1, text.end);
    while (code == 0 && at < text.end && *at != '}' && *at != ']') {
        if (object) {
            next = skip_value(at, text.end);
            key = next != NULL ? parse(at, next) : NULL;
            if (!json_object_is_type(key, json_type_string) || *next != ':') {
                json_object_put(key);
                return refuse_text(printing->host);
            }
            at = skip_blanks(next + 1, text.end);
        }
        next = skip_value(at, text.end);
        if (next == NULL || next == text.end)
            code = refuse_text(printing->host);
        else
            code =
                fn(context, object ? json_object_get_string(key) : NULL, (struct text){at, next});
        json_object_put(key);
        key = NULL;
        at = next != NULL ? skip_blanks(next + (next < text.end && *next == ','), text.end)
                          : text.end;
    }
    return code;
}

static int
print_one(void *context, const char *key, struct text value)
{
    const struct printing *printing = context;
    struct json_object *element = parse(value.start, value.end);
    int code;

    (void)key;
    if (!json_object_is_type(element, json_type_object)) {
        json_object_put(element);
        return refuse_text(printing->host);
    }
    code = print_element(printing->host, element, printing->label, printing->flags);
    json_object_put(element);
    return code;
}

static int
print_search(void *context, const char *label, struct text value)
{
    struct printing *printing = context;

    if (*value.start != '[')
        return mig_refuse(printing->host, -EINVAL, "elements of search '%s' must be an array",
                          label);
    printing->label = label;
    return each(printing, value, print_one, printing);
}

static int
print_elements(void *context, const char *key, struct text value)
{
    struct printing *printing = context;

    if (strcmp(key, "elements") != 0 || *value.start != '{')
        return 0;
    return each(printing, value, print_search, printing);
}

/* The errors come before the statistics, whatever their order in the text. */
static int
print_other(void *context, const char *key, struct text value)
{
    struct json_object *result = context;
    struct json_object *member;

    if (strcmp(key, "errors") != 0 && strcmp(key, "statistics") != 0)
        return 0;
    member = parse(value.start, value.end);
    json_object_object_add(result, key, member);
    return 0;
}

int
file_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct printing printing = {host, NULL, flags};
    const struct text text = {result, result + length};
    struct json_object *rest;
    int code = each(&printing, text, print_elements, &printing);

    if (code < 0 || (flags & MIG_PRINT_FOUND_ONLY) != 0)
        return code;
    rest = json_object_new_object();
    code = each(&printing, text, print_other, rest);
    if (code == 0)
        code = print_errors(host, rest);
    print_statistics(host, json_object_object_get(rest, "statistics"));
    print_skipped(host, json_object_object_get(rest, "statistics"));
    json_object_put(rest);
    return code;
}
