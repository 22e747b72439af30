/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Loading: plain name -> regular file -> sealed copy in memory -> digest in the whitelist ->
 * libltdl loads that copy. Two steps, so that a worker confines itself between them: constructors
 * run in the second. load.c is the only file that knows libltdl.
 */
#ifndef MIG_PLUGIN_LOAD_H
#define MIG_PLUGIN_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>

#include "base/error.h"
#include "trust/image.h"

struct mig_whitelist;

/* The plugins linked into this program; the last row is {NULL, NULL}. Generated at build. */
struct mig_builtin {
    const char *name;
    const struct mig_plugin *descriptor;
};
extern const struct mig_builtin mig_builtins[];

/* A plugin that may be loaded. */
struct mig_load {
    char name[33];
    char digest[2 * MIG_IMAGE_DIGEST + 1]; /* "builtin" for one that is linked in */
    uint32_t needs;
    char **programs; /* of MIG_NEED_EXECUTE; ends with NULL; NULL: none. One free() */
    bool builtin;
    int fd; /* the sealed copy, or -1 */
    struct mig_plugin_note note;
};

/* Everything that can be checked without running any of the plugin's code. Every refusal is
 * MIG_E_PLUGIN and a message "plugin NAME refused: …" with what was expected and what was found. */
int mig_load_check(const char *dir, const char *name, const struct mig_whitelist *whitelist,
                   struct mig_load *ret, struct mig_err *err);
/* Loads it into this process, for ever, and copies its descriptor. */
int mig_load_open(const struct mig_load *load, struct mig_plugin *ret, struct mig_err *err);
void mig_load_fini(struct mig_load *load);

#endif
