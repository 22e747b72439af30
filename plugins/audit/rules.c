/* SPDX-License-Identifier: MPL-2.0 */
/* {"rules": [{"types", "keys", "fields", "severity", "drop"}], "ratelimit", "includeraw"}: the
 * first rule that an event meets decides. */
#include "config.h"

#include "audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>

#define RULES_MAX 1000u
#define KEY_SEPARATOR "\\x01"

static const char *const severities[] = {"critical", "high", "medium", "low"};

static int
refuse_members(const struct mig_host *host, struct json_object *object, const char *where,
               const char *const known[], size_t count)
{
    static const char *const gone[] = {"rulespath", "backloglimit"};

    for (size_t i = 0; i < MIG_COUNT(gone); i++)
        if (json_object_object_get_ex(object, gone[i], NULL))
            return mig_refuse(host, -EINVAL,
                              "%s: this module does not change what the kernel audits, so that it "
                              "can run beside auditd: leave that to auditctl(8) and remove it",
                              gone[i]);
    return mig_json_only(host, object, where, known, count);
}

static int
check_types(const struct mig_host *host, const char *where, struct json_object *types)
{
    for (size_t i = 0; types != NULL && i < json_object_array_length(types); i++)
        if (!audit_type_known(mig_json_string_at(types, i)))
            return mig_refuse(host, -EINVAL,
                              "%s: expected the name of a record type such as SYSCALL or "
                              "USER_LOGIN, found '%.64s'",
                              where, mig_json_string_at(types, i));
    return 0;
}

static int
check_severity(const struct mig_host *host, const char *where, struct json_object *rule)
{
    const char *severity = "low";
    int code = mig_json_get_string(host, rule, "severity", &severity);

    if (code < 0)
        return code;
    for (size_t i = 0; i < MIG_COUNT(severities); i++)
        if (strcmp(severity, severities[i]) == 0)
            return 0;
    return mig_refuse(host, -EINVAL,
                      "%s: severity: expected critical, high, medium or low, found '%.64s'", where,
                      severity);
}

static int
check_fields(const struct mig_host *host, const char *where, struct json_object *rule)
{
    struct json_object *fields = NULL;
    bool texts;

    if (!json_object_object_get_ex(rule, "fields", &fields))
        return 0;
    texts = json_object_is_type(fields, json_type_object);
    if (texts) {
        json_object_object_foreach(fields, name, value)
        {
            (void)name;
            texts &= json_object_is_type(value, json_type_string);
        }
    }
    return texts ? 0 : mig_refuse(host, -EINVAL, "%s: fields: expected an object of texts", where);
}

/* `where` names the rule in a refusal. */
static int
check_rule(const struct mig_host *host, const char *where, struct json_object *rule)
{
    static const char *const known[] = {"types", "keys", "fields", "severity", "drop"};
    struct json_object *types = NULL, *keys = NULL;
    bool drop;
    int code;

    if (!json_object_is_type(rule, json_type_object))
        return mig_refuse(host, -EINVAL, "%s: expected an object", where);
    if ((code = refuse_members(host, rule, where, known, MIG_COUNT(known))) < 0 ||
        (code = mig_json_get_strings(host, rule, "types", &types)) < 0 ||
        (code = mig_json_get_strings(host, rule, "keys", &keys)) < 0 ||
        (code = mig_json_get_bool(host, rule, "drop", &drop)) < 0 ||
        (code = check_types(host, where, types)) < 0 ||
        (code = check_fields(host, where, rule)) < 0)
        return code;
    return check_severity(host, where, rule);
}

int
audit_settings_read(const struct mig_host *host, struct json_object *config,
                    struct audit_settings *ret_settings)
{
    static const char *const known[] = {"rules", "ratelimit", "includeraw"};
    struct audit_settings settings = {.rate = 500};
    char where[32];
    int code;

    if ((code = refuse_members(host, config, "audit", known, MIG_COUNT(known))) < 0 ||
        (code = mig_json_get_bool(host, config, "includeraw", &settings.raw)) < 0 ||
        (code = mig_json_get_number(host, config, "ratelimit", &settings.rate)) < 0)
        return code;
    if (settings.rate < 1 || settings.rate > 100000)
        return mig_refuse(host, -EINVAL, "ratelimit: expected 1 to 100000 alerts a second");
    if (json_object_object_get_ex(config, "rules", &settings.rules)) {
        if (!json_object_is_type(settings.rules, json_type_array) ||
            json_object_array_length(settings.rules) > RULES_MAX)
            return mig_refuse(host, -EINVAL, "rules: expected an array of %u objects at most",
                              RULES_MAX);
        for (size_t i = 0; i < json_object_array_length(settings.rules); i++) {
            snprintf(where, sizeof(where), "rules[%zu]", i);
            code = check_rule(host, where, json_object_array_get_idx(settings.rules, i));
            if (code < 0)
                return code;
        }
    }
    settings.config = json_object_get(config);
    *ret_settings = settings;
    return 0;
}

void
audit_settings_free(struct audit_settings *settings)
{
    json_object_put(settings->config);
    *settings = (struct audit_settings){0};
}

/* ---- deciding ---- */

static bool
has_type(const struct audit_event *event, struct json_object *types)
{
    for (size_t i = 0; i < event->count; i++) {
        char name[AUDIT_NAME_SIZE];

        audit_type_name(event->records[i].type, name);
        for (size_t k = 0; k < json_object_array_length(types); k++)
            if (strcmp(name, mig_json_string_at(types, k)) == 0)
                return true;
    }
    return false;
}

/* The keys of one event are one text with a control character between them. */
static bool
has_key(const struct audit_event *event, struct json_object *keys)
{
    const char *at = audit_event_field(event, "key"), *end;

    while (at != NULL) {
        end = strstr(at, KEY_SEPARATOR);
        for (size_t i = 0; i < json_object_array_length(keys); i++) {
            const char *key = mig_json_string_at(keys, i);
            size_t length = end != NULL ? (size_t)(end - at) : strlen(at);

            if (strlen(key) == length && memcmp(key, at, length) == 0)
                return true;
        }
        at = end != NULL ? end + strlen(KEY_SEPARATOR) : NULL;
    }
    return false;
}

static bool
has_fields(const struct audit_event *event, struct json_object *fields)
{
    json_object_object_foreach(fields, name, wanted)
    {
        bool found = false;

        for (size_t i = 0; !found && i < event->count; i++) {
            struct json_object *value = json_object_object_get(event->records[i].data, name);

            found = value != NULL &&
                    strcmp(json_object_get_string(value), json_object_get_string(wanted)) == 0;
        }
        if (!found)
            return false;
    }
    return true;
}

const char *
audit_rules_decide(const struct audit_settings *settings, const struct audit_event *event)
{
    if (settings->rules == NULL)
        return "low";
    for (size_t i = 0; i < json_object_array_length(settings->rules); i++) {
        struct json_object *rule = json_object_array_get_idx(settings->rules, i), *value = NULL;
        const char *severity;

        /* null is as if it were not there, as for the getters of <mig/json.h>. */
        if (((value = json_object_object_get(rule, "types")) != NULL && !has_type(event, value)) ||
            ((value = json_object_object_get(rule, "keys")) != NULL && !has_key(event, value)) ||
            ((value = json_object_object_get(rule, "fields")) != NULL && !has_fields(event, value)))
            continue;
        if (json_object_get_boolean(json_object_object_get(rule, "drop")))
            return NULL;
        severity = json_object_get_string(json_object_object_get(rule, "severity"));
        return severity != NULL ? severity : "low";
    }
    return NULL;
}
