/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/multipart.h"

#include <string.h>

#include "api/query.h"

#define BOUNDARY_MAX 70 /* RFC 2046, 5.1.1 */

struct part {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

static int
malformed(struct mig_err *err, const char *why)
{
    return mig_err_set(err, MIG_E_INVALID, "malformed multipart/form-data: %s", why);
}

int
mig_multipart_is(const char *content_type)
{
    static const char type[] = "multipart/form-data";

    return content_type != NULL && strncasecmp(content_type, type, sizeof type - 1) == 0 &&
           strchr("; \t", content_type[sizeof type - 1]) != NULL;
}

/* Finds NAME=value or NAME="value" behind a ';' of a header; no escapes: none of the values that
 * are asked for needs one. */
static int
parameter(const char *text, size_t len, const char *name, const char **ret, size_t *ret_len)
{
    const char *end = text + len;
    size_t name_len = strlen(name);

    while ((text = memchr(text, ';', (size_t)(end - text))) != NULL) {
        for (text++; text < end && (*text == ' ' || *text == '\t');)
            text++;
        if ((size_t)(end - text) <= name_len || strncasecmp(text, name, name_len) != 0 ||
            text[name_len] != '=')
            continue;
        text += name_len + 1;
        const char *stop = text;
        if (text < end && *text == '"') {
            text++;
            stop = memchr(text, '"', (size_t)(end - text));
            if (stop == NULL)
                return -1;
        } else {
            while (stop < end && strchr("; \t", *stop) == NULL)
                stop++;
        }
        *ret = text;
        *ret_len = (size_t)(stop - text);
        return 0;
    }
    return -1;
}

static int
header_is(const char *line, size_t len, const char *name)
{
    size_t name_len = strlen(name);

    return len > name_len && strncasecmp(line, name, name_len) == 0 && line[name_len] == ':';
}

/* The headers, up to and with the empty line; returns what follows, or NULL. */
static const char *
headers(const char *text, const char *end, struct part *part, struct mig_err *err)
{
    part->name = NULL;
    for (;;) {
        const char *stop = memmem(text, (size_t)(end - text), "\r\n", 2);
        if (stop == NULL) {
            malformed(err, "a header without an end");
            return NULL;
        }
        size_t len = (size_t)(stop - text);
        if (len == 0)
            break;
        if (memchr(text, '\0', len) != NULL) {
            malformed(err, "a NUL byte in a header");
            return NULL;
        }
        if (header_is(text, len, "Content-Transfer-Encoding")) {
            malformed(err, "Content-Transfer-Encoding is not taken");
            return NULL;
        }
        if (header_is(text, len, "Content-Disposition") &&
            parameter(text, len, "name", &part->name, &part->name_len) < 0)
            part->name = NULL;
        text = stop + 2;
    }
    if (part->name == NULL || part->name_len == 0) {
        malformed(err, "a part without a name");
        return NULL;
    }
    return text + 2;
}

static int
parts(const char *text, const char *end, const char *delimiter, size_t delimiter_len,
      struct mig_query *query, struct mig_err *err)
{
    /* The first delimiter has no line before it. */
    if ((size_t)(end - text) < delimiter_len - 2 ||
        memcmp(text, delimiter + 2, delimiter_len - 2) != 0)
        return malformed(err, "it does not start with its boundary");
    text += delimiter_len - 2;
    while (end - text >= 2 && memcmp(text, "\r\n", 2) == 0) {
        struct part part;

        text = headers(text + 2, end, &part, err);
        if (text == NULL)
            return MIG_E_INVALID;
        const char *stop = memmem(text, (size_t)(end - text), delimiter, delimiter_len);
        if (stop == NULL)
            return malformed(err, "a part without an end");
        int rc = mig_query_add(query, part.name, part.name_len, text, (size_t)(stop - text), err);
        if (rc < 0)
            return rc;
        text = stop + delimiter_len;
    }
    return end - text >= 2 && memcmp(text, "--", 2) == 0 ? 0 : malformed(err, "it has no end");
}

int
mig_multipart_parse(const char *content_type, const char *body, size_t len, struct mig_query **ret,
                    struct mig_err *err)
{
    char delimiter[4 + BOUNDARY_MAX] = "\r\n--";
    const char *boundary = NULL;
    struct mig_query *query = NULL;
    size_t boundary_len = 0;

    if (parameter(content_type, strlen(content_type), "boundary", &boundary, &boundary_len) < 0 ||
        boundary_len == 0 || boundary_len > BOUNDARY_MAX)
        return malformed(err, "expected a boundary of 1 to 70 characters");
    memcpy(delimiter + 4, boundary, boundary_len);
    int rc = mig_query_parse("", 0, &query, err);
    if (rc == 0)
        rc = parts(body, body + len, delimiter, 4 + boundary_len, query, err);
    if (rc < 0) {
        mig_query_free(query);
        return rc;
    }
    *ret = query;
    return 0;
}
