/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/options.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/json.h"
#include "plugin/table.h"

/* ---- values ---- */

static int
invalid(struct mig_err *err, const struct mig_option *option, const char *expected,
        const char *found)
{
    return mig_err_set(err, MIG_E_INVALID, "-%s takes %s, not '%.128s'", option->name, expected,
                       found);
}

static int
number_value(const struct mig_option *option, const char *text, struct json_object **ret,
             struct mig_err *err)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number > INT64_MAX)
        return invalid(err, option, "a whole number", text);
    if (option->max > 0 && number > option->max)
        return mig_err_set(err, MIG_E_INVALID, "-%s takes a number up to %llu, not %s",
                           option->name, (unsigned long long)option->max, text);
    *ret = json_object_new_int64((int64_t)number);
    return *ret != NULL ? 0 : -ENOMEM;
}

static int
string_check(const struct mig_option *option, const char *text, size_t len, struct mig_err *err)
{
    size_t max = option->max > 0 && option->max < MIG_OPTIONS_VALUE_MAX ? option->max
                                                                        : MIG_OPTIONS_VALUE_MAX;
    if (len > max)
        return mig_err_set(err, MIG_E_INVALID, "-%s takes up to %zu bytes, %zu are given",
                           option->name, max, len);
    if (!mig_utf8_valid(text, len))
        return mig_err_set(err, MIG_E_INVALID, "-%s takes text in UTF-8", option->name);
    if (option->type == MIG_OPTION_HEX &&
        (len == 0 || strspn(text, "0123456789abcdefABCDEF") != len))
        return invalid(err, option, "hexadecimal digits", text);
    return 0;
}

static int
string_value(const struct mig_option *option, const char *text, struct json_object **ret,
             struct mig_err *err)
{
    int rc = string_check(option, text, strlen(text), err);
    if (rc != 0)
        return rc;
    *ret = json_object_new_string(text);
    return *ret != NULL ? 0 : -ENOMEM;
}

/* The words of Go's strconv.ParseBool. */
static int
bool_value(const struct mig_option *option, const char *text, struct json_object **ret,
           struct mig_err *err)
{
    static const char *const words[] = {"0", "f", "F", "false", "FALSE", "False",
                                        "1", "t", "T", "true",  "TRUE",  "True"};
    for (size_t i = 0; i < MIG_COUNT(words); i++) {
        if (strcmp(text, words[i]) != 0)
            continue;
        *ret = json_object_new_boolean(i >= MIG_COUNT(words) / 2);
        return *ret != NULL ? 0 : -ENOMEM;
    }
    return invalid(err, option, "true or false", text);
}

static struct json_object *
preset_value(const struct mig_option *option)
{
    return json_tokener_parse(option->preset);
}

static int
make_value(const struct mig_option *option, const char *text, struct json_object **ret,
           struct mig_err *err)
{
    switch (option->type) {
    case MIG_OPTION_NUMBER:
        return number_value(option, text, ret, err);
    case MIG_OPTION_BOOL:
        return bool_value(option, text, ret, err);
    default:
        return string_value(option, text, ret, err);
    }
}

/* ---- places in the parameters ---- */

/* The object that holds the last name of the path, made where it is not there. */
static struct json_object *
place_of(struct json_object *root, const char *path, const char **ret_name)
{
    struct json_object *at = root;
    const char *dot;
    while ((dot = strchr(path, '.')) != NULL) {
        char name[256];
        size_t len = (size_t)(dot - path);
        struct json_object *next = NULL;
        if (len == 0 || len >= sizeof(name))
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        if (!json_object_object_get_ex(at, name, &next)) {
            next = json_object_new_object();
            if (next == NULL || json_object_object_add(at, name, next) != 0)
                return NULL;
        }
        if (!json_object_is_type(next, json_type_object))
            return NULL;
        at = next;
        path = dot + 1;
    }
    *ret_name = path;
    return at;
}

/* Takes `value`. `append`: to the array that is there. */
static int
place_take(struct json_object *root, const char *path, bool repeatable, bool append,
           struct json_object *value)
{
    const char *name = NULL;
    struct json_object *array = NULL;
    struct json_object *holder = place_of(root, path, &name);

    if (holder == NULL)
        goto fail;
    if (repeatable && append && json_object_object_get_ex(holder, name, &array) &&
        json_object_is_type(array, json_type_array)) {
        if (json_object_array_add(array, value) != 0)
            goto fail;
        return 0;
    }
    if (repeatable) {
        array = json_object_new_array();
        if (array == NULL || json_object_array_add(array, value) != 0) {
            json_object_put(array);
            goto fail;
        }
        value = array;
    }
    if (json_object_object_add(holder, name, value) == 0)
        return 0;
fail:
    json_object_put(value);
    return -ENOMEM;
}

