/* SPDX-License-Identifier: MPL-2.0 */
/* A search written as the file module's arguments. */
#include "config.h"

#include <mig/search.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

enum kind {
    FILTER,   /* a member of the search, an array of strings */
    KINDS,    /* the same, of the options */
    TEXT,     /* an option */
    NUMBER,   /* an option */
    BOOLEAN,  /* an option; the value is optional, and follows a '=' */
    MATCH_ANY /* no value */
};

static const struct {
    const char *name;
    const char *member;
    enum kind kind;
} arguments[] = {
    {"path", "paths", FILTER},
    {"content", "contents", FILTER},
    {"name", "names", FILTER},
    {"size", "sizes", FILTER},
    {"mode", "modes", FILTER},
    {"mtime", "mtimes", FILTER},
    {"md5", "md5", FILTER},
    {"sha1", "sha1", FILTER},
    {"sha2", "sha2", FILTER},
    {"sha3", "sha3", FILTER},
    {"ctime", "ctimes", FILTER},
    {"atime", "atimes", FILTER},
    {"uid", "uids", FILTER},
    {"gid", "gids", FILTER},
    {"perm", "perms", FILTER},
    {"inode", "inodes", FILTER},
    {"xattr", "xattrs", FILTER},
    {"cap", "capabilities", FILTER},
    {"maxdepth", "maxdepth", NUMBER},
    {"maxerrors", "maxerrors", NUMBER},
    {"matchall", "matchall", BOOLEAN},
    {"matchany", "matchall", MATCH_ANY},
    {"macroal", "macroal", BOOLEAN},
    {"mismatch", "mismatch", KINDS},
    {"matchlimit", "matchlimit", NUMBER},
    {"returnsha256", "returnsha256", BOOLEAN},
    {"decompress", "decompress", BOOLEAN},
    {"maxsize", "maxsize", TEXT},
    {"threads", "threads", NUMBER},
};

struct parse {
    const char *at;
    char *word; /* the last one; as long as the text */
    struct json_object *search;
    struct json_object *options;
    char *message;
    size_t message_size;
};

static int refuse(const struct parse *parse, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
refuse(const struct parse *parse, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(parse->message, parse->message_size, format, args);
    va_end(args);
    return -EINVAL;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* 1 and the next word, 0 at the end. Quotes of both kinds keep blanks; a backslash is itself, since
 * the words are regular expressions. */
static int
next_word(struct parse *parse)
{
    char *to = parse->word;
    char quote = '\0';

    while (is_blank(*parse->at))
        parse->at++;
    if (*parse->at == '\0')
        return 0;
    for (; *parse->at != '\0' && (quote != '\0' || !is_blank(*parse->at)); parse->at++) {
        if (*parse->at == quote)
            quote = '\0';
        else if (quote == '\0' && (*parse->at == '\'' || *parse->at == '"'))
            quote = *parse->at;
        else
            *to++ = *parse->at;
    }
    *to = '\0';
    return quote == '\0' ? 1 : refuse(parse, "a quote %c is not closed", quote);
}

static int
append(struct json_object *object, const char *member, const char *text)
{
    struct json_object *array = NULL;

    if (!json_object_object_get_ex(object, member, &array)) {
        array = json_object_new_array();
        json_object_object_add(object, member, array);
    }
    return json_object_array_add(array, json_object_new_string(text)) == 0 ? 0 : -ENOMEM;
}

static int
set_number(const struct parse *parse, const char *name, const char *member, const char *value)
{
    char *end = NULL;
    unsigned long long number;

    errno = 0;
    number = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number > INT64_MAX)
        return refuse(parse, "-%s wants a number, not '%s'", name, value);
    json_object_object_add(parse->options, member, json_object_new_int64((int64_t)number));
    return 0;
}

static int
set_boolean(const struct parse *parse, const char *name, const char *member, const char *value)
{
    bool yes = value == NULL || strcmp(value, "true") == 0;

    if (!yes && strcmp(value, "false") != 0)
        return refuse(parse, "-%s is true or false, not '%s'", name, value);
    json_object_object_add(parse->options, member, json_object_new_boolean(yes));
    return 0;
}

/* value NULL: none was given with '='. */
static int
take(struct parse *parse, size_t which, const char *value)
{
    const char *name = arguments[which].name;
    const char *member = arguments[which].member;
    enum kind kind = arguments[which].kind;
    int code;

    if (kind == BOOLEAN)
        return set_boolean(parse, name, member, value);
    if (kind == MATCH_ANY) {
        if (value != NULL)
            return refuse(parse, "-%s takes no value", name);
        return set_boolean(parse, name, member, "false");
    }
    if (value == NULL) {
        code = next_word(parse);
        if (code <= 0)
            return code < 0 ? code : refuse(parse, "-%s wants a value", name);
        value = parse->word;
    }
    if (kind == FILTER)
        return append(parse->search, member, value);
    if (kind == KINDS)
        return append(parse->options, member, value);
    if (kind == NUMBER)
        return set_number(parse, name, member, value);
    json_object_object_add(parse->options, member, json_object_new_string(value));
    return 0;
}

/* "-name", "--name" or "-name=value" */
static int
take_word(struct parse *parse)
{
    const char *name = parse->word + (parse->word[0] == '-') + (strncmp(parse->word, "--", 2) == 0);
    char *value = strchr(name, '=');
    size_t i;

    if (parse->word[0] != '-')
        return refuse(parse, "'%s' is not an argument of the file module, as in '-path /usr'",
                      parse->word);
    if (value != NULL)
        *value++ = '\0';
    for (i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++)
        if (strcmp(arguments[i].name, name) == 0)
            return take(parse, i, value);
    return refuse(parse, "the file module has no argument -%s", name);
}

static int
take_words(struct parse *parse)
{
    int code;

    while ((code = next_word(parse)) > 0)
        if ((code = take_word(parse)) < 0)
            break;
    return code;
}

int
mig_search_add_arguments(struct mig_search_set *set, const char *label, const char *text,
                         char *ret_message, size_t message_size)
{
    struct parse parse = {
        .at = text,
        .word = malloc(strlen(text) + 1),
        .search = json_object_new_object(),
        .options = json_object_new_object(),
        .message = ret_message,
        .message_size = message_size,
    };
    int code = -ENOMEM;

    snprintf(ret_message, message_size, "no memory for the search");
    if (parse.word == NULL || parse.search == NULL || parse.options == NULL)
        goto out;
    set_boolean(&parse, "matchall", "matchall", NULL);
    set_number(&parse, "maxdepth", "maxdepth", "1000");
    code = take_words(&parse);
    if (code < 0)
        goto out;
    json_object_object_add(parse.search, "options", json_object_get(parse.options));
    code = mig_search_add_json(set, label, parse.search, ret_message, message_size);
out:
    free(parse.word);
    json_object_put(parse.search);
    json_object_put(parse.options);
    return code;
}
