/* SPDX-License-Identifier: MPL-2.0 */
/* Any bytes may be the endpoint's own file: whatever it says, nothing becomes more than the site's.
 */
#include "config.h"

#include "fuzz.h"

#include "agent/narrow.h"
#include "trust/whitelist.h"

static void
check(const struct mig_site *site, const struct mig_site *n)
{
    size_t had = 0, has = 0;

    MUST(n->max_workers >= 1 && n->max_workers <= site->max_workers);
    MUST(n->module_timeout_ms >= 1000 && n->module_timeout_ms <= site->module_timeout_ms);
    MUST(n->output_max > 0 && n->output_max <= site->output_max);
    MUST(n->cpu_max > 0 && n->cpu_max <= site->cpu_max);
    MUST(n->open_files_max > 0 && n->open_files_max <= site->open_files_max);
    MUST(n->private_mode >= site->private_mode && n->check_target >= site->check_target);
    MUST(n->cloud <= site->cloud && n->public_ip <= site->public_ip);
    MUST(n->relays == site->relays && n->acl == site->acl && n->run_dir == site->run_dir);
    while (n->persist[has])
        has++;
    while (site->persist[had])
        had++;
    MUST(has <= had && has % 2 == 0);
    MUST(strcmp(n->tags[0], "site") == 0 && strcmp(n->tags[1], "demo") == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const tags[] = {"site", "demo", NULL};
    static const char *const persist[] = {"audit", "{}", NULL};
    static const struct mig_whitelist_entry entries[] = {{.name = "audit"}, {.name = "file"}};
    static const struct mig_whitelist list = {entries, 2};
    const struct mig_site site = {.layout = MIG_SITE_LAYOUT,
                                  .tags = tags,
                                  .persist = persist,
                                  .module_timeout_ms = 60000,
                                  .max_workers = 4,
                                  .output_max = 1 << 20,
                                  .cpu_max = 100,
                                  .open_files_max = 256,
                                  .alerts_max = 1000,
                                  .state_max = 2000,
                                  .check_target = 1,
                                  .private_mode = size % 2,
                                  .public_ip = 1};
    struct mig_narrow n;
    struct mig_err err = {0};

    if (mig_narrow_parse(&site, &list, "own", (const char *)data, size, &n, &err) < 0) {
        MUST(err.text[0] != '\0');
        return 0;
    }
    check(&site, &n.site);
    mig_narrow_fini(&n);
    return 0;
}
