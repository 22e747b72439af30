/* SPDX-License-Identifier: MPL-2.0 */
/* Pages of processes' memory, as /proc has them. */
#ifndef MIG_PLUGIN_MEMORY_PAGES_H
#define MIG_PLUGIN_MEMORY_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pages that are there, from a file descriptor of /proc/PID/pagemap: tells the runs of pages in
 * [start, end) that are in memory or, with swapped, in swap. A negative errno value: not to be had.
 */
int memory_pages(int pagemap, uint64_t start, uint64_t end, bool swapped,
                 int (*each)(void *context, uint64_t start, uint64_t end), void *context);

size_t memory_page_size(void);

#endif
