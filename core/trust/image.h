/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The load image of an ELF file and its SHA-256: the ELF header with e_shoff, e_shnum, e_shstrndx and
 * e_shentsize taken as zero, the program headers, and for every PT_LOAD its file offset, file size and bytes. It covers all
 * that the dynamic loader maps, and does not change when a packager strips the file.
 * Source of the format: System V gABI, chapters 4 and 5.
 */
#ifndef MIG_TRUST_IMAGE_H
#define MIG_TRUST_IMAGE_H

#include <stddef.h>

#include "base/error.h"

#define MIG_IMAGE_DIGEST 32
#define MIG_IMAGE_MAX (64u << 20) /* bytes of a plugin file */

/* Of a whole file in memory. MIG_E_PLUGIN with the reason when it is not a well-formed ELF shared object
 * of this machine's class and architecture. Every offset is checked; the bytes may be hostile. */
int mig_image_digest(const void *file, size_t len, unsigned char digest[MIG_IMAGE_DIGEST],
                     struct mig_err *err);
/* Finds the note MIG_NOTE_OWNER/MIG_NOTE_TYPE in the PT_NOTE segments. */
struct mig_plugin_note;
int mig_image_note(const void *file, size_t len, struct mig_plugin_note *ret, struct mig_err *err);
void mig_hex(const unsigned char *bytes, size_t len, char *text); /* 2 * len + 1 bytes, lower case */

#endif
