/* SPDX-License-Identifier: MPL-2.0 */
/* Reading and writing the fields that the documents share. Only for this room. */
#ifndef MIG_DOCUMENT_FIELDS_H
#define MIG_DOCUMENT_FIELDS_H

#include <json-c/json.h>
#include <stddef.h>

#include "base/error.h"
#include "base/time.h"

struct mig_buf;

/* Go's zero time, 0001-01-01T00:00:00Z: what an absent time means. */
#define MIG_TIME_GO_ZERO ((struct mig_time){.sec = -62135596800LL, .nsec = 0})

/* Refuses a key that is one of the NULL-terminated names only when case is ignored: the original
 * would read it, and so would see another document. */
int mig_fields_exact(struct json_object *obj, const char *const names[], struct mig_err *err);
/* A copy of a string of at most `max` bytes, "" when absent. */
int mig_fields_text(struct json_object *obj, const char *key, size_t max, char **ret,
                    struct mig_err *err);
/* *ret is untouched when absent. */
int mig_fields_time(struct json_object *obj, const char *key, struct mig_time *ret,
                    struct mig_err *err);
/* A reference to a member of that type; untouched when absent or null. */
int mig_fields_child(struct json_object *obj, const char *key, enum json_type type,
                     struct json_object **ret, struct mig_err *err);
/* From 0 to 2^53. */
int mig_fields_id(struct json_object *obj, const char *key, int64_t *ret, struct mig_err *err);

/* Append `"key":` and the value; errors stay in out->failed. */
void mig_fields_add_text(struct mig_buf *out, const char *key, const char *text);
void mig_fields_add_time(struct mig_buf *out, const char *key, struct mig_time t);
void mig_fields_add_child(struct mig_buf *out, const char *key, struct json_object *obj,
                          const char *absent);

#endif
