/* SPDX-License-Identifier: MPL-2.0 */
/* Values of a target expression and what PostgreSQL makes of them, for document/target.c. */
#ifndef MIG_DOCUMENT_TARGET_VALUE_H
#define MIG_DOCUMENT_TARGET_VALUE_H

#include <stdbool.h>

struct json_object;

enum mig_target_kind {
    TARGET_UNDECIDED,
    TARGET_NULL,
    TARGET_TRUTH,
    TARGET_INTEGER,
    TARGET_TEXT,
    TARGET_JSON
};

struct mig_target_value {
    enum mig_target_kind kind;
    bool truth;
    bool literal; /* TEXT: written with quotes, it takes the type of the other side */
    bool partial; /* JSON: a member that is not there is undecided, not NULL */
    long long number;
    const char *text;         /* not owned */
    struct json_object *json; /* not owned */
};

struct mig_target_value mig_target_truth_value(bool truth);
struct mig_target_value mig_target_not(struct mig_target_value v);
struct mig_target_value mig_target_and(struct mig_target_value a, struct mig_target_value b);
struct mig_target_value mig_target_or(struct mig_target_value a, struct mig_target_value b);
/* =  <>  !=  <  <=  >  >= */
struct mig_target_value mig_target_compare(const char *op, struct mig_target_value a,
                                           struct mig_target_value b);
struct mig_target_value mig_target_like(struct mig_target_value a, struct mig_target_value pattern,
                                        bool fold);
/* ~ and ~* */
struct mig_target_value mig_target_match(struct mig_target_value a, struct mig_target_value pattern,
                                         bool fold);
/* -> (as_text false), ->> and #>> (path true) */
struct mig_target_value mig_target_member(struct mig_target_value a, struct mig_target_value key,
                                          bool path, bool as_text);

#endif
