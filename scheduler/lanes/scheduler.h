/* SPDX-License-Identifier: MPL-2.0 */
/* The program mig-scheduler. */
#ifndef MIG_LANES_SCHEDULER_H
#define MIG_LANES_SCHEDULER_H

/* Options as in `mig-scheduler --help`. Returns the exit code. */
int mig_scheduler_main(int argc, char **argv);

#endif