/* ---- arguments ---- */

struct parse {
    const struct mig_plugin *plugin;
    const char *at;
    const char *end;
    struct json_object *root;
    unsigned char *given; /* by option */
    struct mig_err *err;
};

/* Levenshtein's distance of two short names; `limit` + 1 stands for more. */
static unsigned
distance(const char *a, const char *b, unsigned limit)
{
    unsigned char row[65];
    size_t la = strlen(a), lb = strlen(b);
    if (la > 64 || lb > 64)
        return limit + 1;
    for (size_t j = 0; j <= lb; j++)
        row[j] = (unsigned char)j;
    for (size_t i = 1; i <= la; i++) {
        unsigned char diagonal = row[0];
        row[0] = (unsigned char)i;
        for (size_t j = 1; j <= lb; j++) {
            unsigned char best = (unsigned char)(diagonal + (a[i - 1] != b[j - 1]));
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = (unsigned char)(row[j] + 1);
            if (row[j - 1] + 1 < best)
                best = (unsigned char)(row[j - 1] + 1);
            row[j] = best;
        }
    }
    return row[lb] <= limit ? row[lb] : limit + 1;
}

static int
unknown_flag(const struct parse *parse, const char *name)
{
    unsigned best = 3;
    char near[65] = "";
    for (size_t i = 0; i < parse->plugin->options_count; i++) {
        struct mig_option option;
        mig_table_option(parse->plugin, i, &option);
        unsigned d = distance(name, option.name, 2);
        if (d < best && d < strlen(option.name)) {
            best = d;
            memcpy(near, option.name, strlen(option.name) + 1);
        }
    }
    if (near[0] != '\0')
        return mig_err_set(parse->err, MIG_E_INVALID, "%s has no option -%.64s; did you mean -%s?",
                           parse->plugin->name, name, near);
    return mig_err_set(parse->err, MIG_E_INVALID,
                       "%s has no option -%.64s; 'mig %s help' lists them", parse->plugin->name,
                       name, parse->plugin->name);
}

static const char *
next_argument(struct parse *parse)
{
    if (parse->at >= parse->end)
        return NULL;
    const char *argument = parse->at;
    parse->at += strlen(argument) + 1;
    return argument;
}

static int
find_option(const struct parse *parse, const char *name, size_t *ret_index, struct mig_option *ret)
{
    for (size_t i = 0; i < parse->plugin->options_count; i++) {
        mig_table_option(parse->plugin, i, ret);
        if (strcmp(ret->name, name) == 0) {
            *ret_index = i;
            return 0;
        }
    }
    return unknown_flag(parse, name);
}

static int
option_value(struct parse *parse, const struct mig_option *option, const char *text,
             struct json_object **ret)
{
    if (option->type == MIG_OPTION_CONST) {
        if (text != NULL)
            return mig_err_set(parse->err, MIG_E_INVALID, "-%s takes no value", option->name);
        *ret = preset_value(option);
        return 0;
    }
    if (text == NULL && option->type == MIG_OPTION_BOOL)
        text = "true";
    if (text == NULL)
        text = next_argument(parse);
    if (text == NULL)
        return mig_err_set(parse->err, MIG_E_INVALID, "-%s needs a value", option->name);
    return make_value(option, text, ret, parse->err);
}

static int
parse_flag(struct parse *parse, const char *argument)
{
    char name[80];
    struct mig_option option;
    struct json_object *value = NULL;
    size_t index = 0;
    const char *text = argument + (argument[1] == '-' ? 2 : 1);
    const char *equals = strchr(text, '=');
    size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);

    if (len == 0 || text[0] == '-')
        return mig_err_set(parse->err, MIG_E_INVALID, "'%.64s' is not an option", argument);
    if (len >= sizeof(name))
        len = sizeof(name) - 1;
    memcpy(name, text, len);
    name[len] = '\0';
    int rc = find_option(parse, name, &index, &option);
    if (rc == 0)
        rc = option_value(parse, &option, equals != NULL ? equals + 1 : NULL, &value);
    if (rc != 0)
        return rc;
    rc = place_take(parse->root, option.path, option.flags & MIG_OPTION_REPEATABLE,
                    parse->given[index], value);
    parse->given[index] = 1;
    return rc == 0 ? 0
                   : mig_err_set(parse->err, rc, "-%s finds no place at '%s'", option.name,
                                 option.path);
}

