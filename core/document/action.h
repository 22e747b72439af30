/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The action, syntax version 2 (facts 2.1-2.5): what an investigator asks and signs.
 * Field names match exactly; unknown fields are ignored and never signed.
 */
#ifndef MIG_DOCUMENT_ACTION_H
#define MIG_DOCUMENT_ACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/time.h"

struct json_object;
struct mig_buf;

#define MIG_ACTION_MAX_BYTES (16u << 20)
#define MIG_ACTION_MAX_OPERATIONS 1000u
#define MIG_ACTION_MAX_SIGNATURES 64u
#define MIG_ACTION_MAX_NAME 2048u      /* bytes; so the target */
#define MIG_PARAMETERS_MAX (16u << 20) /* bytes of JSON after decompression */

struct mig_operation {
    char *module;
    char *parameters; /* canonical JSON text as it is signed; "null" when absent */
    size_t parameters_len;
    bool is_compressed;
    bool want_compressed;
};

struct mig_action {
    int64_t id; /* 0 from a client */
    char *name;
    char *target;
    struct mig_time validfrom;
    struct mig_time expireafter;
    int64_t syntaxversion;
    struct mig_operation *operations;
    size_t operations_count;
    char **signatures; /* one-line armor */
    size_t signatures_count;
    char *status; /* NULL when absent; set by API and scheduler */
    struct mig_time starttime, finishtime, lastupdatetime; /* Go's zero time when absent */
    struct json_object *description;                       /* NULL or an object */
    struct json_object *threat;                            /* NULL or an object */
    struct json_object *investigators; /* NULL or an array; set by the API on read */
    struct json_object *counters;      /* NULL or an object; set by the API on read */
};

/* Parses and checks the form: types, limits, strictness of base/json.h. "no operation" when
 * operations is null or empty. Signatures may be absent here. */
int mig_action_parse(const char *json, size_t len, struct mig_action **ret, struct mig_err *err);
void mig_action_free(struct mig_action *action);

/* Appends the exact bytes that are signed (facts 2.3). */
int mig_action_signed_text(const struct mig_action *action, struct mig_buf *out);
/* Appends the whole action as compact JSON, members in the order of facts 2.1. */
int mig_action_json(const struct mig_action *action, struct mig_buf *out);

#define MIG_ACTION_CHECK_STARTED (1u << 0)    /* refuse what is not yet valid (the agent) */
#define MIG_ACTION_CHECK_SIGNATURES (1u << 1) /* at least one must be there */
/* The rules of facts 2.5 with their texts, and that the signed text can be read in one way only
 * (facts 12.1, 4). MIG_E_INVALID or MIG_E_WINDOW. */
int mig_action_check(const struct mig_action *action, struct mig_time now, unsigned flags,
                     struct mig_err *err);

/* The parameters a module gets: the canonical text, or, compressed, the JSON inside, checked and
 * made canonical, at most MIG_PARAMETERS_MAX bytes. */
int mig_operation_plain(const struct mig_operation *operation, struct mig_buf *out,
                        struct mig_err *err);
/* Compresses the parameters in place (facts 2.2): base64 of gzip; sets is_compressed. */
int mig_operation_compress(struct mig_operation *operation);

/* Adds a signature / replaces parameters; the texts are copied. */
int mig_action_add_signature(struct mig_action *action, const char *oneline);
/* A new action with syntaxversion 2 and no operation, or NULL. */
struct mig_action *mig_action_new(const char *name, const char *target, struct mig_time validfrom,
                                  struct mig_time expireafter);
/* `parameters` is any JSON text; it is checked and made canonical. */
int mig_action_add_operation(struct mig_action *action, const char *module, const char *parameters,
                             size_t len, struct mig_err *err);

#endif
