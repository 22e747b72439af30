/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "trust/image.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

#include <mig/plugin.h>

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#elif defined(__i386__)
#define NATIVE_MACHINE EM_386
#elif defined(__arm__)
#define NATIVE_MACHINE EM_ARM
#elif defined(__powerpc64__)
#define NATIVE_MACHINE EM_PPC64
#elif defined(__s390__)
#define NATIVE_MACHINE EM_S390
#elif defined(__riscv)
#define NATIVE_MACHINE EM_RISCV
#else
#error "add this machine's e_machine here"
#endif

#if __ELF_NATIVE_CLASS == 64
#define NATIVE_CLASS ELFCLASS64
#else
#define NATIVE_CLASS ELFCLASS32
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NATIVE_DATA ELFDATA2LSB
#else
#define NATIVE_DATA ELFDATA2MSB
#endif

#define PHNUM_MAX 64 /* linkers write about a dozen */

/* A checked file: header and program headers are copies, as the file's bytes may lie unaligned. */
struct image {
    const unsigned char *file;
    size_t len;
    ElfW(Ehdr) header; /* section-table fields zeroed */
    ElfW(Phdr) segments[PHNUM_MAX];
    size_t count;
};

static int
inside(uint64_t offset, uint64_t size, uint64_t len)
{
    return offset <= len && size <= len - offset;
}

static int
check_ident(const ElfW(Ehdr) * header, struct mig_err *err)
{
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return mig_err_set(err, MIG_E_PLUGIN,
                           "not an ELF file: a plugin is a shared object built for this machine");
    if (header->e_ident[EI_CLASS] != NATIVE_CLASS || header->e_ident[EI_DATA] != NATIVE_DATA)
        return mig_err_set(err, MIG_E_PLUGIN,
                           "ELF class %u and byte order %u, expected %u and %u: build the plugin "
                           "for this machine",
                           header->e_ident[EI_CLASS], header->e_ident[EI_DATA], NATIVE_CLASS,
                           NATIVE_DATA);
    if (header->e_ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT)
        return mig_err_set(err, MIG_E_PLUGIN, "ELF version %u, expected %u", header->e_version,
                           EV_CURRENT);
    if (header->e_machine != NATIVE_MACHINE)
        return mig_err_set(err, MIG_E_PLUGIN,
                           "ELF machine %u, expected %u: build the plugin for this machine",
                           header->e_machine, NATIVE_MACHINE);
    if (header->e_type != ET_DYN)
        return mig_err_set(err, MIG_E_PLUGIN, "ELF type %u, expected %u (a shared object)",
                           header->e_type, ET_DYN);
    return 0;
}

static int
check_header(const ElfW(Ehdr) * header, size_t len, struct mig_err *err)
{
    int rc = check_ident(header, err);

    if (rc < 0)
        return rc;
    if (header->e_ehsize != sizeof(ElfW(Ehdr)) || header->e_phentsize != sizeof(ElfW(Phdr)))
        return mig_err_set(err, MIG_E_PLUGIN,
                           "ELF header of %u bytes and program headers of %u, expected %zu and %zu",
                           header->e_ehsize, header->e_phentsize, sizeof(ElfW(Ehdr)),
                           sizeof(ElfW(Phdr)));
    if (header->e_phnum == 0 || header->e_phnum > PHNUM_MAX)
        return mig_err_set(err, MIG_E_PLUGIN, "%u program headers, expected 1 to %d",
                           header->e_phnum, PHNUM_MAX);
    if (header->e_phoff < sizeof(ElfW(Ehdr)) ||
        !inside(header->e_phoff, header->e_phnum * sizeof(ElfW(Phdr)), len))
        return mig_err_set(err, MIG_E_PLUGIN,
                           "program headers at offset %llu are not inside the file",
                           (unsigned long long)header->e_phoff);
    return 0;
}

static int
check_load(const ElfW(Phdr) * load, size_t index, struct mig_err *err)
{
    uint64_t align = load->p_align;

    if (load->p_filesz > load->p_memsz)
        return mig_err_set(err, MIG_E_PLUGIN, "segment %zu is larger in the file than in memory",
                           index);
    if (load->p_vaddr + load->p_memsz < load->p_vaddr)
        return mig_err_set(err, MIG_E_PLUGIN, "segment %zu ends beyond the address space", index);
    if ((align & (align - 1)) != 0 ||
        (align > 1 && ((load->p_vaddr ^ load->p_offset) & (align - 1)) != 0))
        return mig_err_set(err, MIG_E_PLUGIN, "segment %zu is not aligned as it says (%llu)", index,
                           (unsigned long long)align);
    return 0;
}

