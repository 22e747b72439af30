/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/peek.h"

#include <elf.h>
#include <link.h>
#include <string.h>

/* Source of the format: System V gABI, chapters 4 and 5. */
struct image {
    const unsigned char *bytes;
    size_t len;
    ElfW(Ehdr) head;
};

struct dynamic {
    uint64_t symtab;
    uint64_t strtab;
    uint64_t strsz;
};

static int
image_read(const struct image *image, uint64_t offset, void *to, size_t size)
{
    if (offset > image->len || size > image->len - offset)
        return -1;
    memcpy(to, image->bytes + offset, size);
    return 0;
}

static int
segment(const struct image *image, unsigned index, ElfW(Phdr) * ret)
{
    return image_read(image, image->head.e_phoff + (uint64_t)index * sizeof(*ret), ret,
                      sizeof(*ret));
}

/* File offset of `size` bytes at a virtual address; UINT64_MAX when no segment holds them. */
static uint64_t
offset_of(const struct image *image, uint64_t address, uint64_t size)
{
    for (unsigned i = 0; i < image->head.e_phnum; i++) {
        ElfW(Phdr) ph;
        if (segment(image, i, &ph) != 0)
            break;
        if (ph.p_type == PT_LOAD && address >= ph.p_vaddr && size <= ph.p_filesz &&
            address - ph.p_vaddr <= ph.p_filesz - size)
            return ph.p_offset + (address - ph.p_vaddr);
    }
    return UINT64_MAX;
}

static int
read_dynamic(const struct image *image, struct dynamic *ret)
{
    for (unsigned i = 0; i < image->head.e_phnum; i++) {
        ElfW(Phdr) ph;
        ElfW(Dyn) dyn;
        if (segment(image, i, &ph) != 0)
            return -1;
        if (ph.p_type != PT_DYNAMIC)
            continue;
        for (uint64_t at = 0; at + sizeof(dyn) <= ph.p_filesz; at += sizeof(dyn)) {
            if (image_read(image, ph.p_offset + at, &dyn, sizeof(dyn)) != 0)
                return -1;
            if (dyn.d_tag == DT_NULL)
                break;
            if (dyn.d_tag == DT_SYMTAB)
                ret->symtab = dyn.d_un.d_ptr;
            else if (dyn.d_tag == DT_STRTAB)
                ret->strtab = dyn.d_un.d_ptr;
            else if (dyn.d_tag == DT_STRSZ)
                ret->strsz = dyn.d_un.d_val;
        }
        return ret->symtab != 0 && ret->strtab != 0 ? 0 : -1;
    }
    return -1;
}

static int
is_descriptor(const struct image *image, const struct dynamic *dynamic, const ElfW(Sym) * sym)
{
    static const char name[] = "mig_plugin";
    char found[sizeof(name)];
    uint64_t at;

    if (sym->st_shndx == SHN_UNDEF || (sym->st_info & 0xf) != STT_OBJECT ||
        sym->st_size < sizeof(struct mig_peek) || sym->st_name >= dynamic->strsz)
        return 0;
    at = offset_of(image, dynamic->strtab + sym->st_name, sizeof(name));
    return at != UINT64_MAX && image_read(image, at, found, sizeof(found)) == 0 &&
           memcmp(found, name, sizeof(name)) == 0;
}

int
mig_peek_descriptor(const void *file, size_t len, struct mig_peek *ret, struct mig_err *err)
{
    struct image image = {.bytes = file, .len = len};
    struct dynamic dynamic = {0};

    if (image_read(&image, 0, &image.head, sizeof(image.head)) != 0 ||
        read_dynamic(&image, &dynamic) != 0)
        return mig_err_set(err, MIG_E_PLUGIN, "it has no dynamic symbol table");
    /* The table's length is nowhere but in hash tables; it ends where no segment holds it, and
     * linkers put the strings right behind it. */
    for (uint64_t at = dynamic.symtab; at < UINT64_MAX - sizeof(ElfW(Sym));
         at += sizeof(ElfW(Sym))) {
        ElfW(Sym) sym;
        uint64_t offset = offset_of(&image, at, sizeof(sym));
        if (offset == UINT64_MAX || (dynamic.strtab > dynamic.symtab && at >= dynamic.strtab) ||
            image_read(&image, offset, &sym, sizeof(sym)) != 0)
            break;
        if (!is_descriptor(&image, &dynamic, &sym))
            continue;
        offset = offset_of(&image, sym.st_value, sizeof(*ret));
        if (offset == UINT64_MAX || image_read(&image, offset, ret, sizeof(*ret)) != 0)
            break;
        return 0;
    }
    return mig_err_set(err, MIG_E_PLUGIN, "it exports no object 'mig_plugin'");
}
