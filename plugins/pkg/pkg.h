/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_PLUGIN_PKG_H
#define MIG_PLUGIN_PKG_H

#include <stdbool.h>
#include <stddef.h>

#include <mig/packages.h>
#include <mig/plugin.h>

struct mig_regex;
struct mig_regex_scratch;

/* What the parameters ask for. */
struct pkg_question {
    struct mig_regex **names;
    size_t count;
    struct mig_version_range *range; /* of the version, or */
    struct mig_regex *version;       /* its pattern, or neither */
    bool inverted;                   /* the version does not match the pattern */
    bool containers;                 /* in their roots too */
    struct mig_regex_scratch *scratch;
};

/* 0, or a negative errno value after refuse(). */
int pkg_question_init(const struct mig_host *host, const char *parameters, size_t length,
                      struct pkg_question *ret_question);
void pkg_question_fini(struct pkg_question *question);

/* How many of the expressions the package matches; 0 too when its version does not. -ENOMEM, or
 * -E2BIG: too much effort. */
int pkg_question_matches(const struct pkg_question *question, const struct mig_package *package);

int pkg_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

#endif