static int
write_presets(struct parse *parse)
{
    for (size_t i = 0; i < parse->plugin->options_count; i++) {
        struct mig_option option;
        mig_table_option(parse->plugin, i, &option);
        if ((option.flags & MIG_OPTION_ALWAYS) == 0)
            continue;
        if (place_take(parse->root, option.path, false, false, preset_value(&option)) != 0)
            return mig_err_set(parse->err, -ENOMEM, "-%s finds no place at '%s'", option.name,
                               option.path);
    }
    return 0;
}

static int
check_required(const struct parse *parse)
{
    for (size_t i = 0; i < parse->plugin->options_count; i++) {
        struct mig_option option;
        mig_table_option(parse->plugin, i, &option);
        if (option.flags & MIG_OPTION_REQUIRED && !parse->given[i])
            return mig_err_set(parse->err, MIG_E_INVALID, "%s needs the option -%s (%s)",
                               parse->plugin->name, option.name,
                               option.help != NULL ? option.help : option.path);
    }
    return 0;
}

static int
parse_arguments(struct parse *parse)
{
    const char *argument;
    int rc = write_presets(parse);
    while (rc == 0 && (argument = next_argument(parse)) != NULL) {
        if (argument[0] != '-' || argument[1] == '\0' || strcmp(argument, "--") == 0) {
            if (argument[0] == '-' && argument[1] == '-' && parse->at >= parse->end)
                break; /* "--" with nothing behind it */
            return mig_err_set(parse->err, MIG_E_INVALID,
                               "%s takes options only, '%.64s' is none of them",
                               parse->plugin->name, argument);
        }
        rc = parse_flag(parse, argument);
    }
    return rc == 0 ? check_required(parse) : rc;
}

int
mig_options_parse(const struct mig_plugin *plugin, const char *arguments, size_t len,
                  struct mig_buf *out, struct mig_err *err)
{
    struct parse parse = {.plugin = plugin, .at = arguments, .end = arguments + len, .err = err};
    char *text = NULL;
    int rc;

    if (len > 0 && arguments[len - 1] != '\0')
        return mig_err_set(err, MIG_E_PROTOCOL, "the last argument is not ended");
    parse.root = json_object_new_object();
    parse.given = calloc(plugin->options_count + 1, 1);
    if (parse.root == NULL || parse.given == NULL) {
        rc = mig_err_set(err, -ENOMEM, "out of memory");
        goto out;
    }
    rc = parse_arguments(&parse);
    if (rc != 0)
        goto out;
    text = mig_json_text(parse.root);
    rc = text == NULL || mig_buf_adds(out, text) != 0 ? mig_err_set(err, -ENOMEM, "out of memory")
                                                      : 0;
out:
    free(text);
    free(parse.given);
    json_object_put(parse.root);
    return rc;
}

/* ---- parameters ---- */

static int
wrong_type(struct mig_err *err, const struct mig_option *option, const char *expected)
{
    return mig_err_set(err, MIG_E_INVALID, "parameter '%s' must be %s", option->path, expected);
}

static int
check_number(const struct mig_option *option, struct json_object *value, struct mig_err *err)
{
    double number = json_object_get_double(value);
    if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
        return wrong_type(err, option, "a whole number");
    if (!(number >= 0 && number < 9.3e18) ||
        (json_object_is_type(value, json_type_double) && number != (double)(uint64_t)number))
        return wrong_type(err, option, "a whole number of 0 or more");
    if (option->max > 0 && number > (double)option->max)
        return mig_err_set(err, MIG_E_INVALID, "parameter '%s' is at most %llu, not %.0f",
                           option->path, (unsigned long long)option->max, number);
    return 0;
}

static int
check_single(const struct mig_option *option, struct json_object *value, struct mig_err *err)
{
    switch (option->type) {
    case MIG_OPTION_NUMBER:
        return check_number(option, value, err);
    case MIG_OPTION_BOOL:
        return json_object_is_type(value, json_type_boolean)
                   ? 0
                   : wrong_type(err, option, "true or false");
    case MIG_OPTION_CONST: {
        struct json_object *preset = preset_value(option);
        int same = json_object_equal(preset, value);
        json_object_put(preset);
        return same ? 0 : wrong_type(err, option, option->preset);
    }
    default:
        if (!json_object_is_type(value, json_type_string))
            return wrong_type(err, option, "a text");
        return string_check(option, json_object_get_string(value),
                            (size_t)json_object_get_string_len(value), err);
    }
}

