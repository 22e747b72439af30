/* SPDX-License-Identifier: MPL-2.0 */
/* A temporary tree for the tests of the search. */
#ifndef TESTS_SDK_TREE_H
#define TESTS_SDK_TREE_H

#include <stddef.h>

/* Makes an empty folder and goes into it; gives its absolute path. */
const char *tree_make(void);
/* Leaves and removes it. */
void tree_remove(void);

/* All are below the tree; missing folders are made. */
void tree_text(const char *path, const char *text);
void tree_bytes(const char *path, const void *bytes, size_t length);
void tree_gzip(const char *path, const void *bytes, size_t length);
void tree_link(const char *path, const char *target);
void tree_fifo(const char *path);
void tree_folder(const char *path);

/* A copy of `format` with '@' replaced by the tree's path, and ' by " when it is JSON; the tree's.
 */
const char *tree_json(const char *format);

#endif
