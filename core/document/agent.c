/* SPDX-License-Identifier: MPL-2.0 */
/* The heartbeat: camelCase on the wire, lower case in the database and in memory. */
#include "config.h"

#include "document/agent.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "document/fields.h"

#define BEAT_MAX_BYTES (1u << 20)
#define BEAT_EXPIRES_SEC 300
#define NAME_MAX_BYTES 1024u
#define VERSION_MAX_BYTES 128u
#define QUEUELOC_MAX_BYTES 2048u
#define TAGS_MAX 1000u

static const char *const beat_fields[] = {"name",     "mode",      "version",     "pid",
                                          "queueLoc", "startTime", "refreshTime", "environment",
                                          "tags",     NULL};
static const char *const environment_fields[] = {
    "init", "ident", "os", "arch", "isProxied", "proxy", "addresses", "publicIP", "modules", NULL};
static const char *const tag_fields[] = {"name", "value", NULL};

void
mig_heartbeat_free(struct mig_heartbeat *beat)
{
    if (beat == NULL)
        return;
    free(beat->name);
    free(beat->mode);
    free(beat->version);
    free(beat->queueloc);
    json_object_put(beat->environment);
    json_object_put(beat->tags);
    free(beat);
}

static int
check_strings(struct json_object *obj, const char *key, struct mig_err *err)
{
    struct json_object *list = NULL;
    int rc = mig_fields_child(obj, key, json_type_array, &list, err);

    for (size_t i = 0; rc == 0 && list != NULL && i < json_object_array_length(list); i++) {
        if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_string))
            rc = mig_err_set(err, MIG_E_INVALID, "field \"%s\": entry %zu is not a string", key,
                             i + 1);
    }
    json_object_put(list);
    return rc;
}

static int
check_environment(struct json_object *wire, struct mig_err *err)
{
    static const char *const strings[] = {"init", "ident", "os", "arch", "proxy", "publicIP"};
    const char *text;
    int flag;
    int rc = mig_fields_exact(wire, environment_fields, err);

    for (size_t i = 0; rc == 0 && i < sizeof strings / sizeof strings[0]; i++)
        rc = mig_json_get_string(wire, strings[i], 0, &text, err);
    if (rc == 0)
        rc = mig_json_get_bool(wire, "isProxied", 0, &flag, err);
    if (rc == 0)
        rc = check_strings(wire, "addresses", err);
    if (rc == 0)
        rc = check_strings(wire, "modules", err);
    return rc;
}

/* The database form: the same members under lower-case names. isproxied is always there. */
static int
environment_from_wire(struct json_object *wire, struct json_object **ret, struct mig_err *err)
{
    struct json_object *env = json_object_new_object();
    struct json_object *flag;

    if (env == NULL)
        return mig_err_set(err, -ENOMEM, "environment: out of memory");
    json_object_object_foreach(wire, key, value)
    {
        char *lower = strdup(key);
        if (lower == NULL)
            goto no_memory;
        for (char *c = lower; *c != '\0'; c++) {
            if (*c >= 'A' && *c <= 'Z')
                *c += 'a' - 'A';
        }
        if (json_object_object_add(env, lower, json_object_get(value)) != 0) {
            json_object_put(value);
            free(lower);
            goto no_memory;
        }
        free(lower);
    }
    if (!json_object_object_get_ex(env, "isproxied", &flag) || flag == NULL)
        json_object_object_add(env, "isproxied", json_object_new_boolean(0));
    *ret = env;
    return 0;
no_memory:
    json_object_put(env);
    return mig_err_set(err, -ENOMEM, "environment: out of memory");
}

static int
parse_environment(struct mig_heartbeat *beat, struct json_object *obj, struct mig_err *err)
{
    struct json_object *wire = NULL;
    int rc = mig_fields_child(obj, "environment", json_type_object, &wire, err);

    if (rc == 0 && wire == NULL)
        wire = json_object_new_object();
    if (rc == 0)
        rc = check_environment(wire, err);
    if (rc == 0)
        rc = environment_from_wire(wire, &beat->environment, err);
    json_object_put(wire);
    return rc;
}

static int
add_tag(struct json_object *tags, struct json_object *item, struct mig_err *err)
{
    const char *name = NULL;
    const char *value = "";
    struct json_object *text;
    int rc = mig_json_get_string(item, "name", 1, &name, err);

    if (rc == 0)
        rc = mig_fields_exact(item, tag_fields, err);
    if (rc == 0)
        rc = mig_json_get_string(item, "value", 0, &value, err);
    if (rc != 0)
        return rc;
    if (json_object_object_get_ex(tags, name, NULL))
        return mig_err_set(err, MIG_E_INVALID, "tag \"%s\" is there twice", name);
    text = json_object_new_string(value);
    if (text == NULL || json_object_object_add(tags, name, text) != 0) {
        json_object_put(text);
        return mig_err_set(err, -ENOMEM, "out of memory");
    }
    return 0;
}

