/* SPDX-License-Identifier: MPL-2.0 */
/*
 * rpm's ndb (lib/backend/ndb/rpmpkg.c): a page table of 16-byte slots {"Slot", index, block,
 * blocks}, the first two places of which hold the file's header; blocks of 16 bytes; a package is
 * {"BlbS", index, generation, length}, its header, and a tail. All numbers little-endian.
 */
#include "config.h"

#include "packages_rpm.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define PAGE 4096u
#define BLOCK 16u
#define SLOTS (PAGE / 16u)
#define FIRST_SLOT 2u

struct ndb {
    struct mig_packages_reader *reader;
    int fd;
    uint64_t size;
    uint64_t at; /* of the package's header */
};

struct slot {
    char magic[4];
    uint32_t index;
    uint32_t block;
    uint32_t blocks;
};

struct blob_head {
    char magic[4];
    uint32_t index;
    uint32_t generation;
    uint32_t length;
};

static int
read_blob(void *context, uint64_t offset, void *buffer, size_t length)
{
    const struct ndb *ndb = context;

    return mig_packages_rpm_pread(ndb->fd, ndb->at + offset, buffer, length);
}

static int
read_package(struct ndb *ndb, const struct slot *slot)
{
    struct mig_packages_blob blob = {.context = ndb, .read = read_blob};
    uint64_t at = (uint64_t)le32toh(slot->block) * BLOCK;
    uint64_t room = (uint64_t)le32toh(slot->blocks) * BLOCK;
    struct blob_head head;

    blob.size = 0;
    if (room > sizeof(head) && at + room <= ndb->size &&
        mig_packages_rpm_pread(ndb->fd, at, &head, sizeof(head)) == 0 &&
        memcmp(head.magic, "BlbS", 4) == 0 && head.index == slot->index &&
        le32toh(head.length) <= room - sizeof(head))
        blob.size = le32toh(head.length);
    ndb->at = at + sizeof(head);
    return mig_packages_rpm_header(ndb->reader, &blob);
}

static int
read_page(struct ndb *ndb, uint32_t page)
{
    struct slot slots[SLOTS];
    int code = mig_packages_rpm_pread(ndb->fd, (uint64_t)page * PAGE, slots, sizeof(slots));
    uint32_t i;

    for (i = page == 0 ? FIRST_SLOT : 0; code == 0 && i < SLOTS; i++)
        if (memcmp(slots[i].magic, "Slot", 4) != 0)
            code = -EINVAL;
        else if (slots[i].block != 0)
            code = read_package(ndb, &slots[i]);
    return code;
}

int
mig_packages_rpm_ndb(struct mig_packages_reader *reader, int fd)
{
    struct ndb ndb = {.reader = reader, .fd = fd};
    uint32_t head[8], pages, page;
    struct stat st;
    int code = fstat(fd, &st) == 0 ? 0 : -errno;

    if (code == 0)
        code = mig_packages_rpm_pread(fd, 0, head, sizeof(head));
    if (code < 0 || memcmp(head, "RpmP", 4) != 0) {
        mig_packages_error(reader, "this is not an ndb database of rpm");
        return 0;
    }
    ndb.size = (uint64_t)st.st_size;
    pages = le32toh(head[3]);
    if (head[1] != 0 || pages == 0 || pages > ndb.size / PAGE) {
        mig_packages_error(reader,
                           "version %u with %u pages of slots: expected version 0 and "
                           "1 to %llu pages",
                           le32toh(head[1]), pages, (unsigned long long)(ndb.size / PAGE));
        return 0;
    }
    for (page = 0; code == 0 && page < pages; page++)
        code = read_page(&ndb, page);
    if (code == -EIO || code == -EINVAL) {
        mig_packages_error(reader, "page %u of slots is damaged; what follows is not read",
                           page - 1);
        code = 0;
    }
    return code;
}