static int
check_segments(const struct image *image, struct mig_err *err)
{
    uint64_t address = 0, bytes = 0;
    size_t loads = 0;

    for (size_t i = 0; i < image->count; i++) {
        const ElfW(Phdr) *segment = &image->segments[i];
        int rc;

        if (segment->p_type != PT_LOAD)
            continue;
        if (!inside(segment->p_offset, segment->p_filesz, image->len))
            return mig_err_set(err, MIG_E_PLUGIN,
                               "segment %zu is not inside the file: it is cut short, copy it again",
                               i);
        rc = check_load(segment, i, err);
        if (rc < 0)
            return rc;
        if (loads > 0 && segment->p_vaddr < address)
            return mig_err_set(err, MIG_E_PLUGIN,
                               "segment %zu overlaps the one before or is not in order of address",
                               i);
        address = segment->p_vaddr + segment->p_memsz;
        bytes += segment->p_filesz;
        loads++;
    }
    if (loads == 0)
        return mig_err_set(err, MIG_E_PLUGIN, "no PT_LOAD segment: nothing to load");
    /* Bounds the work: without this, 64 headers could name the whole file 64 times. */
    if (bytes > image->len)
        return mig_err_set(err, MIG_E_PLUGIN, "segments overlap in the file");
    return 0;
}

static int
image_open(struct image *image, const void *file, size_t len, struct mig_err *err)
{
    int rc;

    if (len > MIG_IMAGE_MAX)
        return mig_err_set(err, MIG_E_LIMIT, "%zu bytes, a plugin file has at most %u", len,
                           MIG_IMAGE_MAX);
    if (len < sizeof(ElfW(Ehdr)))
        return mig_err_set(err, MIG_E_PLUGIN,
                           "%zu bytes are too short for an ELF file: a plugin is a shared object "
                           "built for this machine",
                           len);
    image->file = file;
    image->len = len;
    memcpy(&image->header, file, sizeof(image->header));
    rc = check_header(&image->header, len, err);
    if (rc < 0)
        return rc;
    image->count = image->header.e_phnum;
    memcpy(image->segments, image->file + image->header.e_phoff,
           image->count * sizeof(image->segments[0]));
    image->header.e_shoff = 0;
    image->header.e_shentsize = 0;
    image->header.e_shnum = 0;
    image->header.e_shstrndx = 0;
    return check_segments(image, err);
}

static int
hash_number(EVP_MD_CTX *hash, uint64_t number)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    return EVP_DigestUpdate(hash, bytes, sizeof(bytes));
}

/* Bytes of the file, the ELF header's from the copy with zeroed fields. Offsets are checked before.
 */
static int
hash_range(EVP_MD_CTX *hash, const struct image *image, size_t offset, size_t size)
{
    if (offset < sizeof(image->header)) {
        size_t part = sizeof(image->header) - offset;

        part = part < size ? part : size;
        if (!EVP_DigestUpdate(hash, (const unsigned char *)&image->header + offset, part))
            return 0;
        offset += part;
        size -= part;
    }
    return size == 0 || EVP_DigestUpdate(hash, image->file + offset, size);
}

static int
hash_image(EVP_MD_CTX *hash, const struct image *image)
{
    if (!hash_range(hash, image, 0, sizeof(image->header)) ||
        !EVP_DigestUpdate(hash, image->segments, image->count * sizeof(image->segments[0])))
        return 0;
    for (size_t i = 0; i < image->count; i++) {
        const ElfW(Phdr) *segment = &image->segments[i];

        if (segment->p_type != PT_LOAD)
            continue;
        if (!hash_number(hash, segment->p_offset) || !hash_number(hash, segment->p_filesz) ||
            !hash_range(hash, image, segment->p_offset, segment->p_filesz))
            return 0;
    }
    return 1;
}

int
mig_image_digest(const void *file, size_t len, unsigned char digest[MIG_IMAGE_DIGEST],
                 struct mig_err *err)
{
    struct image image;
    EVP_MD_CTX *hash;
    int rc;

    rc = image_open(&image, file, len, err);
    if (rc < 0)
        return rc;
    hash = EVP_MD_CTX_new();
    if (hash == NULL)
        return mig_err_errno(err, ENOMEM, "SHA-256");
    if (!EVP_DigestInit_ex(hash, EVP_sha256(), NULL) || !hash_image(hash, &image) ||
        !EVP_DigestFinal_ex(hash, digest, NULL))
        rc = mig_err_set(err, MIG_E_CRYPTO, "libcrypto failed to compute a SHA-256");
    EVP_MD_CTX_free(hash);
    return rc;
}

/* The first byte at or after `at` that belongs to the load image, or len. *ret_end: where that part
 * ends. */
static size_t
next_covered(const struct image *image, size_t at, size_t *ret_end)
{
    const size_t table = image->count * sizeof(image->segments[0]);
    size_t best = image->len, best_end = image->len;

    for (size_t i = 0; i < image->count + 2; i++) {
        size_t start = 0, end = sizeof(image->header);

        if (i == image->count) {
            start = image->header.e_phoff;
            end = start + table;
        } else if (i < image->count) {
            if (image->segments[i].p_type != PT_LOAD)
                continue;
            start = image->segments[i].p_offset;
            end = start + image->segments[i].p_filesz;
        }
        if (end <= at)
            continue;
        start = start < at ? at : start;
        if (start < best || (start == best && end > best_end)) {
            best = start;
            best_end = end;
        }
    }
    *ret_end = best_end;
    return best;
}

