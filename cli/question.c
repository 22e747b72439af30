/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "question.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "base/buf.h"
#include "base/file.h"
#include "document/action.h"
#include "migrc.h"
#include "trust/pgp.h"

#define NAME_CUT 100
/* Clocks differ: an agent whose clock is a little behind takes the action nevertheless. */
#define VALID_BEFORE_S 60
#define TARGET_ALL "status='online'"
/* The Unix time of Go's zero time, 0001-01-01: how an absent time travels. */
#define GO_ZERO_SEC (-INT64_C(62135596800))

static void
add_found(struct mig_buf *out, const char *actionid, const char *value)
{
    mig_buf_addf(out,
                 "id IN (select agentid from commands, json_array_elements(commands.results) as r "
                 "where actionid=%s and r#>>'{foundanything}' = '%s') AND (",
                 actionid, value);
}

int
mig_question_target(const struct mig_args *args, const struct mig_migrc *migrc, struct mig_buf *out,
                    struct mig_err *err)
{
    const char *text = args->target, *macro = text ? mig_migrc_macro(migrc, text) : NULL;

    if (!text)
        fprintf(stderr, "[notice] no target given, defaulting to all agents: " TARGET_ALL "\n");
    if (!text || (!macro && strcmp(text, "all") == 0))
        text = TARGET_ALL;
    if (macro)
        text = macro;
    if (*text == '\0')
        return mig_err_set(err, MIG_E_INVALID,
                           "-t is empty: give an expression, a macro, all or local");
    if (args->target_found)
        add_found(out, args->target_found, "true");
    if (args->target_notfound)
        add_found(out, args->target_notfound, "false");
    mig_buf_adds(out, text);
    if (args->target_found || args->target_notfound)
        mig_buf_addc(out, ')');
    return out->failed ? mig_err_errno(err, ENOMEM, "target") : 0;
}

int
mig_question_name(const struct mig_args *args, int argc, char **argv, struct mig_buf *out)
{
    size_t cut = NAME_CUT;

    if (args->name)
        return mig_buf_adds(out, args->name);
    for (int i = 0; i < argc; i++) {
        if (i > 0)
            mig_buf_addc(out, ' ');
        mig_buf_adds(out, argv[i]);
    }
    if (out->failed)
        return -ENOMEM;
    if (out->len <= cut)
        return 0;
    /* Not through a character. */
    while (cut > 0 && ((unsigned char)out->data[cut] & 0xc0) == 0x80)
        cut--;
    out->len = cut;
    out->data[cut] = '\0';
    return mig_buf_adds(out, "...");
}

static void
set_window(const struct mig_args *args, struct mig_time *validfrom, struct mig_time *expireafter)
{
    struct mig_time now = mig_time_now();

    /* Up to a minute earlier, by the part of the second: the signed text holds whole seconds, and
     * an agent takes the same text twice for a replay. */
    *validfrom =
        (struct mig_time){now.sec - VALID_BEFORE_S - (int64_t)now.nsec * 60 / 1000000000, 0};
    *expireafter = (struct mig_time){now.sec + args->validity_ms / 1000, 0};
}

/* What is signed must be what the others will read, so the action is read back from its JSON first:
 * bytes that are not UTF-8 have become U+FFFD there. */
static int
settle(struct mig_action **action, struct mig_err *err)
{
    struct mig_action *again = NULL;
    struct mig_buf json = MIG_BUF_INIT;
    int code;

    code = mig_action_json(*action, &json);
    if (code < 0)
        mig_err_errno(err, -code, "action");
    else
        code = mig_action_parse(json.data, json.len, &again, err);
    if (code == 0) {
        mig_action_free(*action);
        *action = again;
    }
    mig_buf_fini(&json);
    return code;
}

static int
compress(struct mig_action *action, struct mig_err *err)
{
    int code;

    for (size_t i = 0; i < action->operations_count; i++) {
        if (action->operations[i].is_compressed)
            continue;
        code = mig_operation_compress(&action->operations[i]);
        if (code < 0)
            return mig_err_set(err, code, "can not compress the parameters of %s: %s",
                               action->operations[i].module, mig_strerror(code));
    }
    return 0;
}

