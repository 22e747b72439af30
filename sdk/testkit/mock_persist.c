/* SPDX-License-Identifier: MPL-2.0 */
/* The services of ABI 1.1: persistent plugins, and asking them. */
#include "config.h"

#include "mock_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#define JSON_FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
/* How long mig_mock_then_readable() and mig_mock_then_until() wait before the test has failed. */
#define READABLE_MS 10000

enum mock_event_kind { MOCK_TIME, MOCK_READABLE, MOCK_UNTIL, MOCK_QUESTION, MOCK_DELIVERY };

#define HAS(plugin, member) (mock_has(plugin, offsetof(struct mig_plugin, member)) != 0)

/* ---- what the test has arranged ---- */

static struct mock_event *
arrange(struct mig_mock *mock, int kind, const char *text)
{
    struct mock_event *event = calloc(1, sizeof(*event));

    if (event == NULL)
        abort();
    event->kind = kind;
    event->text = text != NULL ? strdup(text) : NULL;
    *mock->events_end = event;
    mock->events_end = &event->next;
    return event;
}

static struct mock_event *
next_event(struct mig_mock *mock)
{
    struct mock_event *event = mock->events;

    if (event != NULL)
        mock->events = event->next;
    if (mock->events == NULL)
        mock->events_end = &mock->events;
    return event;
}

static void
free_event(struct mock_event *event)
{
    free(event->text);
    free(event);
}

void
mig_mock_then_time(struct mig_mock *mock, unsigned times)
{
    while (times-- > 0)
        arrange(mock, MOCK_TIME, NULL);
}

void
mig_mock_then_readable(struct mig_mock *mock)
{
    arrange(mock, MOCK_READABLE, NULL);
}

void
mig_mock_then_until(struct mig_mock *mock, int (*done)(struct mig_mock *mock, void *context),
                    void *context)
{
    struct mock_event *event = arrange(mock, MOCK_UNTIL, NULL);

    event->done = done;
    event->context = context;
}

void
mig_mock_then_question(struct mig_mock *mock, const char *question)
{
    arrange(mock, MOCK_QUESTION, question);
}

void
mig_mock_then_delivery(struct mig_mock *mock, const char *alert)
{
    arrange(mock, MOCK_DELIVERY, alert);
}

void
mig_mock_alerts_give(struct mig_mock *mock, int code)
{
    mock->alert_code = code;
}

void
mig_mock_instance(struct mig_mock *mock, const struct mig_plugin *plugin)
{
    mock->instance = plugin;
}

void
mig_mock_descriptor(struct mig_mock *mock, uint32_t which, int fd)
{
    if (which < MOCK_DESCRIPTORS)
        mock->descriptors[which] = fd + 1;
}

/* ---- the services ---- */

/* What answer() gives: its text, or the reason when it refuses. */
static int
call_answer(struct mig_mock *mock, const struct mig_plugin *plugin, const char *question,
            size_t length)
{
    int code = -ENOSYS;

    mock_keep(&mock->output, "");
    mock->serving = 1;
    if (HAS(plugin, answer))
        code = plugin->answer(&mock->host, question, length);
    mock->serving = 0;
    if (mock->output[0] != '\0') /* output() has put a newline behind it */
        mock->output[strlen(mock->output) - 1] = '\0';
    return code;
}

static void
serve_question(struct mig_mock *mock, const char *question)
{
    int code = call_answer(mock, mock->plugin, question, strlen(question));

    json_object_array_add(mock->answers,
                          json_object_new_string(code == 0 ? mock->output : mock->refusal));
    mock_keep(&mock->output, "");
}

static void
serve_delivery(struct mig_mock *mock, const char *alert)
{
    int code = -ENOSYS;

    mock->serving = 1;
    if (HAS(mock->plugin, deliver))
        code = mock->plugin->deliver(&mock->host, alert, strlen(alert));
    mock->serving = 0;
    json_object_array_add(mock->deliveries, json_object_new_int(code));
}

static int64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* True when the event that is the next is over; else *ret_found is what wait() gives. */
static int
serve_until(struct mig_mock *mock, int fd, int64_t timeout_ms, uint32_t *ret_found)
{
    struct mock_event *event = mock->events;
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    int64_t left;

    if (event->done(mock, event->context))
        return 1;
    if (event->end_ms == 0)
        event->end_ms = now_ms() + READABLE_MS;
    left = event->end_ms - now_ms();
    if (left <= 0) {
        fprintf(stderr, "# wait: what it waits for does not happen\n");
        return 1;
    }
    if (timeout_ms < 0 || timeout_ms > left)
        timeout_ms = left;
    *ret_found = poll(&readable, 1, (int)timeout_ms) == 1 ? MIG_WAIT_READABLE : 0;
    return 0;
}

