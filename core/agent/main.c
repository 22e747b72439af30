/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <stddef.h>

#include <mig/plugin.h>

#include "agent/agent.h"
#include "agent/role.h"
#include "plugin/memory.h"
#include "plugin/worker.h"

__attribute__((used, section(".note.mig.agent"),
               aligned(4))) static const struct mig_agent_note agent_note = {
    4,
    sizeof(struct mig_agent_note) - offsetof(struct mig_agent_note, magic),
    MIG_AGENT_NOTE_TYPE,
    MIG_NOTE_OWNER,
    MIG_AGENT_MAGIC,
    PACKAGE_VERSION};

int
main(int argc, char **argv)
{
    mig_worker_watch_memory = mig_memory_watch;
    mig_worker_role(argc, argv);
    mig_agent_role(argc, argv);
    return mig_agent_main(argc, argv);
}
