/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/peek.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <mig/plugin.h>

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
    uint64_t rela;
    uint64_t relasz;
    uint64_t hash;
    uint64_t gnu_hash;
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

/* Where the file has what is loaded at an address, and how much of it from there on; UINT64_MAX
 * when no segment has `size` bytes. */
static uint64_t
find_loaded(const struct image *image, uint64_t address, uint64_t size, uint64_t *ret_left)
{
    for (unsigned i = 0; i < image->head.e_phnum; i++) {
        ElfW(Phdr) ph;
        if (segment(image, i, &ph) != 0)
            break;
        if (ph.p_type == PT_LOAD && address >= ph.p_vaddr && size <= ph.p_filesz &&
            address - ph.p_vaddr <= ph.p_filesz - size) {
            *ret_left = ph.p_filesz - (address - ph.p_vaddr);
            return ph.p_offset + (address - ph.p_vaddr);
        }
    }
    return UINT64_MAX;
}

static int
read_at(const struct image *image, uint64_t address, void *to, size_t size)
{
    uint64_t left, offset = find_loaded(image, address, size, &left);
    return offset == UINT64_MAX ? -1 : image_read(image, offset, to, size);
}

/* Its address, which the loader goes by, and not by p_offset; of two it would take the last. */
static int
find_dynamic(const struct image *image, uint64_t *ret_address)
{
    unsigned count = 0;
    for (unsigned i = 0; i < image->head.e_phnum; i++) {
        ElfW(Phdr) ph;
        if (segment(image, i, &ph) != 0)
            return -1;
        if (ph.p_type == PT_DYNAMIC) {
            *ret_address = ph.p_vaddr;
            count++;
        }
    }
    return count == 1 ? 0 : -1;
}

static void
take_entry(struct dynamic *dynamic, const ElfW(Dyn) * dyn)
{
    if (dyn->d_tag == DT_SYMTAB)
        dynamic->symtab = dyn->d_un.d_ptr;
    else if (dyn->d_tag == DT_STRTAB)
        dynamic->strtab = dyn->d_un.d_ptr;
    else if (dyn->d_tag == DT_STRSZ)
        dynamic->strsz = dyn->d_un.d_val;
    else if (dyn->d_tag == DT_RELA)
        dynamic->rela = dyn->d_un.d_ptr;
    else if (dyn->d_tag == DT_RELASZ)
        dynamic->relasz = dyn->d_un.d_val;
    else if (dyn->d_tag == DT_HASH)
        dynamic->hash = dyn->d_un.d_ptr;
    else if (dyn->d_tag == DT_GNU_HASH)
        dynamic->gnu_hash = dyn->d_un.d_ptr;
}

/* To its DT_NULL, wherever p_filesz says that it ends: as the loader does. */
static int
read_dynamic(const struct image *image, struct dynamic *ret)
{
    ElfW(Dyn) dyn;
    uint64_t at;
    if (find_dynamic(image, &at) != 0)
        return -1;
    for (;; at += sizeof(dyn)) {
        if (read_at(image, at, &dyn, sizeof(dyn)) != 0)
            return -1;
        if (dyn.d_tag == DT_NULL)
            return ret->symtab != 0 && ret->strtab != 0 ? 0 : -1;
        take_entry(ret, &dyn);
    }
}

static int
is_descriptor(const struct image *image, const struct dynamic *dynamic, const ElfW(Sym) * sym)
{
    static const char name[] = "mig_plugin";
    char found[sizeof(name)];

    if (sym->st_shndx == SHN_UNDEF || (sym->st_info & 0xf) != STT_OBJECT ||
        sym->st_size < sizeof(struct mig_peek) || sym->st_name >= dynamic->strsz)
        return 0;
    return read_at(image, dynamic->strtab + sym->st_name, found, sizeof(found)) == 0 &&
           memcmp(found, name, sizeof(name)) == 0;
}

