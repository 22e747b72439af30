/* SPDX-License-Identifier: MPL-2.0 */
/* The files of the owner's log, for its writer and its reader. */
#ifndef MIG_AGENT_OWNER_LOG_FILES_H
#define MIG_AGENT_OWNER_LOG_FILES_H

#define MIG_OWNER_LOG_NAME "owner.log"
#define MIG_OWNER_LOG_OLD 4u /* files beside the newest */
#define MIG_OWNER_LOG_NAME_MAX 32

/* 0: the newest. */
void mig_owner_log_name(unsigned age, char name[MIG_OWNER_LOG_NAME_MAX]);

#endif
