/* SPDX-License-Identifier: MPL-2.0 */
/* For a test of one module with the mock host. */
#ifndef TESTS_PLUGINS_MODULE_H
#define TESTS_PLUGINS_MODULE_H

#include <stdio.h>
#include <stdlib.h>

#include <mig/mock_host.h>

/* The module as it is built in this tree. NULL, which it says in TAP, when it is not. */
static const struct mig_plugin *
module_load(const char *name)
{
    const char *build = getenv("top_builddir");
    const struct mig_plugin *plugin;
    char path[4096];

    snprintf(path, sizeof(path), "%s/plugins/%s/.libs/%s.so", build != NULL ? build : ".", name,
             name);
    plugin = mig_mock_load(path);
    if (plugin == NULL)
        printf("1..0 # SKIP the %s plugin is not built\n", name);
    return plugin;
}

#endif
