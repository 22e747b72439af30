/* SPDX-License-Identifier: MPL-2.0 */
/*
 * JSON (RFC 8259), strict: a document is refused, with its byte offset, when it is not UTF-8, holds
 * duplicate keys in one object, a NUL inside a key, a number beyond a double, or is over the
 * limits. A lone surrogate escape becomes U+FFFD, as Go's encoding/json does. Objects whose members
 * are a protocol's fields also refuse keys that differ only in ASCII case; that is fold_depth
 * below. In free maps (module parameters, results) such keys are two keys, and signed as two.
 * Documents are held as json-c objects; numbers are IEEE doubles or int64 there, so signed text is
 * made by mig_json_canonical() from the text itself, never from objects.
 */
#ifndef MIG_BASE_JSON_H
#define MIG_BASE_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct json_object;
struct mig_buf;

struct mig_json_limits {
    size_t max_bytes;   /* 0: MIG_JSON_MAX_BYTES */
    unsigned max_depth; /* 0: MIG_JSON_MAX_DEPTH; never more than 512 */
    /* Objects at this nesting depth or above it (the document itself is 1) refuse keys that differ
     * only in ASCII case. 0: none. */
    unsigned fold_depth;
};
#define MIG_JSON_MAX_BYTES (64u << 20)
#define MIG_JSON_MAX_DEPTH 64u

/* Checks the whole text without building anything. 0, MIG_E_SYNTAX or MIG_E_LIMIT. */
int mig_json_check(const char *text, size_t len, const struct mig_json_limits *limits,
                   struct mig_err *err);
/* Checks and parses. The caller puts *ret_obj (json_object_put). Anything but an object or an array
 * is MIG_E_SYNTAX here: that is what the documents of MIG are. */
int mig_json_parse(const char *text, size_t len, const struct mig_json_limits *limits,
                   struct json_object **ret_obj, struct mig_err *err);
/* Appends the canonical form of facts 2.3 (Go encoding/json of a generic value). */
int mig_json_canonical(const char *text, size_t len, const struct mig_json_limits *limits,
                       struct mig_buf *out, struct mig_err *err);
/* Finds the raw text of the member `key` of the object `text`; -> pointer into text.
 * MIG_E_NOT_FOUND when it is not there. The text must have passed mig_json_check(). */
int mig_json_raw_member(const char *text, size_t len, const char *key, const char **ret_text,
                        size_t *ret_len);
/* The i-th element of the array `text`, likewise. */
int mig_json_raw_element(const char *text, size_t len, size_t index, const char **ret_text,
                         size_t *ret_len);

/* The next element of the array `text`: *cursor is 0 before the first call. MIG_E_NOT_FOUND after
 * the last. For all elements of a long array, where raw_element() would start over for each. */
int mig_json_raw_next(const char *text, size_t len, size_t *cursor, const char **ret_text,
                      size_t *ret_len);

/* Appends `text` as a JSON string, with quotes, escaped as Go does. Bytes that are not UTF-8 become
 * U+FFFD. */
int mig_json_add_string(struct mig_buf *out, const char *text, size_t len);
/* Appends a number as Go prints a float64; one that is not finite as null. */
int mig_json_add_double(struct mig_buf *out, double value);

/* Reads members of an object; *ret is untouched when the member is absent or null and
 * `required` is 0. MIG_E_INVALID with a message when the type is wrong or a required one is absent.
 * Strings belong to the object. */
int mig_json_get_string(struct json_object *obj, const char *key, int required, const char **ret,
                        struct mig_err *err);
int mig_json_get_int64(struct json_object *obj, const char *key, int required, int64_t *ret,
                       struct mig_err *err); /* also takes 1.5e+15 as Go writes ids */
int mig_json_get_bool(struct json_object *obj, const char *key, int required, int *ret,
                      struct mig_err *err);
/* Compact text of an object in json-c, as a malloc'd string; NULL without memory. */
char *mig_json_text(struct json_object *obj);

/* 1 when the bytes are well-formed UTF-8 (RFC 3629). */
int mig_utf8_valid(const char *text, size_t len);

#endif
