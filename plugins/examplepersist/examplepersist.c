/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The smallest persistent plugin, to be copied: every `interval` seconds (30) it hands over an
 * alert with a count that it keeps across restarts, and `mig examplepersist -echo TEXT` asks the
 * running instance. Elements {echo, count}.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/plugin.h>
#include <mig/state.h>

static const struct mig_option options[] = {
    {"echo", "string", "text that the running instance says back", "text", NULL, MIG_OPTION_STRING,
     0, 4096},
};

static const struct mig_field fields[] = {
    {"echo", "the text that was asked", MIG_FIELD_ECHO, 0, 4096},
    {"count", "alerts since the first start", MIG_FIELD_NUMBER, 0, 0},
};

/* ---- the running instance ---- */

static uint64_t count, interval = 30;

static int
configure(const struct mig_host *host, const char *configuration, size_t length)
{
    struct json_object *all = NULL, *config = NULL;
    int code = mig_json_parameters(host, configuration, length, &all);

    if (code < 0)
        return code;
    json_object_object_get_ex(all, "config", &config);
    code = mig_json_get_number(host, config, "interval", &interval);
    if (code >= 0 && (interval < 1 || interval > 86400))
        code = mig_refuse(host, -EINVAL, "interval: expected 1 to 86400 seconds");
    json_object_put(all);
    return code < 0 ? code : 0;
}

static int
tick(const struct mig_host *host)
{
    char text[128];
    int length;

    length = snprintf(text, sizeof(text), "%" PRIu64, ++count);
    mig_state_save(host, 0, text, (size_t)length);
    length =
        snprintf(text, sizeof(text),
                 "{\"severity\":\"low\",\"alert\":\"examplepersist alert %" PRIu64 "\"}", count);
    return host->alert(host, text, (size_t)length);
}

static int
persist(const struct mig_host *host, const char *configuration, size_t length)
{
    char *text = NULL;
    size_t text_length = 0;
    int code = configure(host, configuration, length);

    if (code < 0)
        return code;
    if (mig_state_load(host, 0, &text, &text_length) == 0)
        count = strtoull(text, NULL, 10);
    free(text);
    while (!(host->wait(host, -1, (int64_t)interval * 1000) & MIG_WAIT_STOP))
        if (tick(host) < 0)
            host->log(host, MIG_LOG_WARNING, "an alert was lost");
    return 0;
}

/* Called by host->wait(), so it may look at all that persist() has. */
static int
answer(const struct mig_host *host, const char *question, size_t length)
{
    struct json_object *asked = NULL, *reply;
    const char *text;
    size_t text_length;
    int code = mig_json_parameters(host, question, length, &asked);

    if (code < 0)
        return code;
    reply = json_object_new_object();
    json_object_object_add(reply, "echo", json_object_get(json_object_object_get(asked, "string")));
    json_object_object_add(reply, "count", json_object_new_int64((int64_t)count));
    text = mig_json_text(reply, &text_length);
    code = host->output(host, text, text_length);
    json_object_put(reply);
    json_object_put(asked);
    return code;
}

/* ---- mig examplepersist ---- */

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    return mig_ask_instance(host, parameters, length);
}

MIG_PLUGIN_NOTE("examplepersist", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {MIG_PLUGIN_HEAD,
                                             MIG_NEED_STATE,
                                             "examplepersist",
                                             "1.0.0",
                                             "a persistent module to copy: counts, alerts, echoes",
                                             MIG_TABLE(options),
                                             MIG_TABLE(fields),
                                             NULL,
                                             "mig examplepersist -t all -echo hello",
                                             run,
                                             NULL,
                                             NULL,
                                             NULL,
                                             persist,
                                             configure,
                                             answer,
                                             NULL};
