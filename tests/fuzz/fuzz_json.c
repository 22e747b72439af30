/* SPDX-License-Identifier: MPL-2.0 */
/* What is accepted has one canonical form, which is accepted and is its own canonical form. */
#include "config.h"

#include "fuzz.h"

#include <json-c/json.h>

#include "base/json.h"

/* The members of an accepted document lie inside of it. */
static void
walk_raw(const char *text, size_t len)
{
    const char *at;
    size_t at_len;
    size_t cursor = 0;

    while (mig_json_raw_next(text, len, &cursor, &at, &at_len) == 0) {
        MUST(at >= text && at_len <= len && at + at_len <= text + len);
        MUST(mig_json_check(at, at_len, NULL, NULL) == 0);
    }
    if (mig_json_raw_member(text, len, "a", &at, &at_len) == 0) {
        MUST(at >= text && at_len <= len && at + at_len <= text + len);
        MUST(mig_json_check(at, at_len, NULL, NULL) == 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mig_buf once = MIG_BUF_INIT;
    struct mig_buf twice = MIG_BUF_INIT;
    struct json_object *obj = NULL;
    struct mig_err err = {0};
    const char *text = (const char *)data;
    int rc = mig_json_canonical(text, size, NULL, &once, &err);

    MUST(mig_json_check(text, size, NULL, NULL) == rc);
    if (rc == 0) {
        MUST(mig_utf8_valid(once.data, once.len));
        MUST(mig_json_canonical(once.data, once.len, NULL, &twice, &err) == 0);
        MUST(same_bytes(&once, &twice));
        walk_raw(text, size);
        /* json-c takes whatever the scanner passed. */
        rc = mig_json_parse(text, size, NULL, &obj, &err);
        MUST((rc == 0) == (once.data[0] == '{' || once.data[0] == '['));
        json_object_put(obj);
    } else {
        MUST(err.code == rc && err.text[0] != '\0' && once.len == 0);
    }
    mig_buf_fini(&once);
    mig_buf_fini(&twice);
    return 0;
}
