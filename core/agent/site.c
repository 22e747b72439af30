/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/site.h"

int
mig_site_present(const struct mig_site *site)
{
    return site->layout == MIG_SITE_LAYOUT && site->relays && site->relays[0] &&
           site->keyring_len > 0;
}

const char *
mig_site_run_dir(const struct mig_site *site)
{
    return site->run_dir ? site->run_dir : MIG_STATE_DIR;
}

const char *
mig_site_plugin_dir(const struct mig_site *site)
{
    return site->plugin_dir ? site->plugin_dir : MIG_PLUGIN_DIR;
}

const char *
mig_site_conf_dir(const struct mig_site *site)
{
    return site->conf_dir ? site->conf_dir : MIG_SYSCONF_DIR;
}
