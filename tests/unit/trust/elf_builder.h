/* SPDX-License-Identifier: MPL-2.0 */
/* A small shared object made in memory, for tests of core/trust/image. */
#ifndef TESTS_TRUST_ELF_BUILDER_H
#define TESTS_TRUST_ELF_BUILDER_H

#include <link.h>
#include <stddef.h>

#define ELF_SIZE 1024

/* Segments: 0 PT_LOAD 0..400, 1 PT_LOAD 512..700, 2 PT_NOTE inside 0, 3 PT_GNU_STACK. Between the
 * PT_LOADs and behind the last one the bytes are 0xee; section headers are claimed at 768. */
struct elf_file {
    _Alignas(16) unsigned char bytes[ELF_SIZE];
};

ElfW(Ehdr) * elf_header(struct elf_file *elf);
ElfW(Phdr) * elf_segment(struct elf_file *elf, size_t index);
/* The note with owner "MIG": 12 bytes of head, 4 of owner, then struct mig_plugin_note. */
unsigned char *elf_note(struct elf_file *elf);
void elf_build(struct elf_file *elf, const char *name, const char *version);

#endif
