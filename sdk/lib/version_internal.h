/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_SDK_VERSION_INTERNAL_H
#define MIG_SDK_VERSION_INTERNAL_H

#include <mig/version.h>

/* A version of a package against one of a condition, as the system's own dependencies do it. */
int mig_version_compare_bound(enum mig_version_system system, const char *version,
                              const char *bound);

#endif
