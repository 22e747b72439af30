/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/agent.h"
#include "agent/role.h"
#include "plugin/memory.h"
#include "plugin/worker.h"

int
main(int argc, char **argv)
{
    mig_worker_watch_memory = mig_memory_watch;
    mig_worker_role(argc, argv);
    mig_agent_role(argc, argv);
    return mig_agent_main(argc, argv);
}
