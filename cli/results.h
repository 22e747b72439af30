/* SPDX-License-Identifier: MPL-2.0 */
/* Prints what the agents answered. */
#ifndef MIG_CLI_RESULTS_H
#define MIG_CLI_RESULTS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "args.h"
#include "base/error.h"

struct mig_action;
struct mig_client;
struct mig_counters;

/* Lines "<agent> <line>" on standard output for the answers of the action that -show asks for, then
 * on stderr how many agents that were, and the name and the reason of each that has not answered or
 * failed. */
int mig_results_print(struct mig_client *client, int64_t id, const struct mig_action *action,
                      enum mig_show show, const struct mig_counters *counters, struct mig_err *err);

/* Does -show want this command's results, the JSON text of an array? */
int mig_results_wanted(const char *results, size_t len, enum mig_show show);
/* Writes each line of text behind the prefix (NULL: none). Control characters, which could drive
 * the investigator's terminal, become \xNN. */
void mig_results_lines(FILE *out, const char *prefix, const char *text, size_t len);

#endif
