/* SPDX-License-Identifier: MPL-2.0 */
/* What a client posts to mig-api: a line with the content type, then the body. */
#include "config.h"

#include "fuzz.h"

#include "api/multipart.h"
#include "api/query.h"
#include "base/json.h"

static void
check(const struct mig_query *query)
{
    static const char *const names[] = {"action", "actionid", "heartbeat", "publickey"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = mig_query_get(query, names[i]);
        int64_t number = 0;
        struct mig_err err = {0};

        MUST(value == NULL || mig_utf8_valid(value, strlen(value)));
        if (mig_query_number(query, names[i], 1, 9, 5, &number, &err) == 0)
            MUST(number >= 1 && number <= 9);
        else
            MUST(err.text[0] != '\0');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
    struct mig_query *query = NULL;
    struct mig_err err = {0};
    char *type, *body;
    size_t len;
    int rc;

    if (line == NULL)
        return 0;
    type = strndup((const char *)data, (size_t)(line - data));
    len = size - (size_t)(line - data) - 1;
    body = malloc(len > 0 ? len : 1); /* of its own, so that a byte too far is seen */
    MUST(type != NULL && body != NULL);
    memcpy(body, line + 1, len);
    rc = mig_multipart_is(type) ? mig_multipart_parse(type, body, len, &query, &err)
                                : mig_query_parse(body, len, &query, &err);
    MUST((rc == 0) == (query != NULL));
    MUST((rc == 0) == (err.text[0] == '\0'));
    if (query != NULL)
        check(query);
    mig_query_free(query);
    free(body);
    free(type);
    return 0;
}