static int
parse_tags(struct mig_heartbeat *beat, struct json_object *obj, struct mig_err *err)
{
    struct json_object *list = NULL;
    size_t count;
    int rc = mig_fields_child(obj, "tags", json_type_array, &list, err);

    if (rc != 0)
        return rc;
    beat->tags = json_object_new_object();
    if (beat->tags == NULL)
        rc = mig_err_set(err, -ENOMEM, "tags: out of memory");
    count = list != NULL ? json_object_array_length(list) : 0;
    if (rc == 0 && count > TAGS_MAX)
        rc = mig_err_set(err, MIG_E_LIMIT, "%zu tags, at most %u are allowed", count, TAGS_MAX);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = add_tag(beat->tags, json_object_array_get_idx(list, i), err);
        if (rc != 0)
            mig_err_prefix(err, "tag %zu", i + 1);
    }
    json_object_put(list);
    return rc;
}

static int
parse_fields(struct mig_heartbeat *beat, struct json_object *obj, struct mig_err *err)
{
    int rc = mig_fields_exact(obj, beat_fields, err);

    beat->starttime = MIG_TIME_GO_ZERO;
    beat->refreshtime = MIG_TIME_GO_ZERO;
    if (rc == 0)
        rc = mig_fields_text(obj, "name", BEAT_MAX_BYTES, &beat->name, err);
    if (rc == 0)
        rc = mig_fields_text(obj, "mode", BEAT_MAX_BYTES, &beat->mode, err);
    if (rc == 0)
        rc = mig_fields_text(obj, "version", BEAT_MAX_BYTES, &beat->version, err);
    if (rc == 0)
        rc = mig_fields_id(obj, "pid", &beat->pid, err);
    if (rc == 0)
        rc = mig_fields_text(obj, "queueLoc", QUEUELOC_MAX_BYTES, &beat->queueloc, err);
    if (rc == 0)
        rc = mig_fields_time(obj, "startTime", &beat->starttime, err);
    if (rc == 0)
        rc = mig_fields_time(obj, "refreshTime", &beat->refreshtime, err);
    if (rc == 0)
        rc = parse_environment(beat, obj, err);
    if (rc == 0)
        rc = parse_tags(beat, obj, err);
    return rc;
}

static int
check_present(const struct mig_heartbeat *beat, struct mig_err *err)
{
    static const char *const names[] = {"init", "ident", "os", "arch", "publicip"};
    static const char *const shown[] = {"init", "ident", "os", "arch", "publicIP"};
    const struct {
        const char *name;
        bool missing;
    } fields[] = {
        {"name", beat->name[0] == '\0'},
        {"mode", beat->mode[0] == '\0'},
        {"version", beat->version[0] == '\0'},
        {"queueLoc", beat->queueloc[0] == '\0'},
        {"pid", beat->pid == 0},
    };
    struct mig_buf list = MIG_BUF_INIT;
    int rc = 0;

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].missing)
            mig_buf_addf(&list, "%s%s", list.len > 0 ? ", " : "", fields[i].name);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct json_object *value = NULL;
        json_object_object_get_ex(beat->environment, names[i], &value);
        if (value == NULL || json_object_get_string_len(value) == 0)
            mig_buf_addf(&list, "%senvironment.%s", list.len > 0 ? ", " : "", shown[i]);
    }
    if (list.failed)
        rc = mig_err_set(err, -ENOMEM, "out of memory");
    else if (list.len > 0)
        rc = mig_err_set(err, MIG_E_INVALID, "missing field(s): %s", list.data);
    mig_buf_fini(&list);
    return rc;
}

static int
check_rules(const struct mig_heartbeat *beat, struct mig_time now, struct mig_err *err)
{
    struct mig_time oldest = {.sec = now.sec - BEAT_EXPIRES_SEC, .nsec = now.nsec};
    int rc = check_present(beat, err);

    if (rc != 0)
        return rc;
    if (mig_time_compare(oldest, beat->starttime) > 0)
        return mig_err_set(err, MIG_E_WINDOW, "heartbeat expired");
    if (strcmp(beat->mode, "daemon") != 0 && strcmp(beat->mode, "checkin") != 0)
        return mig_err_set(err, MIG_E_INVALID, "agent reported an invalid mode");
    if (strlen(beat->name) > NAME_MAX_BYTES)
        return mig_err_set(err, MIG_E_INVALID, "agent reported a name that is too long");
    if (strlen(beat->version) > VERSION_MAX_BYTES)
        return mig_err_set(err, MIG_E_INVALID, "agent reported a version string that is too long");
    return 0;
}

