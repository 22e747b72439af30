/* SPDX-License-Identifier: MPL-2.0 */
/*
 * dpkg's databases (deb-control(5), dpkg-query(1)): stanzas of "Field: value" lines with a blank
 * line after each. updates/ is dpkg's journal: while it runs, and after it was killed, its files
 * hold the newest stanzas, which replace those of status.
 */
#include "config.h"

#include "packages_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* dpkg merges its journal into status at 250 files. */
#define UPDATES_MAX 10000u

struct stanza {
    bool any;
    bool broken;
    bool installed;
    char name[MIG_PACKAGE_TEXT_MAX + 1];
    char version[MIG_PACKAGE_TEXT_MAX + 1];
    char arch[MIG_PACKAGE_TEXT_MAX + 1];
};

struct dpkg {
    struct mig_packages_reader *reader;
    bool implied;  /* installed without a word of it */
    bool updating; /* stanzas go to `updates` */
    void *updates; /* tsearch() tree of struct stanza */
    size_t updates_count;
};

/* ---- stanzas ---- */

/* The third word: "install ok installed". */
static bool
is_installed(const char *value, size_t length)
{
    static const char *const states[] = {"unpacked", "half-configured", "triggers-awaited",
                                         "triggers-pending", "installed"};
    const char *word = memrchr(value, ' ', length);
    size_t i;

    if (word != NULL) {
        word++;
        length -= (size_t)(word - value);
    } else {
        word = value;
    }
    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (length == strlen(states[i]) && memcmp(word, states[i], length) == 0)
            return true;
    return false;
}

static bool
is_field(const char *line, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(line, name, length) == 0;
}

static void
keep(struct stanza *stanza, char *text, const char *value, size_t length)
{
    if (!mig_packages_text_ok(value, length)) {
        stanza->broken = true;
        return;
    }
    memcpy(text, value, length);
    text[length] = '\0';
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void
take(struct stanza *stanza, const char *line, size_t length)
{
    const char *colon = is_blank(line[0]) ? NULL : memchr(line, ':', length);
    const char *value;
    size_t field;

    if (colon == NULL)
        return; /* of the field before, or nonsense */
    field = (size_t)(colon - line);
    value = colon + 1;
    length -= field + 1;
    for (; length > 0 && is_blank(*value); length--)
        value++;
    while (length > 0 && is_blank(value[length - 1]))
        length--;
    stanza->any = true;
    if (is_field(line, field, "Package"))
        keep(stanza, stanza->name, value, length);
    else if (is_field(line, field, "Version"))
        keep(stanza, stanza->version, value, length);
    else if (is_field(line, field, "Architecture"))
        keep(stanza, stanza->arch, value, length);
    else if (is_field(line, field, "Status"))
        stanza->installed = is_installed(value, length);
}

/* ---- the journal ---- */

static int
compare(const void *a, const void *b)
{
    const struct stanza *x = a;
    const struct stanza *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->arch, y->arch);
}

static int
keep_update(struct dpkg *dpkg, const struct stanza *stanza)
{
    struct stanza *copy = malloc(sizeof(*copy));
    struct stanza **found;

    if (copy == NULL)
        return -ENOMEM;
    *copy = *stanza;
    found = tsearch(copy, &dpkg->updates, compare);
    if (found == NULL) {
        free(copy);
        return -ENOMEM;
    }
    if (*found == copy) {
        dpkg->updates_count++;
    } else {
        **found = *copy;
        free(copy);
    }
    return 0;
}

static int
end(struct dpkg *dpkg, struct stanza *stanza)
{
    bool any = stanza->any;
    int code = 0;

    if (any && (stanza->broken || stanza->name[0] == '\0'))
        dpkg->reader->broken++;
    else if (any && dpkg->updating && dpkg->updates_count < UPDATES_MAX)
        code = keep_update(dpkg, stanza);
    else if (any && stanza->installed &&
             (dpkg->updates == NULL || tfind(stanza, &dpkg->updates, compare) == NULL))
        code = mig_packages_tell(dpkg->reader, stanza->name, stanza->version, stanza->arch);
    stanza->any = stanza->broken = false;
    stanza->installed = dpkg->implied;
    stanza->name[0] = stanza->version[0] = stanza->arch[0] = '\0';
    return code;
}

