/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mig/plugin.h>

#include "base/hex.h"
#include "elf_builder.h"
#include "trust/image.h"

#define END 700 /* of the last PT_LOAD */

static int
digest_of(const struct elf_file *elf, unsigned char digest[MIG_IMAGE_DIGEST], struct mig_err *err)
{
    /* Of exactly this many bytes, so that a sanitizer sees a read beyond them. */
    unsigned char *copy = malloc(sizeof(elf->bytes));
    int rc;

    assert_non_null(copy);
    memcpy(copy, elf->bytes, sizeof(elf->bytes));
    rc = mig_image_digest(copy, sizeof(elf->bytes), digest, err);
    free(copy);
    return rc;
}

static int
is_section_field(size_t at)
{
    const size_t shoff = offsetof(ElfW(Ehdr), e_shoff), rest = offsetof(ElfW(Ehdr), e_shentsize);

    return (at >= shoff && at < shoff + sizeof(((ElfW(Ehdr) *)0)->e_shoff)) ||
           (at >= rest && at < sizeof(ElfW(Ehdr)));
}

static void
every_byte_that_is_mapped_counts(void **state)
{
    unsigned char before[MIG_IMAGE_DIGEST], after[MIG_IMAGE_DIGEST];
    struct elf_file elf;

    (void)state;
    elf_build(&elf, "tiny", "1.0");
    assert_int_equal(digest_of(&elf, before, NULL), 0);
    for (size_t at = 0; at < ELF_SIZE; at++) {
        int covered = (at < 400 && !is_section_field(at)) || (at >= 512 && at < END);
        int same;

        for (unsigned bit = 0; bit < 8; bit++) {
            elf.bytes[at] ^= (unsigned char)(1u << bit);
            same = digest_of(&elf, after, NULL) == 0 && memcmp(before, after, sizeof(after)) == 0;
            elf.bytes[at] ^= (unsigned char)(1u << bit);
            assert_int_equal(same, !covered);
        }
    }
}

static void
digest_is_the_one_defined(void **state)
{
    /* sha256(header with zeroed fields, program headers, then per PT_LOAD offset, size, bytes),
     * computed with Python's hashlib over the same bytes on x86-64. */
    static const char expected[] =
        "36419900660bf1457fc81627cb39ab313f1f0e3010afcb0ddefe15a4a40fff54";
    unsigned char digest[MIG_IMAGE_DIGEST];
    char text[2 * MIG_IMAGE_DIGEST + 1];
    struct elf_file elf;

    (void)state;
#if !defined(__x86_64__) || __ELF_NATIVE_CLASS != 64
    skip();
#endif
    elf_build(&elf, "tiny", "1.0");
    assert_int_equal(digest_of(&elf, digest, NULL), 0);
    mig_hex(digest, sizeof(digest), text);
    assert_string_equal(text, expected);
}

static void
scrub_clears_the_rest_and_keeps_the_digest(void **state)
{
    unsigned char before[MIG_IMAGE_DIGEST], after[MIG_IMAGE_DIGEST];
    struct elf_file elf, old;

    (void)state;
    elf_build(&elf, "tiny", "1.0");
    old = elf;
    assert_int_equal(digest_of(&elf, before, NULL), 0);
    assert_int_equal(mig_image_scrub(elf.bytes, ELF_SIZE, NULL), 0);
    assert_int_equal(digest_of(&elf, after, NULL), 0);
    assert_memory_equal(before, after, sizeof(after));
    for (size_t at = 0; at < ELF_SIZE; at++) {
        int kept = (at < 400 && !is_section_field(at)) || (at >= 512 && at < END);

        assert_int_equal(elf.bytes[at], kept ? old.bytes[at] : 0);
    }
}

struct wrong {
    const char *message;
    void (*spoil)(struct elf_file *elf);
    size_t len; /* 0: all */
};

#define SPOIL(name, statement)                                                                     \
    static void name(struct elf_file *elf)                                                         \
    {                                                                                              \
        statement;                                                                                 \
    }
SPOIL(nothing, (void)elf)
SPOIL(bad_magic, elf->bytes[0] = 'X')
SPOIL(other_class, elf->bytes[EI_CLASS] ^= 3)
SPOIL(other_order, elf->bytes[EI_DATA] ^= 3)
SPOIL(bad_version, elf_header(elf)->e_version = 2)
SPOIL(other_machine, elf_header(elf)->e_machine = EM_SPARC)
SPOIL(executable, elf_header(elf)->e_type = ET_EXEC)
SPOIL(small_phentsize, elf_header(elf)->e_phentsize = 1)
SPOIL(no_segments, elf_header(elf)->e_phnum = 0)
SPOIL(many_segments, elf_header(elf)->e_phnum = 0xffff)
SPOIL(phoff_beyond, elf_header(elf)->e_phoff = ELF_SIZE - 8)
SPOIL(phoff_wraps, elf_header(elf)->e_phoff = (ElfW(Off)) - 8)
SPOIL(phoff_in_header, elf_header(elf)->e_phoff = 8)
SPOIL(segment_beyond, elf_segment(elf, 1)->p_offset = ELF_SIZE - 16)
SPOIL(segment_wraps, elf_segment(elf, 1)->p_offset = (ElfW(Off)) - 16)
SPOIL(file_larger, elf_segment(elf, 1)->p_memsz = 10)
SPOIL(address_wraps, elf_segment(elf, 1)->p_memsz = (ElfW(Off)) - 16)
SPOIL(odd_align, elf_segment(elf, 1)->p_align = 3)
SPOIL(not_congruent, elf_segment(elf, 1)->p_vaddr += 2)
SPOIL(descending, elf_segment(elf, 1)->p_vaddr = 16)
SPOIL(no_load, elf_segment(elf, 0)->p_type = elf_segment(elf, 1)->p_type = PT_NULL)

