/* SPDX-License-Identifier: MPL-2.0 */
/* Keeps the contract, but for one field that it did not declare and one that is too long. */
#include <stdio.h>

#include "zoo.h"

static const struct mig_option options[] = {
    {"text", "text", "what to say", NULL, NULL, MIG_OPTION_STRING, 0, 0},
    {"list", "deep.list", "numbers", NULL, NULL, MIG_OPTION_NUMBER, MIG_OPTION_REPEATABLE, 0},
};

static const struct mig_field fields[] = {
    {"items[].name", "a name", MIG_FIELD_STRING, 0, 8},
    {"items[].secret", "a secret", MIG_FIELD_STRING, MIG_FIELD_PRIVATE, 0},
    {"echo", "the parameters", MIG_FIELD_ECHO, 0, 0},
    {"emitted", "how many", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
};

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    static const char item[] =
        "{\"name\":\"abcdefgh\",\"contents\":\"not declared\",\"secret\":\"s3cret\"}";
    host->set(host, "echo", parameters, length);
    host->emit(host, "items", item, strlen(item));
    host->emit(host, "items", "{\"name\":\"abcdefghi\"}", 20);
    if (host->emit(host, "items", "{\"name\":", 8) != -22)
        return -1;
    host->statistic(host, "emitted", "2", 1);
    host->error(host, "a soft error");
    host->log(host, MIG_LOG_INFO, "running");
    host->found(host, 1);
    return host->remaining(host) > 0 && !host->cancelled(host) ? 0 : -1;
}

static int
print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    char line[64];
    int n = snprintf(line, sizeof(line), "%zu bytes, flags %u", strlen(result), flags);
    host->output(host, "first line", 10);
    return length == strlen(result) ? host->output(host, line, (size_t)n) : -1;
}

ZOO_NOTE("good", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {
    ZOO_SELF("good", MIG_NEED_READ_FILES), ZOO_OPTIONS(options), ZOO_FIELDS(fields),
    .examples = "mig good -text hello",    .run = run,           .print = print,
};
