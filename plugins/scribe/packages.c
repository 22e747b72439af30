/* SPDX-License-Identifier: MPL-2.0 */
/* Installed packages, and whether they are affected: the Open Source Vulnerability schema,
 * https://ossf.github.io/osv-schema/, "affected" and its evaluation algorithm. */
#include "scribe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/packages.h>
#include <mig/regex.h>

#define EVENTS_MAX 256u

struct scribe_packages {
    struct scribe_candidates all; /* of name and version */
    const struct mig_host *host;
};

static int
on_package(void *context, const struct mig_package *package)
{
    struct scribe_packages *packages = context;

    return scribe_candidates_add(&packages->all, package->name, package->version, package->system);
}

static void
on_error(void *context, const char *message)
{
    struct scribe_packages *packages = context;

    packages->host->error(packages->host, message);
}

static int
on_cancelled(void *context)
{
    struct scribe_packages *packages = context;

    return packages->host->cancelled(packages->host);
}

static int
read_packages(struct scribe_run *run)
{
    struct mig_packages_host host = {
        .package = on_package, .error = on_error, .cancelled = on_cancelled};

    if (run->packages != NULL)
        return 0;
    run->packages = calloc(1, sizeof(*run->packages));
    if (run->packages == NULL)
        return -ENOMEM;
    run->packages->host = run->host;
    host.context = run->packages;
    return mig_packages_read("/", &host);
}

void
scribe_packages_free(struct scribe_packages *packages)
{
    if (packages == NULL)
        return;
    scribe_candidates_fini(&packages->all);
    free(packages);
}

/* ---- package ---- */

/* Keeps the newest of each name. */
static void
keep_newest(struct scribe_candidates *found)
{
    size_t kept = 0;

    for (size_t i = 0; i < found->count; i++) {
        struct scribe_candidate *one = &found->list[i];
        size_t k = 0;
        while (k < kept && strcmp(found->list[k].identifier, one->identifier) != 0)
            k++;
        if (k == kept) {
            struct scribe_candidate swap = found->list[kept];
            found->list[kept] = *one;
            if (kept != i)
                *one = swap;
            kept++;
        } else if (mig_version_compare(one->system, one->value, found->list[k].value) > 0) {
            struct scribe_candidate swap = found->list[k];
            found->list[k] = *one;
            *one = swap;
        }
    }
    for (size_t i = kept; i < found->count; i++) {
        free(found->list[i].identifier);
        free(found->list[i].value);
    }
    found->count = kept;
}

int
scribe_find_packages(struct scribe_run *run, struct scribe_object *object,
                     struct scribe_candidates *found)
{
    const char *collect = scribe_text(object->body, "collectmatch");
    char *name = scribe_expand(run->document, scribe_text(object->body, "name"), NULL);
    struct mig_regex *regex = NULL;
    struct mig_regex_scratch *scratch = mig_regex_scratch_new();
    char message[512];
    int code = name != NULL && scratch != NULL ? read_packages(run) : -ENOMEM;

    if (code == 0 && *collect != '\0') {
        code = mig_regex_new(collect, strlen(collect), &regex, message, sizeof(message));
        if (code < 0 && code != -ENOMEM)
            scribe_object_fail(object, code, "%s", message);
    }
    for (size_t i = 0; code == 0 && i < run->packages->all.count; i++) {
        const struct scribe_candidate *one = &run->packages->all.list[i];
        int match = regex == NULL ? strcmp(one->identifier, name) == 0
                                  : mig_regex_match(regex, scratch, one->identifier,
                                                    strlen(one->identifier), 0);
        code = match == 1  ? scribe_candidates_add(found, one->identifier, one->value, one->system)
               : match < 0 ? match
                           : 0;
    }
    if (code == 0 && json_object_get_boolean(json_object_object_get(object->body, "onlynewest")))
        keep_newest(found);
    mig_regex_free(regex);
    mig_regex_scratch_free(scratch);
    free(name);
    return code;
}

/* ---- affected ---- */

