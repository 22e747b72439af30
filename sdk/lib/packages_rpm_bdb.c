/* SPDX-License-Identifier: MPL-2.0 */
/*
 * rpm's Berkeley DB, a hash of a package's number to its header (db's dbinc/db_page.h, rpm's
 * lib/backend/bdb_ro.c). Page 0 describes the database; each bucket is a page and those that follow
 * it; a page holds offsets of keys and values in turn, which grow down from its end; a value that
 * is too long for a page is a chain of overflow pages.
 *
 * Numbers have the byte order of the machine that wrote them.
 */
#include "config.h"

#include "packages_rpm.h"

#include <byteswap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC_HASH 0x00061561u
#define VERSION_LEAST 8u
#define VERSION_MOST 10u
#define PAGE_LEAST 512u
#define PAGE_MOST 65536u
#define PAGE_HEAD 26u
#define SPARES 32u

enum page_type { PAGE_HASH_UNSORTED = 2, PAGE_OVERFLOW = 7, PAGE_HASH_META = 8, PAGE_HASH = 13 };
enum item_type { ITEM_INLINE = 1, ITEM_OVERFLOW = 3 };

struct bdb {
    struct mig_packages_reader *reader;
    int fd;
    bool swapped;
    uint32_t page_size;
    uint32_t last_page;
    uint32_t last_bucket;
    uint32_t spares[SPARES];
    uint64_t budget; /* pages that may still be read: chains can be loops */
    unsigned char *page;
};

/* A value, wherever it is. An overflow chain is read forward: what is asked for goes up. */
struct value {
    struct bdb *bdb;
    const unsigned char *bytes; /* on the bucket's page, or NULL */
    unsigned char *page;        /* of the chain, as it is read */
    uint32_t first;
    uint32_t next;
    uint64_t at; /* offset of the page's first byte in the value */
    uint32_t have;
};

static uint32_t
get32(const struct bdb *bdb, const unsigned char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return bdb->swapped ? bswap_32(value) : value;
}

static uint32_t
get16(const struct bdb *bdb, const unsigned char *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return bdb->swapped ? bswap_16(value) : value;
}

static int
read_page(struct bdb *bdb, uint32_t number, unsigned char *page)
{
    if (number == 0 || number > bdb->last_page || bdb->budget == 0)
        return -EINVAL;
    bdb->budget--;
    if (mig_packages_rpm_pread(bdb->fd, (uint64_t)number * bdb->page_size, page, bdb->page_size) <
            0 ||
        get32(bdb, page + 8) != number)
        return -EINVAL;
    return 0;
}

/* ---- values ---- */

static int
next_of_chain(struct value *value)
{
    const struct bdb *bdb = value->bdb;
    int code = read_page(value->bdb, value->next, value->page);

    if (code == 0 && value->page[25] != PAGE_OVERFLOW)
        code = -EINVAL;
    if (code < 0)
        return code;
    value->at += value->have;
    value->have = get16(bdb, value->page + 22);
    value->next = get32(bdb, value->page + 16);
    return value->have > 0 && value->have <= bdb->page_size - PAGE_HEAD ? 0 : -EINVAL;
}

static int
read_chain(struct value *value, uint64_t offset, unsigned char *to, size_t length)
{
    int code = 0;

    if (offset < value->at) {
        value->next = value->first;
        value->at = value->have = 0;
    }
    while (code == 0 && length > 0) {
        if (offset < value->at + value->have) {
            size_t from = (size_t)(offset - value->at);
            size_t part = value->have - from < length ? value->have - from : length;

            memcpy(to, value->page + PAGE_HEAD + from, part);
            to += part;
            offset += part;
            length -= part;
        } else {
            code = next_of_chain(value);
        }
    }
    return code;
}

static int
read_value(void *context, uint64_t offset, void *buffer, size_t length)
{
    struct value *value = context;

    if (value->bytes == NULL)
        return read_chain(value, offset, buffer, length);
    memcpy(buffer, value->bytes + offset, length);
    return 0;
}

static int
read_package(struct bdb *bdb, const unsigned char *item, uint32_t length)
{
    struct value value = {.bdb = bdb};
    struct mig_packages_blob blob = {.context = &value, .read = read_value};
    int code;

    if (item[0] == ITEM_INLINE) {
        value.bytes = item + 1;
        blob.size = length - 1;
    } else if (item[0] == ITEM_OVERFLOW && length == 12) {
        value.first = value.next = get32(bdb, item + 4);
        blob.size = get32(bdb, item + 8);
        value.page = malloc(bdb->page_size);
        if (value.page == NULL)
            return -ENOMEM;
    }
    code = mig_packages_rpm_header(bdb->reader, &blob);
    free(value.page);
    return code;
}

