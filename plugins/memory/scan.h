/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reads the memory of one process, each page once, and matches the checks of the active searches.
 *
 * Mappings that follow each other without a gap are one text. It is read by process_vm_readv() in
 * windows that begin with the end of the one before, so that nothing at an edge is missed: a byte
 * string never, a match of a regular expression when it is at most MEMORY_OVERLAP bytes long. Pages
 * of anonymous mappings that were never touched are zero, and are not read. What a mapping does not
 * let its own process read is read by /proc/PID/mem as far as it is in memory.
 */
#ifndef MIG_PLUGIN_MEMORY_SCAN_H
#define MIG_PLUGIN_MEMORY_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <mig/plugin.h>

#define MEMORY_OVERLAP 16384u

struct memory_question;
struct memory_scanner;

struct memory_scanner_host {
    void *context;
    /* Non-zero ends the scan; asked for every window. */
    int (*cancelled)(void *context);
    /* What could not be read or matched; UTF-8. */
    void (*failure)(void *context, const char *message);
};

/* NULL: no memory. The question is the caller's, and is to live as long. */
struct memory_scanner *memory_scanner_new(struct memory_question *question,
                                          const struct memory_scanner_host *host);
void memory_scanner_free(struct memory_scanner *scanner);

/* Sets `matched` of the checks on memory. 0; -ESRCH: the process has ended; or another errno value:
 * its mappings can not be read. */
int memory_scan(struct memory_scanner *scanner, pid_t pid);

/* Bytes read by all scans. */
uint64_t memory_scanner_read(const struct memory_scanner *scanner);
/* Whether cancelled() has ended one. */
bool memory_scanner_cut_short(const struct memory_scanner *scanner);

#endif
