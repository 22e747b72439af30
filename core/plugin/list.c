/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/worker.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/load.h"
#include "trust/image.h"
#include "trust/whitelist.h"

struct names {
    char **list; /* NULL-terminated once there is one */
    size_t count;
    bool all; /* also what no whitelist names */
};

static int
add(struct names *names, const char *name, size_t len)
{
    for (size_t i = 0; i < names->count; i++)
        if (strlen(names->list[i]) == len && memcmp(names->list[i], name, len) == 0)
            return 0;
    char **more = realloc(names->list, (names->count + 2) * sizeof(*more));
    if (more == NULL)
        return -ENOMEM;
    names->list = more;
    more[names->count] = strndup(name, len);
    if (more[names->count] == NULL)
        return -ENOMEM;
    more[++names->count] = NULL;
    return 0;
}

static int
compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
add_file(struct names *names, const char *file)
{
    char name[33];
    size_t len = strlen(file);
    if (len < 4 || len - 3 >= sizeof(name) || strcmp(file + len - 3, ".so") != 0)
        return 0;
    memcpy(name, file, len - 3);
    name[len - 3] = '\0';
    if (!mig_image_name_valid(name) || (!names->all && !mig_whitelist_names(&mig_whitelist, name)))
        return 0;
    return add(names, name, len - 3);
}

static int
add_folder(struct names *names, const char *path, struct mig_err *err)
{
    int rc = 0;
    DIR *dir = opendir(path);
    /* A program with built-in plugins only has no folder. */
    if (dir == NULL && errno == ENOENT)
        return 0;
    if (dir == NULL)
        return mig_err_errno(err, errno, "plugin folder %s", path);
    for (struct dirent *entry; rc == 0 && (entry = readdir(dir)) != NULL;)
        rc = add_file(names, entry->d_name);
    closedir(dir);
    return rc;
}

static int
list(const char *plugin_dir, bool all, char ***ret, struct mig_err *err)
{
    int rc;
    struct names names = {.list = calloc(1, sizeof(char *)), .all = all};
    if (names.list == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    rc = add_folder(&names, plugin_dir != NULL ? plugin_dir : MIG_PLUGIN_DIR, err);
    for (const struct mig_builtin *b = mig_builtins; rc == 0 && b->name != NULL; b++)
        rc = add(&names, b->name, strlen(b->name));
    if (rc != 0) {
        mig_plugin_list_free(names.list);
        return rc;
    }
    qsort(names.list, names.count, sizeof(*names.list), compare);
    *ret = names.list;
    return 0;
}

int
mig_plugin_list(const char *plugin_dir, char ***ret, struct mig_err *err)
{
    return list(plugin_dir, false, ret, err);
}

int
mig_plugin_files(const char *plugin_dir, char ***ret, struct mig_err *err)
{
    return list(plugin_dir, true, ret, err);
}

void
mig_plugin_list_free(char **names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        free(names[i]);
    free(names);
}