static void
overlapping(struct elf_file *elf)
{
    ElfW(Phdr) *second = elf_segment(elf, 1);

    second->p_offset = 0;
    second->p_filesz = second->p_memsz = ELF_SIZE;
    second->p_vaddr = 1024;
}

static void
malformed_files_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {"are too short for an ELF file", nothing, 10},
        {"not an ELF file: a plugin is a shared object built for this machine", bad_magic, 0},
        {"ELF class", other_class, 0},
        {"and byte order", other_order, 0},
        {"ELF version 2, expected 1", bad_version, 0},
        {"ELF machine 2, expected", other_machine, 0},
        {"ELF type 2, expected 3 (a shared object)", executable, 0},
        {"program headers of 1, expected", small_phentsize, 0},
        {"0 program headers, expected 1 to 64", no_segments, 0},
        {"65535 program headers, expected 1 to 64", many_segments, 0},
        {"program headers at offset 1016 are not inside the file", phoff_beyond, 0},
        {"are not inside the file", phoff_wraps, 0},
        {"program headers at offset 8 are not inside the file", phoff_in_header, 0},
        {"segment 1 is not inside the file: it is cut short", nothing, 600},
        {"segment 1 is not inside the file", segment_beyond, 0},
        {"segment 1 is not inside the file", segment_wraps, 0},
        {"segment 1 is larger in the file than in memory", file_larger, 0},
        {"segment 1 ends beyond the address space", address_wraps, 0},
        {"segment 1 is not aligned as it says (3)", odd_align, 0},
        {"segment 1 is not aligned as it says (4)", not_congruent, 0},
        {"segment 1 overlaps the one before or is not in order of address", descending, 0},
        {"no PT_LOAD segment: nothing to load", no_load, 0},
        {"segments overlap in the file", overlapping, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned char digest[MIG_IMAGE_DIGEST];
        struct mig_plugin_note note;
        struct mig_err err = {0};
        struct elf_file elf;
        size_t len = cases[i].len == 0 ? ELF_SIZE : cases[i].len;

        elf_build(&elf, "tiny", "1.0");
        cases[i].spoil(&elf);
        assert_int_equal(mig_image_digest(elf.bytes, len, digest, &err), MIG_E_PLUGIN);
        if (strstr(err.text, cases[i].message) == NULL)
            fail_msg("case %zu: '%s', expected '%s'", i, err.text, cases[i].message);
        assert_int_equal(mig_image_note(elf.bytes, len, &note, NULL), MIG_E_PLUGIN);
        assert_int_equal(mig_image_scrub(elf.bytes, len, NULL), MIG_E_PLUGIN);
    }
}

static void
too_large_a_file_is_refused(void **state)
{
    unsigned char digest[MIG_IMAGE_DIGEST];
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_image_digest("", (size_t)MIG_IMAGE_MAX + 1, digest, &err), MIG_E_LIMIT);
    assert_string_equal(err.text, "67108865 bytes, a plugin file has at most 67108864");
}

static void
note_is_read(void **state)
{
    struct mig_plugin_note note;
    struct elf_file elf;

    (void)state;
    elf_build(&elf, "tiny_2", "1.2.0~rc1+git-3");
    assert_int_equal(mig_image_note(elf.bytes, ELF_SIZE, &note, NULL), 0);
    assert_int_equal(note.magic, MIG_PLUGIN_MAGIC);
    assert_int_equal(note.abi_major, 1);
    assert_int_equal(note.abi_minor, 0);
    assert_string_equal(note.name, "tiny_2");
    assert_string_equal(note.version, "1.2.0~rc1+git-3");
}

