/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The field table at work: what a plugin emits is cut down to what it declared. Pure functions over
 * text, no tree of the document is built.
 *
 * A path is made of member names, joined by '.', and of "[]" for the elements of an array; '*'
 * stands for any member name, and a name that is spelled out is preferred to it; "." stands for the
 * whole. An object or array on the way to a declared field is kept even when it is empty.
 */
#ifndef MIG_PLUGIN_FIELDS_H
#define MIG_PLUGIN_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct mig_buf;
struct mig_fields;
struct mig_plugin;

#define MIG_FIELDS_STRING_MAX 65536u /* bytes of a string whose field gives no greatest length */
#define MIG_FIELDS_NAME_MAX 255u     /* bytes of a member name that '*' stands for */

/* Compiles the table. MIG_E_PLUGIN naming the entry that is wrong. */
int mig_fields_new(const struct mig_plugin *plugin, struct mig_fields **ret, struct mig_err *err);
void mig_fields_free(struct mig_fields *fields);
/* True when the table has a field of MIG_FIELD_PRIVATE. */
bool mig_fields_any_private(const struct mig_fields *fields);

/* What was taken away; adds up over calls. `first_*` is the path of the first case. */
struct mig_fields_report {
    size_t undeclared;
    size_t mistyped;
    size_t cut;
    char first_undeclared[128];
    char first_mistyped[128];
    char first_cut[128];
};

/* Where a text belongs. */
struct mig_fields_place {
    bool statistics;   /* of the statistics, not of the elements */
    const char *key;   /* a member of them; NULL: the whole */
    bool element;      /* one element of the array at `key` */
    bool private_mode; /* private fields become "masked" */
};

/* Appends what may pass of `json`, which must have passed mig_json_check(). 1 when something was
 * appended, 0 when the value as a whole was dropped, -ENOMEM. */
int mig_fields_filter(const struct mig_fields *fields, const struct mig_fields_place *place,
                      const char *json, size_t len, struct mig_buf *out,
                      struct mig_fields_report *report);

#endif
