/* SPDX-License-Identifier: MPL-2.0 */
/* Reads the head of a plugin's descriptor from the file's bytes, without loading it: what a plugin
 * needs is known, and its worker confined, before the first of its instructions runs. */
#ifndef MIG_PLUGIN_PEEK_H
#define MIG_PLUGIN_PEEK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MIG_PEEK_PROGRAMS_MAX 16

/* The first members of struct mig_plugin, which no ABI moves. */
struct mig_peek {
    uint32_t magic;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t struct_size;
    uint32_t needs;
};

/* In all of these `file` has been through mig_image_scrub(): what its digest does not cover is
 * zero. MIG_E_PLUGIN when it exports no object `mig_plugin`. */
int mig_peek_descriptor(const void *file, size_t len, struct mig_peek *ret, struct mig_err *err);

/* MIG_E_PLUGIN, naming it, when it exports anything beside its descriptor: what it calls would be
 * bound to code of others, or theirs to its own. */
int mig_peek_exports(const void *file, size_t len, struct mig_err *err);

/* The programs of its manifest, found through the file's relocations: an array of strings that ends
 * with NULL, freed by one free(). *ret is NULL when it names none. MIG_E_PLUGIN when the table can
 * not be read without loading the file, or has more than MIG_PEEK_PROGRAMS_MAX. */
int mig_peek_programs(const void *file, size_t len, char ***ret, struct mig_err *err);

#endif
