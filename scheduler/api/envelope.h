/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The Collection+JSON envelope of every answer, written straight into a buffer:
 *     {"collection":{"version":"1.0","href":…,"items":[{"href":…,"data":[{"name":…,"value":…}],
 *                    "links":[{"rel":…,"href":…}]}],"template":{},"error":{}}}
 * Calls in this order: open, (item, data…, link…)…, close. Memory errors stay in the buffer's
 * `failed`.
 */
#ifndef MIG_API_ENVELOPE_H
#define MIG_API_ENVELOPE_H

#include <stddef.h>

struct mig_buf;

struct mig_envelope {
    struct mig_buf *out;
    unsigned items;
    enum { MIG_ENVELOPE_TOP, MIG_ENVELOPE_ITEM, MIG_ENVELOPE_DATA, MIG_ENVELOPE_LINKS } place;
};

void mig_envelope_open(struct mig_envelope *env, struct mig_buf *out, const char *href);
void mig_envelope_item(struct mig_envelope *env, const char *href);
/* Starts a data member; the caller then appends exactly one JSON value to env->out. */
void mig_envelope_data(struct mig_envelope *env, const char *name);
void mig_envelope_link(struct mig_envelope *env, const char *rel, const char *href);
/* `code` and `message` NULL: no error. */
void mig_envelope_close(struct mig_envelope *env, const char *code, const char *message);

#endif
