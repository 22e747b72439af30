/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The option table against arguments and parameters. The first byte chooses: 'a' arguments, each
 * ended by a NUL; anything else parameters as an action holds them. What the arguments made is
 * taken as parameters; a refusal has a reason.
 */
#include "config.h"

#include "fuzz.h"

#include <mig/plugin.h>

#include "base/json.h"
#include "plugin/options.h"
#include "plugin/table.h"

static const struct mig_option options[] = {
    {"name", "search.s1.names", "names", "regex", NULL, MIG_OPTION_STRING, MIG_OPTION_REPEATABLE,
     64},
    {"hash", "search.s1.sha2", "a hash", NULL, NULL, MIG_OPTION_HEX, 0, 64},
    {"depth", "search.s1.options.depth", "levels", NULL, "5", MIG_OPTION_NUMBER, MIG_OPTION_ALWAYS,
     1000},
    {"port", "ports", "ports", NULL, NULL, MIG_OPTION_NUMBER, MIG_OPTION_REPEATABLE, 0},
    {"all", "search.s1.options.all", "all of them", NULL, NULL, MIG_OPTION_BOOL, 0, 0},
    {"fast", "mode", "how", NULL, "\"fast\"", MIG_OPTION_CONST, 0, 0},
    {"slow", "mode", "how", NULL, "\"slow\"", MIG_OPTION_CONST, 0, 0},
    {"text", "text", "any text", NULL, NULL, MIG_OPTION_STRING, 0, 0},
};
static const struct mig_plugin plugin = {
    .magic = MIG_PLUGIN_MAGIC,
    .abi_major = MIG_ABI_MAJOR,
    .abi_minor = MIG_ABI_MINOR,
    .struct_size = sizeof(plugin),
    .name = "fuzz",
    .version = "1.0.0",
    .summary = "a table",
    .options = options,
    .options_count = MIG_COUNT(options),
    .option_size = sizeof(options[0]),
};

static void
arguments(const char *text, size_t len)
{
    struct mig_buf parameters = MIG_BUF_INIT;
    struct mig_err err = {0};
    int rc = mig_options_parse(&plugin, text, len, &parameters, &err);

    if (rc != 0) {
        MUST(err.code == rc && err.text[0] != '\0' && parameters.len == 0);
        return;
    }
    MUST(mig_json_check(parameters.data, parameters.len, NULL, &err) == 0);
    rc = mig_options_validate(&plugin, parameters.data, parameters.len, &err);
    if (rc != 0)
        fprintf(stderr, "%s: %s\n", err.text, parameters.data);
    MUST(rc == 0);
    mig_buf_fini(&parameters);
}

static void
validate(const char *text, size_t len)
{
    struct mig_err err = {0};
    int rc = mig_options_validate(&plugin, text, len, &err);

    if (rc == 0)
        MUST(mig_json_check(text, len, NULL, NULL) == 0);
    else
        MUST(err.code == rc && err.text[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;

    if (size > 0 && text[0] == 'a')
        arguments(text + 1, size - 1);
    else if (size > 0)
        validate(text + 1, size - 1);
    return 0;
}
