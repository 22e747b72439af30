/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What was told, as one text of <mig/state.h>, items that end in a NUL:
 *
 *     fswatch 1
 *     r PATH            a path of the configuration that was looked at
 *     l PATH            where it leads
 *     n DEPTH KIND MODE UID GID SIZE DEVICE INODE MTIME CTIME HASH NAME
 *
 * The nodes are in the order of fswatch_tree_next(); HASH is hexadecimal, or -.
 */
#include "config.h"

#include "fswatch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mig/json.h>
#include <mig/state.h>

#define HEAD "fswatch 1"
#define DEPTH_MAX 4096u

static void
write_node(FILE *out, const struct node *node, unsigned depth)
{
    const struct meta *meta = &node->told;
    char hex[2 * FSWATCH_HASH_SIZE + 1];

    fswatch_meta_hex(meta, hex);
    fprintf(out,
            "n %u %u %" PRIo32 " %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64
            " %" PRId64 " %" PRId64 " %s %s%c",
            depth, meta->kind, meta->mode, meta->uid, meta->gid, meta->size, meta->device,
            meta->inode, meta->mtime, meta->ctime, hex, node->name, '\0');
}

static void
write_below(FILE *out, const struct node *folder)
{
    const struct node *node = folder->child;
    unsigned depth = 1;

    while (node != NULL && node != folder) {
        write_node(out, node, depth);
        if (node->child != NULL) {
            node = node->child;
            depth++;
            continue;
        }
        while (node != folder && node->next == NULL) {
            node = node->parent;
            depth--;
        }
        if (node != folder)
            node = node->next;
    }
}

int
fswatch_baseline_save(struct fswatch *fs)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    int code = 0;

    if (out == NULL)
        return -ENOMEM;
    fprintf(out, HEAD "%c", '\0');
    for (size_t i = 0; i < fs->settings.count; i++)
        if (!fs->settings.roots[i].fresh)
            fprintf(out, "r %s%cl %s%c", fs->settings.roots[i].path, '\0',
                    fs->settings.roots[i].real, '\0');
    write_below(out, fswatch_tree_top(fs->tree));
    if (ferror(out))
        code = -ENOMEM;
    if (fclose(out) != 0)
        code = -ENOMEM;
    if (code == 0)
        code = mig_state_save(fs->host, 0, text, length);
    if (code == 0)
        fs->saved_bytes = length;
    free(text);
    return code;
}

/* ---- reading ---- */

static int
hex_value(char c)
{
    const char *digits = "0123456789abcdef", *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

static bool
read_hash(const char *text, size_t length, struct meta *meta)
{
    if (length == 1 && text[0] == '-')
        return true;
    if (length != 2 * FSWATCH_HASH_SIZE)
        return false;
    for (size_t i = 0; i < FSWATCH_HASH_SIZE; i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        meta->hash[i] = (uint8_t)(high << 4 | low);
    }
    return meta->hashed = true;
}

/* The name, or NULL. */
static const char *
read_node(const char *item, unsigned *depth, struct meta *meta)
{
    unsigned kind = 0;
    int at = 0;
    const char *space;

    *meta = (struct meta){0};
    if (sscanf(item,
               "n %u %u %" SCNo32 " %" SCNu32 " %" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNd64 " %" SCNd64 " %n",
               depth, &kind, &meta->mode, &meta->uid, &meta->gid, &meta->size, &meta->device,
               &meta->inode, &meta->mtime, &meta->ctime, &at) != 10 ||
        at == 0 || kind >= KIND_COUNT || (space = strchr(item + at, ' ')) == NULL ||
        !read_hash(item + at, (size_t)(space - item) - (size_t)at, meta))
        return NULL;
    meta->kind = (uint8_t)kind;
    return space[1] != '\0' && strchr(space + 1, '/') == NULL ? space + 1 : NULL;
}

struct reader {
    struct fswatch *fs;
    struct root *root;
    struct node *folders[DEPTH_MAX + 1];
    unsigned depth; /* of the last node */
};

static int
take_item(struct reader *reader, const char *item)
{
    struct settings *settings = &reader->fs->settings;
    struct meta meta;
    struct node *node;
    const char *name;
    unsigned depth;

    if (strncmp(item, "r ", 2) == 0) {
        reader->root = NULL;
        for (size_t i = 0; i < settings->count; i++)
            if (strcmp(settings->roots[i].path, item + 2) == 0)
                reader->root = &settings->roots[i];
        if (reader->root != NULL)
            reader->root->fresh = false;
        return 0;
    }
    if (strncmp(item, "l ", 2) == 0) {
        if (reader->root != NULL && reader->root->real == NULL)
            reader->root->real = strdup(item + 2);
        return 0;
    }
    name = read_node(item, &depth, &meta);
    if (name == NULL || depth == 0 || depth > DEPTH_MAX || depth > reader->depth + 1)
        return -EBADMSG;
    node = fswatch_tree_make(reader->fs->tree, reader->folders[depth - 1], name);
    if (node == NULL)
        return -ENOMEM;
    node->told = meta;
    node->last_ctime = meta.ctime;
    reader->folders[depth] = node;
    reader->depth = depth;
    return 0;
}

/* What a changed configuration does not watch any more. */
static void
prune(struct fswatch *fs, struct node *folder)
{
    struct node *child, *next;

    for (child = folder->child; child != NULL; child = next) {
        const struct root *root = fswatch_root_of(folder);
        bool watched = child->root != NULL || folder->root != NULL || (root && root->recursive);

        next = child->next;
        prune(fs, child);
        if (watched)
            continue;
        child->told = (struct meta){0};
        if (child->child == NULL)
            fswatch_tree_drop(fs->tree, child);
    }
}

int
fswatch_baseline_load(struct fswatch *fs)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    char *text = NULL;
    size_t length = 0;
    int code = reader != NULL ? mig_state_load(fs->host, 0, &text, &length) : -ENOMEM;
    const char *item = text;

    if (code == 0 && strcmp(text, HEAD) != 0)
        code = -EBADMSG;
    if (code == 0) {
        reader->fs = fs;
        reader->folders[0] = fswatch_tree_top(fs->tree);
        item += strlen(item) + 1;
    }
    while (code == 0 && item < text + length) {
        code = take_item(reader, item);
        item += strlen(item) + 1;
    }
    for (size_t i = 0; code == 0 && i < fs->settings.count; i++)
        code = fswatch_place(fs, &fs->settings.roots[i]);
    if (code == 0)
        prune(fs, fswatch_tree_top(fs->tree));
    free(text);
    free(reader);
    return code;
}
