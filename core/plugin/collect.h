/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The host's side of one call into a plugin: the function table it gets, and what it said through
 * it. Elements and statistics are kept as JSON text, cut down by the field table as they come; no
 * tree is built, so that 80,000 elements cost their text and no more. The functions of the table
 * may be called from any thread, also while another thread takes a partial result.
 */
#ifndef MIG_PLUGIN_COLLECT_H
#define MIG_PLUGIN_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct mig_buf;
struct mig_collect;
struct mig_fields;
struct mig_fields_report;
struct mig_host;
struct mig_record;

#define MIG_COLLECT_OUTPUT_MAX (32u << 20) /* when the spec says 0 */

struct mig_collect_spec {
    const struct mig_fields *fields; /* kept, not copied; NULL: nothing is cut down */
    struct mig_record *record;       /* gets all that is kept as well; may be NULL */
    int64_t stop_at;                 /* mig_time_monotonic_ms() from when cancelled() is true */
    int64_t deadline;                /* … at which remaining() is 0 */
    size_t output_max;               /* bytes of the whole result; 0: MIG_COLLECT_OUTPUT_MAX */
    bool private_mode;
    void (*log)(void *context, uint32_t level, const char *text); /* any thread; may be NULL */
    void (*full)(void *context); /* once, when the output limit is met; may be NULL */
    void *context;
};

int mig_collect_new(const struct mig_collect_spec *spec, struct mig_collect **ret,
                    struct mig_err *err);
void mig_collect_free(struct mig_collect *collect);
/* The function table for the plugin; lives as long as `collect`. */
const struct mig_host *mig_collect_host(const struct mig_collect *collect);

/* What an earlier process had counted. */
void mig_collect_restore(struct mig_collect *collect, const struct mig_fields_report *report,
                         bool full);

/* The plugin was told to stop because its time was up. */
bool mig_collect_stopped(struct mig_collect *collect);
/* Copies what refuse() said last; "" when it said nothing. */
void mig_collect_refusal(struct mig_collect *collect, char *text, size_t size);
/* Appends the module result. `reason` (may be NULL) becomes the first of its errors. May be called
 * while the plugin still runs. */
int mig_collect_result(struct mig_collect *collect, bool success, const char *reason,
                       struct mig_buf *out);
/* Appends what output() said: every call a line, or only the last call. */
int mig_collect_text(struct mig_collect *collect, bool lines, struct mig_buf *out);

#endif