int
mig_heartbeat_parse(const char *json, size_t len, struct mig_time now, struct mig_heartbeat **ret,
                    struct mig_err *err)
{
    static const struct mig_json_limits limits = {.max_bytes = BEAT_MAX_BYTES, .fold_depth = 3};
    struct mig_heartbeat *beat = NULL;
    struct json_object *obj = NULL;
    int rc = mig_json_parse(json, len, &limits, &obj, err);

    if (rc == 0 && !json_object_is_type(obj, json_type_object))
        rc = mig_err_set(err, MIG_E_SYNTAX, "expected an object, found an array");
    if (rc != 0)
        goto out;
    beat = calloc(1, sizeof *beat);
    if (beat == NULL) {
        rc = mig_err_set(err, -ENOMEM, "out of memory");
        goto out;
    }
    rc = parse_fields(beat, obj, err);
    if (rc == MIG_E_INVALID) {
        /* To a client a wrong type is a body that does not decode, as it was to Go's decoder. */
        rc = MIG_E_SYNTAX;
        if (err != NULL)
            err->code = rc;
    }
    if (rc == 0)
        rc = check_rules(beat, now, err);
    if (rc == 0) {
        *ret = beat;
        beat = NULL;
    }
out:
    mig_heartbeat_free(beat);
    json_object_put(obj);
    return rc;
}

static void
add_environment(struct mig_buf *out, struct json_object *env)
{
    bool first = true;

    mig_buf_adds(out, "\"environment\":{");
    if (env != NULL) {
        json_object_object_foreach(env, key, value)
        {
            const char *name = key;
            if (strcmp(key, "isproxied") == 0)
                name = "isProxied";
            else if (strcmp(key, "publicip") == 0)
                name = "publicIP";
            if (!first)
                mig_buf_addc(out, ',');
            first = false;
            mig_json_add_string(out, name, strlen(name));
            mig_buf_addc(out, ':');
            mig_buf_adds(out, value == NULL ? "null"
                                            : json_object_to_json_string_ext(
                                                  value, JSON_C_TO_STRING_PLAIN |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
        }
    }
    mig_buf_addc(out, '}');
}

static void
add_tags(struct mig_buf *out, struct json_object *tags)
{
    bool first = true;

    mig_buf_adds(out, "\"tags\":[");
    if (tags != NULL) {
        json_object_object_foreach(tags, key, value)
        {
            if (!first)
                mig_buf_addc(out, ',');
            first = false;
            mig_buf_addc(out, '{');
            mig_fields_add_text(out, "name", key);
            mig_buf_addc(out, ',');
            mig_fields_add_text(out, "value", json_object_get_string(value));
            mig_buf_addc(out, '}');
        }
    }
    mig_buf_addc(out, ']');
}

/* What both forms begin with. */
static void
add_names(struct mig_buf *out, const struct mig_heartbeat *beat)
{
    mig_buf_addc(out, '{');
    mig_fields_add_text(out, "name", beat->name);
    mig_buf_addc(out, ',');
    mig_fields_add_text(out, "mode", beat->mode);
    mig_buf_addc(out, ',');
    mig_fields_add_text(out, "version", beat->version);
    mig_buf_addf(out, ",\"pid\":%lld,", (long long)beat->pid);
}

static void
add_object(struct mig_buf *out, const char *name, struct json_object *object)
{
    mig_buf_addf(out, ",\"%s\":%s", name,
                 object == NULL
                     ? "{}"
                     : json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE));
}

int
mig_heartbeat_record_json(const struct mig_heartbeat *beat, struct mig_buf *out)
{
    add_names(out, beat);
    mig_fields_add_text(out, "queueloc", beat->queueloc);
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "starttime", beat->starttime);
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "heartbeatts", beat->starttime);
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "refreshts", beat->refreshtime);
    add_object(out, "environment", beat->environment);
    add_object(out, "tags", beat->tags);
    mig_buf_addc(out, '}');
    return out->failed ? -ENOMEM : 0;
}

int
mig_heartbeat_json(const struct mig_heartbeat *beat, struct mig_buf *out)
{
    add_names(out, beat);
    mig_fields_add_text(out, "queueLoc", beat->queueloc);
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "startTime", beat->starttime);
    mig_buf_addc(out, ',');
    mig_fields_add_time(out, "refreshTime", beat->refreshtime);
    mig_buf_addc(out, ',');
    add_environment(out, beat->environment);
    mig_buf_addc(out, ',');
    add_tags(out, beat->tags);
    mig_buf_addc(out, '}');
    return out->failed ? -ENOMEM : 0;
}
