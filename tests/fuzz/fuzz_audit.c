/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Records of the kernel's audit, a line each as "TYPE audit(…): …": whatever they hold, they become
 * events whose JSON is valid, names each record's type, and fits into an alert.
 */
#include "config.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "audit.h"

static void
take_line(struct audit_events *events, const char *line, size_t length)
{
    struct audit_record record = {0};
    char *end = NULL;
    unsigned long type = strtoul(line, &end, 10);

    if (end == line || (size_t)(end - line) >= length)
        return;
    end++;
    if (audit_record_parse((uint16_t)type, end, length - (size_t)(end - line), &record) < 0)
        return;
    MUST(record.data != NULL && record.name[0] != '\0' && record.stamp[0] != '\0');
    MUST(json_object_object_length(record.data) <= (int)AUDIT_FIELDS_MAX);
    MUST(audit_events_add(events, &record, 0) == 0);
}

static void
look(struct audit_event *event)
{
    struct json_tokener *tokener = json_tokener_new();
    struct json_object *json = audit_event_json(event, true, 15872);
    const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE);

    MUST(strlen(text) <= 15872);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object_put(json_tokener_parse_ex(tokener, text, (int)strlen(text)));
    MUST(json_tokener_get_error(tokener) == json_tokener_success);
    json_tokener_free(tokener);
    json_object_put(json);
    audit_event_free(event);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct audit_events events = {.raw = true};
    struct audit_event *event;
    char *copy = malloc(size + 1), *at = copy, *end;

    MUST(copy != NULL);
    memcpy(copy, data, size);
    copy[size] = '\0';
    for (; at < copy + size; at = end + 1) {
        end = memchr(at, '\n', (size_t)(copy + size - at));
        end = end != NULL ? end : copy + size;
        take_line(&events, at, (size_t)(end - at));
        while ((event = audit_events_take(&events, 0, false)) != NULL)
            look(event);
    }
    while ((event = audit_events_take(&events, 0, true)) != NULL)
        look(event);
    MUST(events.count == 0);
    free(copy);
    return 0;
}
