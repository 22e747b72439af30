/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "elf_builder.h"

#include <stdio.h>
#include <string.h>

#include <mig/plugin.h>

#define SEGMENTS 4
#define NOTE_OFFSET 296

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__i386__)
#define MACHINE EM_386
#elif defined(__arm__)
#define MACHINE EM_ARM
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#elif defined(__s390__)
#define MACHINE EM_S390
#else
#define MACHINE EM_RISCV
#endif

ElfW(Ehdr) * elf_header(struct elf_file *elf)
{
    return (ElfW(Ehdr) *)elf->bytes;
}

ElfW(Phdr) * elf_segment(struct elf_file *elf, size_t index)
{
    return (ElfW(Phdr) *)(elf->bytes + sizeof(ElfW(Ehdr))) + index;
}

unsigned char *
elf_note(struct elf_file *elf)
{
    return elf->bytes + NOTE_OFFSET;
}

static void
set_segment(ElfW(Phdr) * segment, unsigned type, size_t offset, size_t size)
{
    segment->p_type = type;
    segment->p_offset = offset;
    segment->p_vaddr = offset;
    segment->p_filesz = size;
    segment->p_memsz = size;
    segment->p_align = 4;
}

void
elf_build(struct elf_file *elf, const char *name, const char *version)
{
    struct mig_plugin_elf_note note = {4,
                                       sizeof(struct mig_plugin_note),
                                       MIG_NOTE_TYPE,
                                       MIG_NOTE_OWNER,
                                       {MIG_PLUGIN_MAGIC, 1, 0, "", ""}};
    ElfW(Ehdr) *header = elf_header(elf);

    memset(elf->bytes, 0xee, sizeof(elf->bytes));
    memset(elf->bytes, 0, 400);
    memset(elf->bytes + 512, 0x90, 188);
    memcpy(header->e_ident, ELFMAG, SELFMAG);
    header->e_ident[EI_CLASS] = __ELF_NATIVE_CLASS == 64 ? ELFCLASS64 : ELFCLASS32;
    header->e_ident[EI_DATA] =
        __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    header->e_ident[EI_VERSION] = EV_CURRENT;
    header->e_type = ET_DYN;
    header->e_machine = MACHINE;
    header->e_version = EV_CURRENT;
    header->e_phoff = sizeof(*header);
    header->e_shoff = 768;
    header->e_ehsize = sizeof(*header);
    header->e_phentsize = sizeof(ElfW(Phdr));
    header->e_phnum = SEGMENTS;
    header->e_shentsize = sizeof(ElfW(Shdr));
    header->e_shnum = 3;
    header->e_shstrndx = 2;
    set_segment(elf_segment(elf, 0), PT_LOAD, 0, 400);
    set_segment(elf_segment(elf, 1), PT_LOAD, 512, 188);
    set_segment(elf_segment(elf, 2), PT_NOTE, NOTE_OFFSET, sizeof(note));
    set_segment(elf_segment(elf, 3), PT_GNU_STACK, 0, 0);
    snprintf(note.desc.name, sizeof(note.desc.name), "%s", name);
    snprintf(note.desc.version, sizeof(note.desc.version), "%s", version);
    memcpy(elf->bytes + NOTE_OFFSET, &note, sizeof(note));
}
