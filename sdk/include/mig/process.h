/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Processes, as /proc has them. Nothing here stops a process or writes to it. Link with libmig-sdk.
 * Of others' processes MIG_NEED_PROCESS_MEMORY shows the executable and the mappings.
 */
#ifndef MIG_PROCESS_H
#define MIG_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mig_process_map {
    uint64_t start;
    uint64_t end;
    const char *path; /* "" when it has none, "[heap]", "/usr/lib/…"; valid for the call */
    bool readable;
    bool anonymous; /* private and of no file: a page that was never touched is zero */
    bool kernels;   /* [vvar] and the like: not to be read from outside, and nobody's data */
};

/* All process ids, sorted; to be freed. 0 or a negative errno value. */
int mig_process_list(pid_t **ret_list, size_t *ret_count);

/* What belongs to this program: the worker, the agent or mig that started it, and all that these
 * started. They hold what is looked for because it was asked, and are never searched. */
struct mig_process_family;
struct mig_process_family *mig_process_family_new(void);
void mig_process_family_free(struct mig_process_family *family);
bool mig_process_family_has(const struct mig_process_family *family, pid_t pid);

/* The executable's path, or "[comm]" for what has none; bytes, to be freed. -ESRCH: it has ended;
 * -EACCES; -ENOMEM. */
int mig_process_name(pid_t pid, char **ret_name);

/* Tells the mappings in order of their addresses, until one call gives other than 0. */
int mig_process_maps(pid_t pid, int (*each)(void *context, const struct mig_process_map *map),
                     void *context);

#endif
