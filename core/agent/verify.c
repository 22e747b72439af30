/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "agent/assemble.h"
#include "agent/verdict.h"
#include "base/buf.h"
#include "base/error.h"
#include "document/command.h"
#include "document/target.h"
#include "trust/acl.h"
#include "trust/pgp.h"

struct signers {
    char fprs[MIG_ACTION_MAX_SIGNATURES][MIG_FPR_LEN + 1];
    const char *list[MIG_ACTION_MAX_SIGNATURES];
    size_t count;
};

static int
check_address(const struct mig_verify *verify, const struct mig_command *command,
              struct mig_err *err)
{
    if (command->agent.queueloc && strcmp(command->agent.queueloc, verify->queueloc) == 0)
        return 0;
    return mig_err_set(err, MIG_E_INVALID,
                       "action validation failed: the command is for the agent at queue location "
                       "'%.200s', not for this one",
                       command->agent.queueloc ? command->agent.queueloc : "");
}

static int
check_signatures(const struct mig_verify *verify, const struct mig_action *action,
                 const struct mig_buf *text, struct signers *signers, struct mig_err *err)
{
    for (size_t i = 0; i < action->signatures_count; i++) {
        char *fpr = signers->fprs[i];
        int rc =
            mig_pgp_verify(verify->pgp, text->data, text->len, action->signatures[i], fpr, err);

        if (rc < 0) {
            mig_err_prefix(err, "action ACL verification failed: "
                                "failed to retrieve fingerprint from signatures");
            return rc;
        }
        signers->list[i] = fpr;
        signers->count = i + 1;
    }
    if (signers->count == 0)
        return mig_err_set(err, MIG_E_SIGNATURE,
                           "action ACL verification failed: no valid fingerprints found");
    return 0;
}

static int
check_acl(const struct mig_verify *verify, const struct mig_action *action,
          const struct signers *signers, struct mig_err *err)
{
    for (size_t i = 0; i < action->operations_count; i++) {
        int rc = mig_acl_check(verify->acl, action->operations[i].module, signers->list,
                               signers->count, err);

        if (rc < 0) {
            mig_err_prefix(err, "action ACL verification failed");
            return rc;
        }
    }
    return 0;
}

/* The signers have said whom they mean; the platform that sent the command may not widen it. */
static int
check_target(const struct mig_verify *verify, const struct mig_action *action, struct mig_err *err)
{
    enum mig_target_truth truth = MIG_TARGET_TRUE;

    if (verify->record)
        truth = mig_target_evaluate(action->target, verify->record);
    if (truth == MIG_TARGET_FALSE)
        return mig_err_set(err, MIG_E_DENIED,
                           "action validation failed: the target does not mean this agent: %.300s",
                           action->target);
    if (truth == MIG_TARGET_UNDECIDED && verify->strict)
        return mig_err_set(err, MIG_E_DENIED,
                           "action validation failed: this agent can not decide whether it is "
                           "meant, and its site is strict (agent.checktarget): %.300s",
                           action->target);
    return 0;
}

/* What the operation cancels, when it is the built-in one. */
static int
read_cancel(const struct mig_action *action, struct mig_verdict_operation *op, struct mig_err *err)
{
    int rc;

    if (strcmp(op->module, MIG_CANCEL_MODULE) != 0)
        return 0;
    rc = mig_cancel_parse(op->parameters, op->parameters_len, &op->cancel, err);
    if (rc == 0 && op->cancel.action_id == action->id)
        rc = mig_err_set(err, MIG_E_INVALID,
                         "cancel: an action can not cancel itself (%" PRId64 ")", action->id);
    return rc;
}

/* The operations as they will be run. */
static int
copy_operations(const struct mig_action *action, struct mig_verdict *ret, struct mig_err *err)
{
    ret->operations = calloc(action->operations_count, sizeof(*ret->operations));
    if (!ret->operations)
        return -ENOMEM;
    for (size_t i = 0; i < action->operations_count; i++) {
        struct mig_verdict_operation *op = &ret->operations[i];
        struct mig_buf plain = MIG_BUF_INIT;
        int rc = mig_operation_plain(&action->operations[i], &plain, err);

        if (rc < 0) {
            mig_buf_fini(&plain);
            mig_err_prefix(err, "action validation failed: operation %zu", i);
            return rc;
        }
        ret->count = i + 1;
        op->module = strdup(action->operations[i].module);
        op->parameters = mig_buf_take(&plain, &op->parameters_len);
        if (!op->module || !op->parameters)
            return -ENOMEM;
        rc = read_cancel(action, op, err);
        if (rc < 0) {
            mig_err_prefix(err, "action validation failed: operation %zu", i);
            return rc;
        }
    }
    return 0;
}