static int
check_value(const struct mig_option *option, struct json_object *value, struct mig_err *err)
{
    if ((option->flags & MIG_OPTION_REPEATABLE) == 0)
        return check_single(option, value, err);
    if (!json_object_is_type(value, json_type_array))
        return wrong_type(err, option, "an array");
    int rc = 0;
    for (size_t i = 0; i < json_object_array_length(value) && rc == 0; i++)
        rc = check_single(option, json_object_array_get_idx(value, i), err);
    return rc;
}

static int check_object(const struct mig_plugin *plugin, struct json_object *object,
                        const char *prefix, struct mig_err *err);

/* A member at `path`: one of the options with that path must take it, or one must lie below it. */
static int
check_member(const struct mig_plugin *plugin, struct json_object *value, const char *path,
             struct mig_err *err)
{
    size_t len = strlen(path);
    bool known = false, below = false;
    int rc = 0;

    for (size_t i = 0; i < plugin->options_count; i++) {
        struct mig_option option;
        mig_table_option(plugin, i, &option);
        if (strcmp(option.path, path) == 0) {
            known = true;
            /* Go's null is the value that is not there. */
            rc = value == NULL ? 0 : check_value(&option, value, err);
            if (rc == 0)
                return 0;
        }
        below |= strncmp(option.path, path, len) == 0 && option.path[len] == '.';
    }
    if (known)
        return rc;
    if (!below)
        return mig_err_set(err, MIG_E_INVALID, "%s has no parameter '%.200s'", plugin->name, path);
    if (value == NULL)
        return 0;
    if (!json_object_is_type(value, json_type_object))
        return mig_err_set(err, MIG_E_INVALID, "parameter '%.200s' must be an object", path);
    return check_object(plugin, value, path, err);
}

static int
check_object(const struct mig_plugin *plugin, struct json_object *object, const char *prefix,
             struct mig_err *err)
{
    int rc = 0;
    struct mig_buf path = MIG_BUF_INIT;
    struct json_object_iterator it = json_object_iter_begin(object);
    struct json_object_iterator end = json_object_iter_end(object);

    for (; rc == 0 && !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
        mig_buf_reset(&path);
        if (mig_buf_addf(&path, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "",
                         json_object_iter_peek_name(&it)) != 0)
            rc = mig_err_set(err, -ENOMEM, "out of memory");
        else
            rc = check_member(plugin, json_object_iter_peek_value(&it), path.data, err);
    }
    mig_buf_fini(&path);
    return rc;
}

static bool
is_there(struct json_object *root, const char *path)
{
    char name[256];
    while (root != NULL && json_object_is_type(root, json_type_object)) {
        size_t len = strcspn(path, ".");
        if (len >= sizeof(name))
            return false;
        memcpy(name, path, len);
        name[len] = '\0';
        if (!json_object_object_get_ex(root, name, &root))
            return false;
        if (path[len] == '\0')
            return root != NULL;
        path += len + 1;
    }
    return false;
}

static int
check_present(const struct mig_plugin *plugin, struct json_object *root, struct mig_err *err)
{
    for (size_t i = 0; i < plugin->options_count; i++) {
        struct mig_option option;
        mig_table_option(plugin, i, &option);
        if (option.flags & MIG_OPTION_REQUIRED && !is_there(root, option.path))
            return mig_err_set(err, MIG_E_INVALID, "%s needs the parameter '%s'", plugin->name,
                               option.path);
    }
    return 0;
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_null(const char *text, size_t len)
{
    while (len > 0 && is_space(text[len - 1]))
        len--;
    while (len > 0 && is_space(text[0])) {
        text++;
        len--;
    }
    return len == 4 && memcmp(text, "null", 4) == 0;
}

int
mig_options_validate(const struct mig_plugin *plugin, const char *parameters, size_t len,
                     struct mig_err *err)
{
    struct json_object *root = NULL;
    if (is_null(parameters, len))
        return check_present(plugin, NULL, err);
    int rc = mig_json_parse(parameters, len, NULL, &root, err);
    if (rc != 0)
        return rc;
    if (!json_object_is_type(root, json_type_object))
        rc =
            mig_err_set(err, MIG_E_INVALID, "the parameters of %s must be an object", plugin->name);
    if (rc == 0)
        rc = check_object(plugin, root, "", err);
    if (rc == 0)
        rc = check_present(plugin, root, err);
    json_object_put(root);
    return rc;
}
