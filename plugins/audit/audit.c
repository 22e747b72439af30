/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Listens to the copies of the kernel's audit records that it sends to a multicast group, beside
 * auditd, which has the records themselves. Nothing of the kernel's audit is changed.
 */
#include "config.h"

#include "audit.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>

#define MESSAGE_MAX 16384u /* MAX_AUDIT_MESSAGE_LENGTH is 8970 */
#define READS 256          /* a turn */
#define MINUTE_MS 60000
/* What is around the event in an alert. */
#define ENVELOPE 512u

static const struct mig_field fields[] = {
    {"ok", "the module runs", MIG_FIELD_BOOL, 0, 0},
    {"records", "that the kernel sent since the start", MIG_FIELD_NUMBER, 0, 0},
    {"malformed", "records that could not be read", MIG_FIELD_NUMBER, 0, 0},
    {"events", "made of them", MIG_FIELD_NUMBER, 0, 0},
    {"alerts", "handed over", MIG_FIELD_NUMBER, 0, 0},
    {"filtered", "events that the rules leave out", MIG_FIELD_NUMBER, 0, 0},
    {"dropped", "alerts over the rate limit, or that the agent had no room for", MIG_FIELD_NUMBER,
     0, 0},
    {"overruns", "times that records were lost because they came too fast", MIG_FIELD_NUMBER, 0, 0},
};

struct instance {
    const struct mig_host *host;
    struct audit_settings settings;
    struct audit_events events;
    int fd;
    bool gone;
    int64_t tokens, tokens_at, minute_at; /* thousandths of an alert; milliseconds */
    uint64_t records, malformed, made, alerts, filtered, dropped, overruns;
    uint64_t told_dropped, told_overruns;
};

static struct instance *running; /* in persist() */

static int64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- alerts ---- */

static bool
within_rate(struct instance *it, int64_t now)
{
    int64_t rate = (int64_t)it->settings.rate;

    it->tokens += (now - it->tokens_at) * rate;
    it->tokens_at = now;
    if (it->tokens > rate * 1000)
        it->tokens = rate * 1000;
    if (it->tokens < 1000)
        return false;
    it->tokens -= 1000;
    return true;
}

static int
hand_over(struct instance *it, struct json_object *alert)
{
    size_t length = 0;
    const char *text = mig_json_text(alert, &length);
    int code = text != NULL ? it->host->alert(it->host, text, length) : -ENOMEM;

    it->gone |= code == -EPIPE;
    if (code == 0)
        it->alerts++;
    else
        it->dropped++;
    json_object_put(alert);
    return code;
}

static struct json_object *
alert_new(const char *severity, const char *text)
{
    struct json_object *alert = json_object_new_object();

    json_object_object_add(alert, "severity", json_object_new_string(severity));
    json_object_object_add(alert, "alert", json_object_new_string(text));
    return alert;
}

