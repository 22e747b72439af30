/* SPDX-License-Identifier: MPL-2.0 */
/* Has every hook, and refuses by its own words. */
#include <stdio.h>

#include "zoo.h"

static const struct mig_option options[] = {
    {"word", "word", "a word", NULL, NULL, MIG_OPTION_STRING, 0, 0},
};

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    (void)parameters;
    (void)length;
    host->refuse(host, "hooks never runs");
    return -5;
}

static int
validate(const struct mig_host *host, const char *parameters, size_t length)
{
    (void)length;
    if (strstr(parameters, "bad") == NULL)
        return 0;
    host->refuse(host, "hooks does not like\nbad words");
    return -22;
}

static int
parse(const struct mig_host *host, const char *parameters, size_t length)
{
    char text[256];
    int n = snprintf(text, sizeof(text), "{\"wrapped\":%.*s}", (int)length, parameters);
    return host->output(host, text, (size_t)n);
}

ZOO_NOTE("hooks", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {
    ZOO_SELF("hooks", 0), ZOO_OPTIONS(options), .run = run, .validate = validate, .parse = parse,
};
