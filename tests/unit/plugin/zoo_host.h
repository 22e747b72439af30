/* SPDX-License-Identifier: MPL-2.0 */
/* What the tests that run the plugins of tests/plugin-zoo have in common: a folder with a copy of
 * each, and calls whose outcome is compared. The test program is its own worker. */
#ifndef MIG_TEST_ZOO_HOST_H
#define MIG_TEST_ZOO_HOST_H

#include <stddef.h>
#include <sys/types.h>

#include "plugin/worker.h"

struct mig_buf;

/* The folder, absolute; filled by group_start(). */
extern char folder[];
int group_start(void **state);
int group_stop(void **state);

/* NAME.so in the folder; good until the next but one call. */
const char *in_folder(const char *name);
void put(const char *name, const void *bytes, size_t len, mode_t mode);
/* The bytes of a plugin as it was built. */
void get(const char *name, struct mig_buf *out);
/* Puts a plugin as it was built into the folder. */
void install(const char *name);
/* Its load image's SHA-256 in hexadecimal, 65 bytes. */
void digest_of(const void *bytes, size_t len, char *text);

struct mig_worker_spec spec_of(enum mig_worker_call call, const char *plugin, const char *input);
/* Makes the call and compares what came; NULL: not compared. */
struct mig_worker *call(const struct mig_worker_spec *spec, enum mig_worker_status status,
                        const char *reason, const char *output);
/* The same, for those who want to know no more. */
void expect(const struct mig_worker_spec *spec, enum mig_worker_status status, const char *reason,
            const char *output);
/* A run that is refused with this reason. */
void refuses(const char *plugin, const char *reason);

#endif
