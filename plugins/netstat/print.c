/* SPDX-License-Identifier: MPL-2.0 */
/* The original's lines; what it did not know comes behind them. */
#include "netstat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

static struct json_object *
member_of(struct json_object *object, const char *name)
{
    return json_object_is_type(object, json_type_object) ? json_object_object_get(object, name)
                                                         : NULL;
}

static const char *
string_of(struct json_object *object, const char *name)
{
    const char *text = json_object_get_string(member_of(object, name));

    return text != NULL ? text : "";
}

static double
number_of(struct json_object *object, const char *name)
{
    return json_object_get_double(member_of(object, name));
}

static void
write_found(FILE *line, const char *kind, struct json_object *element)
{
    const char *local = string_of(element, "localaddr");
    const char *remote = string_of(element, "remoteaddr");
    double local_port = number_of(element, "localport");
    double remote_port = number_of(element, "remoteport");

    if (strcmp(kind, "localmac") == 0)
        fprintf(line, "found local mac %s", string_of(element, "localmacaddr"));
    else if (strcmp(kind, "neighbormac") == 0)
        fprintf(line, "found neighbor mac %s %s", string_of(element, "remotemacaddr"), remote);
    else if (strcmp(kind, "neighborip") == 0)
        fprintf(line, "found neighbor IP %s %s", remote, string_of(element, "remotemacaddr"));
    else if (strcmp(kind, "localip") == 0)
        fprintf(line, "found local ip %s", local);
    else if (strcmp(kind, "connectedip") == 0)
        fprintf(line, "found connected tuple %s:%.0f with local tuple %s:%.0f", remote, remote_port,
                local, local_port);
    else if (strcmp(kind, "listeningport") == 0)
        fprintf(line, "found listening port %.0f", local_port);
    else if (strcmp(kind, "unixsocket") == 0)
        fprintf(line, "found unix socket %s", string_of(element, "path"));
    else if (*remote != '\0')
        fprintf(line, "found socket %s:%.0f connected to %s:%.0f", local, local_port, remote,
                remote_port);
    else
        fprintf(line, "found socket %s:%.0f", local, local_port);
}

static void
write_processes(FILE *line, const char *before, struct json_object *processes)
{
    if (!json_object_is_type(processes, json_type_array))
        return;
    for (size_t i = 0; i < json_object_array_length(processes); i++) {
        struct json_object *process = json_object_array_get_idx(processes, i);
        const char *executable = string_of(process, "executable");
        fprintf(line, "%s %s[%.0f]", i == 0 ? before : ",", string_of(process, "name"),
                number_of(process, "pid"));
        if (*executable != '\0')
            fprintf(line, " %s", executable);
    }
}

static void
write_details(FILE *line, struct json_object *element)
{
    static const char *const names[] = {"protocol", "type", "state", "interface"};

    for (size_t i = 0; i < MIG_COUNT(names); i++)
        if (member_of(element, names[i]) != NULL)
            fprintf(line, " %s", string_of(element, names[i]));
    if (member_of(element, "uid") != NULL)
        fprintf(line, " uid %.0f", number_of(element, "uid"));
    write_processes(line, " of", member_of(element, "processes"));
    write_processes(line, " connected to", member_of(element, "peers"));
}

/* The original writes this one kind in another way. */
static const char *
shown_kind(const char *kind)
{
    return strcmp(kind, "neighborip") == 0 ? "neighborIP" : kind;
}

static int
print_element(const struct mig_host *host, const char *kind, const char *value,
              struct json_object *element)
{
    const char *space = string_of(element, "namespace");
    char *text = NULL;
    char *shown = NULL;
    size_t size = 0;
    FILE *line = open_memstream(&text, &size);
    int code;

    if (line == NULL)
        return -ENOMEM;
    write_found(line, kind, element);
    fprintf(line, " for netstat %s:'%s'", shown_kind(kind), value);
    if (*space != '\0' && strcmp(space, "default") != 0)
        fprintf(line, " namespace:[%s]", space);
    write_details(line, element);
    code = fclose(line) == 0 ? 0 : -ENOMEM;
    /* What processes and sockets are called must not forge lines. */
    if (code == 0 && (shown = mig_text_line(text)) == NULL)
        code = -ENOMEM;
    if (code == 0)
        code = host->output(host, shown, strlen(shown));
    free(shown);
    free(text);
    return code;
}

static int
print_value(const struct mig_host *host, const char *kind, const char *value,
            struct json_object *elements, uint32_t flags)
{
    size_t count = 0;
    int code = 0;

    if (elements != NULL && !json_object_is_type(elements, json_type_array))
        return mig_refuse(host, -EINVAL, "elements of %s '%s' must be an array or null", kind,
                          value);
    if (elements != NULL)
        count = json_object_array_length(elements);
    for (size_t i = 0; i < count && code == 0; i++)
        code = print_element(host, kind, value, json_object_array_get_idx(elements, i));
    /* The original says nothing of MAC addresses that no interface has. */
    if (count == 0 && (flags & MIG_PRINT_FOUND_ONLY) == 0 && strcmp(kind, "localmac") != 0)
        code =
            mig_print(host, "did not find anything for netstat %s:'%s'", shown_kind(kind), value);
    return code;
}

static int
print_kind(const struct mig_host *host, const char *kind, struct json_object *values,
           uint32_t flags)
{
    int code = 0;

    if (values == NULL)
        return 0;
    if (!json_object_is_type(values, json_type_object))
        return mig_refuse(host, -EINVAL, "elements of %s must be an object", kind);
    json_object_object_foreach(values, value, elements)
    {
        if (code == 0)
            code = print_value(host, kind, value, elements, flags);
    }
    return code;
}

int
netstat_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    struct json_object *object = NULL;
    struct json_object *elements;
    struct json_object *statistics;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    elements = member_of(object, "elements");
    for (int kind = 0; kind < NETSTAT_KINDS && code == 0; kind++) {
        const char *name = netstat_kind_name((enum netstat_kind)kind);
        code = print_kind(host, name, member_of(elements, name), flags);
    }
    if (code == 0 && (flags & MIG_PRINT_FOUND_ONLY) == 0) {
        statistics = member_of(object, "statistics");
        mig_print_member(host, object, "errors", "error: ");
        mig_print(host, "Statistics: total hits %.0f examined %.0f items exectime %s",
                  number_of(statistics, "totalhits"), number_of(statistics, "examined"),
                  string_of(statistics, "exectime"));
    }
    json_object_put(object);
    return code;
}