/* ---- buckets ---- */

/* Key 0 is not of a package: it counts them. */
static bool
is_counter(const unsigned char *key, uint32_t length)
{
    static const unsigned char zero[4];

    return length == 5 && key[0] == ITEM_INLINE && memcmp(key + 1, zero, 4) == 0;
}

/* Items lie one before the other, from the end of the page on. */
static int
read_items(struct bdb *bdb)
{
    uint32_t count = get16(bdb, bdb->page + 20);
    uint32_t least = PAGE_HEAD + 2 * count;
    uint32_t end = bdb->page_size;
    uint32_t i, key, value;
    int code = 0;

    if (least > bdb->page_size)
        return -EINVAL;
    for (i = 0; i + 1 < count && code == 0; i += 2, end = value) {
        key = get16(bdb, bdb->page + PAGE_HEAD + 2 * i);
        value = get16(bdb, bdb->page + PAGE_HEAD + 2 * i + 2);
        if (value < least || value >= key || key >= end)
            return -EINVAL;
        if (!is_counter(bdb->page + key, end - key))
            code = read_package(bdb, bdb->page + value, key - value);
    }
    return code;
}

static uint32_t
page_of_bucket(const struct bdb *bdb, uint32_t bucket)
{
    unsigned bits = 0;

    while (bits < SPARES - 1 && bucket >> bits != 0)
        bits++;
    return bucket + bdb->spares[bits];
}

static int
read_bucket(struct bdb *bdb, uint32_t bucket)
{
    uint32_t number = page_of_bucket(bdb, bucket);
    int code = 0;

    while (code == 0 && number != 0) {
        code = read_page(bdb, number, bdb->page);
        if (code == 0 && bdb->page[25] != PAGE_HASH && bdb->page[25] != PAGE_HASH_UNSORTED &&
            bdb->page[25] != PAGE_HASH_META)
            code = -EINVAL;
        if (code == 0 && bdb->page[25] != PAGE_HASH_META) {
            number = get32(bdb, bdb->page + 16);
            code = read_items(bdb);
        } else {
            number = 0;
        }
    }
    return code;
}

/* ---- the database ---- */

static bool
read_meta(struct bdb *bdb)
{
    unsigned char meta[512];
    uint32_t i;

    if (mig_packages_rpm_pread(bdb->fd, 0, meta, sizeof(meta)) < 0)
        return false;
    bdb->swapped = get32(bdb, meta + 12) == bswap_32(MAGIC_HASH);
    bdb->page_size = get32(bdb, meta + 20);
    bdb->last_page = get32(bdb, meta + 32);
    bdb->last_bucket = get32(bdb, meta + 72);
    for (i = 0; i < SPARES; i++)
        bdb->spares[i] = get32(bdb, meta + 96 + 4 * i);
    /* Each page more than once: a chain is read again from its start when a text is looked for
     * behind what was read. */
    bdb->budget = 16 * ((uint64_t)bdb->last_page + 1);
    return get32(bdb, meta + 12) == MAGIC_HASH && get32(bdb, meta + 16) >= VERSION_LEAST &&
           get32(bdb, meta + 16) <= VERSION_MOST && meta[24] == 0 && bdb->page_size >= PAGE_LEAST &&
           bdb->page_size <= PAGE_MOST && bdb->last_bucket <= bdb->last_page;
}

int
mig_packages_rpm_bdb(struct mig_packages_reader *reader, int fd)
{
    struct bdb bdb = {.reader = reader, .fd = fd};
    uint32_t bucket = 0;
    int code = 0;

    if (!read_meta(&bdb)) {
        mig_packages_error(reader, "this is not a hash of Berkeley DB, version 8 to 10");
        return 0;
    }
    bdb.page = malloc(bdb.page_size);
    if (bdb.page == NULL)
        return -ENOMEM;
    for (; code == 0 && bucket <= bdb.last_bucket; bucket++) {
        code = read_bucket(&bdb, bucket);
        if (code == -EINVAL) {
            reader->broken++;
            code = bdb.budget > 0 ? 0 : -EINVAL;
        }
    }
    if (code == -EINVAL) {
        mig_packages_error(reader, "its pages are in loops; not all are read");
        code = 0;
    }
    free(bdb.page);
    return code;
}
