/* SPDX-License-Identifier: MPL-2.0 */
#include "ping.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

static const char *
string_of(struct json_object *object, const char *name)
{
    const char *text = json_object_is_type(object, json_type_object)
                           ? json_object_get_string(json_object_object_get(object, name))
                           : NULL;

    return text != NULL ? text : "";
}

static void
print_probe(const struct mig_host *host, size_t number, double latency, bool udp)
{
    if (latency == PING_REFUSED)
        mig_print(host, "ping #%zu failed, target was unreachable", number);
    else if (latency == PING_OTHER)
        mig_print(host, "ping #%zu failed, reason unknown", number);
    else if (latency == PING_TIMEOUT && udp)
        mig_print(host, "ping #%zu may have succeeded (no udp response)", number);
    else if (latency == PING_TIMEOUT)
        mig_print(host, "ping #%zu failed, connection timed out", number);
    else
        mig_print(host, "ping #%zu succeeded in %.0fms", number, latency);
}

static void
print_probes(const struct mig_host *host, struct json_object *elements)
{
    struct json_object *latencies = json_object_object_get(elements, "latencies");
    bool udp = strcmp(string_of(elements, "protocol"), "udp") == 0;

    if (!json_object_is_type(latencies, json_type_array))
        return;
    for (size_t i = 0; i < json_object_array_length(latencies); i++)
        print_probe(host, i + 1, json_object_get_double(json_object_array_get_idx(latencies, i)),
                    udp);
}

int
ping_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL;
    struct json_object *elements;
    char *name = NULL;
    bool found;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    elements = json_object_object_get(object, "elements");
    found = json_object_get_boolean(json_object_object_get(object, "foundanything"));
    name = mig_text_line(string_of(elements, "resolvedhost"));
    if (found)
        mig_print(host, "%s ping of %s succeeded. Target is reachable.",
                  string_of(elements, "protocol"), name != NULL ? name : "");
    if ((flags & MIG_PRINT_FOUND_ONLY) == 0) {
        if (!found)
            mig_print(host, "%s ping of %s failed. Target is no reachable.",
                      string_of(elements, "protocol"), name != NULL ? name : "");
        print_probes(host, elements);
        mig_print_member(host, elements, "failures", "");
        mig_print_member(host, object, "errors", "error: ");
    }
    free(name);
    json_object_put(object);
    return 0;
}
