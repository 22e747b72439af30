/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <mig/version.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "version_internal.h"

#define SEPARATORS ", \t"
#define OPERATORS "<>=!"
#define LESS (1u << 0)
#define EQUAL (1u << 1)
#define GREATER (1u << 2)

struct mig_version_range {
    size_t count;
    struct {
        unsigned wanted;
        char *bound;
    } conditions[MIG_VERSION_CONDITIONS_MAX];
};

static const struct {
    const char *text;
    unsigned wanted;
} operators[] = {
    {"<", LESS},     {"<=", LESS | EQUAL},   {"=", EQUAL}, {"==", EQUAL}, {">=", GREATER | EQUAL},
    {">", GREATER},  {"!=", LESS | GREATER}, {"<<", LESS}, /* as dpkg writes it */
    {">>", GREATER},                                       /* likewise */
};

bool
mig_version_is_range(const char *text)
{
    text += strspn(text, SEPARATORS);
    return *text == '<' || *text == '>' || *text == '=' || (text[0] == '!' && text[1] == '=');
}

static unsigned
operator_of(const char *text, size_t length)
{
    size_t i;

    for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (strlen(operators[i].text) == length && memcmp(operators[i].text, text, length) == 0)
            return operators[i].wanted;
    return 0;
}

/* One condition at *at, which is moved behind it. */
static int
add_condition(struct mig_version_range *range, const char **at)
{
    size_t operator_length = strspn(*at, OPERATORS);
    unsigned wanted = operator_of(*at, operator_length);
    const char *bound = *at + operator_length;
    size_t length;

    bound += strspn(bound, " \t");
    length = strcspn(bound, SEPARATORS OPERATORS);
    if (wanted == 0 || length == 0 || range->count == MIG_VERSION_CONDITIONS_MAX)
        return -EINVAL;
    range->conditions[range->count].bound = strndup(bound, length);
    if (range->conditions[range->count].bound == NULL)
        return -ENOMEM;
    range->conditions[range->count++].wanted = wanted;
    *at = bound + length;
    return 0;
}

int
mig_version_range_new(const char *text, struct mig_version_range **ret_range, char *ret_message,
                      size_t message_size)
{
    struct mig_version_range *range = calloc(1, sizeof(*range));
    const char *at = text;
    int code = range != NULL ? 0 : -ENOMEM;

    while (code == 0) {
        at += strspn(at, SEPARATORS);
        if (*at == '\0')
            break;
        code = add_condition(range, &at);
    }
    if (code == 0 && range->count == 0)
        code = -EINVAL;
    if (code < 0) {
        snprintf(ret_message, message_size,
                 code == -ENOMEM ? "no memory for the version range '%.200s'"
                                 : "the version range '%.200s' must be up to 32 of <, <=, =, >=, > "
                                   "or != and a version, as in '>=1.2,<1.2.3-4'",
                 text);
        mig_version_range_free(range);
        return code;
    }
    *ret_range = range;
    return 0;
}

void
mig_version_range_free(struct mig_version_range *range)
{
    size_t i;

    for (i = 0; range != NULL && i < range->count; i++)
        free(range->conditions[i].bound);
    free(range);
}

bool
mig_version_range_holds(const struct mig_version_range *range, enum mig_version_system system,
                        const char *version)
{
    size_t i;
    int code;

    for (i = 0; i < range->count; i++) {
        code = mig_version_compare_bound(system, version, range->conditions[i].bound);
        if ((range->conditions[i].wanted & (code < 0 ? LESS : code > 0 ? GREATER : EQUAL)) == 0)
            return false;
    }
    return true;
}
