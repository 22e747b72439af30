/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Whether it was the site's memory limit that refused an allocation. The kernel tells malloc() no
 * more than ENOMEM, which has other causes too, and a plugin that gives up has often freed what it
 * had. So the programs that link this file (the agent; it is not in libmig-core.a) have an
 * allocator of their own: the C library's, with a look at every failure. Plugins and libraries in
 * the process are bound to it, since a program's symbols come first.
 *
 * With another C library than glibc, or with sanitizers, nothing is told.
 */
#ifndef MIG_PLUGIN_MEMORY_H
#define MIG_PLUGIN_MEMORY_H

#include <stddef.h>

/* From now on `refused` is called for every allocation that failed when its bytes and those of the
 * address space were over `max`: RLIMIT_AS. Any thread; it may not allocate. */
void mig_memory_watch(size_t max, void (*refused)(size_t bytes));

#endif
