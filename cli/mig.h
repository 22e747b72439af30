/* SPDX-License-Identifier: MPL-2.0 */
/* The investigator's command line tool. */
#ifndef MIG_CLI_MIG_H
#define MIG_CLI_MIG_H

/* Exit status of `mig`. */
enum { MIG_EXIT_ANSWERED = 0, MIG_EXIT_ERROR = 1, MIG_EXIT_UNANSWERED = 3 };

int mig_cli_main(int argc, char **argv);

#endif
