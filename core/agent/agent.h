/* SPDX-License-Identifier: MPL-2.0 */
/* The program mig-agent. Its main() calls mig_worker_role() and mig_agent_role() first. */
#ifndef MIG_AGENT_AGENT_H
#define MIG_AGENT_AGENT_H

#include <stdint.h>
#include <stdio.h>

struct mig_site;

/* The ELF note by which an agent's executable is known, whatever its name: owner MIG_NOTE_OWNER.
 * It is in every program that mig-mkagent links. plugins/agentdestroy reads it. */
#define MIG_AGENT_NOTE_TYPE 2u
#define MIG_AGENT_MAGIC 0x4d494741u /* "MIGA" */
struct mig_agent_note {
    uint32_t namesz, descsz, type;
    char owner[4];
    uint32_t magic;
    char version[60]; /* NUL-terminated */
};

/* Returns the exit status. */
int mig_agent_main(int argc, char **argv);

/* -m: runs one module on the message {"class":"parameters","parameters":…} of stdin and prints its
 * result, as JSON or (pretty) as text. The exit status. */
int mig_agent_module(const struct mig_site *site, const char *module, int pretty);
/* -S: what is built in, as JSON, without secrets. The exit status. */
int mig_agent_settings(const struct mig_site *site, FILE *out);

#endif
