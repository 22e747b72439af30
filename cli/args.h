/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The command line of `mig MODULE`: which arguments are mig's, which the module's (facts: flags as
 * Go's flag package takes them, -x v, -x=v, --x; a switch is -x or -x=false).
 */
#ifndef MIG_CLI_ARGS_H
#define MIG_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum mig_show { MIG_SHOW_FOUND = 0, MIG_SHOW_NOTFOUND = 1, MIG_SHOW_ALL = 2 };

/* Texts belong to argv. */
struct mig_args {
    const char *module; /* NULL with -i */
    const char *config; /* -c, or NULL */
    const char *file;   /* -i, or NULL */
    const char *name;   /* -n, or NULL */
    const char *target; /* -t, or NULL */
    const char *target_found;
    const char *target_notfound;
    int64_t validity_ms; /* -e */
    bool print;          /* -p */
    bool sign;           /* -s */
    bool compress;       /* -z */
    bool verbose;        /* -v */
    bool now;            /* --now */
    bool version;        /* -V */
    bool help;           /* -h */
    enum mig_show show;
    const char **rest; /* the module's arguments; the array is ours */
    size_t rest_count;
};

/* Says whether the module's option `name` (of `len` bytes, no dash) takes a value: 1 yes, 0 no, -1
 * not known. So that `-content -v` searches for "-v" and does not turn debugging on. */
typedef int (*mig_args_valued_fn)(void *context, const char *name, size_t len);

/* argv[0] is the first argument: a module's name, or -i. mig's own options are cut out by name
 * wherever they stand before "--"; what comes after it is the module's. MIG_E_INVALID with what is
 * wrong. */
int mig_args_parse(int argc, char **argv, mig_args_valued_fn valued, void *context,
                   struct mig_args *ret, struct mig_err *err);
void mig_args_fini(struct mig_args *args);

#endif
