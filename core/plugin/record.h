/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a plugin handed over, in memory that its worker shares with the process that started it: it
 * is there however the worker ended, also by SIGKILL or by an _exit() of the plugin. It only grows,
 * to a size that is fixed before the worker starts; its length is published last, so that half an
 * entry is none.
 *
 * The plugin runs in the worker and may have written anything there, so it is read back in a
 * confined process without a plugin (plugin/salvage.h); the starting process reads the head only.
 */
#ifndef MIG_PLUGIN_RECORD_H
#define MIG_PLUGIN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mig_fields_report;
struct mig_record;

enum mig_record_kind {
    MIG_RECORD_KEY,           /* the key of the next place, of the elements */
    MIG_RECORD_STATISTIC_KEY, /* … of the statistics; places are counted from 1 */
    MIG_RECORD_ELEMENT,       /* one more of the array at a place; "": none, but the array */
    MIG_RECORD_VALUE,         /* the value at a place */
    MIG_RECORD_WHOLE,         /* all of the elements */
    MIG_RECORD_ERROR
};

struct mig_record_state {
    bool running;            /* the plugin was called */
    uint64_t memory_refused; /* bytes of an allocation that the memory limit refused; 0: none */
};

/* ---- the process that starts workers ---- */

/* A memory file for results of `output_max` bytes; a descriptor or -errno. */
int mig_record_make(size_t output_max);
/* Nothing but the head; false when there is none. */
bool mig_record_peek(int fd, struct mig_record_state *ret);

/* ---- the worker: calls that add are for one thread at a time ---- */

/* Maps it; `fd` may be closed then. A child that the plugin forks does not write. */
int mig_record_open(int fd, struct mig_record **ret);
/* The plugin is about to be called. */
void mig_record_running(struct mig_record *record);
/* What finds no room is counted. */
void mig_record_add(struct mig_record *record, enum mig_record_kind kind, size_t place,
                    const void *text, size_t len);
void mig_record_found(struct mig_record *record, bool found);
void mig_record_full(struct mig_record *record);
void mig_record_report(struct mig_record *record, const struct mig_fields_report *report);
/* Any thread. */
void mig_record_memory_refused(struct mig_record *record, size_t bytes);
bool mig_record_memory(const struct mig_record *record);

/* ---- reading back ---- */

struct mig_record_entry {
    uint32_t kind;
    size_t place;
    const char *text;
    size_t len;
};

struct mig_record_summary {
    bool found;
    bool full;
    uint64_t lost; /* entries that found no room */
};

int mig_record_read(int fd, struct mig_record **ret);
/* The entry at *at, which is moved behind it. 1, 0 at the end, MIG_E_PROTOCOL when it makes no
 * sense. */
int mig_record_next(const struct mig_record *record, size_t *at, struct mig_record_entry *ret);
void mig_record_summary(const struct mig_record *record, struct mig_record_summary *ret,
                        struct mig_fields_report *ret_report);
void mig_record_close(struct mig_record *record);

#endif
