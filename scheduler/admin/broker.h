/* SPDX-License-Identifier: MPL-2.0 */
/*
 * mig-admin rabbitmq and mig-admin agent-credentials: definitions that `rabbitmqctl
 * import_definitions` takes. The broker gets salted digests of the passwords, no process a password
 * as an argument, and no server need be reached from here.
 */
#ifndef MIG_ADMIN_BROKER_H
#define MIG_ADMIN_BROKER_H

#include "base/error.h"

/* argv[0] is the command. MIG_E_SYNTAX when the command line is wrong. */
int mig_admin_rabbitmq(int argc, char **argv, struct mig_err *err);
int mig_admin_agent_credentials(int argc, char **argv, struct mig_err *err);

#endif
