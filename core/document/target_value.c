/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "document/target_value.h"

#include <errno.h>
#include <json-c/json.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PATTERN_MAX 256  /* bytes of a regular expression, and */
#define SUBJECT_MAX 2048 /* of what it is held against */

static const struct mig_target_value undecided = {.kind = TARGET_UNDECIDED};
static const struct mig_target_value null = {.kind = TARGET_NULL};

struct mig_target_value
mig_target_truth_value(bool truth)
{
    return (struct mig_target_value){.kind = TARGET_TRUTH, .truth = truth};
}

/* A text in quotes where a truth is wanted, as PostgreSQL reads it; all that is no truth is
 * undecided. */
static struct mig_target_value
as_truth(struct mig_target_value v)
{
    if (v.kind == TARGET_TRUTH || v.kind == TARGET_NULL)
        return v;
    if (v.kind == TARGET_TEXT && v.literal) {
        if (strcasecmp(v.text, "true") == 0 || strcasecmp(v.text, "t") == 0)
            return mig_target_truth_value(true);
        if (strcasecmp(v.text, "false") == 0 || strcasecmp(v.text, "f") == 0)
            return mig_target_truth_value(false);
    }
    return undecided;
}

struct mig_target_value
mig_target_not(struct mig_target_value v)
{
    v = as_truth(v);
    return v.kind == TARGET_TRUTH ? mig_target_truth_value(!v.truth) : v;
}

/* Both of AND (decides: false) and OR (decides: true). */
static struct mig_target_value
join(struct mig_target_value a, struct mig_target_value b, bool decides)
{
    a = as_truth(a);
    b = as_truth(b);
    if ((a.kind == TARGET_TRUTH && a.truth == decides) ||
        (b.kind == TARGET_TRUTH && b.truth == decides))
        return mig_target_truth_value(decides);
    if (a.kind == TARGET_UNDECIDED || b.kind == TARGET_UNDECIDED)
        return undecided;
    return a.kind == TARGET_NULL || b.kind == TARGET_NULL ? null : mig_target_truth_value(!decides);
}

struct mig_target_value
mig_target_and(struct mig_target_value a, struct mig_target_value b)
{
    return join(a, b, false);
}

struct mig_target_value
mig_target_or(struct mig_target_value a, struct mig_target_value b)
{
    return join(a, b, true);
}

/* A text in quotes takes the other side's type. */
static struct mig_target_value
coerce(struct mig_target_value v, enum mig_target_kind kind)
{
    char *end;

    if (v.kind != TARGET_TEXT || !v.literal || kind == TARGET_TEXT)
        return v;
    if (kind == TARGET_TRUTH)
        return as_truth(v);
    if (kind != TARGET_INTEGER || v.text[0] == '\0')
        return undecided;
    errno = 0;
    v.number = strtoll(v.text, &end, 10);
    v.kind = *end || errno ? TARGET_UNDECIDED : TARGET_INTEGER;
    return v;
}

static struct mig_target_value
by_order(const char *op, int order)
{
    if (strcmp(op, "=") == 0)
        return mig_target_truth_value(order == 0);
    if (strcmp(op, "<>") == 0 || strcmp(op, "!=") == 0)
        return mig_target_truth_value(order != 0);
    if (strcmp(op, "<") == 0)
        return mig_target_truth_value(order < 0);
    if (strcmp(op, "<=") == 0)
        return mig_target_truth_value(order <= 0);
    if (strcmp(op, ">") == 0)
        return mig_target_truth_value(order > 0);
    return mig_target_truth_value(order >= 0);
}

struct mig_target_value
mig_target_compare(const char *op, struct mig_target_value a, struct mig_target_value b)
{
    bool equality = op[0] == '=' || strcmp(op, "<>") == 0 || op[0] == '!';

    if (a.kind == TARGET_NULL || b.kind == TARGET_NULL)
        return null;
    a = coerce(a, b.kind);
    b = coerce(b, a.kind);
    if (a.kind != b.kind)
        return undecided;
    if (a.kind == TARGET_INTEGER)
        return by_order(op, (a.number > b.number) - (a.number < b.number));
    if (a.kind == TARGET_TEXT && equality)
        return by_order(op, strcmp(a.text, b.text));
    if (a.kind == TARGET_TRUTH && equality)
        return by_order(op, a.truth != b.truth);
    return undecided;
}