int
mig_image_scrub(void *file, size_t len, struct mig_err *err)
{
    unsigned char *bytes = file;
    struct image image;
    size_t at = 0;
    int rc;

    rc = image_open(&image, file, len, err);
    if (rc < 0)
        return rc;
    while (at < len) {
        size_t end, start = next_covered(&image, at, &end);

        memset(bytes + at, 0, start - at);
        at = end;
    }
    memcpy(bytes, &image.header, sizeof(image.header));
    return 0;
}

int
mig_image_name_valid(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len < sizeof(((struct mig_plugin_note *)0)->name) && name[0] >= 'a' &&
           name[0] <= 'z' && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

int
mig_image_version_valid(const char *version)
{
    size_t len = strlen(version);

    return len >= 1 && len < sizeof(((struct mig_plugin_note *)0)->version) &&
           strspn(version, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+~_-") ==
               len;
}

static int
check_note(const struct mig_plugin_note *note, struct mig_err *err)
{
    if (note->magic != MIG_PLUGIN_MAGIC)
        return mig_err_set(err, MIG_E_PLUGIN, "plugin note has magic %#x, expected %#x",
                           note->magic, MIG_PLUGIN_MAGIC);
    if (memchr(note->name, '\0', sizeof(note->name)) == NULL || !mig_image_name_valid(note->name))
        return mig_err_set(
            err, MIG_E_PLUGIN,
            "plugin note has a bad name, expected 1 to 31 of a-z, 0-9, _ and a letter "
            "first: correct MIG_PLUGIN_NOTE");
    if (memchr(note->version, '\0', sizeof(note->version)) == NULL ||
        !mig_image_version_valid(note->version))
        return mig_err_set(
            err, MIG_E_PLUGIN,
            "plugin note of %s has a bad version, expected 1 to 31 of letters, digits "
            "and .+~_-: correct MIG_PLUGIN_NOTE",
            note->name);
    return 0;
}

/* Walks one PT_NOTE segment; counts plugin notes and keeps the first. Entries are aligned to 4, or
 * to 8 in a segment that says so (gABI, "Note Section"). */
static int
scan_notes(const unsigned char *notes, uint64_t size, uint64_t align, struct mig_plugin_note *note,
           size_t *count, struct mig_err *err)
{
    uint64_t at = 0;

    align = align == 8 ? 8 : 4;
    while (size - at >= 12) {
        uint32_t field[3]; /* namesz, descsz, type */
        uint64_t name = at + 12, desc, next;

        memcpy(field, notes + at, sizeof(field));
        desc = (name + field[0] + align - 1) & ~(align - 1);
        next = (desc + field[1] + align - 1) & ~(align - 1);
        if (!inside(name, field[0], size) || !inside(desc, field[1], size))
            return mig_err_set(err, MIG_E_PLUGIN, "a note is longer than its segment");
        if (field[2] == MIG_NOTE_TYPE && field[0] == sizeof(MIG_NOTE_OWNER) &&
            memcmp(notes + name, MIG_NOTE_OWNER, sizeof(MIG_NOTE_OWNER)) == 0) {
            if (field[1] < sizeof(*note))
                return mig_err_set(err, MIG_E_PLUGIN, "plugin note has %u bytes, expected %zu",
                                   field[1], sizeof(*note));
            if ((*count)++ == 0)
                memcpy(note, notes + desc, sizeof(*note));
        }
        if (next >= size)
            break;
        at = next;
    }
    return 0;
}

static int
is_loaded(const struct image *image, const ElfW(Phdr) * part)
{
    for (size_t i = 0; i < image->count; i++) {
        const ElfW(Phdr) *load = &image->segments[i];

        if (load->p_type == PT_LOAD && part->p_offset >= load->p_offset &&
            inside(part->p_offset - load->p_offset, part->p_filesz, load->p_filesz))
            return 1;
    }
    return 0;
}

int
mig_image_note(const void *file, size_t len, struct mig_plugin_note *ret, struct mig_err *err)
{
    struct mig_plugin_note note;
    struct image image;
    size_t count = 0;
    int rc;

    rc = image_open(&image, file, len, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < image.count; i++) {
        const ElfW(Phdr) *segment = &image.segments[i];

        /* Of the header's bytes some are not in the digest. */
        if (segment->p_type != PT_NOTE || segment->p_offset < sizeof(image.header) ||
            !is_loaded(&image, segment))
            continue;
        rc = scan_notes(image.file + segment->p_offset, segment->p_filesz, segment->p_align, &note,
                        &count, err);
        if (rc < 0)
            return rc;
    }
    if (count != 1)
        return mig_err_set(err, MIG_E_PLUGIN,
                           "%zu plugin notes, expected 1: a plugin states its identity with "
                           "MIG_PLUGIN_NOTE(name, version), once",
                           count);
    rc = check_note(&note, err);
    if (rc == 0)
        *ret = note;
    return rc;
}
