/* SPDX-License-Identifier: MPL-2.0 */
#include "agentdestroy.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOTE_TYPE 2u
#define MAGIC 0x4d494741u
#define SEGMENTS_MAX 64u
#define NOTES_MAX 4096u

static bool
read_at(int fd, void *bytes, size_t size, uint64_t offset)
{
    return offset < INT64_MAX - size && pread(fd, bytes, size, (off_t)offset) == (ssize_t)size;
}

static size_t
padded(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

static bool
take_note(const unsigned char *owner, size_t owner_size, const unsigned char *body,
          size_t body_size, uint32_t type, char version[AGENTDESTROY_VERSION_SIZE])
{
    uint32_t magic;

    if (type != NOTE_TYPE || owner_size != sizeof(MIG_NOTE_OWNER) ||
        memcmp(owner, MIG_NOTE_OWNER, owner_size) != 0 ||
        body_size != sizeof(magic) + AGENTDESTROY_VERSION_SIZE)
        return false;
    memcpy(&magic, body, sizeof(magic));
    if (magic != MAGIC || body[body_size - 1] != '\0')
        return false;
    memcpy(version, body + sizeof(magic), AGENTDESTROY_VERSION_SIZE);
    return true;
}

static bool
find_note(const unsigned char *bytes, size_t size, char version[AGENTDESTROY_VERSION_SIZE])
{
    ElfW(Nhdr) head;

    while (size >= sizeof(head)) {
        size_t owner, body;
        memcpy(&head, bytes, sizeof(head));
        bytes += sizeof(head);
        size -= sizeof(head);
        owner = padded(head.n_namesz);
        body = padded(head.n_descsz);
        if (head.n_namesz > size || owner > size || head.n_descsz > size - owner)
            return false;
        if (take_note(bytes, head.n_namesz, bytes + owner, head.n_descsz, head.n_type, version))
            return true;
        if (body > size - owner)
            return false;
        bytes += owner + body;
        size -= owner + body;
    }
    return false;
}

bool
agentdestroy_identity(int fd, char ret_version[AGENTDESTROY_VERSION_SIZE])
{
    unsigned char notes[NOTES_MAX];
    ElfW(Ehdr) elf;
    ElfW(Phdr) segment;

    if (!read_at(fd, &elf, sizeof(elf), 0) || memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
        elf.e_phentsize != sizeof(segment) || elf.e_phnum > SEGMENTS_MAX)
        return false;
    for (unsigned i = 0; i < elf.e_phnum; i++) {
        if (elf.e_phoff > INT64_MAX / 2 ||
            !read_at(fd, &segment, sizeof(segment), elf.e_phoff + i * sizeof(segment)))
            return false;
        if (segment.p_type == PT_NOTE && segment.p_filesz <= sizeof(notes) &&
            read_at(fd, notes, (size_t)segment.p_filesz, segment.p_offset) &&
            find_note(notes, (size_t)segment.p_filesz, ret_version))
            return true;
    }
    return false;
}

pid_t
agentdestroy_parent(pid_t pid)
{
    char path[64], text[512];
    const char *end;
    ssize_t length;
    int fd, parent = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    length = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    /* A name may hold anything: what counts is behind its last parenthesis. */
    end = strrchr(text, ')');
    if (end != NULL && strlen(end) > 4)
        parent = (int)strtol(end + 4, NULL, 10);
    return parent;
}
