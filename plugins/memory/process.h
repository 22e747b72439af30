/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Processes and their memory, as /proc has them. Nothing here stops a process or writes to it.
 */
#ifndef MIG_PLUGIN_MEMORY_PROCESS_H
#define MIG_PLUGIN_MEMORY_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memory_map {
    uint64_t start;
    uint64_t end;
    const char *path; /* "" when it has none, "[heap]", "/usr/lib/…"; valid for the call */
    bool readable;
    bool anonymous; /* private and of no file: a page that was never touched is zero */
    bool kernels;   /* [vvar] and the like: not to be read from outside, and nobody's data */
};

/* All process ids, sorted; to be freed. 0 or a negative errno value. */
int memory_process_list(pid_t **ret_list, size_t *ret_count);

/* What belongs to this program: the worker, the agent or mig that started it, and all that these
 * started. They hold what is looked for because it was asked, and are never searched. */
struct memory_family;
struct memory_family *memory_family_new(void);
void memory_family_free(struct memory_family *family);
bool memory_family_has(const struct memory_family *family, pid_t pid);

/* The executable's path, or "[comm]" for what has none; bytes, to be freed. -ESRCH: it has ended;
 * -EACCES; -ENOMEM. */
int memory_process_name(pid_t pid, char **ret_name);

/* Tells the mappings in order of their addresses, until one call gives other than 0. */
int memory_process_maps(pid_t pid, int (*each)(void *context, const struct memory_map *map),
                        void *context);

/* Pages that are there, from a file descriptor of /proc/PID/pagemap: tells the runs of pages in
 * [start, end) that are in memory or, with swapped, in swap. A negative errno value: not to be had.
 */
int memory_pages(int pagemap, uint64_t start, uint64_t end, bool swapped,
                 int (*each)(void *context, uint64_t start, uint64_t end), void *context);

size_t memory_page_size(void);

#endif
