/* SPDX-License-Identifier: MPL-2.0 */
/* The worker's system call filter: everything, less what no plugin may do, less what this one does
 * not need. */
#ifndef MIG_PLUGIN_FILTER_H
#define MIG_PLUGIN_FILTER_H

#include <stdint.h>

#include "base/error.h"

/* For the calling thread and all that it starts; there is no way back. */
int mig_filter_load(uint32_t needs, struct mig_err *err);

#endif
