/* SPDX-License-Identifier: MPL-2.0 */
/*
 * External variables: those that investigators define, typed by their looks as the yara command
 * types those of its -d, and those that say of each object where it is.
 */
#include "config.h"

#include "yara_module.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <yara.h>

#define DEFINES_MAX 256u
#define NAME_MAX_BYTES 128u

static const char *const of_objects[] = {"filename", "filepath", "extension"};

static bool
is_name(const char *text, size_t length)
{
    if (length == 0 || length > NAME_MAX_BYTES || isdigit((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_')
            return false;
    return true;
}

static bool
is_digits(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* "1.5": digits on both sides of one point. */
static bool
is_decimal(const char *text)
{
    size_t whole = strspn(text, "0123456789");

    return whole > 0 && text[whole] == '.' && is_digits(text + whole + 1);
}

static int
refuse_name(const struct mig_host *host, const char *text)
{
    return mig_refuse(host, -EINVAL, "defines: '%.100s' is not NAME=VALUE", text);
}

static bool
is_taken(const struct yara_defines *defines, const char *name)
{
    for (size_t i = 0; i < MIG_COUNT(of_objects); i++)
        if (strcmp(of_objects[i], name) == 0)
            return true;
    for (size_t i = 0; i < defines->count; i++)
        if (strcmp(defines->list[i].name, name) == 0)
            return true;
    return false;
}

static bool
is_too_large(const char *value)
{
    if (!is_digits(value + (*value == '-')))
        return false;
    errno = 0;
    (void)strtoll(value, NULL, 10);
    return errno == ERANGE;
}

static int
take_define(const struct mig_host *host, const char *text, struct yara_defines *defines)
{
    const char *equals = strchr(text, '=');
    struct yara_define *define = &defines->list[defines->count];
    int code = 0;

    if (equals == NULL || !is_name(text, (size_t)(equals - text)))
        return refuse_name(host, text);
    define->name = strndup(text, (size_t)(equals - text));
    define->value = strdup(equals + 1);
    if (define->name == NULL || define->value == NULL)
        code = mig_refuse(host, -ENOMEM, "no memory for the variables");
    else if (is_taken(defines, define->name))
        code = mig_refuse(host, -EINVAL, "defines: '%s' is defined already", define->name);
    else if (is_too_large(define->value))
        code = mig_refuse(host, -EINVAL, "defines: '%s' is beyond 64 bits", define->name);
    if (code < 0) {
        free(define->name);
        free(define->value);
        return code;
    }
    defines->count++;
    return 0;
}

int
yara_defines_take(const struct mig_host *host, struct json_object *object,
                  struct yara_defines *ret_defines)
{
    struct json_object *array = NULL;
    int code = mig_json_get_strings(host, object, "defines", &array);
    size_t count = code > 0 ? json_object_array_length(array) : 0;

    if (code < 0)
        return code;
    if (count > DEFINES_MAX)
        return mig_refuse(host, -E2BIG, "%zu defines are more than the %u that may be", count,
                          DEFINES_MAX);
    ret_defines->list = calloc(count + 1, sizeof(*ret_defines->list));
    if (ret_defines->list == NULL)
        return mig_refuse(host, -ENOMEM, "no memory for the variables");
    code = 0;
    for (size_t i = 0; i < count && code == 0; i++)
        code = take_define(host, mig_json_string_at(array, i), ret_defines);
    return code;
}

void
yara_defines_fini(struct yara_defines *defines)
{
    for (size_t i = 0; i < defines->count; i++) {
        free(defines->list[i].name);
        free(defines->list[i].value);
    }
    free(defines->list);
    *defines = (struct yara_defines){.count = 0};
}

static int
compile_one(YR_COMPILER *compiler, const struct yara_define *define)
{
    const char *value = define->value;
    const char *magnitude = value + (*value == '-');

    if (is_digits(magnitude))
        return yr_compiler_define_integer_variable(compiler, define->name,
                                                   strtoll(value, NULL, 10));
    if (is_decimal(magnitude))
        return yr_compiler_define_float_variable(compiler, define->name, strtod(value, NULL));
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return yr_compiler_define_boolean_variable(compiler, define->name, value[0] == 't');
    return yr_compiler_define_string_variable(compiler, define->name, value);
}

int
yara_defines_compile(const struct yara_defines *defines, struct _YR_COMPILER *compiler)
{
    int code = ERROR_SUCCESS;

    for (size_t i = 0; i < MIG_COUNT(of_objects) && code == ERROR_SUCCESS; i++)
        code = yr_compiler_define_string_variable(compiler, of_objects[i], "");
    for (size_t i = 0; i < defines->count && code == ERROR_SUCCESS; i++)
        code = compile_one(compiler, &defines->list[i]);
    return code;
}

int
yara_defines_object(struct YR_SCAN_CONTEXT *scanner, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    int code = yr_scanner_define_string_variable(scanner, "filepath", path);

    if (code == ERROR_SUCCESS)
        code = yr_scanner_define_string_variable(scanner, "filename", name);
    if (code == ERROR_SUCCESS)
        code = yr_scanner_define_string_variable(scanner, "extension", dot != NULL ? dot : "");
    return code;
}
