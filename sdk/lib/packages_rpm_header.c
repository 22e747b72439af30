/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A header (rpm's docs/manual/format.md, without the magic): the number of index entries, the
 * length of the data, the entries {tag, type, offset, count} and the data; all numbers big-endian.
 */
#include "config.h"

#include "packages_rpm.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* rpm's own limits. */
#define ENTRIES_MAX 0xffffu
#define DATA_MAX (256u << 20)

#define TYPE_INT32 4u
#define TYPE_STRING 6u

enum { TEXT_NAME, TEXT_VERSION, TEXT_RELEASE, TEXT_EPOCH, TEXT_ARCH, WANTED_COUNT };

static const struct {
    uint32_t tag;
    uint32_t type;
} wanted[WANTED_COUNT] = {
    [TEXT_NAME] = {1000, TYPE_STRING},    [TEXT_VERSION] = {1001, TYPE_STRING},
    [TEXT_RELEASE] = {1002, TYPE_STRING}, [TEXT_EPOCH] = {1003, TYPE_INT32},
    [TEXT_ARCH] = {1022, TYPE_STRING},
};

struct entry {
    uint32_t tag;
    uint32_t type;
    uint32_t offset;
    uint32_t count;
};

struct header {
    const struct mig_packages_blob *blob;
    uint64_t data; /* where it starts */
    uint32_t length;
    bool have[WANTED_COUNT];
    uint32_t offset[WANTED_COUNT];
};

static void
note(struct header *header, const struct entry *entry)
{
    size_t i;

    for (i = 0; i < WANTED_COUNT; i++)
        if (be32toh(entry->tag) == wanted[i].tag && be32toh(entry->type) == wanted[i].type &&
            entry->count != 0 && !header->have[i]) {
            header->have[i] = true;
            header->offset[i] = be32toh(entry->offset);
        }
}

/* -EINVAL: this is no header. */
static int
read_index(struct header *header)
{
    const struct mig_packages_blob *blob = header->blob;
    struct entry entries[256];
    uint32_t intro[2];
    uint64_t at = sizeof(intro);
    uint32_t left, part, i;
    int code;

    if (blob->size < sizeof(intro))
        return -EINVAL;
    code = blob->read(blob->context, 0, intro, sizeof(intro));
    left = be32toh(intro[0]);
    header->length = be32toh(intro[1]);
    header->data = at + (uint64_t)left * sizeof(*entries);
    if (code == 0 && (left == 0 || left > ENTRIES_MAX || header->length > DATA_MAX ||
                      header->data + header->length > blob->size))
        code = -EINVAL;
    for (; code == 0 && left > 0; left -= part, at += part * sizeof(*entries)) {
        part = left < 256 ? left : 256;
        code = blob->read(blob->context, at, entries, part * sizeof(*entries));
        for (i = 0; code == 0 && i < part; i++)
            note(header, &entries[i]);
    }
    return code;
}

/* A text that the header does not have is empty. */
static int
read_text(const struct header *header, int which, char text[static MIG_PACKAGE_TEXT_MAX + 1])
{
    uint32_t offset = header->offset[which];
    size_t length;
    int code;

    text[0] = '\0';
    if (!header->have[which])
        return 0;
    if (offset >= header->length)
        return -EINVAL;
    length = header->length - offset;
    if (length > MIG_PACKAGE_TEXT_MAX + 1)
        length = MIG_PACKAGE_TEXT_MAX + 1;
    code = header->blob->read(header->blob->context, header->data + offset, text, length);
    return code == 0 && memchr(text, '\0', length) == NULL ? -EINVAL : code;
}

static int
read_epoch(const struct header *header, char text[static 16])
{
    uint32_t offset = header->offset[TEXT_EPOCH];
    uint32_t epoch;
    int code;

    text[0] = '\0';
    if (!header->have[TEXT_EPOCH])
        return 0;
    if (header->length < sizeof(epoch) || offset > header->length - sizeof(epoch))
        return -EINVAL;
    code = header->blob->read(header->blob->context, header->data + offset, &epoch, sizeof(epoch));
    if (code == 0)
        snprintf(text, 16, "%lu:", (unsigned long)be32toh(epoch));
    return code;
}

int
mig_packages_rpm_header(struct mig_packages_reader *reader, const struct mig_packages_blob *blob)
{
    struct header header = {.blob = blob};
    char text[WANTED_COUNT][MIG_PACKAGE_TEXT_MAX + 1];
    char version[2 * MIG_PACKAGE_TEXT_MAX + 32];
    char epoch[16];
    int code = mig_packages_cancelled(reader) ? -ECANCELED : read_index(&header);
    int i;

    for (i = 0; code == 0 && i < WANTED_COUNT; i++)
        code = i == TEXT_EPOCH ? read_epoch(&header, epoch) : read_text(&header, i, text[i]);
    if (code == -ENOMEM || code == -ECANCELED)
        return code;
    if (code < 0 || text[TEXT_VERSION][0] == '\0') {
        reader->broken++;
        return 0;
    }
    snprintf(version, sizeof(version), "%s%s%s%s", epoch, text[TEXT_VERSION],
             text[TEXT_RELEASE][0] != '\0' ? "-" : "", text[TEXT_RELEASE]);
    return mig_packages_tell(reader, text[TEXT_NAME], version, text[TEXT_ARCH]);
}

int
mig_packages_rpm_pread(int fd, uint64_t offset, void *buffer, size_t length)
{
    char *at = buffer;

    while (length > 0) {
        ssize_t n = pread(fd, at, length, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -EIO;
        at += n;
        offset += (size_t)n;
        length -= (size_t)n;
    }
    return 0;
}
