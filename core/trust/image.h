/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The load image of a plugin file and its SHA-256. The load image is all that the dynamic loader
 * reads or maps by intent, and nothing that a packager changes by stripping the file or by
 * splitting its debug symbols off. The digest is SHA-256 over, in this order:
 *
 *   1. the ELF header with e_shoff, e_shentsize, e_shnum and e_shstrndx taken as zero;
 *   2. the program headers, e_phnum entries at e_phoff;
 *   3. for each PT_LOAD, in the order of the program headers: p_offset and p_filesz, each as 8
 * bytes little-endian, then the file's bytes p_offset … p_offset + p_filesz - 1, where the four
 * fields of 1. are again taken as zero when they lie inside (the first segment usually starts at
 * offset 0).
 *
 * Not covered: section headers, .symtab, .strtab, .comment, .debug_*, .gnu_debuglink, and the
 * padding of the file between segments. The kernel maps whole pages, so some of those bytes do
 * become readable, or even executable, beside a segment; mig_image_scrub() makes them zero in the
 * copy that is loaded.
 *
 * Accepted: ET_DYN of this machine's class, byte order and architecture; every segment inside the
 * file, the PT_LOADs not overlapping and in ascending order of address. Sources: System V gABI,
 * chapters 4 and 5; elf(5); glibc elf/dl-load.c for what the loader reads.
 */
#ifndef MIG_TRUST_IMAGE_H
#define MIG_TRUST_IMAGE_H

#include <stddef.h>

#include "base/error.h"

#define MIG_IMAGE_DIGEST 32
#define MIG_IMAGE_MAX (64u << 20) /* bytes of a plugin file */

/* Of a whole file in memory. MIG_E_PLUGIN with the reason when it is not a well-formed ELF shared
 * object of this machine's class and architecture, MIG_E_LIMIT over MIG_IMAGE_MAX. Every offset is
 * checked; the bytes may be hostile, and need not be aligned. */
int mig_image_digest(const void *file, size_t len, unsigned char digest[MIG_IMAGE_DIGEST],
                     struct mig_err *err);
/* Makes every byte zero that the digest does not cover; the digest stays. The loader does not miss
 * them. */
int mig_image_scrub(void *file, size_t len, struct mig_err *err);
/* Finds the note MIG_NOTE_OWNER/MIG_NOTE_TYPE in the PT_NOTE segments that lie inside a PT_LOAD
 * (others are not covered by the digest). MIG_E_PLUGIN when there is none, more than one, or when
 * it does not keep the rules of <mig/plugin.h> for magic, name and version. The ABI numbers are not
 * judged. */
struct mig_plugin_note;
int mig_image_note(const void *file, size_t len, struct mig_plugin_note *ret, struct mig_err *err);
/* 1 for ^[a-z][a-z0-9_]{0,30}$ resp. 1 to 31 of [A-Za-z0-9.+~_-]: what a note may hold. */
int mig_image_name_valid(const char *name);
int mig_image_version_valid(const char *version);

#endif
