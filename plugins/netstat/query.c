/* SPDX-License-Identifier: MPL-2.0 */
#include "netstat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/regex.h>

/* The host keeps no longer a name of a member, and every query is one in the results. */
#define VALUE_MAX 255u
#define QUERIES_MAX 10000u

/* In the order in which the original runs them. */
static const char *const names[NETSTAT_KINDS] = {
    [NETSTAT_LOCALMAC] = "localmac",       [NETSTAT_NEIGHBORMAC] = "neighbormac",
    [NETSTAT_NEIGHBORIP] = "neighborip",   [NETSTAT_LOCALIP] = "localip",
    [NETSTAT_CONNECTEDIP] = "connectedip", [NETSTAT_LISTENINGPORT] = "listeningport",
    [NETSTAT_PROCESS] = "process",         [NETSTAT_UNIXSOCKET] = "unixsocket",
};

const char *
netstat_kind_name(enum netstat_kind kind)
{
    return names[kind];
}

static int
compile(const struct mig_host *host, struct netstat_query *query)
{
    char pattern[VALUE_MAX + 8];
    char message[512] = "no memory";
    bool mac = query->kind == NETSTAT_LOCALMAC || query->kind == NETSTAT_NEIGHBORMAC;
    int code;

    /* As in the original, where the other kind of MAC minds the case. */
    snprintf(pattern, sizeof(pattern), "%s%s", query->kind == NETSTAT_LOCALMAC ? "(?i)" : "",
             query->value);
    code = mig_regex_new(pattern, strlen(pattern), &query->regex, message, sizeof(message));
    if (code < 0)
        mig_refuse(host, code,
                   "Invalid %s regexp '%s'. Compilation failed with '%s'. Must be a valid regular "
                   "expression.",
                   mac ? "MAC" : names[query->kind], query->value, message);
    return code;
}

static int
take_network(const struct mig_host *host, struct netstat_query *query)
{
    const char *value = query->value;

    if (netstat_network_parse(value, &query->network) == 0)
        return 0;
    if (value[0] != '/' && strchr(value, '/') != NULL)
        return mig_refuse(host, -EINVAL,
                          "invalid IPv{4,6} CIDR %s: invalid CIDR address: %s. Must be an IP or a "
                          "CIDR.",
                          value, value);
    return mig_refuse(host, -EINVAL, "invalid IPv{4,6} %s. Must be an IP or a CIDR.", value);
}

static int
take_port(const struct mig_host *host, struct netstat_query *query)
{
    char *end = NULL;
    const char *digits = query->value + (query->value[0] == '+' || query->value[0] == '-');
    long port = strtol(query->value, &end, 10);

    if (*digits < '0' || *digits > '9' || *end != '\0')
        return mig_refuse(host, -EINVAL, "%s is not a valid port", query->value);
    if (port < 0 || port > 65535)
        return mig_refuse(host, -EINVAL, "port out of range. must be between 1 and 65535");
    query->port = (unsigned)port;
    return 0;
}

static int
take_value(const struct mig_host *host, struct netstat_query *query)
{
    if (strlen(query->value) > VALUE_MAX)
        return mig_refuse(host, -E2BIG, "a value of '%s' takes up to %u bytes, %zu are given",
                          names[query->kind], VALUE_MAX, strlen(query->value));
    switch (query->kind) {
    case NETSTAT_LOCALMAC:
    case NETSTAT_NEIGHBORMAC:
    case NETSTAT_PROCESS:
    case NETSTAT_UNIXSOCKET:
        return compile(host, query);
    case NETSTAT_LISTENINGPORT:
        return take_port(host, query);
    default:
        return take_network(host, query);
    }
}

/* What was asked twice is answered once: it is one member of the results. */
static bool
is_known(const struct netstat_queries *queries, enum netstat_kind kind, const char *value)
{
    for (size_t i = 0; i < queries->count; i++)
        if (queries->list[i].kind == kind && strcmp(queries->list[i].value, value) == 0)
            return true;
    return false;
}

static int
take_kind(const struct mig_host *host, struct netstat_queries *queries, enum netstat_kind kind)
{
    struct json_object *values = NULL;
    struct netstat_query *query;
    int code = mig_json_get_strings(host, queries->parameters, names[kind], &values);
    size_t count = code > 0 ? json_object_array_length(values) : 0;

    if (code < 0)
        return code;
    if (count + queries->count > QUERIES_MAX)
        return mig_refuse(host, -E2BIG, "netstat takes up to %u searches at once", QUERIES_MAX);
    query = realloc(queries->list, (queries->count + count + 1) * sizeof(*query));
    if (query == NULL)
        return mig_refuse(host, -ENOMEM, "no memory for the searches");
    queries->list = query;
    for (size_t i = 0; i < count; i++) {
        if (is_known(queries, kind, mig_json_string_at(values, i)))
            continue;
        query = &queries->list[queries->count++];
        *query = (struct netstat_query){.kind = kind, .value = mig_json_string_at(values, i)};
        queries->kinds[kind] = true;
        code = take_value(host, query);
        if (code < 0)
            return code;
    }
    return 0;
}

static int
check_members(const struct mig_host *host, struct json_object *parameters)
{
    const char *known[NETSTAT_KINDS + 2];

    memcpy(known, names, sizeof(names));
    known[NETSTAT_KINDS] = "namespaces";
    known[NETSTAT_KINDS + 1] = "details";
    return mig_json_only(host, parameters, NULL, known, MIG_COUNT(known));
}

int
netstat_queries_init(const struct mig_host *host, const char *parameters, size_t length,
                     struct netstat_queries *ret_queries)
{
    struct netstat_queries *queries = ret_queries;
    int code;

    memset(queries, 0, sizeof(*queries));
    code = mig_json_parameters(host, parameters, length, &queries->parameters);
    if (code == 0)
        code = check_members(host, queries->parameters);
    if (code == 0)
        code = mig_json_get_bool(host, queries->parameters, "namespaces", &queries->namespaces);
    if (code >= 0)
        code = mig_json_get_bool(host, queries->parameters, "details", &queries->details);
    for (int kind = 0; kind < NETSTAT_KINDS && code >= 0; kind++)
        code = take_kind(host, queries, (enum netstat_kind)kind);
    if (code >= 0 && (queries->scratch = mig_regex_scratch_new()) == NULL)
        code = mig_refuse(host, -ENOMEM, "no memory for the searches");
    return code < 0 ? code : 0;
}

void
netstat_queries_fini(struct netstat_queries *queries)
{
    for (size_t i = 0; i < queries->count; i++) {
        mig_regex_free(queries->list[i].regex);
        netstat_text_fini(&queries->list[i].elements);
    }
    free(queries->list);
    mig_regex_scratch_free(queries->scratch);
    json_object_put(queries->parameters);
    memset(queries, 0, sizeof(*queries));
}

bool
netstat_query_text(const struct netstat_queries *queries, const struct netstat_query *query,
                   const char *text)
{
    return mig_regex_match(query->regex, queries->scratch, text, strlen(text), 0) == 1;
}
