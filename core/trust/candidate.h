/* SPDX-License-Identifier: MPL-2.0 */
/* A plugin file in the hands of who builds, packages or allows it: what it says it is, and the
 * line of a whitelist that it would be given. Nothing of it is loaded. */
#ifndef MIG_TRUST_CANDIDATE_H
#define MIG_TRUST_CANDIDATE_H

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/error.h"
#include "trust/image.h"
#include "trust/whitelist.h"

struct mig_candidate {
    struct mig_buf bytes; /* of the file */
    struct mig_plugin_note note;
    unsigned char digest[MIG_IMAGE_DIGEST];
};

/* Reads the file and its digest. */
int mig_candidate_read(const char *path, struct mig_candidate *ret, struct mig_err *err);
/* Reads its note too, and compares the name in it with the file's: a whitelist is asked by file
 * name, so under another one it would never load. Call it after mig_candidate_read(). */
int mig_candidate_identify(const char *path, struct mig_candidate *candidate, struct mig_err *err);
void mig_candidate_fini(struct mig_candidate *candidate);

/* Its entry; the texts belong to the candidate. */
struct mig_whitelist_entry mig_candidate_entry(const struct mig_candidate *candidate);

#endif
