/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The worker's Landlock domain (landlock(7), Documentation/userspace-api/landlock.rst): which files
 * may be read, which programs executed, which ports connected to. It narrows what user 0 may do by
 * plain ownership, which no dropped capability takes away.
 *
 *   files      MIG_NEED_READ_FILES: every file may be read. Else what a C library and its loader
 *              read (/usr, /lib*, /etc/ld.so.*, time zones, the process's own /proc, the machine's
 *              description in /proc and /sys), and with a network need what resolving names reads.
 *              Nothing is ever written or made; /dev/null is for programs only.
 *   programs   exactly those of the manifest, and the interpreters the kernel opens for them
 *   ABI 4      TCP ports: none without MIG_NEED_NETWORK; with it connect() and no fixed local port
 *   ABI 5      no ioctl() on devices
 *   ABI 6      no signals to other processes without MIG_NEED_KILL, no abstract sockets
 *
 * A domain can not look into processes outside it, so with MIG_NEED_PROCESS_MEMORY or
 * MIG_NEED_NAMESPACES there is none.
 */
#ifndef MIG_PLUGIN_LANDLOCK_H
#define MIG_PLUGIN_LANDLOCK_H

#include <stdint.h>

#include "base/error.h"

/* The ABI version that this kernel has; 0: none. */
int mig_landlock_abi(void);

/* For the calling thread and all that it starts; there is no way back. `programs`: absolute paths,
 * NULL-terminated; may be NULL. 0 also when the kernel has no Landlock. Needs no_new_privs. */
int mig_landlock_load(uint32_t needs, const char *const *programs, struct mig_err *err);

#endif
