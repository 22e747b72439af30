/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/layers.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "plugin/cgroup.h"
#include "plugin/landlock.h"

static const char *
truth(bool value)
{
    return value ? "true" : "false";
}

int
mig_layers_json(struct mig_buf *out)
{
    /* Without a filter the kernel that has filters says EFAULT, others EINVAL. */
    bool seccomp = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 && errno == EFAULT;
    capng_get_caps_process();
    bool admin = capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
    bool some = capng_have_capabilities(CAPNG_SELECT_CAPS) > CAPNG_NONE;
    mig_buf_addf(out,
                 "{\"landlock\":%d,\"seccomp\":%s,\"capabilities\":%s,\"netns\":%s,\"cgroup\":",
                 mig_landlock_abi(), truth(seccomp), truth(some),
                 truth(admin && access("/proc/self/ns/net", F_OK) == 0));
    mig_cgroup_json(out);
    return mig_buf_addc(out, '}');
}
