/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Tells whether the endpoint reaches a host: ICMP echo, a TCP connection or a UDP datagram.
 * Elements {latencies[], protocol, resolvedhost, failures[]|null}.
 */
#include "ping.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>

static const struct mig_option options[] = {
    {"d", "destination", "the host to reach: a name, an IPv4 or an IPv6 address", "host",
     "\"www.google.com\"", MIG_OPTION_STRING, MIG_OPTION_ALWAYS, PING_HOST_MAX},
    {"dp", "destinationport", "its port, for tcp and udp", "port", "-1", MIG_OPTION_NUMBER,
     MIG_OPTION_ALWAYS, 65535},
    {"p", "protocol", "icmp, tcp or udp; behind '--', since mig has a -p too", "protocol",
     "\"icmp\"", MIG_OPTION_STRING, MIG_OPTION_ALWAYS, 4},
    {"c", "count", "how many probes, up to 100; behind '--'", NULL, "3", MIG_OPTION_NUMBER,
     MIG_OPTION_ALWAYS, PING_COUNT_MAX},
    {"t", "timeout", "seconds to wait for each, up to 300; behind '--'", NULL, "5",
     MIG_OPTION_NUMBER, MIG_OPTION_ALWAYS, PING_TIMEOUT_MAX},
    {"protocol", "protocol", "the same as -p", "protocol", NULL, MIG_OPTION_STRING, 0, 4},
    {"count", "count", "the same as -c", NULL, NULL, MIG_OPTION_NUMBER, 0, PING_COUNT_MAX},
    {"timeout", "timeout", "the same as -t", NULL, NULL, MIG_OPTION_NUMBER, 0, PING_TIMEOUT_MAX},
};

static const struct mig_field fields[] = {
    {"latencies[]", "milliseconds; 9999999: no answer, -1: refused, 0: another failure",
     MIG_FIELD_NUMBER, 0, 0},
    {"protocol", "icmp, tcp or udp", MIG_FIELD_STRING, 0, 8},
    {"resolvedhost", "the destination, its port and its address", MIG_FIELD_STRING, 0, 512},
    {"failures[]", "why a probe failed", MIG_FIELD_STRING, MIG_FIELD_NULLABLE, 256},
};

static void
wait_between(const struct mig_host *host)
{
    if (!host->cancelled(host))
        (void)poll(NULL, 0, PING_INTERVAL_MS);
}

static struct json_object *
latency_value(double latency)
{
    char text[40];

    if (latency == (int)latency)
        return json_object_new_int((int)latency);
    snprintf(text, sizeof(text), "%.3f", latency);
    return json_object_new_double_s(latency, text);
}

static void
add_failure(struct json_object **failures, unsigned number, const char *reason)
{
    char text[PING_REASON_SIZE + 64];

    if (*failures == NULL)
        *failures = json_object_new_array();
    snprintf(text, sizeof(text), "ping #%u failed with error: %s", number, reason);
    json_object_array_add(*failures, json_object_new_string(text));
}

static int
set_host(const struct mig_host *host, const struct ping_parameters *parameters,
         const struct mig_address *target)
{
    char text[PING_HOST_MAX + 128];
    bool bracket = strchr(parameters->destination, ':') != NULL;

    if (parameters->protocol == PING_ICMP)
        snprintf(text, sizeof(text), "%s (%s)", parameters->destination, target->text);
    else
        snprintf(text, sizeof(text), "%s%s%s:%d (%s)", bracket ? "[" : "", parameters->destination,
                 bracket ? "]" : "", parameters->port, target->text);
    return mig_json_set(host, "resolvedhost", json_object_new_string(text));
}

static int
run(const struct mig_host *host, const char *text, size_t length)
{
    struct ping_parameters parameters;
    struct mig_address target;
    struct json_object *latencies;
    struct json_object *failures = NULL;
    bool found = false;
    int code = ping_parameters(host, text, length, &parameters);

    if (code == 0)
        code = ping_resolve(host, &parameters, (int64_t)(parameters.timeout * 1000), &target);
    if (code < 0)
        return code;
    latencies = json_object_new_array();
    for (unsigned i = 0; i < parameters.count && !host->cancelled(host); i++) {
        char reason[PING_REASON_SIZE] = "";
        double latency = PING_OTHER;
        if (ping_probe(host, &parameters, &target, i + 1, &latency, reason) < 0)
            break;
        if (latency == PING_OTHER)
            add_failure(&failures, i + 1, reason);
        /* A UDP service need not answer: no answer may be one. */
        found |= latency == PING_TIMEOUT ? parameters.protocol == PING_UDP : latency > 0;
        json_object_array_add(latencies, latency_value(latency));
        wait_between(host);
    }
    host->found(host, found);
    code = mig_json_set(host, "latencies", latencies);
    if (code == 0)
        code = mig_json_set(host, "protocol",
                            json_object_new_string(ping_protocol_names[parameters.protocol]));
    if (code == 0)
        code = set_host(host, &parameters, &target);
    if (code == 0 && failures == NULL)
        code = host->set(host, "failures", "null", 4);
    else if (code == 0)
        code = mig_json_set(host, "failures", json_object_get(failures));
    json_object_put(failures);
    return code;
}

static int
validate(const struct mig_host *host, const char *text, size_t length)
{
    struct ping_parameters parameters;

    return ping_parameters(host, text, length, &parameters);
}

MIG_PLUGIN_NOTE("ping", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    MIG_NEED_NETWORK | MIG_NEED_RAW_SOCKET,
    "ping",
    "1.0.0",
    "tell whether hosts reach a host by ICMP, TCP or UDP",
    MIG_TABLE(options),
    MIG_TABLE(fields),
    NULL,
    "mig ping -t all -d 192.0.2.1\n"
    "mig ping -t all -d www.example.net -dp 443 -protocol tcp -count 1\n"
    "mig ping -t local -- -d 2001:db8::53 -dp 53 -p udp -c 2 -t 1",
    run,
    validate,
    NULL,
    ping_print,
    NULL,
    NULL,
    NULL,
    NULL};
