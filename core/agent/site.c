/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/site.h"

#include <json-c/json.h>
#include <string.h>

int
mig_site_present(const struct mig_site *site)
{
    return site->layout == MIG_SITE_LAYOUT && site->relays && site->relays[0] &&
           site->keyring_len > 0;
}

const char *
mig_site_proxy_name(const char *proxy)
{
    const char *at = strrchr(proxy, '@');

    return at ? at + 1 : proxy;
}

const char *
mig_site_mode(const struct mig_site *site)
{
    return site->checkin ? "checkin" : "daemon";
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

struct json_object *
mig_site_tags(const struct mig_site *site)
{
    struct json_object *tags = json_object_new_object();

    for (size_t i = 0; tags && site->tags && site->tags[i]; i += 2)
        json_object_object_add(tags, site->tags[i], json_object_new_string(site->tags[i + 1]));
    return tags;
}
