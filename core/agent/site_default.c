/* SPDX-License-Identifier: MPL-2.0 */
/* The packaged agent's site: nobody. It lists, runs and describes modules, and serves no platform.
 */
#include "config.h"

#include "agent/site.h"

const struct mig_site mig_site = {
    .layout = MIG_SITE_LAYOUT,
    .log_destination = "stderr",
    .log_level = "info",
};
