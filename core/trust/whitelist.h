/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The plugins this program may load, by the SHA-256 of their load image. The table `mig_whitelist`
 * is generated at build by core/trust/mkwhitelist from the plugins built beside it
 * (core/libmig-whitelist.a, which every program links that starts workers); mig-mkagent generates
 * it again for a site, with what plugins.allow adds.
 */
#ifndef MIG_TRUST_WHITELIST_H
#define MIG_TRUST_WHITELIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "trust/image.h"

struct mig_buf;

struct mig_whitelist_entry {
    const char *name;
    const char *version;
    uint16_t abi_major;
    uint16_t abi_minor;
    unsigned char digest[MIG_IMAGE_DIGEST];
};

struct mig_whitelist {
    const struct mig_whitelist_entry *entries;
    size_t count;
};

extern const struct mig_whitelist mig_whitelist;

/* The entry with this name and digest (several versions of a name may be listed), or NULL. */
const struct mig_whitelist_entry *mig_whitelist_find(const struct mig_whitelist *list,
                                                     const char *name,
                                                     const unsigned char digest[MIG_IMAGE_DIGEST]);
/* 1 when any entry has this name. */
int mig_whitelist_names(const struct mig_whitelist *list, const char *name);
/* plugins.allow: lines "NAME VERSION ABI SHA256", '#' comments; ABI is "1.0". Calls each(), whose
 * entry is valid for the call only; a non-zero result of it ends the walk and is returned.
 * MIG_E_CONFIG with the number of the line that is wrong. */
int mig_whitelist_parse(const char *text, size_t len,
                        int (*each)(void *context, const struct mig_whitelist_entry *entry),
                        void *context, struct mig_err *err);

/* Appends one such line, with a newline. 0 or -ENOMEM. */
int mig_whitelist_line(const struct mig_whitelist_entry *entry, struct mig_buf *out);
/* Appends C source that defines `mig_whitelist`. 0 or -ENOMEM. */
int mig_whitelist_source(const struct mig_whitelist *list, struct mig_buf *out);

#endif
