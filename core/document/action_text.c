/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "document/action.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "document/fields.h"

static void
add_operation(struct mig_buf *out, const struct mig_operation *op)
{
    mig_buf_addc(out, '{');
    mig_fields_add_text(out, "module", op->module);
    mig_buf_adds(out, ",\"parameters\":");
    mig_buf_add(out, op->parameters, op->parameters_len);
    if (op->is_compressed)
        mig_buf_adds(out, ",\"is_compressed\":true");
    if (op->want_compressed)
        mig_buf_adds(out, ",\"want_compressed\":true");
    mig_buf_addc(out, '}');
}

static void
add_operations(struct mig_buf *out, const struct mig_action *action)
{
    mig_buf_addc(out, '[');
    for (size_t i = 0; i < action->operations_count; i++) {
        if (i > 0)
            mig_buf_addc(out, ',');
        add_operation(out, &action->operations[i]);
    }
    mig_buf_addc(out, ']');
}

int
mig_action_signed_text(const struct mig_action *action, struct mig_buf *out)
{
    mig_buf_addf(out, "name=%s;target=%s;validfrom=%lld;", action->name, action->target,
                 (long long)action->validfrom.sec);
    /* Not a slip of ours: the original's printf verb did not match, and signatures cover its mark.
     */
    mig_buf_addf(out,
                 "expireafter=%%!s(int64=%lld);operations=", (long long)action->expireafter.sec);
    add_operations(out, action);
    mig_buf_addc(out, ';');
    return out->failed ? -ENOMEM : 0;
}

static void
add_signatures(struct mig_buf *out, const struct mig_action *action)
{
    if (action->signatures_count == 0) {
        mig_buf_adds(out, "null");
        return;
    }
    mig_buf_addc(out, '[');
    for (size_t i = 0; i < action->signatures_count; i++) {
        if (i > 0)
            mig_buf_addc(out, ',');
        mig_json_add_string(out, action->signatures[i], strlen(action->signatures[i]));
    }
    mig_buf_addc(out, ']');
}

int
mig_action_json(const struct mig_action *action, struct mig_buf *out)
{
    mig_buf_addf(out, "{\"id\":%lld,", (long long)action->id);
    mig_fields_add_text(out, "name", action->name);
    mig_buf_addc(out, ',');
    mig_fields_add_text(out, "target", action->target);
    mig_buf_addc(out, ',');
    mig_fields_add_child(out, "description", action->description, "{}");
    mig_buf_addc(out, ',');
    mig_fields_add_child(out, "threat", action->threat, "{}");
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "validfrom", action->validfrom);
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "expireafter", action->expireafter);
    mig_buf_adds(out, ",\"operations\":");
    add_operations(out, action);
    mig_buf_adds(out, ",\"pgpsignatures\":");
    add_signatures(out, action);
    if (action->investigators != NULL) {
        mig_buf_addc(out, ',');
        mig_fields_add_child(out, "investigators", action->investigators, "null");
    }
    if (action->status != NULL && action->status[0] != '\0') {
        mig_buf_addc(out, ',');
        mig_fields_add_text(out, "status", action->status);
    }
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "starttime", action->starttime);
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "finishtime", action->finishtime);
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "lastupdatetime", action->lastupdatetime);
    mig_buf_addc(out, ',');
    mig_fields_add_child(out, "counters", action->counters, "{}");
    mig_buf_addf(out, ",\"syntaxversion\":%lld}", (long long)action->syntaxversion);
    return out->failed ? -ENOMEM : 0;
}
