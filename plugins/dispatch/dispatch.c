/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Alerts of all modules, out of the endpoint. Each output has a bounded queue on disk: when both
 * have an alert, the agent may forget it. {"http": {url, ca, cert, key, token}, "syslog": {host,
 * port, protocol, ca, cert, key} or {path}, "queue": bytes}.
 */
#include "dispatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/queue.h>

#define PAUSE_MIN 500
#define PAUSE_MAX 60000
#define OUTPUTS 2

static const struct mig_field fields[] = {
    {"ok", "the module runs", MIG_FIELD_BOOL, 0, 0},
    {"outputs[].name", "http or syslog", MIG_FIELD_STRING, 0, 16},
    {"outputs[].queued", "alerts that wait", MIG_FIELD_NUMBER, 0, 0},
    {"outputs[].sent", "alerts sent since the start", MIG_FIELD_NUMBER, 0, 0},
    {"outputs[].failures", "attempts that failed since the start", MIG_FIELD_NUMBER, 0, 0},
    {"outputs[].error", "why the last attempt failed; empty: it did not", MIG_FIELD_STRING, 0, 256},
};

static struct output outputs[OUTPUTS];
static struct json_object *about; /* hostname, environment, tags */

static int64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- configuration ---- */

static void
close_outputs(void)
{
    for (size_t i = 0; i < OUTPUTS; i++) {
        if (outputs[i].kind != NULL)
            outputs[i].kind->close(&outputs[i]);
        mig_queue_close(outputs[i].queue);
        outputs[i] = (struct output){0};
    }
}

static int
read_outputs(const struct mig_host *host, struct json_object *all, uint64_t *ret_size)
{
    static const char *const known[] = {"http", "syslog", "queue"};
    struct json_object *config = NULL, *http = NULL, *log = NULL;
    uint64_t size = 8u << 20;
    int code;

    json_object_object_get_ex(all, "config", &config);
    if (config != NULL && !json_object_is_type(config, json_type_object))
        return mig_refuse(host, -EINVAL, "config: expected an object");
    if ((code = mig_json_only(host, config, "dispatch", known, MIG_COUNT(known))) < 0 ||
        (code = mig_json_get_number(host, config, "queue", &size)) < 0)
        return code;
    if (size < 65536 || size > 1u << 30)
        return mig_refuse(host, -EINVAL, "queue: expected 65536 to 1073741824 bytes");
    json_object_object_get_ex(config, "http", &http);
    json_object_object_get_ex(config, "syslog", &log);
    if (http == NULL && log == NULL)
        return mig_refuse(host, -EINVAL,
                          "expected http or syslog in the configuration of dispatch");
    if (http != NULL && (code = dispatch_http(host, http, &outputs[0])) < 0)
        return code;
    if (log != NULL &&
        (code = dispatch_syslog(host, log,
                                json_object_get_string(json_object_object_get(all, "hostname")),
                                &outputs[1])) < 0)
        return code;
    *ret_size = size;
    return 0;
}

static int
open_outputs(const struct mig_host *host, struct json_object *all)
{
    uint64_t size = 0;
    int code = read_outputs(host, all, &size);

    if (code < 0)
        return code;
    for (uint32_t i = 0; i < OUTPUTS; i++) {
        int fd = outputs[i].kind != NULL ? host->descriptor(host, MIG_DESCRIPTOR_STATE + i) : 0;

        code = fd <= 0 ? fd : mig_queue_open(fd, size, &outputs[i].queue);
        if (code < 0)
            return mig_refuse(host, code, "the queue can not be opened: %s", strerror(-code));
    }
    return 0;
}

/* ---- alerts ---- */

/* The original's {hostname, environment, tags, event}, and id, time and module beside them. */
static struct json_object *
envelope(struct json_object *alert)
{
    static const char *const kept[] = {"id", "time", "module"};
    struct json_object *event = json_object_new_object();

    json_object_object_foreach(about, key, value)
    {
        if (strcmp(key, "config") != 0)
            json_object_object_add(event, key, json_object_get(value));
    }
    for (size_t i = 0; i < MIG_COUNT(kept); i++)
        json_object_object_add(event, kept[i],
                               json_object_get(json_object_object_get(alert, kept[i])));
    json_object_object_add(event, "event", json_object_get(json_object_object_get(alert, "alert")));
    return event;
}

static int
queue_all(const char *text, size_t length)
{
    int code = -ENOSPC;

    for (size_t i = 0; i < OUTPUTS; i++) {
        int one;

        if (outputs[i].queue == NULL)
            continue;
        one = mig_queue_add(outputs[i].queue, text, length);
        if (one == 0)
            one = mig_queue_sync(outputs[i].queue);
        /* A full queue counts what it loses, and does not keep alerts from the other; when all are
         * full, the agent keeps the alert. */
        if (one == 0 || one != -ENOSPC)
            code = one;
        if (one < 0 && one != -ENOSPC)
            break;
    }
    return code;
}

static int
deliver(const struct mig_host *host, const char *alert, size_t length)
{
    struct json_object *object = NULL, *event;
    const char *text;
    int code = mig_json_parameters(host, alert, length, &object);
    if (code < 0)
        return code;
    event = envelope(object);
    text = mig_json_text(event, &length);
    code = queue_all(text, length);
    json_object_put(event);
    json_object_put(object);
    return code;
}

