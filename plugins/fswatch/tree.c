/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "fswatch.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 65536u

struct tree {
    struct node *top;
    size_t count;
    struct node *buckets[BUCKETS];
};

static size_t
bucket(const struct node *folder, const char *name)
{
    uint64_t hash = (uint64_t)(uintptr_t)folder * UINT64_C(0x9e3779b97f4a7c15);

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return (hash >> 32 ^ hash) % BUCKETS;
}

static struct node *
node_new(const char *name)
{
    size_t size = strlen(name) + 1;
    struct node *node = calloc(1, sizeof(*node) + size);

    if (node != NULL)
        memcpy(node->name, name, size);
    return node;
}

struct tree *
fswatch_tree_new(void)
{
    struct tree *tree = calloc(1, sizeof(*tree));

    if (tree == NULL)
        return NULL;
    tree->top = node_new("");
    if (tree->top == NULL) {
        free(tree);
        return NULL;
    }
    tree->count = 1;
    return tree;
}

void
fswatch_tree_free(struct tree *tree)
{
    struct node *node, *next;

    if (tree == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (node = tree->buckets[i]; node != NULL; node = next) {
            next = node->chain;
            free(node);
        }
    free(tree->top);
    free(tree);
}

struct node *
fswatch_tree_top(struct tree *tree)
{
    return tree->top;
}

size_t
fswatch_tree_count(const struct tree *tree)
{
    return tree->count;
}

struct node *
fswatch_tree_find(struct tree *tree, const struct node *folder, const char *name)
{
    struct node *node = tree->buckets[bucket(folder, name)];

    while (node != NULL && (node->parent != folder || strcmp(node->name, name) != 0))
        node = node->chain;
    return node;
}

struct node *
fswatch_tree_make(struct tree *tree, struct node *folder, const char *name)
{
    struct node *node = fswatch_tree_find(tree, folder, name);
    size_t at;

    if (node != NULL)
        return node;
    node = node_new(name);
    if (node == NULL)
        return NULL;
    at = bucket(folder, name);
    node->parent = folder;
    node->chain = tree->buckets[at];
    tree->buckets[at] = node;
    node->next = folder->child;
    if (node->next != NULL)
        node->next->previous = node;
    folder->child = node;
    tree->count++;
    return node;
}

struct node *
fswatch_tree_make_path(struct tree *tree, const char *path)
{
    struct node *node = tree->top;
    char *copy = strdup(path), *rest = NULL, *name;

    if (copy == NULL)
        return NULL;
    for (name = strtok_r(copy, "/", &rest); name != NULL && node != NULL;
         name = strtok_r(NULL, "/", &rest))
        node = fswatch_tree_make(tree, node, name);
    free(copy);
    return node;
}

void
fswatch_tree_drop(struct tree *tree, struct node *node)
{
    struct node **link = &tree->buckets[bucket(node->parent, node->name)];

    while (*link != node)
        link = &(*link)->chain;
    *link = node->chain;
    if (node->previous != NULL)
        node->previous->next = node->next;
    else
        node->parent->child = node->next;
    if (node->next != NULL)
        node->next->previous = node->previous;
    tree->count--;
    node->dead = true;
    fswatch_tree_release(node);
}

void
fswatch_tree_release(struct node *node)
{
    if (node->dead && !node->dirty && !node->held)
        free(node);
}

char *
fswatch_tree_path(const struct node *node)
{
    const struct node *it;
    size_t length = 0, size;
    char *path;

    for (it = node; it->parent != NULL; it = it->parent)
        length += strlen(it->name) + 1;
    if (length == 0)
        return strdup("/");
    path = malloc(length + 1);
    if (path == NULL)
        return NULL;
    path[length] = '\0';
    for (it = node; it->parent != NULL; it = it->parent) {
        size = strlen(it->name);
        length -= size;
        memcpy(path + length, it->name, size);
        path[--length] = '/';
    }
    return path;
}

struct node *
fswatch_tree_next(const struct node *node, const struct node *top)
{
    if (node->child != NULL)
        return node->child;
    while (node != top && node->next == NULL)
        node = node->parent;
    return node == top ? NULL : node->next;
}
