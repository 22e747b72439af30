/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <linux/audit.h>
#include <mig/json.h>

#define WAIT_MS 2000 /* for the rest of an event whose end is not marked */
#define EVENTS_MAX 128u
#define EVENTS 1300    /* of the kernel, of several records */
#define ANOMALIES 2100 /* of programs, from here on */

/* An event of one record: what programs send, and what the kernel says of itself. auparse(3) tells
 * them apart by the same ranges. */
static bool
stands_alone(uint16_t type)
{
    return type < EVENTS || type >= ANOMALIES || type == AUDIT_KERNEL ||
           (type >= 1500 && type < 1600);
}

void
audit_event_free(struct audit_event *event)
{
    if (event == NULL)
        return;
    for (size_t i = 0; i < event->count; i++) {
        json_object_put(event->records[i].data);
        free(event->records[i].raw);
    }
    free(event);
}

static struct audit_event *
find(struct audit_events *events, const struct audit_record *record)
{
    struct audit_event *event = events->first;

    while (event != NULL &&
           (event->serial != record->serial || strcmp(event->stamp, record->stamp) != 0))
        event = event->next;
    return event;
}

static struct audit_event *
make(struct audit_events *events, const struct audit_record *record)
{
    struct audit_event *event = calloc(1, sizeof(*event)), **link = &events->first;

    if (event == NULL)
        return NULL;
    event->serial = record->serial;
    memcpy(event->stamp, record->stamp, sizeof(event->stamp));
    while (*link != NULL)
        link = &(*link)->next;
    *link = event;
    if (++events->count > EVENTS_MAX)
        for (struct audit_event *it = events->first; it != event; it = it->next)
            if (!it->complete) {
                it->complete = true;
                break;
            }
    return event;
}

int
audit_events_add(struct audit_events *events, struct audit_record *record, int64_t now)
{
    struct audit_event *event = find(events, record);
    char *raw = NULL;

    if (event == NULL && record->type != AUDIT_EOE)
        event = make(events, record);
    if (record->type == AUDIT_EOE || event == NULL) {
        json_object_put(record->data);
        record->data = NULL;
        if (event != NULL)
            event->complete = true;
        return event != NULL || record->type == AUDIT_EOE ? 0 : -ENOMEM;
    }
    if (events->raw &&
        asprintf(&raw, "type=%s msg=audit(%s:%" PRIu64 "): %.*s", record->name, record->stamp,
                 record->serial, (int)(record->length < 8192 ? record->length : 8192),
                 record->text) < 0)
        raw = NULL;
    event->until = now + WAIT_MS;
    event->complete |= event->count == 0 && stands_alone(record->type);
    if (event->count < AUDIT_RECORDS_MAX) {
        event->records[event->count].type = record->type;
        event->records[event->count].raw = raw;
        event->records[event->count++].data = record->data;
    } else {
        event->cut = true;
        free(raw);
        json_object_put(record->data);
    }
    record->data = NULL;
    return 0;
}

struct audit_event *
audit_events_take(struct audit_events *events, int64_t now, bool all)
{
    struct audit_event **link = &events->first, *event;

    while (*link != NULL && !all && !(*link)->complete && (*link)->until > now)
        link = &(*link)->next;
    event = *link;
    if (event == NULL)
        return NULL;
    *link = event->next;
    event->next = NULL;
    events->count--;
    return event;
}

int64_t
audit_events_due(const struct audit_events *events)
{
    int64_t due = INT64_MAX;

    for (const struct audit_event *event = events->first; event != NULL; event = event->next) {
        if (event->complete)
            return 0;
        due = event->until < due ? event->until : due;
    }
    return due;
}

const char *
audit_event_field(const struct audit_event *event, const char *name)
{
    struct json_object *value = NULL;

    for (size_t i = 0; i < event->count; i++)
        if (json_object_object_get_ex(event->records[i].data, name, &value))
            return json_object_get_string(value);
    return NULL;
}

/* ---- JSON ---- */

static struct json_object *
text_or_escaped(const char *raw)
{
    struct json_object *text;
    char *copy = strdup(raw);

    /* What is not ASCII comes in hexadecimal digits, except from a program that does not care. */
    for (char *at = copy; at != NULL && *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80 || (unsigned char)*at < 0x20)
            *at = '?';
    text = json_object_new_string(copy != NULL ? copy : "");
    free(copy);
    return text;
}

static struct json_object *
record_json(const struct audit_event *event, size_t i, bool raw)
{
    struct json_object *record = json_object_new_object();
    char name[AUDIT_NAME_SIZE];

    audit_type_name(event->records[i].type, name);
    json_object_object_add(record, "Type", json_object_new_string(name));
    json_object_object_add(record, "Data", json_object_get(event->records[i].data));
    if (raw && event->records[i].raw != NULL)
        json_object_object_add(record, "Raw", text_or_escaped(event->records[i].raw));
    return record;
}

static size_t
size_of(struct json_object *value)
{
    size_t length = 0;

    (void)mig_json_text(value, &length);
    return length;
}

struct json_object *
audit_event_json(const struct audit_event *event, bool raw, size_t max)
{
    struct json_object *object = json_object_new_object(), *first, *list;
    char serial[24];
    bool cut = event->cut;

    snprintf(serial, sizeof(serial), "%" PRIu64, event->serial);
    json_object_object_add(object, "Serial", json_object_new_string(serial));
    json_object_object_add(object, "Timestamp", json_object_new_string(event->stamp));
    if (event->count == 0)
        return object;
    first = record_json(event, 0, raw);
    if (size_of(first) + size_of(object) + 64 > max) {
        json_object_object_del(first, "Raw");
        cut = true;
    }
    if (size_of(first) + size_of(object) + 64 > max)
        json_object_object_add(first, "Data", json_object_new_object());
    json_object_object_foreach(first, key, value)
        json_object_object_add(object, key, json_object_get(value));
    json_object_put(first);
    if (!json_object_object_get_ex(object, "Raw", NULL))
        json_object_object_add(object, "Raw", json_object_new_string(""));
    list = json_object_new_array();
    json_object_object_add(object, "Records", list);
    for (size_t i = 1; i < event->count; i++) {
        struct json_object *record = record_json(event, i, raw);

        if (size_of(object) + size_of(record) + 16 > max) {
            json_object_put(record);
            cut = true;
            break;
        }
        json_object_array_add(list, record);
    }
    if (cut)
        json_object_object_add(object, "Cut", json_object_new_boolean(1));
    return object;
}