/* 0: every system's; -1: no system's. */
static int
system_of(const char *ecosystem)
{
    static const struct {
        const char *prefix;
        int system;
    } known[] = {{"Debian", MIG_VERSION_DPKG},     {"Ubuntu", MIG_VERSION_DPKG},
                 {"dpkg", MIG_VERSION_DPKG},       {"Alpine", MIG_VERSION_APK},
                 {"Wolfi", MIG_VERSION_APK},       {"Chainguard", MIG_VERSION_APK},
                 {"apk", MIG_VERSION_APK},         {"Red Hat", MIG_VERSION_RPM},
                 {"Rocky Linux", MIG_VERSION_RPM}, {"AlmaLinux", MIG_VERSION_RPM},
                 {"Fedora", MIG_VERSION_RPM},      {"SUSE", MIG_VERSION_RPM},
                 {"openSUSE", MIG_VERSION_RPM},    {"openEuler", MIG_VERSION_RPM},
                 {"Mageia", MIG_VERSION_RPM},      {"Photon OS", MIG_VERSION_RPM},
                 {"rpm", MIG_VERSION_RPM}};

    if (*ecosystem == '\0')
        return 0;
    /* "Debian:12": what is behind the colon is the release. */
    for (size_t i = 0; i < MIG_COUNT(known); i++) {
        size_t length = strlen(known[i].prefix);
        if (strncmp(ecosystem, known[i].prefix, length) == 0 &&
            (ecosystem[length] == '\0' || ecosystem[length] == ':'))
            return known[i].system;
    }
    return -1;
}

static const char *const event_names[] = {"introduced", "fixed", "last_affected", "limit"};

struct event {
    size_t name; /* of event_names */
    const char *version;
};

static bool
take_event(struct json_object *json, struct event *ret_event)
{
    for (size_t i = 0; i < MIG_COUNT(event_names); i++) {
        ret_event->version = scribe_text(json, event_names[i]);
        ret_event->name = i;
        if (*ret_event->version != '\0')
            return true;
    }
    return false;
}

static int
check_range(const struct mig_host *host, const char *id, struct json_object *range)
{
    struct json_object *events = json_object_is_type(range, json_type_object)
                                     ? json_object_object_get(range, "events")
                                     : NULL;
    struct event event;

    if (!json_object_is_type(events, json_type_array) ||
        json_object_array_length(events) > EVENTS_MAX)
        return mig_refuse(host, -EINVAL,
                          "object '%s': a range needs the array 'events', of up to %u", id,
                          EVENTS_MAX);
    for (size_t i = 0; i < json_object_array_length(events); i++)
        if (!take_event(json_object_array_get_idx(events, i), &event))
            return mig_refuse(host, -EINVAL,
                              "object '%s': an event is introduced, fixed, last_affected or limit "
                              "and a version",
                              id);
    return 0;
}

static int
check_condition(const struct mig_host *host, const char *id, const char *text)
{
    struct mig_version_range *range = NULL;
    char message[512];
    int code = *text != '\0' ? mig_version_range_new(text, &range, message, sizeof(message)) : 0;

    mig_version_range_free(range);
    return code < 0 ? mig_refuse(host, code, "object '%s': %s", id, message) : 0;
}

static struct json_object *
list_of(struct json_object *object, const char *name)
{
    struct json_object *list =
        json_object_is_type(object, json_type_object) ? json_object_object_get(object, name) : NULL;

    return json_object_is_type(list, json_type_array) ? list : NULL;
}

int
scribe_check_affected(const struct mig_host *host, const char *id, struct json_object *affected)
{
    struct json_object *package = json_object_is_type(affected, json_type_object)
                                      ? json_object_object_get(affected, "package")
                                      : NULL;
    struct json_object *ranges = list_of(affected, "ranges");
    int code;

    if (*scribe_text(package, "name") == '\0')
        return mig_refuse(host, -EINVAL, "object '%s': affected needs a package with a name", id);
    if (system_of(scribe_text(package, "ecosystem")) < 0)
        return mig_refuse(host, -EINVAL,
                          "object '%s': '%.100s' is no ecosystem of installed packages (Debian, "
                          "Ubuntu, Red Hat, SUSE, Alpine …)",
                          id, scribe_text(package, "ecosystem"));
    if (ranges == NULL && list_of(affected, "versions") == NULL &&
        *scribe_text(affected, "range") == '\0')
        return mig_refuse(host, -EINVAL, "object '%s': affected needs ranges, versions or range",
                          id);
    code = check_condition(host, id, scribe_text(affected, "range"));
    for (size_t i = 0; code == 0 && ranges != NULL && i < json_object_array_length(ranges); i++)
        code = check_range(host, id, json_object_array_get_idx(ranges, i));
    return code;
}

