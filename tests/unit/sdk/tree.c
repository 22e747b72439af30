/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#define TEXTS 64u

static char root[4096];
static char *texts[TEXTS];
static size_t texts_used;

static void
must(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    abort();
}

const char *
tree_make(void)
{
    char name[] = "/tmp/mig-tree-XXXXXX";

    must(mkdtemp(name) != NULL && realpath(name, root) != NULL && chdir(root) == 0, "tree");
    return root;
}

/* By descriptors: a path may be longer than the system takes. */
static void
remove_below(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) != 0)
            remove_below(fd, entry->d_name);
    }
    if (folder != NULL)
        closedir(folder);
    must(unlinkat(parent, name, AT_REMOVEDIR) == 0, name);
}

void
tree_remove(void)
{
    size_t i;

    must(chdir("/") == 0, "/");
    remove_below(AT_FDCWD, root);
    for (i = 0; i < TEXTS; i++) {
        free(texts[i]);
        texts[i] = NULL;
    }
    texts_used = 0;
}

void
tree_folder(const char *path)
{
    char *copy = strdup(path);
    char *slash;

    must(copy != NULL, path);
    for (slash = strchr(copy, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(copy, 0755);
        *slash = '/';
    }
    mkdir(copy, 0755);
    free(copy);
}

static void
make_parent(const char *path)
{
    char *copy = strdup(path);
    char *slash = strrchr(copy, '/');

    if (slash != NULL) {
        *slash = '\0';
        tree_folder(copy);
    }
    free(copy);
}

void
tree_bytes(const char *path, const void *bytes, size_t length)
{
    FILE *file;

    make_parent(path);
    file = fopen(path, "we");
    must(file != NULL && fwrite(bytes, 1, length, file) == length && fclose(file) == 0, path);
    must(chmod(path, 0644) == 0, path);
}

void
tree_text(const char *path, const char *text)
{
    tree_bytes(path, text, strlen(text));
}

void
tree_gzip(const char *path, const void *bytes, size_t length)
{
    gzFile file;

    make_parent(path);
    file = gzopen(path, "wbe");
    must(file != NULL, path);
    must(length == 0 || gzwrite(file, bytes, (unsigned int)length) == (int)length, path);
    must(gzclose(file) == Z_OK, path);
}

void
tree_link(const char *path, const char *target)
{
    make_parent(path);
    must(symlink(target, path) == 0, path);
}

void
tree_fifo(const char *path)
{
    make_parent(path);
    must(mkfifo(path, 0644) == 0, path);
}

const char *
tree_json(const char *format)
{
    size_t length = strlen(root);
    size_t room = strlen(format) + 1;
    size_t used = 0;
    const char *p;
    char *text;

    for (p = format; *p != '\0'; p++)
        room += *p == '@' ? length : 0;
    text = malloc(room);
    must(text != NULL, "text");
    for (p = format; *p != '\0'; p++) {
        if (*p == '@') {
            memcpy(text + used, root, length);
            used += length;
        } else {
            text[used++] = *p == '\'' ? '"' : *p;
        }
    }
    text[used] = '\0';
    free(texts[texts_used % TEXTS]);
    texts[texts_used++ % TEXTS] = text;
    return text;
}
