/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the search engine: a file's extended attributes and capabilities, as texts. */
#ifndef MIG_SEARCH_ATTRIBUTES_H
#define MIG_SEARCH_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>

/* The texts of one file, each with its NUL. */
struct attributes {
    char *text;
    size_t size;
};

/* Names of the extended attributes of `name` in `dirfd` ("user.note"); `follow` a link. 0, or a
 * negative errno value. A file system without any has none. */
int mig_attributes_names(int dirfd, const char *name, bool follow, struct attributes *ret);
/* Its capabilities, a text each: "cap_net_raw=ep", with e, i and p as of cap_to_text(3). */
int mig_attributes_capabilities(int dirfd, const char *name, bool follow, struct attributes *ret);
void mig_attributes_free(struct attributes *attributes);

#endif
