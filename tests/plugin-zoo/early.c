/* SPDX-License-Identifier: MPL-2.0 */
/* Misbehaves when it is loaded, before anybody has called it. Built once a way: EARLY_NAME,
 * EARLY_DO. */
#include <unistd.h>

#include "zoo.h"

static volatile unsigned sink;

__attribute__((unused)) static void
spin(void)
{
    for (;;)
        sink++;
}

__attribute__((constructor)) static void
before_all(void)
{
    EARLY_DO;
}

ZOO_RUN

ZOO_NOTE(EARLY_NAME, "1.0.0", MIG_ABI_MAJOR, MIG_ABI_MINOR);
const struct mig_plugin mig_plugin_symbol = {ZOO_SELF(EARLY_NAME, 0), .run = run};