static int
join_signers(const struct signers *signers, struct mig_verdict *ret)
{
    struct mig_buf text = MIG_BUF_INIT;

    for (size_t i = 0; i < signers->count; i++)
        mig_buf_addf(&text, "%s%s", i ? " " : "", signers->list[i]);
    ret->signers = mig_buf_take(&text, NULL);
    return ret->signers ? 0 : -ENOMEM;
}

static int
check_all(const struct mig_verify *verify, const struct mig_command *command,
          struct mig_verdict *ret, struct mig_err *err)
{
    const struct mig_action *action = command->action;
    struct mig_buf text = MIG_BUF_INIT;
    struct signers signers = {.count = 0};
    int rc;

    rc = check_address(verify, command, err);
    if (rc < 0)
        goto out;
    rc = mig_action_check(action, verify->now,
                          MIG_ACTION_CHECK_STARTED | MIG_ACTION_CHECK_SIGNATURES, err);
    if (rc < 0) {
        mig_err_prefix(err, "action validation failed");
        goto out;
    }
    if (action->signatures_count > MIG_ACTION_MAX_SIGNATURES) {
        rc = mig_err_set(err, MIG_E_LIMIT, "action validation failed: too many signatures");
        goto out;
    }
    rc = mig_action_signed_text(action, &text);
    if (rc == 0)
        rc = check_signatures(verify, action, &text, &signers, err);
    if (rc == 0)
        rc = check_acl(verify, action, &signers, err);
    if (rc == 0)
        rc = check_target(verify, action, err);
    if (rc == 0)
        rc = join_signers(&signers, ret);
    if (rc == 0)
        rc = copy_operations(action, ret, err);
    if (rc == 0 && !EVP_Digest(text.data, text.len, ret->digest, NULL, EVP_sha256(), NULL))
        rc = mig_err_set(err, MIG_E_CRYPTO, "SHA-256 is not available");
out:
    mig_buf_fini(&text);
    return rc;
}

static int
refuse(const struct mig_verify *verify, struct mig_command *command, const struct mig_err *err,
       struct mig_verdict *ret)
{
    struct mig_buf answer = MIG_BUF_INIT;
    int rc;

    for (size_t i = 0; i < ret->count; i++) {
        free(ret->operations[i].module);
        free(ret->operations[i].parameters);
    }
    ret->count = 0;
    ret->kind = MIG_VERDICT_REFUSED;
    ret->reason = strdup(err->text[0] ? err->text : "action validation failed");
    if (!ret->reason)
        return -ENOMEM;
    rc = mig_assemble_refusal(command, ret->reason, verify->now, &answer, NULL);
    if (rc == 0)
        ret->answer = mig_buf_take(&answer, &ret->answer_len);
    mig_buf_fini(&answer);
    return ret->answer ? 0 : -ENOMEM;
}

int
mig_verify_command(const struct mig_verify *verify, const void *raw, size_t len,
                   struct mig_verdict *ret)
{
    struct mig_command *command = NULL;
    struct mig_verdict v = {0};
    struct mig_err err = {0};
    int rc;

    rc = mig_command_parse(raw, len, &command, &err);
    if (rc < 0) {
        v.kind = MIG_VERDICT_UNREADABLE;
        v.reason = strdup(err.text);
        rc = v.reason ? 0 : -ENOMEM;
        goto out;
    }
    v.command_id = command->id;
    v.action_id = command->action->id;
    v.expires = command->action->expireafter.sec;
    v.name = strdup(command->action->name ? command->action->name : "");
    if (!v.name) {
        rc = -ENOMEM;
        goto out;
    }
    rc = check_all(verify, command, &v, &err);
    if (rc == 0)
        v.kind = MIG_VERDICT_ACCEPTED;
    else if (rc != -ENOMEM)
        rc = refuse(verify, command, &err, &v);
out:
    mig_command_free(command);
    if (rc == 0)
        *ret = v;
    else
        mig_verdict_fini(&v);
    return rc;
}
