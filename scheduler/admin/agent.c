/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "admin/agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "store/agents.h"

#define WINDOW "15m"

static void
print_agent(const struct mig_agents_row *agent, void *context)
{
    (void)context;
    printf("%" PRId64 "\t%s\t%s\t%s\t%s\t%s\t%s\n", agent->id, agent->status, agent->name,
           agent->queueloc, agent->pid, agent->version, agent->lastbeat);
}

static void
print_duplicate(const struct mig_agents_duplicate *d, void *context)
{
    (void)context;
    printf("%s\tendpoints %s\tprocesses %s\tlast beats %s\n", d->queueloc, d->names, d->pids,
           d->lastbeats);
}

static int
duplicates(struct mig_db *db, const char *within, struct mig_err *err)
{
    int64_t ms = 0;

    if (mig_duration_parse(within, &ms) < 0 || ms < 1)
        return mig_err_set(err, MIG_E_SYNTAX,
                           "agent duplicates: '%s': expected a duration such as 15m", within);
    return mig_agents_duplicates(db, ms, print_duplicate, NULL, err);
}

static int
remove_agents(struct mig_db *db, const char *which, struct mig_err *err)
{
    size_t removed = 0;
    int r = mig_agents_remove(db, which, &removed, err);

    if (r == 0)
        printf("%zu removed\n", removed);
    return r;
}

int
mig_admin_agent(struct mig_db *db, int argc, char **argv, struct mig_err *err)
{
    const char *verb = argc > 0 ? argv[0] : "";

    if (strcmp(verb, "list") == 0 && argc <= 2)
        return mig_agents_list(db, argc == 2 ? argv[1] : NULL, print_agent, NULL, err);
    if (strcmp(verb, "duplicates") == 0 && argc <= 2)
        return duplicates(db, argc == 2 ? argv[1] : WINDOW, err);
    if (strcmp(verb, "remove") == 0 && argc == 2)
        return remove_agents(db, argv[1], err);
    return mig_err_set(err, MIG_E_SYNTAX,
                       "expected agent list [STATUS], duplicates [DURATION] or remove WHO");
}
