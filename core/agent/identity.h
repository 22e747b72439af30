/* SPDX-License-Identifier: MPL-2.0 */
/* The agent's lasting name and its folder. */
#ifndef MIG_AGENT_IDENTITY_H
#define MIG_AGENT_IDENTITY_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

#define MIG_UID_MIN 80
#define MIG_UID_MAX 200
#define MIG_QUEUELOC_MAX (MIG_UID_MAX + 8)

/* Opens (or makes, 0700) the run folder. Refuses one that others may write or that is not ours. */
int mig_rundir_open(const char *path, int *ret_fd, struct mig_err *err);
/* Takes the lock of the folder and writes our pid; a second agent gets -EBUSY naming the first. */
int mig_rundir_lock(int dirfd, const char *path, int *ret_fd, struct mig_err *err);
/* Reads `.migagtid` of the folder; makes a new one when it is not there or malformed. */
int mig_identity(int dirfd, char uid[MIG_UID_MAX + 1], struct mig_err *err);

/* A user of the site: a name, "uid" or "uid:gid". */
int mig_user_resolve(const char *key, const char *user, uid_t *ret_uid, gid_t *ret_gid,
                     struct mig_err *err);

#endif