int
mig_question_new(const struct mig_args *args, const char *name, const char *target,
                 const char *parameters, size_t len, struct mig_action **ret, struct mig_err *err)
{
    struct mig_time validfrom, expireafter;
    struct mig_action *action;
    int code;

    set_window(args, &validfrom, &expireafter);
    action = mig_action_new(name, target, validfrom, expireafter);
    if (!action)
        return mig_err_errno(err, ENOMEM, "action");
    code = mig_action_add_operation(action, args->module, parameters, len, err);
    if (code == 0 && args->compress)
        code = compress(action, err);
    if (code == 0)
        code = settle(&action, err);
    if (code == 0)
        code = mig_action_check(action, mig_time_now(), 0, err);
    if (code < 0) {
        mig_action_free(action);
        return code;
    }
    *ret = action;
    return 0;
}

int
mig_question_read(const char *path, struct mig_action **ret, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    int code;

    if (strcmp(path, "-") == 0) {
        code = mig_fd_read_all(STDIN_FILENO, MIG_ACTION_MAX_BYTES, &text);
        if (code < 0)
            mig_err_set(err, code, "standard input: %s", mig_strerror(code));
    } else {
        code = mig_file_read(path, MIG_ACTION_MAX_BYTES, &text, err);
    }
    if (code == 0) {
        code = mig_action_parse(text.data ? text.data : "", text.len, ret, err);
        if (code < 0)
            mig_err_prefix(err, "%s", path);
    }
    mig_buf_fini(&text);
    return code;
}

static int
replace(char **place, const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        return -ENOMEM;
    free(*place);
    *place = copy;
    return 0;
}

static int
is_set(struct mig_time t)
{
    return t.sec != GO_ZERO_SEC && t.sec != 0;
}

/* Changing a signed action would only break its signatures. */
static int
refuse_changes(const struct mig_args *args, const struct mig_action *action, struct mig_err *err)
{
    const char *what = args->name                                    ? "-n"
                       : args->target                                ? "-t"
                       : args->target_found || args->target_notfound ? "-target-found"
                       : args->compress                              ? "-z"
                                                                     : NULL;

    if (action->signatures_count > 0 && what)
        return mig_err_set(err, MIG_E_INVALID,
                           "%s is signed already: %s would make its signatures wrong", args->file,
                           what);
    return 0;
}

static int
fill(const struct mig_args *args, const struct mig_migrc *migrc, struct mig_action *action,
     struct mig_err *err)
{
    struct mig_buf target = MIG_BUF_INIT;
    int code = 0;

    if (args->name)
        code = replace(&action->name, args->name);
    if (code == 0 && (args->target || args->target_found || args->target_notfound ||
                      !action->target || action->target[0] == '\0')) {
        code = mig_question_target(args, migrc, &target, err);
        if (code == 0)
            code = replace(&action->target, target.data);
        mig_buf_fini(&target);
    }
    if (code == -ENOMEM)
        mig_err_errno(err, ENOMEM, "action");
    if (code < 0)
        return code;
    /* It is not signed, and only one syntax is spoken. */
    if (action->syntaxversion == 0)
        action->syntaxversion = 2;
    if (is_set(action->validfrom) && is_set(action->expireafter))
        fprintf(stderr, "[notice] action already had validity time period, which was left as is\n");
    else
        set_window(args, &action->validfrom, &action->expireafter);
    return args->compress ? compress(action, err) : 0;
}

int
mig_question_load(const struct mig_args *args, const struct mig_migrc *migrc,
                  struct mig_action **ret, struct mig_err *err)
{
    struct mig_action *action = NULL;
    int code;

    code = mig_question_read(args->file, &action, err);
    if (code < 0)
        return code;
    code = refuse_changes(args, action, err);
    if (code == 0)
        code = fill(args, migrc, action, err);
    if (code == 0)
        code = settle(&action, err);
    if (code == 0)
        code = mig_action_check(action, mig_time_now(), 0, err);
    if (code < 0) {
        mig_action_free(action);
        return code;
    }
    *ret = action;
    return 0;
}

int
mig_question_sign(struct mig_action *action, struct mig_pgp *pgp, const char *fpr,
                  struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT, signature = MIG_BUF_INIT;
    int code;

    code = mig_action_signed_text(action, &text);
    if (code < 0)
        mig_err_errno(err, -code, "signed text");
    else
        code = mig_pgp_sign(pgp, fpr, text.data, text.len, &signature, err);
    if (code == 0) {
        code = mig_action_add_signature(action, signature.data);
        if (code < 0)
            mig_err_set(err, code, "signature: %s", mig_strerror(code));
    }
    mig_buf_fini(&text);
    mig_buf_fini(&signature);
    return code;
}