static bool
is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static char
folded(char c, bool fold)
{
    return fold && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Linear in the product of the lengths: only the last % is ever gone back to. */
static bool
like(const char *text, const char *pattern, bool fold)
{
    const char *retry_text = NULL, *retry_pattern = NULL;

    while (*text) {
        bool escaped = *pattern == '\\' && pattern[1];
        const char *c = pattern + escaped;

        if (!escaped && *pattern == '%') {
            retry_pattern = ++pattern;
            retry_text = text;
        } else if (*c && ((!escaped && *c == '_') || folded(*c, fold) == folded(*text, fold))) {
            pattern = c + 1;
            text++;
        } else if (retry_pattern) {
            pattern = retry_pattern;
            text = ++retry_text;
        } else {
            return false;
        }
    }
    while (*pattern == '%')
        pattern++;
    return *pattern == '\0';
}

/* Both sides must be texts; fills *ret and returns false when one is not. */
static bool
both_texts(struct mig_target_value a, struct mig_target_value b, struct mig_target_value *ret)
{
    *ret = a.kind == TARGET_NULL || b.kind == TARGET_NULL ? null : undecided;
    return a.kind == TARGET_TEXT && b.kind == TARGET_TEXT;
}

struct mig_target_value
mig_target_like(struct mig_target_value a, struct mig_target_value pattern, bool fold)
{
    struct mig_target_value v;
    size_t len;

    if (!both_texts(a, pattern, &v))
        return v;
    len = strlen(pattern.text);
    /* _ is a character there and a byte here; a single backslash at the end is an error there. */
    if (!is_ascii(a.text) || !is_ascii(pattern.text) || (len > 0 && pattern.text[len - 1] == '\\'))
        return undecided;
    return mig_target_truth_value(like(a.text, pattern.text, fold));
}

/* What both regex(7) and PostgreSQL read alike. */
static bool
regex_is_plain(const char *pattern)
{
    size_t len = strspn(pattern, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 " _-./@,=%&;~^$*+?[]()|");

    return pattern[len] == '\0' && len <= PATTERN_MAX && !strstr(pattern, "(?") &&
           !strstr(pattern, "**") && !strstr(pattern, "*?") && !strstr(pattern, "+?") &&
           !strstr(pattern, "||") && !strstr(pattern, "(|") && !strstr(pattern, "|)") &&
           !strstr(pattern, "??") && !strstr(pattern, "[.") && !strstr(pattern, "[=") &&
           strncmp(pattern, "***", 3) != 0;
}

struct mig_target_value
mig_target_match(struct mig_target_value a, struct mig_target_value pattern, bool fold)
{
    struct mig_target_value v;
    regex_t regex;

    if (!both_texts(a, pattern, &v))
        return v;
    if (!is_ascii(a.text) || strlen(a.text) > SUBJECT_MAX || !regex_is_plain(pattern.text) ||
        regcomp(&regex, pattern.text, REG_EXTENDED | REG_NOSUB | (fold ? REG_ICASE : 0)) != 0)
        return undecided;
    v = mig_target_truth_value(regexec(&regex, a.text, 0, NULL, 0) == 0);
    regfree(&regex);
    return v;
}

/* A member's value as ->> gives it; what PostgreSQL would print in a form of its own is undecided.
 */
static struct mig_target_value
json_text(struct json_object *json)
{
    struct mig_target_value v = {.kind = TARGET_TEXT};

    switch (json_object_get_type(json)) {
    case json_type_null:
        return null;
    case json_type_string:
    case json_type_boolean:
    case json_type_int:
        v.text = json_object_get_string(json);
        return v.text ? v : undecided;
    default:
        return undecided;
    }
}

static struct mig_target_value
child(struct mig_target_value a, const char *key, size_t len)
{
    char name[256];
    struct mig_target_value v = {.kind = TARGET_JSON};

    if (a.kind != TARGET_JSON || len >= sizeof(name))
        return a.kind == TARGET_NULL ? null : undecided;
    memcpy(name, key, len);
    name[len] = '\0';
    if (!json_object_is_type(a.json, json_type_object))
        return undecided;
    if (!json_object_object_get_ex(a.json, name, &v.json))
        return a.partial ? undecided : null;
    return v;
}

/* '{a,b}' of plain names. */
static struct mig_target_value
descend(struct mig_target_value a, const char *path)
{
    size_t len = strlen(path);

    if (len < 2 || path[0] != '{' || path[len - 1] != '}' || strpbrk(path, "\"\\ \t\n"))
        return undecided;
    for (const char *at = path + 1; *at && a.kind == TARGET_JSON;) {
        size_t part = strcspn(at, ",}");

        if (part == 0)
            return undecided;
        a = child(a, at, part);
        at += part + 1;
    }
    return a;
}

struct mig_target_value
mig_target_member(struct mig_target_value a, struct mig_target_value key, bool path, bool as_text)
{
    if (a.kind == TARGET_NULL || key.kind == TARGET_NULL)
        return null;
    if (a.kind != TARGET_JSON || key.kind != TARGET_TEXT)
        return undecided;
    a = path ? descend(a, key.text) : child(a, key.text, strlen(key.text));
    return as_text && a.kind == TARGET_JSON ? json_text(a.json) : a;
}
