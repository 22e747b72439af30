/* SPDX-License-Identifier: MPL-2.0 */
/* Takes memory, and writes to it, until there is none. With {"blind":true} it does not look whether
 * there is. */
#include <errno.h>

#include "zoo.h"

static const struct mig_option options[] = {
    {"blind", "blind", "do not look", NULL, NULL, MIG_OPTION_BOOL, 0, 0},
};
static const struct mig_field fields[] = {{"begun", "always", MIG_FIELD_BOOL, 0, 0}};

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    int blind = strstr(parameters, "true") != NULL;
    (void)length;
    host->set(host, "begun", "true", 4);
    for (;;) {
        char *volatile block = malloc((size_t)1 << 20);
        if (block == NULL && !blind)
            return -ENOMEM;
        memset(block, 1, (size_t)1 << 20);
    }
}

ZOO_NOTE("glutton", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {
    ZOO_SELF("glutton", 0),
    ZOO_OPTIONS(options),
    ZOO_FIELDS(fields),
    .run = run,
};