/* The descriptor's symbol. */
static int
find_descriptor(const struct image *image, const struct dynamic *dynamic, ElfW(Sym) * ret)
{
    /* The table's length is nowhere but in hash tables; it ends where no segment holds it, and
     * linkers put the strings right behind it. */
    for (uint64_t at = dynamic->symtab; at < UINT64_MAX - sizeof(*ret); at += sizeof(*ret)) {
        if ((dynamic->strtab > dynamic->symtab && at >= dynamic->strtab) ||
            read_at(image, at, ret, sizeof(*ret)) != 0)
            return -1;
        if (is_descriptor(image, dynamic, ret))
            return 0;
    }
    return -1;
}

static const char *
string_at(const struct image *image, uint64_t address)
{
    uint64_t left, offset = find_loaded(image, address, 1, &left);
    if (offset == UINT64_MAX || offset > image->len || left > image->len - offset ||
        memchr(image->bytes + offset, '\0', left) == NULL)
        return NULL;
    return (const char *)image->bytes + offset;
}

static int
open_image(const void *file, size_t len, struct image *image, struct dynamic *dynamic,
           struct mig_err *err)
{
    *image = (struct image){.bytes = file, .len = len};
    *dynamic = (struct dynamic){0};
    if (image_read(image, 0, &image->head, sizeof(image->head)) != 0 ||
        read_dynamic(image, dynamic) != 0)
        return mig_err_set(err, MIG_E_PLUGIN, "it has no dynamic symbol table, or more than one");
    return 0;
}

int
mig_peek_descriptor(const void *file, size_t len, struct mig_peek *ret, struct mig_err *err)
{
    struct image image;
    struct dynamic dynamic;
    ElfW(Sym) sym;
    int rc = open_image(file, len, &image, &dynamic, err);
    if (rc != 0)
        return rc;
    if (find_descriptor(&image, &dynamic, &sym) != 0 ||
        read_at(&image, sym.st_value, ret, sizeof(*ret)) != 0)
        return mig_err_set(err, MIG_E_PLUGIN, "it exports no object 'mig_plugin'");
    return 0;
}

/* ---- exports ---- */

/* The symbol table has no length of its own: it is read off the hash table by which the loader
 * finds symbols. Source of DT_GNU_HASH: binutils' bfd/elflink.c and glibc's elf/dl-lookup.c: the
 * hashes of the symbols from `first` on, in chains whose last hash is odd. 0: nothing can be found.
 */
static uint64_t
gnu_symbol_count(const struct image *image, uint64_t table)
{
    struct {
        uint32_t buckets, first, bloom, shift;
    } head;
    uint32_t word, last = 0;
    if (read_at(image, table, &head, sizeof(head)) != 0)
        return 0;
    uint64_t buckets = table + sizeof(head) + (uint64_t)head.bloom * sizeof(ElfW(Addr));
    uint64_t chains = buckets + (uint64_t)head.buckets * sizeof(word);
    for (uint64_t at = buckets; at < chains; at += sizeof(word)) {
        if (read_at(image, at, &word, sizeof(word)) != 0)
            return 0;
        last = word > last ? word : last;
    }
    if (last == 0 || last < head.first)
        return 0;
    do {
        uint64_t at = chains + (uint64_t)(last - head.first) * sizeof(word);
        if (read_at(image, at, &word, sizeof(word)) != 0)
            return 0;
        last++;
    } while ((word & 1) == 0);
    return last;
}

static uint64_t
symbol_count(const struct image *image, const struct dynamic *dynamic)
{
    uint32_t head[2] = {0, 0};
    if (dynamic->gnu_hash != 0)
        return gnu_symbol_count(image, dynamic->gnu_hash);
    return dynamic->hash != 0 && read_at(image, dynamic->hash, head, sizeof(head)) == 0 ? head[1]
                                                                                        : 0;
}