static void
try_output(struct output *output)
{
    char *text = NULL;
    size_t length = 0;
    int code = mig_queue_first(output->queue, &text, &length);

    if (code == 0)
        code = output->kind->send(output, text, length);
    free(text);
    if (code == -ENODATA)
        mig_queue_drop(output->queue);
    if (code == -ENOENT || code == -ENODATA)
        return;
    if (code == 0) {
        mig_queue_drop(output->queue);
        output->sent++;
        output->pause = 0;
        output->why[0] = '\0';
        return;
    }
    output->failures++;
    output->pause = output->pause == 0 ? PAUSE_MIN : output->pause * 2;
    if (output->pause > PAUSE_MAX)
        output->pause = PAUSE_MAX;
    output->retry_at = now_ms() + output->pause;
}

/* Sends what may be sent, one an output; how long to wait for the next. */
static int64_t
work(void)
{
    int64_t wait = -1, now = now_ms();

    for (size_t i = 0; i < OUTPUTS; i++) {
        struct output *output = &outputs[i];
        int64_t left;

        if (output->queue == NULL || mig_queue_count(output->queue) == 0)
            continue;
        if (output->retry_at <= now)
            try_output(output);
        left = output->retry_at - now_ms();
        left = left < 0 ? 0 : left;
        wait = wait < 0 || left < wait ? left : wait;
    }
    return wait;
}

static int
persist(const struct mig_host *host, const char *configuration, size_t length)
{
    int code = mig_json_parameters(host, configuration, length, &about);

    if (code == 0)
        code = open_outputs(host, about);
    while (code == 0) {
        int64_t wait = work();

        /* What comes while it waits is sent a moment later. */
        if (host->wait(host, -1, wait < 0 || wait > 200 ? 200 : wait) & MIG_WAIT_STOP)
            break;
    }
    close_outputs();
    json_object_put(about);
    about = NULL;
    return code;
}

/* ---- mig dispatch ---- */

static int
answer(const struct mig_host *host, const char *question, size_t length)
{
    struct json_object *reply = json_object_new_object(), *list = json_object_new_array();
    const char *text;
    int code;

    (void)question;
    for (size_t i = 0; i < OUTPUTS; i++) {
        struct json_object *one;

        if (outputs[i].kind == NULL)
            continue;
        one = json_object_new_object();
        json_object_object_add(one, "name", json_object_new_string(outputs[i].kind->name));
        json_object_object_add(one, "queued",
                               json_object_new_int64((int64_t)mig_queue_count(outputs[i].queue)));
        json_object_object_add(one, "sent", json_object_new_int64((int64_t)outputs[i].sent));
        json_object_object_add(one, "failures",
                               json_object_new_int64((int64_t)outputs[i].failures));
        json_object_object_add(one, "error", json_object_new_string(outputs[i].why));
        json_object_array_add(list, one);
    }
    json_object_object_add(reply, "ok", json_object_new_boolean(1));
    json_object_object_add(reply, "outputs", list);
    text = mig_json_text(reply, &length);
    code = host->output(host, text, length);
    json_object_put(reply);
    return code;
}

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    return mig_ask_instance(host, parameters, length);
}

static void
print_output(const struct mig_host *host, struct json_object *output)
{
    const char *error = json_object_get_string(json_object_object_get(output, "error"));

    mig_print(host, "%s: %s queued, %s sent, %s failures%s%s",
              json_object_get_string(json_object_object_get(output, "name")),
              json_object_get_string(json_object_object_get(output, "queued")),
              json_object_get_string(json_object_object_get(output, "sent")),
              json_object_get_string(json_object_object_get(output, "failures")),
              error != NULL && error[0] != '\0' ? ", the last: " : "", error != NULL ? error : "");
}

static int
print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL, *elements, *list = NULL;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    elements = json_object_object_get(object, "elements");
    mig_print_member(host, elements, "ok", "ok:");
    if (json_object_object_get_ex(elements, "outputs", &list))
        for (size_t i = 0; i < json_object_array_length(list); i++)
            print_output(host, json_object_array_get_idx(list, i));
    if (!(flags & MIG_PRINT_FOUND_ONLY))
        mig_print_member(host, object, "errors", "error: ");
    json_object_put(object);
    return 0;
}

/* Refuses what persist() would. */
static int
configure(const struct mig_host *host, const char *configuration, size_t length)
{
    int code = mig_json_parameters(host, configuration, length, &about);

    if (code == 0)
        code = read_outputs(host, about, &(uint64_t){0});
    close_outputs();
    json_object_put(about);
    about = NULL;
    return code;
}

MIG_PLUGIN_NOTE("dispatch", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    MIG_NEED_NETWORK | MIG_NEED_STATE | MIG_NEED_SYSLOG,
    "dispatch",
    "1.0.0",
    "send the alerts of persistent modules to a collector and to syslog",
    MIG_NO_TABLE,
    MIG_TABLE(fields),
    NULL,
    "mig dispatch -t all",
    run,
    NULL,
    NULL,
    print,
    persist,
    configure,
    answer,
    deliver};