/* "0" is older than every version. */
static int
compare(enum mig_version_system system, const char *a, const char *b)
{
    bool zero_a = strcmp(a, "0") == 0, zero_b = strcmp(b, "0") == 0;

    if (zero_a || zero_b)
        return (int)zero_b - (int)zero_a;
    return mig_version_compare(system, a, b);
}

/* In the order of the versions; where they are the same, what begins comes first. */
static void
sort_events(enum mig_version_system system, struct event *events, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct event one = events[i];
        size_t k = i;
        for (; k > 0; k--) {
            int order = compare(system, events[k - 1].version, one.version);
            if (order < 0 || (order == 0 && events[k - 1].name <= one.name))
                break;
            events[k] = events[k - 1];
        }
        events[k] = one;
    }
}

static bool
in_range(struct json_object *range, enum mig_version_system system, const char *version)
{
    struct json_object *list = list_of(range, "events");
    struct event events[EVENTS_MAX];
    size_t count = 0;
    bool affected = false;

    /* Commits say nothing of installed versions. */
    if (list == NULL || strcmp(scribe_text(range, "type"), "GIT") == 0)
        return false;
    for (size_t i = 0; i < json_object_array_length(list) && count < EVENTS_MAX; i++)
        if (take_event(json_object_array_get_idx(list, i), &events[count]))
            count++;
    sort_events(system, events, count);
    for (size_t i = 0; i < count; i++) {
        int order = compare(system, version, events[i].version);
        if (events[i].name == 0)
            affected = affected || order >= 0;
        else if (events[i].name == 2 ? order > 0 : order >= 0)
            affected = false;
    }
    return affected;
}

bool
scribe_affects(struct json_object *affected, enum mig_version_system system, const char *version)
{
    struct json_object *ranges = list_of(affected, "ranges");
    struct json_object *versions = list_of(affected, "versions");
    const char *condition = scribe_text(affected, "range");
    struct mig_version_range *range = NULL;
    char message[64];
    bool holds = false;

    for (size_t i = 0; versions != NULL && !holds && i < json_object_array_length(versions); i++) {
        const char *one = mig_json_string_at(versions, i);
        holds = one != NULL && mig_version_compare(system, one, version) == 0;
    }
    for (size_t i = 0; ranges != NULL && !holds && i < json_object_array_length(ranges); i++)
        holds = in_range(json_object_array_get_idx(ranges, i), system, version);
    if (!holds && *condition != '\0' &&
        mig_version_range_new(condition, &range, message, sizeof(message)) == 0)
        holds = mig_version_range_holds(range, system, version);
    mig_version_range_free(range);
    return holds;
}

int
scribe_find_affected(struct scribe_run *run, struct scribe_object *object,
                     struct scribe_candidates *found)
{
    int code = read_packages(run);

    for (size_t i = 0; code == 0 && i < json_object_array_length(object->body); i++) {
        struct json_object *affected = json_object_array_get_idx(object->body, i);
        struct json_object *package = json_object_object_get(affected, "package");
        char *name = scribe_expand(run->document, scribe_text(package, "name"), NULL);
        int system = system_of(scribe_text(package, "ecosystem"));
        code = name != NULL ? 0 : -ENOMEM;
        for (size_t k = 0; code == 0 && k < run->packages->all.count; k++) {
            const struct scribe_candidate *one = &run->packages->all.list[k];
            if (strcmp(one->identifier, name) == 0 && (system == 0 || (int)one->system == system) &&
                scribe_affects(affected, one->system, one->value))
                code = scribe_candidates_add(found, one->identifier, one->value, one->system);
        }
        free(name);
    }
    return code;
}