static int
read_stanzas(struct dpkg *dpkg, int fd)
{
    struct mig_packages_lines *lines = mig_packages_lines_new(dpkg->reader, fd);
    struct stanza stanza = {.installed = dpkg->implied};
    const char *line;
    size_t length;
    int more = 1;
    int code = lines != NULL ? 0 : -ENOMEM;

    while (code == 0 && (more = mig_packages_line(lines, &line, &length)) > 0) {
        if (length > 0)
            take(&stanza, line, length);
        else
            code = end(dpkg, &stanza);
    }
    if (code == 0)
        code = more < 0 ? more : end(dpkg, &stanza);
    free(lines);
    return code;
}

static int
is_update(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 0 && strspn(entry->d_name, "0123456789") == length;
}

/* In the order of their numbers. */
static int
by_number(const struct dirent **a, const struct dirent **b)
{
    size_t x = strlen((*a)->d_name);
    size_t y = strlen((*b)->d_name);

    return x != y ? (x < y ? -1 : 1) : strcmp((*a)->d_name, (*b)->d_name);
}

static int
read_update(struct dpkg *dpkg, int folder, const char *name)
{
    int fd = mig_packages_root_open(folder, name, S_IFREG);
    int code;

    if (fd < 0) {
        mig_packages_error(dpkg->reader, "updates/%s: %s", name, strerror(-fd));
        return fd == -ENOMEM ? fd : 0;
    }
    code = read_stanzas(dpkg, fd);
    close(fd);
    return code;
}

static int
read_updates(struct dpkg *dpkg, int folder)
{
    struct dirent **entries = NULL;
    int updates = mig_packages_root_open(folder, "updates", S_IFDIR);
    int count = updates >= 0 ? scandirat(updates, ".", &entries, is_update, by_number) : 0;
    int code = 0;
    int i;

    if (count < 0)
        mig_packages_error(dpkg->reader, "updates/: %s", strerror(errno));
    dpkg->updating = true;
    for (i = 0; i < count; i++) {
        if (code == 0)
            code = read_update(dpkg, updates, entries[i]->d_name);
        free(entries[i]);
    }
    dpkg->updating = false;
    if (dpkg->updates_count >= UPDATES_MAX)
        mig_packages_error(dpkg->reader, "updates/ has over %u packages; the rest is not read",
                           UPDATES_MAX);
    free(entries);
    if (updates >= 0)
        close(updates);
    return code;
}

struct tell {
    struct mig_packages_reader *reader;
    int code;
};

static void
tell_update(const void *node, VISIT visit, void *context)
{
    const struct stanza *stanza = *(const struct stanza *const *)node;
    struct tell *tell = context;

    if ((visit == postorder || visit == leaf) && tell->code == 0 && stanza->installed)
        tell->code = mig_packages_tell(tell->reader, stanza->name, stanza->version, stanza->arch);
}

int
mig_packages_dpkg_status(struct mig_packages_reader *reader, int fd, int folder)
{
    struct dpkg dpkg = {.reader = reader};
    struct tell tell = {.reader = reader};
    int code = folder >= 0 ? read_updates(&dpkg, folder) : 0;

    if (code == 0)
        code = read_stanzas(&dpkg, fd);
    if (code == 0) {
        twalk_r(dpkg.updates, tell_update, &tell);
        code = tell.code;
    }
    tdestroy(dpkg.updates, free);
    return code;
}

int
mig_packages_dpkg_plain(struct mig_packages_reader *reader, int fd)
{
    struct dpkg dpkg = {.reader = reader, .implied = true};

    return read_stanzas(&dpkg, fd);
}
