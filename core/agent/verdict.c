/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/pack.h"
#include "base/buf.h"
#include "base/error.h"
#include "document/action.h"

void
mig_verdict_fini(struct mig_verdict *verdict)
{
    for (size_t i = 0; i < verdict->count; i++) {
        free(verdict->operations[i].module);
        free(verdict->operations[i].parameters);
    }
    free(verdict->operations);
    free(verdict->reason);
    free(verdict->name);
    free(verdict->signers);
    free(verdict->answer);
    memset(verdict, 0, sizeof(*verdict));
}

int
mig_verdict_pack(const struct mig_verdict *verdict, struct mig_buf *out)
{
    mig_pack_number(out, verdict->kind);
    mig_pack_number(out, (uint64_t)verdict->command_id);
    mig_pack_number(out, (uint64_t)verdict->action_id);
    mig_pack_number(out, (uint64_t)verdict->expires);
    mig_pack_bytes(out, verdict->digest, sizeof(verdict->digest));
    mig_pack_text(out, verdict->reason);
    mig_pack_text(out, verdict->signers);
    mig_pack_bytes(out, verdict->answer, verdict->answer_len);
    mig_pack_number(out, verdict->count);
    for (size_t i = 0; i < verdict->count; i++) {
        mig_pack_text(out, verdict->operations[i].module);
        mig_pack_bytes(out, verdict->operations[i].parameters,
                       verdict->operations[i].parameters_len);
    }
    mig_pack_text(out, verdict->name);
    for (size_t i = 0; i < verdict->count; i++) {
        const struct mig_cancel *cancel = &verdict->operations[i].cancel;

        mig_pack_number(out, (uint64_t)cancel->action_id);
        mig_pack_bytes(out, cancel->digest, cancel->has_digest ? sizeof(cancel->digest) : 0);
    }
    return out->failed ? -ENOMEM : 0;
}

static void
unpack_operations(struct mig_unpack *in, struct mig_verdict *v)
{
    size_t count = mig_unpack_count(in, 16);

    if (in->bad || count > MIG_ACTION_MAX_OPERATIONS) {
        in->bad = 1;
        return;
    }
    v->operations = calloc(count ? count : 1, sizeof(*v->operations));
    if (!v->operations) {
        in->bad = 1;
        return;
    }
    for (v->count = 0; v->count < count && !in->bad; v->count++) {
        struct mig_verdict_operation *op = &v->operations[v->count];

        op->module = mig_unpack_dup(in, NULL);
        op->parameters = mig_unpack_dup(in, &op->parameters_len);
    }
}

static void
unpack_cancels(struct mig_unpack *in, struct mig_verdict *v)
{
    for (size_t i = 0; i < v->count && !in->bad; i++) {
        struct mig_cancel *cancel = &v->operations[i].cancel;
        const char *digest;
        size_t len = 0;

        cancel->action_id = (int64_t)mig_unpack_number(in);
        digest = mig_unpack_bytes(in, &len);
        cancel->has_digest = len == sizeof(cancel->digest);
        if (cancel->has_digest)
            memcpy(cancel->digest, digest, sizeof(cancel->digest));
        else if (len != 0)
            in->bad = 1;
    }
}

int
mig_verdict_unpack(const void *data, size_t len, struct mig_verdict *ret)
{
    struct mig_verdict v = {0};
    struct mig_unpack in;
    const char *digest;
    size_t digest_len;
    uint64_t kind;

    mig_unpack_init(&in, data, len);
    kind = mig_unpack_number(&in);
    v.command_id = (int64_t)mig_unpack_number(&in);
    v.action_id = (int64_t)mig_unpack_number(&in);
    v.expires = (int64_t)mig_unpack_number(&in);
    digest = mig_unpack_bytes(&in, &digest_len);
    if (digest_len == sizeof(v.digest))
        memcpy(v.digest, digest, sizeof(v.digest));
    else
        in.bad = 1;
    v.reason = mig_unpack_dup(&in, NULL);
    v.signers = mig_unpack_dup(&in, NULL);
    v.answer = mig_unpack_dup(&in, &v.answer_len);
    unpack_operations(&in, &v);
    v.name = mig_unpack_dup(&in, NULL);
    unpack_cancels(&in, &v);
    if (in.bad || in.left || kind < MIG_VERDICT_ACCEPTED || kind > MIG_VERDICT_UNREADABLE) {
        mig_verdict_fini(&v);
        return MIG_E_PROTOCOL;
    }
    v.kind = (enum mig_verdict_kind)kind;
    *ret = v;
    return 0;
}
