/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "packages_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct mig_packages_lines *
mig_packages_lines_new(const struct mig_packages_reader *reader, int fd)
{
    struct mig_packages_lines *lines = calloc(1, sizeof(*lines));

    if (lines != NULL) {
        lines->reader = reader;
        lines->fd = fd;
    }
    return lines;
}

static int
fill(struct mig_packages_lines *lines)
{
    ssize_t n;

    if (mig_packages_cancelled(lines->reader))
        return -ECANCELED;
    memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->start = 0;
    do
        n = read(lines->fd, lines->buffer + lines->end, sizeof(lines->buffer) - lines->end);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        mig_packages_error(lines->reader, "%s", strerror(errno));
    lines->ended = n <= 0;
    lines->end += n > 0 ? (size_t)n : 0;
    return 0;
}

int
mig_packages_line(struct mig_packages_lines *lines, const char **ret_line, size_t *ret_length)
{
    for (;;) {
        const char *start = lines->buffer + lines->start;
        size_t length = lines->end - lines->start;
        const char *newline = memchr(start, '\n', length);
        bool skipped = lines->skipping;
        int code;

        if (newline != NULL)
            length = (size_t)(newline - start);
        if (newline != NULL || length == sizeof(lines->buffer) || (lines->ended && length > 0)) {
            lines->start += length + (newline != NULL);
            lines->skipping = newline == NULL;
            if (skipped)
                continue;
            *ret_line = start;
            *ret_length = length;
            return 1;
        }
        if (lines->ended)
            return 0;
        code = fill(lines);
        if (code < 0)
            return code;
    }
}
