/* SPDX-License-Identifier: MPL-2.0 */
/* Names more programs than a manifest may have. */
#include "zoo.h"

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    (void)host;
    (void)parameters;
    (void)length;
    return 0;
}

static const char *const programs[] = {"/p/1",  "/p/2",  "/p/3",  "/p/4",  "/p/5",  "/p/6",
                                       "/p/7",  "/p/8",  "/p/9",  "/p/10", "/p/11", "/p/12",
                                       "/p/13", "/p/14", "/p/15", "/p/16", "/p/17", NULL};

ZOO_NOTE("many", "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {
    ZOO_SELF("many", MIG_NEED_EXECUTE),
    .programs = programs,
    .run = run,
};
