/* SPDX-License-Identifier: MPL-2.0 */
#include "timedrift.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

/* For a terminal, to be freed. */
static char *
line_of(struct json_object *object, const char *member)
{
    const char *text = json_object_is_type(object, json_type_object)
                           ? json_object_get_string(json_object_object_get(object, member))
                           : NULL;
    char *line = mig_text_line(text != NULL ? text : "");

    return line != NULL ? line : calloc(1, 1);
}

static bool
is_true(struct json_object *object, const char *member)
{
    return json_object_get_boolean(json_object_object_get(object, member));
}

static void
print_stat(const struct mig_host *host, struct json_object *stat)
{
    char *name = line_of(stat, "host"), *latency = line_of(stat, "latency");
    char *time = line_of(stat, "time"), *drift = line_of(stat, "drift");
    char *failure = line_of(stat, "failure");

    if (is_true(stat, "reachable"))
        mig_print(host, "stat: %s responded in %s with time %s. local time drifts by %s", name,
                  latency, time, drift);
    else
        mig_print(host, "stat: %s was unreachable%s%s", name, *failure != '\0' ? ": " : "",
                  failure);
    free(name);
    free(latency);
    free(time);
    free(drift);
    free(failure);
}

static void
print_keeper(const struct mig_host *host, struct json_object *elements, const char *member)
{
    struct json_object *object = json_object_object_get(elements, member);
    char *offset = line_of(object, "offset"), *reference = line_of(object, "reference");
    char *error = line_of(object, "maxerror");

    if (json_object_is_type(object, json_type_object))
        mig_print(host, "%s is %ssynchronized%s%s, offset %s%s%s", member,
                  is_true(object, "synchronized") ? "" : "not ", *reference != '\0' ? " to " : "",
                  reference, offset, *error != '\0' ? ", off by at most " : "", error);
    free(offset);
    free(reference);
    free(error);
}

static void
print_statistics(const struct mig_host *host, struct json_object *object)
{
    struct json_object *statistics = json_object_object_get(object, "statistics");
    struct json_object *stats = NULL;
    char *time = line_of(statistics, "exectime");

    if (json_object_is_type(statistics, json_type_object))
        stats = json_object_object_get(statistics, "ntpstats");
    mig_print(host, "stat: execution time was %s", time);
    for (size_t i = 0;
         json_object_is_type(stats, json_type_array) && i < json_object_array_length(stats); i++)
        print_stat(host, json_object_array_get_idx(stats, i));
    free(time);
}

int
timedrift_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL, *elements;
    char *time;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    elements = json_object_object_get(object, "elements");
    time = line_of(elements, "localtime");
    if (!json_object_is_type(elements, json_type_object))
        elements = NULL;
    mig_print(host, "local time is %s", time);
    free(time);
    if (elements != NULL && is_true(elements, "hascheckeddrift")) {
        mig_print(host, is_true(elements, "iswithindrift")
                            ? "local time is within acceptable drift from NTP servers"
                            : "local time is out of sync from NTP servers");
        mig_print_member(host, elements, "drifts", "");
    }
    if (elements != NULL) {
        print_keeper(host, elements, "clock");
        print_keeper(host, elements, "chrony");
    }
    if ((flags & MIG_PRINT_FOUND_ONLY) == 0) {
        mig_print_member(host, object, "errors", "error: ");
        print_statistics(host, object);
        mig_print(host, "timedrift module has %s",
                  is_true(object, "success") ? "succeeded" : "failed");
    }
    json_object_put(object);
    return 0;
}
