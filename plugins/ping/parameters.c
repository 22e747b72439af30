/* SPDX-License-Identifier: MPL-2.0 */
#include "ping.h"

#include <errno.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>

const char *const ping_protocol_names[3] = {"icmp", "tcp", "udp"};

/* Absent, null and 0 are the same, as Go leaves out what is 0. */
static int
get_number(const struct mig_host *host, struct json_object *object, const char *member,
           double *ret_value)
{
    struct json_object *value = json_object_object_get(object, member);

    *ret_value = 0;
    if (value == NULL)
        return 0;
    if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
        return mig_refuse(host, -EINVAL, "parameter '%s' must be a number, not %s", member,
                          json_type_to_name(json_object_get_type(value)));
    *ret_value = json_object_get_double(value);
    return 0;
}

static int
take_protocol(const struct mig_host *host, struct json_object *object,
              struct ping_parameters *parameters)
{
    const char *name = "";
    int code = mig_json_get_string(host, object, "protocol", &name);

    if (code < 0)
        return code;
    for (size_t i = 0; i < MIG_COUNT(ping_protocol_names); i++)
        if (strcmp(name, ping_protocol_names[i]) == 0) {
            parameters->protocol = (enum ping_protocol)i;
            return 0;
        }
    return mig_refuse(host, -EINVAL, "%s is not a supported ping protocol", name);
}

static int
take_destination(const struct mig_host *host, struct json_object *object,
                 struct ping_parameters *parameters)
{
    const char *name = "";
    int code = mig_json_get_string(host, object, "destination", &name);

    if (code < 0)
        return code;
    if (*name == '\0')
        return mig_refuse(host, -EINVAL, "ping needs the parameter 'destination'");
    if (strlen(name) > PING_HOST_MAX)
        return mig_refuse(host, -EINVAL, "parameter 'destination' takes up to %u bytes, %zu given",
                          PING_HOST_MAX, strlen(name));
    memcpy(parameters->destination, name, strlen(name) + 1);
    return 0;
}

static int
take_port(const struct mig_host *host, struct json_object *object,
          struct ping_parameters *parameters)
{
    double port;
    int code = get_number(host, object, "destinationport", &port);

    if (code < 0 || parameters->protocol == PING_ICMP)
        return code; /* the original sends -1 */
    if (!(port >= 0 && port <= 65535) || port != (int)port)
        return mig_refuse(
            host, -EINVAL,
            "%s ping requires a valid destination port between 0 and 65535, got %.12g",
            ping_protocol_names[parameters->protocol], port);
    parameters->port = (int)port;
    return 0;
}

static int
take_bounds(const struct mig_host *host, struct json_object *object,
            struct ping_parameters *parameters)
{
    double count, timeout;
    int code = get_number(host, object, "count", &count);

    if (code == 0)
        code = get_number(host, object, "timeout", &timeout);
    if (code < 0)
        return code;
    count = count == 0 ? 3 : count;
    timeout = timeout == 0 ? 5 : timeout;
    if (!(count >= 1 && count <= PING_COUNT_MAX) || count != (int)count)
        return mig_refuse(host, -EINVAL, "count must be a whole number from 1 to %u, not %.12g",
                          PING_COUNT_MAX, count);
    if (!(timeout > 0 && timeout <= PING_TIMEOUT_MAX))
        return mig_refuse(host, -EINVAL, "timeout must be above 0 and up to %u seconds, not %.12g",
                          PING_TIMEOUT_MAX, timeout);
    parameters->count = (unsigned)count;
    parameters->timeout = timeout;
    return 0;
}

int
ping_parameters(const struct mig_host *host, const char *text, size_t length,
                struct ping_parameters *ret_parameters)
{
    static const char *const known[] = {"destination", "destinationport", "protocol", "count",
                                        "timeout"};
    struct ping_parameters parameters = {0};
    struct json_object *object = NULL;
    int code = mig_json_parameters(host, text, length, &object);

    if (code == 0)
        code = mig_json_only(host, object, NULL, known, MIG_COUNT(known));
    if (code == 0)
        code = take_protocol(host, object, &parameters);
    if (code == 0)
        code = take_destination(host, object, &parameters);
    if (code == 0)
        code = take_port(host, object, &parameters);
    if (code == 0)
        code = take_bounds(host, object, &parameters);
    json_object_put(object);
    if (code == 0)
        *ret_parameters = parameters;
    return code;
}
