/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_API_PROGRAM_H
#define MIG_API_PROGRAM_H

/* mig-api from its arguments to its exit code. */
int mig_api_main(int argc, char **argv);

#endif
