/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/persist_internal.h"

#include <errno.h>
#include <mig/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "plugin/wire.h"
#include "plugin/worker.h"

#define ASK_MS 20000

struct mig_instance *
mig_persist_find(struct mig_persist *p, const char *module)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->instances[i].name, module) == 0)
            return &p->instances[i];
    return NULL;
}

static void
end_question(struct mig_instance *it, int result, const char *text, size_t len)
{
    struct mig_question *q = it->questions[0];

    if (q->asker)
        q->reply(q->asker, result, text, len);
    free(q);
    it->questions_count--;
    memmove(it->questions, it->questions + 1, it->questions_count * sizeof(it->questions[0]));
    it->asked = 0;
    mig_buf_reset(&it->answer);
}

static void
not_running(const struct mig_instance *it, char *text, size_t size)
{
    snprintf(text, size, "%s does not run here: %s%s%s", it->name, mig_persist_states[it->state],
             it->reason[0] ? ": " : "", it->reason);
}

void
mig_persist_end_questions(struct mig_instance *it)
{
    char text[700];

    not_running(it, text, sizeof(text));
    while (it->questions_count > 0)
        end_question(it, -ENOENT, text, strlen(text));
}

static void
ask_next(struct mig_instance *it)
{
    int rc;

    if (it->state != MIG_PERSIST_RUNNING || it->asked || it->questions_count == 0)
        return;
    rc = mig_worker_send(it->worker, MIG_WIRE_QUESTION, it->questions[0]->text,
                         it->questions[0]->len);
    if (rc == 0)
        it->asked = 1;
    else if (rc != -EAGAIN)
        end_question(it, rc, "it is gone", 10);
}

int
mig_persist_ask(struct mig_persist *p, const char *module, void *asker, mig_persist_reply_fn *reply,
                const char *question, size_t len)
{
    struct mig_instance *it = p ? mig_persist_find(p, module) : NULL;
    struct mig_question *q;
    char text[700];

    if (!it || it->state != MIG_PERSIST_RUNNING) {
        if (it)
            not_running(it, text, sizeof(text));
        else
            snprintf(text, sizeof(text), "%.64s does not run here: the site does not say so",
                     module);
        reply(asker, -ENOENT, text, strlen(text));
        return 0;
    }
    q = len <= MIG_QUESTION_MAX && it->questions_count < MIG_PERSIST_QUESTIONS_MAX
            ? malloc(sizeof(*q) + len)
            : NULL;
    if (!q) {
        reply(asker, -EAGAIN, "too many ask at once", 20);
        return 0;
    }
    q->asker = asker;
    q->reply = reply;
    q->until = mig_time_monotonic_ms() + ASK_MS;
    q->len = len;
    memcpy(q->text, question, len);
    it->questions[it->questions_count++] = q;
    ask_next(it);
    return 0;
}

void
mig_persist_forget(struct mig_persist *p, const void *asker)
{
    for (size_t i = 0; p && i < p->count; i++)
        for (size_t k = 0; k < p->instances[i].questions_count; k++)
            if (p->instances[i].questions[k]->asker == asker)
                p->instances[i].questions[k]->asker = NULL;
}

int
mig_persist_take_answer(struct mig_instance *it, const char *body, size_t len)
{
    if (!it->asked || len > MIG_ANSWER_MAX - it->answer.len)
        return MIG_E_PROTOCOL;
    return mig_buf_add(&it->answer, body, len);
}

int
mig_persist_take_answered(struct mig_instance *it, const char *body, size_t len)
{
    int32_t code;

    if (!it->asked || len < sizeof(code))
        return MIG_E_PROTOCOL;
    memcpy(&code, body, sizeof(code));
    if (code == 0)
        end_question(it, 0, it->answer.data ? it->answer.data : "", it->answer.len);
    else
        end_question(it, code < 0 ? code : -EIO, body + sizeof(code), len - sizeof(code));
    return 0;
}

void
mig_persist_questions(struct mig_instance *it, int64_t now)
{
    if (it->questions_count > 0 && now > it->questions[0]->until) {
        if (it->asked) /* its answer would be taken for that of the next */
            it->alive = now - MIG_PERSIST_HUNG_MS;
        end_question(it, -ETIMEDOUT, "it does not answer", 18);
    }
    ask_next(it);
}
