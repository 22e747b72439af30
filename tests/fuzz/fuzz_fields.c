/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The field table: the first byte chooses the place, the line behind it is the path of one more
 * field, the rest is what a plugin emits. What passes is JSON, passes again unchanged, and lets
 * nothing through that only an undeclared member could hold.
 */
#include "config.h"

#include "fuzz.h"

#include <mig/plugin.h>

#include "base/json.h"
#include "plugin/fields.h"

static char path[256];
static const struct mig_field table[] = {
    {"name", "text", MIG_FIELD_STRING, 0, 8},
    {"secret", "text", MIG_FIELD_STRING, MIG_FIELD_PRIVATE, 0},
    {"size", "number", MIG_FIELD_NUMBER, 0, 0},
    {"yes", "bool", MIG_FIELD_BOOL, MIG_FIELD_NULLABLE, 0},
    {"items[].info.mode", "text", MIG_FIELD_STRING, 0, 4},
    {"items[].search", "as asked", MIG_FIELD_ECHO, 0, 0},
    {"count", "number", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {path, "the fuzzer's", MIG_FIELD_STRING, MIG_FIELD_NULLABLE, 16},
};
static const struct mig_plugin plugin = {
    .fields = table, .fields_count = MIG_COUNT(table), .field_size = sizeof(table[0])};

static void
filter(const struct mig_fields *fields, const struct mig_fields_place *place, const char *json,
       size_t len)
{
    struct mig_buf once = MIG_BUF_INIT, twice = MIG_BUF_INIT;
    struct mig_fields_report first = {0}, second = {0};
    int rc = mig_fields_filter(fields, place, json, len, &once, &first);

    MUST(rc == 0 || rc == 1);
    MUST(rc == 1 || (once.len == 0 && first.undeclared + first.mistyped > 0));
    MUST((first.undeclared > 0) == (first.first_undeclared[0] != '\0'));
    MUST((first.mistyped > 0) == (first.first_mistyped[0] != '\0'));
    MUST((first.cut > 0) == (first.first_cut[0] != '\0'));
    if (rc == 1) {
        MUST(once.len <= len + 8 * (len / 2 + 1)); /* "masked" for a text of one letter */
        MUST(mig_json_check(once.data, once.len, NULL, NULL) == 0);
        MUST(mig_fields_filter(fields, place, once.data, once.len, &twice, &second) == 1);
        MUST(same_bytes(&once, &twice));
        MUST(second.undeclared == 0 && second.mistyped == 0 && second.cut == 0);
    }
    mig_buf_fini(&once);
    mig_buf_fini(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mig_fields_place places[] = {
        {0},
        {.private_mode = true},
        {.key = "items", .element = true},
        {.key = "items", .private_mode = true},
        {.statistics = true},
        {.statistics = true, .key = "count"},
        {.key = "name"},
        {.key = "nowhere", .element = true},
    };
    const char *text = (const char *)data + 1;
    struct mig_fields *fields = NULL;
    struct mig_err err = {0};
    const char *newline;
    size_t used;

    if (size < 1 || (newline = memchr(text, '\n', size - 1)) == NULL)
        return 0;
    used = (size_t)(newline - text);
    if (used >= sizeof(path))
        return 0;
    memcpy(path, text, used);
    path[used] = '\0';
    int rc = mig_fields_new(&plugin, &fields, &err);
    if (rc != 0) {
        MUST(err.code == rc && err.text[0] != '\0' && fields == NULL);
        return 0;
    }
    /* The filter is given JSON that was checked, as the collection does. */
    if (mig_json_check(newline + 1, size - used - 2, NULL, NULL) == 0)
        filter(fields, &places[data[0] % MIG_COUNT(places)], newline + 1, size - used - 2);
    mig_fields_free(fields);
    return 0;
}
