/* SPDX-License-Identifier: MPL-2.0 */
/* apk-tools' installed database: "P:name", "V:version", "A:architecture", a blank line after each
 * package, and lines of its files that begin otherwise. */
#include "config.h"

#include "packages_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    bool any;
    bool broken;
    char name[MIG_PACKAGE_TEXT_MAX + 1];
    char version[MIG_PACKAGE_TEXT_MAX + 1];
    char arch[MIG_PACKAGE_TEXT_MAX + 1];
};

static void
take(struct entry *entry, const char *line, size_t length)
{
    char *text = line[0] == 'P'   ? entry->name
                 : line[0] == 'V' ? entry->version
                 : line[0] == 'A' ? entry->arch
                                  : NULL;

    entry->any = true;
    if (length < 2 || line[1] != ':' || text == NULL)
        return;
    line += 2;
    length -= 2;
    if (!mig_packages_text_ok(line, length)) {
        entry->broken = true;
        return;
    }
    memcpy(text, line, length);
    text[length] = '\0';
}

static int
end(struct mig_packages_reader *reader, struct entry *entry)
{
    int code = 0;

    if (entry->any && entry->broken)
        reader->broken++;
    else if (entry->any)
        code = mig_packages_tell(reader, entry->name, entry->version, entry->arch);
    memset(entry, 0, sizeof(*entry));
    return code;
}

int
mig_packages_apk(struct mig_packages_reader *reader, int fd)
{
    struct mig_packages_lines *lines = mig_packages_lines_new(reader, fd);
    struct entry entry = {0};
    const char *line;
    size_t length;
    int more = 1;
    int code = lines != NULL ? 0 : -ENOMEM;

    while (code == 0 && (more = mig_packages_line(lines, &line, &length)) > 0) {
        if (length > 0)
            take(&entry, line, length);
        else
            code = end(reader, &entry);
    }
    if (code == 0)
        code = more < 0 ? more : end(reader, &entry);
    free(lines);
    return code;
}
