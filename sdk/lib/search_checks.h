/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the search engine: the values of checks, and every refusal of one. */
#ifndef MIG_SEARCH_CHECKS_H
#define MIG_SEARCH_CHECKS_H

#include "search_set.h"

struct check_name {
    const char *member;   /* of the parameters */
    const char *mismatch; /* in option `mismatch` */
};
extern const struct check_name mig_checks_kinds[CHECK_KINDS];

/* Where a refusal goes. */
struct reason {
    const char *label;
    char *message;
    size_t size;
};

/* Writes "search 'LABEL': …" and returns -EINVAL. */
int mig_checks_refuse(const struct reason *reason, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Compiles the value of a check whose kind is set and whose other members are zero. -EINVAL or
 * -ENOMEM, and a message; what was taken is freed with the search in any case. */
int mig_checks_compile(const struct reason *reason, struct check *check);
/* The check matches by a regular expression. */
bool mig_checks_by_regex(enum check_kind kind);

#endif
