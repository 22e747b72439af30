/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/assemble.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "agent/pack.h"
#include "base/buf.h"
#include "base/json.h"
#include "document/command.h"

static const char *const status_words[] = {"success", "failed", "timeout", "cancelled"};

void
mig_answer_part_fini(struct mig_answer_part *part)
{
    free(part->output);
    free(part->reason);
    memset(part, 0, sizeof(*part));
}

int
mig_assemble_pack(struct mig_buf *out, const void *raw, size_t raw_len, const char *refusal,
                  const struct mig_answer_part *parts, size_t count)
{
    mig_pack_bytes(out, raw, raw_len);
    mig_pack_text(out, refusal);
    mig_pack_number(out, count);
    for (size_t i = 0; i < count; i++) {
        mig_pack_number(out, parts[i].status);
        mig_pack_bytes(out, parts[i].output, parts[i].output_len);
        mig_pack_text(out, parts[i].reason);
    }
    return out->failed ? -ENOMEM : 0;
}

/* A result with nothing but an error. */
static struct json_object *
error_result(const char *reason)
{
    const char *errors[] = {reason, NULL};
    struct mig_buf text = MIG_BUF_INIT;
    struct json_object *result = NULL;

    if (mig_result_json(&text, false, false, NULL, NULL, errors) == 0)
        mig_json_parse(text.data, text.len, NULL, &result, NULL);
    mig_buf_fini(&text);
    return result;
}

/* Puts the reason at the end of the result's errors, unless the plugin's side said it already. */
static void
add_reason(struct json_object *result, const char *reason)
{
    struct json_object *errors = json_object_object_get(result, "errors");
    size_t count =
        json_object_is_type(errors, json_type_array) ? json_object_array_length(errors) : 0;

    for (size_t i = 0; i < count; i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(errors, i));

        if (text && strcmp(text, reason) == 0)
            return;
    }

    if (!errors || !json_object_is_type(errors, json_type_array)) {
        errors = json_object_new_array();
        json_object_object_add(result, "errors", errors);
    }
    json_object_array_add(errors, json_object_new_string(reason));
}

/* The worker's text when it is a module result, an error instead when it is not. */
static struct json_object *
part_result(struct mig_unpack *in, uint64_t *status)
{
    struct json_object *result = NULL;
    struct mig_err err = {0};
    size_t len, reason_len;
    const char *output;
    char *reason;

    *status = mig_unpack_number(in);
    output = mig_unpack_bytes(in, &len);
    reason = mig_unpack_dup(in, &reason_len);
    if (in->bad || *status > MIG_ANSWER_CANCELLED)
        goto out;
    if (len > 0 && mig_result_check(output, len, &err) == 0 &&
        mig_json_parse(output, len, NULL, &result, &err) == 0) {
        if (reason_len > 0)
            add_reason(result, reason);
        goto out;
    }
    if (len > 0 && reason_len == 0) {
        if (*status == MIG_ANSWER_SUCCESS)
            *status = MIG_ANSWER_FAILED;
        mig_err_prefix(&err, "the module's result is malformed");
    }
    result = error_result(reason_len > 0 ? reason : err.text[0] ? err.text : "no result");
    if (*status == MIG_ANSWER_SUCCESS)
        *status = MIG_ANSWER_FAILED;
out:
    free(reason);
    return result;
}

static int
finish(struct mig_command *command, struct json_object *results, const char *status,
       struct mig_time now, struct mig_buf *out, struct mig_err *err)
{
    char *word = strdup(status);

    if (!word)
        return mig_err_errno(err, ENOMEM, "answer");
    free(command->status);
    command->status = word;
    json_object_put(command->results);
    command->results = json_object_get(results);
    command->finishtime = now;
    if (mig_command_json(command, out) < 0)
        return mig_err_errno(err, ENOMEM, "answer");
    return 0;
}

int
mig_assemble_refusal(struct mig_command *command, const char *reason, struct mig_time now,
                     struct mig_buf *out, struct mig_err *err)
{
    struct json_object *results = json_object_new_array();
    size_t count = command->action->operations_count;
    int rc = results ? 0 : mig_err_errno(err, ENOMEM, "answer");

    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct json_object *result = error_result(reason);

        if (!result || json_object_array_add(results, result) < 0)
            rc = mig_err_errno(err, ENOMEM, "answer");
    }
    if (rc == 0)
        rc = finish(command, results, "failed", now, out, err);
    json_object_put(results);
    return rc;
}

static int
serve_parts(struct mig_command *command, struct mig_unpack *in, struct mig_time now,
            struct mig_buf *out, struct mig_err *err)
{
    size_t count = mig_unpack_count(in, 24);
    struct json_object *results = json_object_new_array();
    uint64_t merged = MIG_ANSWER_SUCCESS;
    int rc = 0;

    for (size_t i = 0; i < count && !in->bad; i++) {
        uint64_t status = MIG_ANSWER_SUCCESS;
        struct json_object *result = part_result(in, &status);

        if (!result || json_object_array_add(results, result) < 0) {
            rc = mig_err_set(err, MIG_E_PROTOCOL, "result %zu can not be made", i);
            goto out;
        }
        if (merged == MIG_ANSWER_SUCCESS)
            merged = status;
    }
    if (in->bad || count != command->action->operations_count) {
        rc = mig_err_set(err, MIG_E_PROTOCOL, "expected %zu results, found %zu",
                         command->action->operations_count, count);
        goto out;
    }
    rc = finish(command, results, status_words[merged], now, out, err);
out:
    json_object_put(results);
    return rc;
}

int
mig_assemble_serve(const void *request, size_t len, struct mig_time now, struct mig_buf *out,
                   struct mig_err *err)
{
    struct mig_command *command = NULL;
    struct mig_unpack in;
    const char *raw;
    char *refusal = NULL;
    size_t raw_len, refusal_len = 0;
    int rc;

    mig_unpack_init(&in, request, len);
    raw = mig_unpack_bytes(&in, &raw_len);
    refusal = mig_unpack_dup(&in, &refusal_len);
    if (in.bad) {
        rc = mig_err_set(err, MIG_E_PROTOCOL, "malformed request");
        goto out;
    }
    rc = mig_command_parse(raw, raw_len, &command, err);
    if (rc < 0)
        goto out;
    rc = refusal_len > 0 ? mig_assemble_refusal(command, refusal, now, out, err)
                         : serve_parts(command, &in, now, out, err);
    if (rc == 0 && out->len > MIG_ANSWER_MAX) {
        mig_buf_reset(out);
        rc = mig_assemble_refusal(command, "the results were dropped: the answer is over 60 MiB",
                                  now, out, err);
    }
out:
    free(refusal);
    mig_command_free(command);
    return rc;
}
