/* SPDX-License-Identifier: MPL-2.0 */
/* Where the walk begins: the paths of all searches. */
#include "config.h"

#include "search_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
compare_roots(const void *a, const void *b)
{
    return strcmp(((const struct root *)a)->path, ((const struct root *)b)->path);
}

static struct root *
find_root(const struct run *run, const char *path)
{
    struct root key = {.path = path};

    return bsearch(&key, run->roots, run->roots_count, sizeof(key), compare_roots);
}

struct root *
mig_search_root_here(const struct worker *worker)
{
    return worker->run->roots_count < 2 ? NULL : find_root(worker->run, worker->path);
}

void
mig_search_start(const struct worker *worker, const char *path, uint64_t *depths)
{
    size_t i;
    size_t j;

    for (i = 0; i < worker->set->count; i++)
        for (j = 0; j < worker->set->searches[i].paths_count; j++)
            if (strcmp(worker->set->searches[i].paths[j], path) == 0)
                depths[i] = 1;
}

/* True when another root is above this one. */
static bool
is_inner(const struct run *run, const struct root *root, char *room)
{
    size_t i;

    for (i = strlen(root->path); i > 0; i--) {
        if (root->path[i] != '/' && !(i == 1 && root->path[0] == '/' && root->path[1] != '\0'))
            continue;
        memcpy(room, root->path, i);
        room[i] = '\0';
        if (find_root(run, room) != NULL)
            return true;
    }
    return false;
}

/* All paths of all searches, sorted, each once. */
int
mig_search_roots(struct run *run)
{
    size_t total = 0;
    size_t used = 0;
    size_t longest = 0;
    size_t i;
    size_t j;
    char *room;

    for (i = 0; i < run->set->count; i++)
        total += run->set->searches[i].paths_count;
    run->roots = calloc(total + 1, sizeof(*run->roots));
    if (run->roots == NULL)
        return -ENOMEM;
    for (i = 0; i < run->set->count; i++)
        for (j = 0; j < run->set->searches[i].paths_count; j++)
            run->roots[used++].path = run->set->searches[i].paths[j];
    qsort(run->roots, total, sizeof(*run->roots), compare_roots);
    for (i = 0, used = 0; i < total; i++)
        if (used == 0 || strcmp(run->roots[used - 1].path, run->roots[i].path) != 0)
            run->roots[used++].path = run->roots[i].path;
    run->roots_count = used;
    for (i = 0; i < used; i++)
        longest = strlen(run->roots[i].path) > longest ? strlen(run->roots[i].path) : longest;
    room = malloc(longest + 1);
    if (room == NULL)
        return -ENOMEM;
    for (i = 0; i < used; i++)
        run->roots[i].inner = is_inner(run, &run->roots[i], room);
    free(room);
    return 0;
}
