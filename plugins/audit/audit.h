/* SPDX-License-Identifier: MPL-2.0 */
/* audit: what the kernel audits, as alerts. */
#ifndef MIG_PLUGIN_AUDIT_H
#define MIG_PLUGIN_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>

struct json_object;

#define AUDIT_VALUE_MAX 4096u
#define AUDIT_FIELDS_MAX 128u
#define AUDIT_RECORDS_MAX 64u
#define AUDIT_NAME_SIZE 32u
#define AUDIT_STAMP_SIZE 32u

/* ---- record.c ---- */

struct audit_record {
    uint16_t type;
    char name[AUDIT_NAME_SIZE];   /* of the type */
    char stamp[AUDIT_STAMP_SIZE]; /* "1364481363.243" */
    uint64_t serial;
    struct json_object *data; /* field name -> text */
    const char *text;         /* of the record, behind the colon; borrowed from the input */
    size_t length;
};

/* Reads a record as the kernel sends it, "audit(SECONDS.MILLISECONDS:SERIAL): FIELD=VALUE …".
 * Values that are quoted or in hexadecimal digits, because they came from outside, are given as
 * text; the fields in msg='…' are fields like the others. -EBADMSG; -ENOMEM. The caller releases
 * data. */
int audit_record_parse(uint16_t type, const char *text, size_t length,
                       struct audit_record *ret_record);

/* ---- types.c ---- */

/* "SYSCALL", "USER_LOGIN", "UNKNOWN[1234]" */
void audit_type_name(uint16_t type, char ret_name[AUDIT_NAME_SIZE]);
bool audit_type_known(const char *name);

/* ---- event.c ---- */

/* The records of one serial number. */
struct audit_event {
    struct audit_event *next;
    uint64_t serial;
    char stamp[AUDIT_STAMP_SIZE];
    int64_t until; /* complete when nothing more has come by then; milliseconds */
    bool complete, cut;
    size_t count;
    struct {
        uint16_t type;
        char *raw;
        struct json_object *data;
    } records[AUDIT_RECORDS_MAX];
};

struct audit_events {
    struct audit_event *first;
    size_t count;
    bool raw; /* keep the records' text */
};

/* Takes over record->data. -ENOMEM. */
int audit_events_add(struct audit_events *events, struct audit_record *record, int64_t now);
/* The oldest that is complete, or, when `all`, the oldest; to be freed. NULL: none is. */
struct audit_event *audit_events_take(struct audit_events *events, int64_t now, bool all);
/* When the next one is complete at the latest; INT64_MAX: there is none. */
int64_t audit_events_due(const struct audit_events *events);
void audit_event_free(struct audit_event *event);
/* {"Serial","Timestamp","Type","Data","Records","Raw"} of at most `max` bytes of text: records that
 * do not fit are left out, and "Cut" is true. NULL: no memory. */
struct json_object *audit_event_json(const struct audit_event *event, bool raw, size_t max);
/* The first value of a field in any record, or NULL. */
const char *audit_event_field(const struct audit_event *event, const char *name);

/* ---- rules.c ---- */

struct audit_settings {
    struct json_object *config; /* owns what the rules point to */
    struct json_object *rules;  /* an array, or NULL */
    bool raw;
    uint64_t rate;
};

int audit_settings_read(const struct mig_host *host, struct json_object *config,
                        struct audit_settings *ret_settings);
void audit_settings_free(struct audit_settings *settings);
/* The severity of its alert, or NULL: it is none. */
const char *audit_rules_decide(const struct audit_settings *settings,
                               const struct audit_event *event);

/* ---- print.c ---- */

int audit_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

#endif