static uint32_t
mock_wait(const struct mig_host *host, int fd, int64_t timeout_ms)
{
    struct mig_mock *mock = host->context;
    struct mock_event *event;
    uint32_t found = MIG_WAIT_STOP;

    while (!mock->stopped && mock->events != NULL) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        int kind;

        if (mock->events->kind == MOCK_UNTIL && !serve_until(mock, fd, timeout_ms, &found))
            return found;
        event = next_event(mock);
        kind = event->kind;
        if (kind == MOCK_QUESTION)
            serve_question(mock, event->text);
        else if (kind == MOCK_DELIVERY)
            serve_delivery(mock, event->text);
        else if (kind == MOCK_READABLE && poll(&readable, 1, READABLE_MS) != 1)
            fprintf(stderr, "# wait: descriptor %d did not become readable\n", fd);
        free_event(event);
        if (kind == MOCK_TIME || kind == MOCK_READABLE)
            return kind == MOCK_TIME ? 0 : MIG_WAIT_READABLE;
    }
    mock->stopped = 1;
    return found;
}

static int
mock_alert(const struct mig_host *host, const char *json, size_t length)
{
    struct mig_mock *mock = host->context;
    struct json_object *alert = NULL;

    if (length > MIG_ALERT_MAX)
        return -EMSGSIZE;
    if (mock->serving)
        fprintf(stderr, "# alert() is not for answer() and deliver()\n");
    if (mock->serving || mock_parse(json, length, &alert) != 0 ||
        !json_object_is_type(alert, json_type_object)) {
        json_object_put(alert);
        return -EINVAL;
    }
    if (mock->alert_code != 0)
        json_object_put(alert);
    else
        json_object_array_add(mock->alerts, alert);
    return mock->alert_code;
}

static int
mock_descriptor(const struct mig_host *host, uint32_t which)
{
    struct mig_mock *mock = host->context;
    uint32_t need = which < MIG_STATE_FILES          ? MIG_NEED_STATE
                    : which == MIG_DESCRIPTOR_WATCH  ? MIG_NEED_WATCH
                    : which == MIG_DESCRIPTOR_AUDIT  ? MIG_NEED_AUDIT
                    : which == MIG_DESCRIPTOR_SYSLOG ? MIG_NEED_SYSLOG
                                                     : 0;

    if (need == 0 || mock->plugin == NULL || (mock->plugin->needs & need) == 0)
        return -EPERM;
    if (mock->descriptors[which] == 0 && need == MIG_NEED_STATE)
        mock->descriptors[which] = memfd_create("mig-mock-state", MFD_CLOEXEC) + 1;
    return mock->descriptors[which] > 0 ? mock->descriptors[which] - 1 : -ENODEV;
}

static int
mock_ask(const struct mig_host *host, const char *question, size_t length,
         void (*reply)(void *context, const char *answer, size_t length), void *context)
{
    struct mig_mock *mock = host->context;
    int code;

    if (length > MIG_QUESTION_MAX)
        return -EMSGSIZE;
    if (mock->instance == NULL) {
        host->refuse(host, "no instance runs here");
        return -ENOENT;
    }
    code = call_answer(mock, mock->instance, question, length);
    if (code == 0)
        reply(context, mock->output, strlen(mock->output));
    mock_keep(&mock->output, "");
    return code;
}

/* ---- calls ---- */

void
mock_persist_start(struct mig_mock *mock)
{
    mock->host.wait = mock_wait;
    mock->host.alert = mock_alert;
    mock->host.descriptor = mock_descriptor;
    mock->host.ask = mock_ask;
    mock->events_end = &mock->events;
}

void
mock_persist_forget(struct mig_mock *mock)
{
    json_object_put(mock->alerts);
    json_object_put(mock->answers);
    json_object_put(mock->deliveries);
    mock->alerts = json_object_new_array();
    mock->answers = json_object_new_array();
    mock->deliveries = json_object_new_array();
    mock->stopped = 0;
}

void
mock_persist_stop(struct mig_mock *mock)
{
    struct mock_event *event;

    while ((event = next_event(mock)) != NULL)
        free_event(event);
    for (uint32_t i = 0; i < MIG_STATE_FILES; i++)
        if (mock->descriptors[i] > 0)
            close(mock->descriptors[i] - 1);
    json_object_put(mock->alerts);
    json_object_put(mock->answers);
    json_object_put(mock->deliveries);
}

const char *
mig_mock_alerts(struct mig_mock *mock)
{
    return json_object_to_json_string_ext(mock->alerts, JSON_FLAGS);
}

const char *
mig_mock_answers(struct mig_mock *mock)
{
    return json_object_to_json_string_ext(mock->answers, JSON_FLAGS);
}

const char *
mig_mock_deliveries(struct mig_mock *mock)
{
    return json_object_to_json_string_ext(mock->deliveries, JSON_FLAGS);
}