/* "SYSCALL by /usr/bin/cat, key passwd" */
static void
headline(const struct audit_event *event, char *text, size_t size)
{
    const char *exe = audit_event_field(event, "exe"), *key = audit_event_field(event, "key");
    char name[AUDIT_NAME_SIZE];

    audit_type_name(event->records[0].type, name);
    if (key != NULL && strcmp(key, "(null)") == 0)
        key = NULL;
    snprintf(text, size, "%s%s%.100s%s%.64s", name, exe != NULL ? " by " : "",
             exe != NULL ? exe : "", key != NULL ? ", key " : "", key != NULL ? key : "");
    /* It may have been cut within a character. */
    for (char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
}

static void
take_event(struct instance *it, const struct audit_event *event, int64_t now)
{
    const char *severity = audit_rules_decide(&it->settings, event);
    struct json_object *alert, *json;
    char text[256];

    it->made++;
    if (severity == NULL) {
        it->filtered++;
        return;
    }
    if (!within_rate(it, now)) {
        it->dropped++;
        return;
    }
    headline(event, text, sizeof(text));
    alert = alert_new(severity, text);
    json = audit_event_json(event, it->settings.raw, MIG_ALERT_MAX - ENVELOPE);
    json_object_object_foreach(json, key, value)
        json_object_object_add(alert, key, json_object_get(value));
    json_object_put(json);
    hand_over(it, alert);
}

static void
tell_losses(struct instance *it, int64_t now)
{
    uint64_t dropped = it->dropped - it->told_dropped;
    uint64_t overruns = it->overruns - it->told_overruns;
    char text[200];

    if (now < it->minute_at)
        return;
    it->minute_at = now + MINUTE_MS;
    it->told_dropped = it->dropped;
    it->told_overruns = it->overruns;
    if (dropped == 0 && overruns == 0)
        return;
    snprintf(text, sizeof(text),
             "%" PRIu64 " audit events were dropped, and the kernel lost records %" PRIu64
             " times, in the last minute",
             dropped, overruns);
    hand_over(it, alert_new("medium", text));
}

/* ---- the socket ---- */

/* A message is one record. The length in its head is not always that of the message: the kernel
 * takes its own size off it for auditd, which does so as well. */
static void
take_message(struct instance *it, const char *data, size_t length, int64_t now)
{
    struct audit_record record;
    struct nlmsghdr head;

    if (length < sizeof(head))
        return;
    memcpy(&head, data, sizeof(head));
    it->records++;
    if (audit_record_parse(head.nlmsg_type, data + sizeof(head), length - sizeof(head), &record) <
            0 ||
        audit_events_add(&it->events, &record, now) < 0)
        it->malformed++;
}

/* True when there may be more. */
static bool
read_socket(struct instance *it)
{
    static char data[MESSAGE_MAX];
    struct sockaddr_nl from = {0};
    struct iovec room = {data, sizeof(data)};
    int64_t now = now_ms();

    for (int i = 0; i < READS; i++) {
        struct msghdr message = {
            .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &room, .msg_iovlen = 1};
        ssize_t length = recvmsg(it->fd, &message, MSG_DONTWAIT);

        if (length < 0 && errno == ENOBUFS) {
            it->overruns++;
            continue;
        }
        if (length < 0)
            return errno == EINTR;
        if (from.nl_pid == 0) /* the kernel's, not another process's */
            take_message(it, data, (size_t)length, now);
    }
    return true;
}

static int64_t
work(struct instance *it)
{
    bool more = read_socket(it);
    int64_t now = now_ms(), due;
    struct audit_event *event;

    while (!it->gone && (event = audit_events_take(&it->events, now, false)) != NULL) {
        take_event(it, event, now);
        audit_event_free(event);
    }
    tell_losses(it, now);
    due = audit_events_due(&it->events);
    due = due < it->minute_at ? due : it->minute_at;
    return more || due <= now ? 0 : due - now;
}

/* ---- the instance ---- */

static int
read_settings(const struct mig_host *host, const char *configuration, size_t length,
              struct audit_settings *ret_settings)
{
    struct json_object *all = NULL, *config = NULL;
    int code = mig_json_parameters(host, configuration, length, &all);

    if (code < 0)
        return code;
    json_object_object_get_ex(all, "config", &config);
    code = audit_settings_read(host, config, ret_settings);
    json_object_put(all);
    return code;
}

static int
configure(const struct mig_host *host, const char *configuration, size_t length)
{
    struct audit_settings settings;
    int code = read_settings(host, configuration, length, &settings);

    if (code == 0)
        audit_settings_free(&settings);
    return code;
}

static int
persist(const struct mig_host *host, const char *configuration, size_t length)
{
    struct instance it = {.host = host};
    struct audit_event *event;
    int code = read_settings(host, configuration, length, &it.settings);

    if (code < 0)
        return code;
    it.events.raw = it.settings.raw;
    it.fd = host->descriptor(host, MIG_DESCRIPTOR_AUDIT);
    it.tokens = (int64_t)it.settings.rate * 1000;
    it.tokens_at = now_ms();
    it.minute_at = it.tokens_at + MINUTE_MS;
    if (it.fd < 0)
        code = mig_refuse(host, it.fd == -EINVAL ? -EIO : it.fd,
                          "the kernel's audit multicast can not be joined: %s (an agent of the "
                          "host itself, with CAP_AUDIT_READ, can)",
                          strerror(-it.fd));
    running = &it;
    while (code == 0 && !it.gone && !(host->wait(host, it.fd, work(&it)) & MIG_WAIT_STOP))
        ;
    running = NULL;
    while ((event = audit_events_take(&it.events, 0, true)) != NULL) {
        if (code == 0 && !it.gone)
            take_event(&it, event, now_ms());
        audit_event_free(event);
    }
    audit_settings_free(&it.settings);
    return code;
}

/* ---- mig audit ---- */

static int
answer(const struct mig_host *host, const char *question, size_t length)
{
    const struct instance *it = running;
    char text[512];

    (void)question;
    (void)length;
    if (it == NULL)
        return -EAGAIN;
    snprintf(text, sizeof(text),
             "{\"ok\":true,\"records\":%" PRIu64 ",\"malformed\":%" PRIu64 ",\"events\":%" PRIu64
             ",\"alerts\":%" PRIu64 ",\"filtered\":%" PRIu64 ",\"dropped\":%" PRIu64
             ",\"overruns\":%" PRIu64 "}",
             it->records, it->malformed, it->made, it->alerts, it->filtered, it->dropped,
             it->overruns);
    return host->output(host, text, strlen(text));
}

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    return mig_ask_instance(host, parameters, length);
}

MIG_PLUGIN_NOTE("audit", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {MIG_PLUGIN_HEAD,
                                             MIG_NEED_AUDIT,
                                             "audit",
                                             "1.0.0",
                                             "tell of what the kernel audits, beside auditd",
                                             MIG_NO_TABLE,
                                             MIG_TABLE(fields),
                                             NULL,
                                             "mig audit -t all",
                                             run,
                                             NULL,
                                             NULL,
                                             audit_print,
                                             persist,
                                             configure,
                                             answer,
                                             NULL};
