/* SPDX-License-Identifier: MPL-2.0 */
/* `mig action canonical|sign|verify FILE`: an action's file looked at, signed, checked, without a
 * platform. */
#ifndef MIG_CLI_PAPERS_H
#define MIG_CLI_PAPERS_H

/* argv[0] is the word after "action". Returns the exit status. */
int mig_papers_main(int argc, char **argv);

#endif
