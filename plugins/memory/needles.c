/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "needles.h"

#include <stdlib.h>
#include <string.h>

#include "prints.h"

#define BLOCK 2u
#define BLOCKS 65536u
#define GROUPS 3u
#define SKIP_MAX 255u
#define NONE UINT32_MAX

struct group {
    size_t least; /* length of the shortest needle, as far as it counts */
    struct memory_needle *list;
    uint32_t *next; /* of the same last block; NONE ends the chain */
    size_t count;
    struct memory_prints *prints; /* NULL: the tables below */
    uint8_t *shift;               /* by block */
    uint32_t *head;
};

struct memory_needles {
    struct group *groups[GROUPS]; /* of one byte, of 2 and 3, longer */
};

static size_t
group_of(size_t length)
{
    return length < BLOCK ? 0 : length < 4 ? 1 : 2;
}

static uint16_t
block_at(const uint8_t *text)
{
    uint16_t block;

    memcpy(&block, text, sizeof(block));
    return block;
}

static void
group_free(struct group *group)
{
    if (group == NULL)
        return;
    memory_prints_free(group->prints);
    free(group->shift);
    free(group->head);
    free(group->list);
    free(group->next);
    free(group);
}

/* How far the text may be moved when it has this block where the end of the shortest needle is. */
static bool
fill_tables(struct group *group)
{
    size_t i, j, distance;
    uint16_t block = 0;

    group->shift = malloc(BLOCKS);
    group->head = malloc(BLOCKS * sizeof(*group->head));
    if (group->shift == NULL || group->head == NULL)
        return false;
    memset(group->shift, (int)(group->least - BLOCK + 1), BLOCKS);
    for (i = 0; i < BLOCKS; i++)
        group->head[i] = NONE;
    for (i = 0; i < group->count; i++) {
        for (j = 0; j + BLOCK <= group->least; j++) {
            block = block_at(group->list[i].bytes + j);
            distance = group->least - BLOCK - j;
            if (distance < group->shift[block])
                group->shift[block] = (uint8_t)distance;
        }
        group->next[i] = group->head[block];
        group->head[block] = (uint32_t)i;
    }
    return true;
}

/* The quicker of the two for these needles. */
static bool
prepare(struct group *group)
{
    if (group->count <= MEMORY_PRINTS_MAX && memory_prints_supported()) {
        group->prints = memory_prints_new(group->list, group->count);
        return group->prints != NULL;
    }
    return fill_tables(group);
}

static struct group *
group_new(const struct memory_needle *list, size_t count, size_t which)
{
    struct group *group = calloc(1, sizeof(*group));
    size_t i;

    if (group == NULL)
        return NULL;
    group->list = calloc(count, sizeof(*group->list));
    group->next = calloc(count, sizeof(*group->next));
    if (group->list == NULL || group->next == NULL) {
        group_free(group);
        return NULL;
    }
    group->least = SKIP_MAX;
    for (i = 0; i < count; i++) {
        if (group_of(list[i].length) != which)
            continue;
        if (list[i].length < group->least)
            group->least = list[i].length;
        group->list[group->count++] = list[i];
    }
    if (which > 0 && !prepare(group)) {
        group_free(group);
        return NULL;
    }
    return group;
}

struct memory_needles *
memory_needles_new(const struct memory_needle *list, size_t count)
{
    struct memory_needles *needles = calloc(1, sizeof(*needles));
    size_t i;

    for (i = 0; needles != NULL && i < count; i++) {
        size_t which = group_of(list[i].length);
        if (needles->groups[which] != NULL)
            continue;
        needles->groups[which] = group_new(list, count, which);
        if (needles->groups[which] == NULL) {
            memory_needles_free(needles);
            return NULL;
        }
    }
    return needles;
}

void
memory_needles_free(struct memory_needles *needles)
{
    size_t i;

    for (i = 0; needles != NULL && i < GROUPS; i++)
        group_free(needles->groups[i]);
    free(needles);
}

static void
find_bytes(const struct group *group, const uint8_t *text, size_t length,
           const struct memory_needles_host *host)
{
    const uint8_t *at;
    size_t i;

    for (i = 0; i < group->count; i++) {
        at = text;
        while (host->wanted(host->context, &group->list[i]) &&
               (at = memchr(at, *group->list[i].bytes, length - (size_t)(at - text))) != NULL) {
            host->found(host->context, &group->list[i], (size_t)(at - text));
            at++;
        }
    }
}

/* The needles whose shortest part may be at text + at. */
static void
verify(const struct group *group, const uint8_t *text, size_t length, size_t at, uint16_t block,
       const struct memory_needles_host *host)
{
    const struct memory_needle *needle;
    uint32_t i;

    for (i = group->head[block]; i != NONE; i = group->next[i]) {
        needle = &group->list[i];
        if (needle->length <= length - at && host->wanted(host->context, needle) &&
            memcmp(text + at, needle->bytes, needle->length) == 0)
            host->found(host->context, needle, at);
    }
}

static void
find_group(const struct group *group, const uint8_t *text, size_t length,
           const struct memory_needles_host *host)
{
    size_t back = group->least - BLOCK;
    const uint8_t *at, *end;
    uint16_t block;
    uint8_t shift;

    if (length < group->least)
        return;
    at = text + back;
    end = text + length - BLOCK;
    while (at <= end) {
        block = block_at(at);
        shift = group->shift[block];
        if (shift == 0) {
            verify(group, text, length, (size_t)(at - text) - back, block, host);
            shift = 1;
        }
        at += shift;
    }
}

void
memory_needles_find(struct memory_needles *needles, const uint8_t *text, size_t length,
                    const struct memory_needles_host *host)
{
    size_t i;

    if (needles->groups[0] != NULL)
        find_bytes(needles->groups[0], text, length, host);
    for (i = 1; i < GROUPS; i++)
        if (needles->groups[i] != NULL && needles->groups[i]->prints != NULL)
            memory_prints_find(needles->groups[i]->prints, text, length, host);
        else if (needles->groups[i] != NULL)
            find_group(needles->groups[i], text, length, host);
}
