/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/query.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"

#define ID_MAX (INT64_C(1) << 53)

struct field {
    char *name;
    char *value;
};

struct mig_query {
    struct field fields[MIG_QUERY_MAX_FIELDS];
    size_t count;
};

/* One decoded name or value, NUL-terminated; NULL and err set when it is malformed. */
static char *
decode(const char *text, size_t len, struct mig_err *err)
{
    char *out = malloc(len + 1);
    size_t used = 0;

    if (out == NULL) {
        mig_err_set(err, -ENOMEM, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        char c = text[i] == '+' ? ' ' : text[i];

        if (c == '%') {
            int high = i + 2 < len ? mig_hex_digit(text[i + 1]) : -1;
            int low = i + 2 < len ? mig_hex_digit(text[i + 2]) : -1;

            if (high < 0 || low < 0) {
                mig_err_set(err, MIG_E_INVALID,
                            "'%%' must be followed by two hexadecimal digits (byte %zu)", i);
                free(out);
                return NULL;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0') {
            mig_err_set(err, MIG_E_INVALID, "a NUL byte is not allowed (byte %zu)", i);
            free(out);
            return NULL;
        }
        out[used++] = c;
    }
    out[used] = '\0';
    if (!mig_utf8_valid(out, used)) {
        mig_err_set(err, MIG_E_INVALID, "not UTF-8");
        free(out);
        return NULL;
    }
    return out;
}

/* Takes over both. */
static int
keep_field(struct mig_query *query, char *name, char *value, struct mig_err *err)
{
    int rc = 0;

    if (name == NULL || value == NULL)
        rc = MIG_E_INVALID; /* decode() has said why */
    else if (query->count == MIG_QUERY_MAX_FIELDS)
        rc = mig_err_set(err, MIG_E_INVALID, "more than %u parameters", MIG_QUERY_MAX_FIELDS);
    else if (mig_query_get(query, name) != NULL)
        rc = mig_err_set(err, MIG_E_INVALID, "parameter '%.64s' is given twice", name);
    if (rc < 0) {
        free(name);
        free(value);
        return rc;
    }
    query->fields[query->count++] = (struct field){name, value};
    return 0;
}

static int
add_field(struct mig_query *query, const char *text, size_t len, struct mig_err *err)
{
    const char *equal = memchr(text, '=', len);
    size_t name_len = equal == NULL ? len : (size_t)(equal - text);
    char *name = decode(text, name_len, err);
    char *value = NULL;

    if (name != NULL && equal == NULL)
        value = decode("", 0, err);
    else if (name != NULL)
        value = decode(equal + 1, len - name_len - 1, err);
    if (name != NULL && value == NULL)
        mig_err_prefix(err, "parameter '%.64s'", name);
    return keep_field(query, name, value, err);
}

/* As decode(), of text that is not encoded. */
static char *
take(const char *text, size_t len, struct mig_err *err)
{
    char *copy = NULL;

    if (memchr(text, '\0', len) != NULL)
        mig_err_set(err, MIG_E_INVALID, "a NUL byte is not allowed");
    else if (!mig_utf8_valid(text, len))
        mig_err_set(err, MIG_E_INVALID, "not UTF-8");
    else if ((copy = strndup(text, len)) == NULL)
        mig_err_set(err, -ENOMEM, "out of memory");
    return copy;
}

int
mig_query_add(struct mig_query *query, const char *name, size_t name_len, const char *value,
              size_t value_len, struct mig_err *err)
{
    char *own_name = take(name, name_len, err);
    char *own_value = own_name == NULL ? NULL : take(value, value_len, err);

    if (own_name != NULL && own_value == NULL)
        mig_err_prefix(err, "parameter '%.64s'", own_name);
    return keep_field(query, own_name, own_value, err);
}

int
mig_query_parse(const char *text, size_t len, struct mig_query **ret, struct mig_err *err)
{
    struct mig_query *query = calloc(1, sizeof *query);
    const char *end = text + len;

    if (query == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));

        if (stop == NULL)
            stop = end;
        if (stop > text) {
            int rc = add_field(query, text, (size_t)(stop - text), err);

            if (rc < 0) {
                mig_query_free(query);
                return rc;
            }
        }
        text = stop < end ? stop + 1 : end;
    }
    *ret = query;
    return 0;
}

void
mig_query_free(struct mig_query *query)
{
    if (query == NULL)
        return;
    for (size_t i = 0; i < query->count; i++) {
        free(query->fields[i].name);
        free(query->fields[i].value);
    }
    free(query);
}

const char *
mig_query_get(const struct mig_query *query, const char *name)
{
    for (size_t i = 0; i < query->count; i++)
        if (strcmp(query->fields[i].name, name) == 0)
            return query->fields[i].value;
    return NULL;
}

static int
parse_number(const char *text, int64_t *ret)
{
    char *end;
    long long value;

    if ((*text < '0' || *text > '9') && (*text != '-' || text[1] < '0' || text[1] > '9'))
        return -1;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return -1;
    *ret = value;
    return 0;
}

int
mig_query_number(const struct mig_query *query, const char *name, int64_t min, int64_t max,
                 int64_t fallback, int64_t *ret, struct mig_err *err)
{
    const char *text = mig_query_get(query, name);
    int64_t value = fallback;

    if (text != NULL && *text != '\0' &&
        (parse_number(text, &value) < 0 || value < min || value > max))
        return mig_err_set(err, MIG_E_INVALID,
                           "Wrong parameters '%s': expected a number from %" PRId64 " to %" PRId64
                           ", found '%.64s'",
                           name, min, max, text);
    *ret = value;
    return 0;
}

int
mig_query_id(const struct mig_query *query, const char *name, const char *thing, int64_t *ret,
             struct mig_err *err)
{
    const char *text = mig_query_get(query, name);
    int64_t value;

    if (text == NULL || *text == '\0')
        return mig_err_set(err, MIG_E_INVALID, "Wrong parameters '%s': it is missing", name);
    if (parse_number(text, &value) < 0)
        return mig_err_set(err, MIG_E_INVALID,
                           "Wrong parameters '%s': expected a decimal number, found '%.64s'", name,
                           text);
    if (value < 1 || value > ID_MAX)
        return mig_err_set(err, MIG_E_INVALID, "Invalid %s ID '%" PRId64 "'", thing, value);
    *ret = value;
    return 0;
}