static int
is_exported(const ElfW(Sym) * sym)
{
    unsigned binding = sym->st_info >> 4, visibility = sym->st_other & 3;
    return sym->st_shndx != SHN_UNDEF && binding != STB_LOCAL &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

/* What linkers define by themselves in every shared object. */
static int
is_linkers(const char *name)
{
    static const char *const names[] = {"_init", "_fini", "_edata", "_end", "__bss_start"};
    for (size_t i = 0; i < MIG_COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return 1;
    return 0;
}

int
mig_peek_exports(const void *file, size_t len, struct mig_err *err)
{
    struct image image;
    struct dynamic dynamic;
    int rc = open_image(file, len, &image, &dynamic, err);
    if (rc != 0)
        return rc;
    uint64_t count = symbol_count(&image, &dynamic);
    for (uint64_t i = 1; i < count; i++) {
        ElfW(Sym) sym;
        if (read_at(&image, dynamic.symtab + i * sizeof(sym), &sym, sizeof(sym)) != 0)
            return mig_err_set(err, MIG_E_PLUGIN, "its dynamic symbol table is cut short");
        if (!is_exported(&sym) || is_descriptor(&image, &dynamic, &sym))
            continue;
        const char *name = string_at(&image, dynamic.strtab + sym.st_name);
        if (name == NULL || !is_linkers(name))
            return mig_err_set(err, MIG_E_PLUGIN,
                               "it exports '%.64s' beside 'mig_plugin': a plugin exports its "
                               "descriptor alone (link it with a version script)",
                               name != NULL ? name : "?");
    }
    return 0;
}

/* ---- programs ---- */

/* The pointer that the loader will put at `address`, relative to where the file is loaded: a
 * relative relocation's addend, or what is in place (DT_RELR, REL); 0: NULL. */
static int
pointer_at(const struct image *image, const struct dynamic *dynamic, uint64_t address,
           uint64_t *ret)
{
    ElfW(Addr) value;
    for (uint64_t at = 0; at + sizeof(ElfW(Rela)) <= dynamic->relasz; at += sizeof(ElfW(Rela))) {
        ElfW(Rela) rela;
        if (read_at(image, dynamic->rela + at, &rela, sizeof(rela)) != 0)
            return -1;
        if (rela.r_offset != address)
            continue;
        if (rela.r_info >> (sizeof(ElfW(Addr)) == 8 ? 32 : 8) != 0)
            return -1; /* a symbol's: nobody knows whose before it is loaded */
        *ret = (uint64_t)rela.r_addend;
        return 0;
    }
    if (read_at(image, address, &value, sizeof(value)) != 0)
        return -1;
    *ret = value;
    return 0;
}

/* One block: the array, then the texts. */
static char **
copy_texts(const char *const texts[], size_t count)
{
    size_t size = (count + 1) * sizeof(char *);
    for (size_t i = 0; i < count; i++)
        size += strlen(texts[i]) + 1;
    char **copy = malloc(size);
    if (copy == NULL)
        return NULL;
    char *to = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(texts[i]) + 1;
        copy[i] = memcpy(to, texts[i], len);
        to += len;
    }
    copy[count] = NULL;
    return copy;
}

int
mig_peek_programs(const void *file, size_t len, char ***ret, struct mig_err *err)
{
    const char *texts[MIG_PEEK_PROGRAMS_MAX];
    struct image image;
    struct dynamic dynamic;
    ElfW(Sym) sym;
    uint64_t table = 0;
    size_t count = 0;
    int rc = open_image(file, len, &image, &dynamic, err);
    if (rc != 0)
        return rc;
    if (find_descriptor(&image, &dynamic, &sym) != 0 ||
        pointer_at(&image, &dynamic, sym.st_value + offsetof(struct mig_plugin, programs),
                   &table) != 0)
        return mig_err_set(err, MIG_E_PLUGIN, "its programs can not be read before it is loaded");
    while (table != 0) {
        uint64_t text = 0;
        if (pointer_at(&image, &dynamic, table + count * sizeof(ElfW(Addr)), &text) != 0)
            return mig_err_set(err, MIG_E_PLUGIN,
                               "its programs can not be read before it is loaded");
        if (text == 0)
            break;
        if (count == MIG_COUNT(texts))
            return mig_err_set(err, MIG_E_PLUGIN, "it names more than %u programs",
                               MIG_PEEK_PROGRAMS_MAX);
        texts[count] = string_at(&image, text);
        if (texts[count] == NULL || texts[count][0] != '/')
            return mig_err_set(err, MIG_E_PLUGIN,
                               "program %zu of its manifest is not an absolute path", count);
        count++;
    }
    char **copy = count > 0 ? copy_texts(texts, count) : NULL;
    if (count > 0 && copy == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    *ret = copy;
    return 0;
}
