/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/whitelist.h"

#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"

#define FILE_MAX_BYTES (16u << 20)

struct entry {
    char *text; /* NULL: a pattern */
    regex_t pattern;
};

struct mig_whitelist {
    char *path;
    struct entry *entries; /* exact ones first, sorted */
    size_t count, exact;
    struct stat seen;
    bool good;
};

static void
forget(struct mig_whitelist *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!list->entries[i].text)
            regfree(&list->entries[i].pattern);
        free(list->entries[i].text);
    }
    free(list->entries);
    list->entries = NULL;
    list->count = list->exact = 0;
}

static int
add(struct mig_whitelist *list, const char *line, int number, struct mig_err *err)
{
    struct entry *grown = reallocarray(list->entries, list->count + 1, sizeof(*grown));
    struct entry entry = {0};
    char *anchored = NULL;

    if (!grown)
        return mig_err_errno(err, ENOMEM, "%s", list->path);
    list->entries = grown;
    if (strncmp(line, "re:", 3) != 0) {
        entry.text = strdup(line);
        if (!entry.text)
            return mig_err_errno(err, ENOMEM, "%s", list->path);
    } else {
        if (asprintf(&anchored, "^(%s)$", line + 3) < 0)
            return mig_err_errno(err, ENOMEM, "%s", list->path);
        int r = regcomp(&entry.pattern, anchored, REG_EXTENDED | REG_NOSUB);
        free(anchored);
        if (r != 0)
            return mig_err_set(err, MIG_E_CONFIG,
                               "%s:%d: expected re: and an extended regular expression, found '%s'",
                               list->path, number, line);
    }
    list->entries[list->count++] = entry;
    return 0;
}

static int
compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (!x->text || !y->text)
        return (x->text == NULL) - (y->text == NULL);
    return strcmp(x->text, y->text);
}

static int
load(struct mig_whitelist *list, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    int r = mig_file_read(list->path, FILE_MAX_BYTES, &text, err);
    int number = 0;

    forget(list);
    for (char *line = text.data, *next; r == 0 && line && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        number++;
        line += strspn(line, " \t");
        line[strcspn(line, " \t\r")] = '\0';
        if (*line && *line != '#')
            r = add(list, line, number, err);
    }
    mig_buf_fini(&text);
    if (r < 0)
        return r;
    if (list->count)
        qsort(list->entries, list->count, sizeof(*list->entries), compare);
    while (list->exact < list->count && list->entries[list->exact].text)
        list->exact++;
    return 0;
}

int
mig_whitelist_open(const char *path, struct mig_whitelist **ret, struct mig_err *err)
{
    struct mig_whitelist *list = calloc(1, sizeof(*list));
    int r = 0;

    if (list && path && *path)
        list->path = strdup(path);
    if (!list || (path && *path && !list->path))
        r = mig_err_errno(err, ENOMEM, "whitelist");
    if (r == 0 && list->path) {
        if (stat(list->path, &list->seen) < 0)
            r = mig_err_errno(err, errno, "%s", list->path);
        else
            r = load(list, err);
    }
    if (r < 0) {
        mig_whitelist_free(list);
        return r;
    }
    list->good = true;
    *ret = list;
    return 0;
}

void
mig_whitelist_free(struct mig_whitelist *list)
{
    if (!list)
        return;
    forget(list);
    free(list->path);
    free(list);
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void
refresh(struct mig_whitelist *list)
{
    struct mig_err err = {0};
    struct stat now = {0};
    int r = stat(list->path, &now) < 0 ? mig_err_errno(&err, errno, "%s", list->path) : 0;

    if (r == 0 && same_file(&now, &list->seen))
        return;
    list->seen = now;
    if (r == 0)
        r = load(list, &err);
    if (r < 0 && list->good)
        mig_log(MIG_SEV_ERR, "whitelist: %s; no heartbeat is taken", err.text);
    list->good = r == 0;
}

int
mig_whitelist_has(struct mig_whitelist *list, const char *queueloc)
{
    struct entry key = {.text = (char *)(uintptr_t)queueloc};

    if (!list->path)
        return 1;
    refresh(list);
    if (!list->good)
        return 0;
    if (list->exact && bsearch(&key, list->entries, list->exact, sizeof(key), compare))
        return 1;
    for (size_t i = list->exact; i < list->count; i++)
        if (regexec(&list->entries[i].pattern, queueloc, 0, NULL, 0) == 0)
            return 1;
    return 0;
}