#define DESC 16 /* of the descriptor in the note */
#define NOTE_NAME (DESC + offsetof(struct mig_plugin_note, name))
#define NOTE_VERSION (DESC + offsetof(struct mig_plugin_note, version))
SPOIL(other_owner, elf_note(elf)[13] = 'X')
SPOIL(other_type, elf_note(elf)[8] ^= 2)
SPOIL(note_not_loaded, elf_segment(elf, 2)->p_offset = 720)
SPOIL(note_straddles, elf_segment(elf, 2)->p_offset = 380)
SPOIL(long_name_size, memset(elf_note(elf), 0xff, 4))
SPOIL(long_desc_size, memset(elf_note(elf) + 4, 0xff, 4))
SPOIL(short_desc, elf_note(elf)[4] = 8; elf_segment(elf, 2)->p_filesz = 24)
SPOIL(note_magic, elf_note(elf)[DESC] ^= 1)
SPOIL(name_without_end, memset(elf_note(elf) + NOTE_NAME, 'a', 32))
SPOIL(name_of_path, memcpy(elf_note(elf) + NOTE_NAME, "../x", 5))
SPOIL(name_empty, elf_note(elf)[NOTE_NAME] = 0)
SPOIL(version_without_end, memset(elf_note(elf) + NOTE_VERSION, '1', 32))
SPOIL(version_quote, elf_note(elf)[NOTE_VERSION] = '"')
SPOIL(note_twice, *elf_segment(elf, 3) = *elf_segment(elf, 2))

/* An entry before it begins in the header's e_shoff, which is not in the digest. */
static void
note_by_header(struct elf_file *elf)
{
    const size_t shoff = offsetof(ElfW(Ehdr), e_shoff);
    uint32_t sizes[2] = {(uint32_t)(elf_note(elf) - elf->bytes - shoff - 12), 0};

    memcpy(elf->bytes + shoff, sizes, sizeof(sizes));
    elf_segment(elf, 2)->p_filesz += elf_segment(elf, 2)->p_offset - shoff;
    elf_segment(elf, 2)->p_offset = shoff;
}

static void
bad_notes_are_refused(void **state)
{
    static const struct wrong cases[] = {
        {"0 plugin notes, expected 1: a plugin states its identity with MIG_PLUGIN_NOTE",
         other_owner, 0},
        {"0 plugin notes, expected 1", other_type, 0},
        {"0 plugin notes, expected 1", note_not_loaded, 0},
        {"0 plugin notes, expected 1", note_straddles, 0},
        {"0 plugin notes, expected 1", note_by_header, 0},
        {"2 plugin notes, expected 1", note_twice, 0},
        {"a note is longer than its segment", long_name_size, 0},
        {"a note is longer than its segment", long_desc_size, 0},
        {"plugin note has 8 bytes, expected 72", short_desc, 0},
        {"plugin note has magic", note_magic, 0},
        {"plugin note has a bad name", name_without_end, 0},
        {"plugin note has a bad name", name_of_path, 0},
        {"plugin note has a bad name", name_empty, 0},
        {"plugin note of tiny has a bad version", version_without_end, 0},
        {"plugin note of tiny has a bad version", version_quote, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_plugin_note note;
        struct mig_err err = {0};
        struct elf_file elf;

        elf_build(&elf, "tiny", "1.0");
        cases[i].spoil(&elf);
        assert_int_equal(mig_image_note(elf.bytes, ELF_SIZE, &note, &err), MIG_E_PLUGIN);
        if (strstr(err.text, cases[i].message) == NULL)
            fail_msg("case %zu: '%s', expected '%s'", i, err.text, cases[i].message);
    }
}

/* Every cut of the file, and bytes turned at random: no crash, no read beyond the end. */
static void
damaged_files_do_no_harm(void **state)
{
    unsigned char digest[MIG_IMAGE_DIGEST];
    struct mig_plugin_note note;
    uint32_t seed = 1;
    struct elf_file elf;

    (void)state;
    elf_build(&elf, "tiny", "1.0");
    for (size_t len = 0; len <= ELF_SIZE; len++) {
        unsigned char *copy = malloc(len == 0 ? 1 : len);

        assert_non_null(copy);
        memcpy(copy, elf.bytes, len);
        assert_int_equal(mig_image_digest(copy, len, digest, NULL), len < END ? MIG_E_PLUGIN : 0);
        mig_image_note(copy, len, &note, NULL);
        mig_image_scrub(copy, len, NULL);
        free(copy);
    }
    for (unsigned round = 0; round < 20000; round++) {
        elf_build(&elf, "tiny", "1.0");
        for (unsigned i = 0; i < 4; i++) {
            seed = seed * 1664525u + 1013904223u;
            elf.bytes[(seed >> 16) % 400] = (unsigned char)(seed >> 8);
        }
        mig_image_digest(elf.bytes, ELF_SIZE, digest, NULL);
        mig_image_note(elf.bytes, ELF_SIZE, &note, NULL);
        mig_image_scrub(elf.bytes, ELF_SIZE, NULL);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_that_is_mapped_counts),
        cmocka_unit_test(digest_is_the_one_defined),
        cmocka_unit_test(scrub_clears_the_rest_and_keeps_the_digest),
        cmocka_unit_test(malformed_files_are_refused),
        cmocka_unit_test(too_large_a_file_is_refused),
        cmocka_unit_test(note_is_read),
        cmocka_unit_test(bad_notes_are_refused),
        cmocka_unit_test(damaged_files_do_no_harm),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
