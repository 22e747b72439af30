/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a plugin says through the host's services: lines of a service's letter, a key, a blank and a
 * text. Whatever it says, the module result is JSON, has its five members and stays in its bound.
 */
#include "config.h"

#include "fuzz.h"

#include <mig/plugin.h>

#include "base/json.h"
#include "plugin/collect.h"
#include "plugin/fields.h"

#define OUTPUT_MAX 4096u

static const struct mig_field table[] = {
    {"items[].name", "text", MIG_FIELD_STRING, 0, 8},
    {"items[].secret", "text", MIG_FIELD_STRING, MIG_FIELD_PRIVATE, 0},
    {"*", "number", MIG_FIELD_NUMBER, 0, 0},
    {"echo", "as asked", MIG_FIELD_ECHO, 0, 0},
    {"*", "number", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
};
static const struct mig_plugin plugin = {
    .fields = table, .fields_count = MIG_COUNT(table), .field_size = sizeof(table[0])};

static void
say(const struct mig_host *host, char service, const char *key, const char *text, size_t len)
{
    switch (service) {
    case 'e':
        (void)host->emit(host, key, text, len);
        break;
    case 'n':
        (void)host->emit(host, key, NULL, 0);
        break;
    case 's':
        (void)host->set(host, key, text, len);
        break;
    case 'a':
        (void)host->set(host, NULL, text, len);
        break;
    case 'c':
        (void)host->statistic(host, key, text, len);
        break;
    case 'r':
        host->refuse(host, text);
        break;
    case 'o':
        (void)host->output(host, text, len);
        break;
    case 'f':
        host->found(host, (int)len);
        break;
    default:
        (void)host->error(host, text);
    }
}

static void
check(struct mig_collect *collect)
{
    static const char *const members[] = {"foundanything", "success", "elements", "statistics",
                                          "errors"};
    struct mig_buf result = MIG_BUF_INIT;
    struct mig_err err = {0};
    const char *at;
    size_t len;
    char reason[256];

    mig_collect_refusal(collect, reason, sizeof(reason));
    MUST(mig_collect_result(collect, reason[0] == '\0', reason[0] == '\0' ? NULL : reason,
                            &result) == 0);
    if (mig_json_check(result.data, result.len, NULL, &err) != 0)
        fprintf(stderr, "%s: %s\n", err.text, result.data);
    MUST(err.code == 0);
    /* A refusal and the notice of what was dropped come on top. */
    MUST(result.len <= OUTPUT_MAX + 8192);
    for (size_t i = 0; i < MIG_COUNT(members); i++)
        MUST(mig_json_raw_member(result.data, result.len, members[i], &at, &len) == 0);
    mig_buf_fini(&result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mig_collect_spec spec = {
        .stop_at = INT64_MAX, .deadline = INT64_MAX, .output_max = OUTPUT_MAX};
    struct mig_fields *fields = NULL;
    struct mig_collect *collect = NULL;
    char *lines = malloc(size + 1), *line, *save = NULL;

    MUST(lines != NULL);
    if (size > 0)
        memcpy(lines, data, size);
    lines[size] = '\0';
    spec.private_mode = size > 0 && data[0] == 'p';
    MUST(mig_fields_new(&plugin, &fields, NULL) == 0);
    spec.fields = fields;
    MUST(mig_collect_new(&spec, &collect, NULL) == 0);
    for (line = strtok_r(lines, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        char *key = line + 1, *text = strchr(line, ' ');
        if (text == NULL)
            continue;
        *text++ = '\0';
        say(mig_collect_host(collect), line[0], text > key ? key : "", text, strlen(text));
    }
    check(collect);
    mig_collect_free(collect);
    mig_fields_free(fields);
    free(lines);
    return 0;
}
