/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/envelope.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"

static void
add_string(struct mig_buf *out, const char *text)
{
    mig_json_add_string(out, text, strlen(text));
}

void
mig_envelope_open(struct mig_envelope *env, struct mig_buf *out, const char *href)
{
    *env = (struct mig_envelope){.out = out, .place = MIG_ENVELOPE_TOP};
    mig_buf_adds(out, "{\"collection\":{\"version\":\"1.0\",\"href\":");
    add_string(out, href);
    mig_buf_adds(out, ",\"items\":[");
}

static void
end_item(struct mig_envelope *env)
{
    switch (env->place) {
    case MIG_ENVELOPE_TOP:
        return;
    case MIG_ENVELOPE_ITEM:
        mig_buf_adds(env->out, ",\"data\":[],\"links\":[]}");
        break;
    case MIG_ENVELOPE_DATA:
        mig_buf_adds(env->out, "}],\"links\":[]}");
        break;
    case MIG_ENVELOPE_LINKS:
        mig_buf_adds(env->out, "]}");
        break;
    }
    env->place = MIG_ENVELOPE_TOP;
}

void
mig_envelope_item(struct mig_envelope *env, const char *href)
{
    end_item(env);
    mig_buf_adds(env->out, env->items++ > 0 ? ",{\"href\":" : "{\"href\":");
    add_string(env->out, href);
    env->place = MIG_ENVELOPE_ITEM;
}

void
mig_envelope_data(struct mig_envelope *env, const char *name)
{
    mig_buf_adds(env->out,
                 env->place == MIG_ENVELOPE_DATA ? "},{\"name\":" : ",\"data\":[{\"name\":");
    add_string(env->out, name);
    mig_buf_adds(env->out, ",\"value\":");
    env->place = MIG_ENVELOPE_DATA;
}

void
mig_envelope_link(struct mig_envelope *env, const char *rel, const char *href)
{
    if (env->place == MIG_ENVELOPE_LINKS)
        mig_buf_adds(env->out, ",{\"rel\":");
    else if (env->place == MIG_ENVELOPE_DATA)
        mig_buf_adds(env->out, "}],\"links\":[{\"rel\":");
    else
        mig_buf_adds(env->out, ",\"data\":[],\"links\":[{\"rel\":");
    add_string(env->out, rel);
    mig_buf_adds(env->out, ",\"href\":");
    add_string(env->out, href);
    mig_buf_addc(env->out, '}');
    env->place = MIG_ENVELOPE_LINKS;
}

void
mig_envelope_close(struct mig_envelope *env, const char *code, const char *message)
{
    end_item(env);
    mig_buf_adds(env->out, "],\"template\":{},\"error\":{");
    if (code != NULL) {
        mig_buf_adds(env->out, "\"code\":");
        add_string(env->out, code);
        mig_buf_adds(env->out, ",\"message\":");
        add_string(env->out, message);
    }
    mig_buf_adds(env->out, "}}}");
}
