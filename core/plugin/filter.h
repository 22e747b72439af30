/* SPDX-License-Identifier: MPL-2.0 */
/* System call filters. The worker's: everything, less what no plugin may do, less what this one
 * does not need. A role's of the agent: everything, less the interfaces to the kernel and to other
 * processes that it never has a use for, less what its flags do not name. */
#ifndef MIG_PLUGIN_FILTER_H
#define MIG_PLUGIN_FILTER_H

#include <stdint.h>

#include "base/error.h"

/* For the calling thread and all that it starts; there is no way back. */
int mig_filter_load(uint32_t needs, struct mig_err *err);

#define MIG_FILTER_NETWORK (1u << 0) /* sockets beyond local ones */
#define MIG_FILTER_EXECUTE (1u << 1) /* processes and programs, which inherit the filter */

/* Needs no_new_privs. */
int mig_filter_role(unsigned flags, struct mig_err *err);

#endif
