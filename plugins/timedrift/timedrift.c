/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Tells the local time, how far it is from that of NTP servers, and how the host keeps it. Elements
 * {hascheckeddrift, iswithindrift?, drifts[]?, localtime, clock, chrony?}.
 */
#include "timedrift.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>

#define TEXT_MAX 64

/* Asked when none of the host's own answers, as the original does. */
static const char *const public_servers[] = {"time.nist.gov", "0.pool.ntp.org", "1.pool.ntp.org",
                                             "2.pool.ntp.org", "3.pool.ntp.org"};

static const struct mig_option options[] = {
    {"drift", "drift", "find hosts whose clock is further off than this: 5m, 1.5s, 250ms",
     "duration", NULL, MIG_OPTION_STRING, 0, TEXT_MAX},
    {"server", "servers", "ask this one and not those that the host is configured with",
     "host[:port]", NULL, MIG_OPTION_STRING, MIG_OPTION_REPEATABLE, MIG_RESOLVE_NAME_MAX + 8},
};

static const struct mig_field fields[] = {
    {"hascheckeddrift", "whether the drift was checked: a server answered", MIG_FIELD_BOOL, 0, 0},
    {"iswithindrift", "whether no server is further off", MIG_FIELD_BOOL, 0, 0},
    {"drifts[]", "how far off from a server", MIG_FIELD_STRING, 0, 512},
    {"localtime", "the host's time, RFC 3339", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"clock.synchronized", "whether the kernel's clock is kept", MIG_FIELD_BOOL, 0, 0},
    {"clock.offset", "that the kernel still corrects", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"clock.esterror", "estimated error", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"clock.maxerror", "greatest error", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"clock.frequency", "correction of the frequency, in parts per million", MIG_FIELD_NUMBER, 0,
     0},
    {"chrony.synchronized", "whether chronyd has a source", MIG_FIELD_BOOL, 0, 0},
    {"chrony.reference", "chronyd's source", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"chrony.stratum", "chronyd's distance from a reference clock", MIG_FIELD_NUMBER, 0, 0},
    {"chrony.offset", "of the local clock, as chronyd sees it", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"chrony.lastoffset", "at the last measurement", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"chrony.rootdelay", "to the reference clock", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"chrony.rootdispersion", "to the reference clock", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"exectime", "time it took", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, TEXT_MAX},
    {"ntpstats[].host", "a server that was asked", MIG_FIELD_STRING, MIG_FIELD_STATISTICS,
     MIG_RESOLVE_NAME_MAX + 8},
    {"ntpstats[].time", "its time, RFC 3339", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, TEXT_MAX},
    {"ntpstats[].latency", "there and back", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, TEXT_MAX},
    {"ntpstats[].drift", "of the local clock from the server's; negative: behind", MIG_FIELD_STRING,
     MIG_FIELD_STATISTICS, TEXT_MAX},
    {"ntpstats[].reachable", "whether it told a time", MIG_FIELD_BOOL, MIG_FIELD_STATISTICS, 0},
    {"ntpstats[].stratum", "its distance from a reference clock", MIG_FIELD_NUMBER,
     MIG_FIELD_STATISTICS, 0},
    {"ntpstats[].samples", "how many times it answered", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"ntpstats[].failure", "why it told no time", MIG_FIELD_STRING, MIG_FIELD_STATISTICS,
     TIMEDRIFT_REASON_SIZE},
};

struct parameters {
    bool has_drift;
    int64_t drift;
    struct timedrift_servers asked; /* by the investigator */
};

struct run {
    const struct mig_host *host;
    const struct parameters *parameters;
    struct json_object *drifts;
    struct json_object *stats;
    unsigned answers;
};

/* ---- parameters ---- */

static int
take_servers(const struct mig_host *host, struct json_object *object, struct parameters *parameters)
{
    struct json_object *array = NULL;
    struct timedrift_server server;
    int code = mig_json_get_strings(host, object, "servers", &array);
    size_t count = code > 0 ? json_object_array_length(array) : 0;

    if (code < 0)
        return code;
    if (count > TIMEDRIFT_SERVERS_MAX)
        return mig_refuse(host, -EINVAL, "parameter 'servers' takes up to %u servers, %zu given",
                          TIMEDRIFT_SERVERS_MAX, count);
    for (size_t i = 0; i < count; i++) {
        const char *text = mig_json_string_at(array, i);
        if (!timedrift_server_parse(text, &server))
            return mig_refuse(
                host, -EINVAL,
                "'%.300s' is not a server: host, host:port or [address]:port expected", text);
        timedrift_servers_add(&parameters->asked, server.name, server.port);
    }
    return 0;
}

static int
take_parameters(const struct mig_host *host, const char *text, size_t length,
                struct parameters *parameters)
{
    static const char *const known[] = {"drift", "servers"};
    struct json_object *object = NULL;
    const char *drift = "";
    int code = mig_json_parameters(host, text, length, &object);

    if (code == 0)
        code = mig_json_only(host, object, NULL, known, MIG_COUNT(known));
    if (code == 0)
        code = mig_json_get_string(host, object, "drift", &drift);
    parameters->has_drift = code >= 0 && *drift != '\0';
    if (parameters->has_drift && !timedrift_parse_duration(drift, &parameters->drift))
        code = mig_refuse(host, -EINVAL,
                          "drift '%.100s' is not a duration of 0 or more: 5m, 1.5s, 250ms", drift);
    if (code >= 0)
        code = take_servers(host, object, parameters);
    json_object_put(object);
    return code;
}

/* ---- asking ---- */

static void
add_text(struct json_object *object, const char *member, const char *text)
{
    json_object_object_add(object, member, json_object_new_string(text));
}

static void
server_text(const struct timedrift_server *server, char *text, size_t size)
{
    bool bracket = strchr(server->name, ':') != NULL;

    if (server->port == 123)
        snprintf(text, size, "%s", server->name);
    else
        snprintf(text, size, "%s%s%s:%u", bracket ? "[" : "", server->name, bracket ? "]" : "",
                 server->port);
}

static void
judge(struct run *run, const char *name, int64_t offset)
{
    char text[512], by[TIMEDRIFT_TIME_SIZE];
    int64_t distance = offset < 0 ? -offset : offset;

    if (!run->parameters->has_drift || distance <= run->parameters->drift)
        return;
    timedrift_duration_text(distance, by);
    snprintf(text, sizeof(text), "Local time is %s ntp host %s by %s",
             offset > 0 ? "behind" : "ahead of", name, by);
    json_object_array_add(run->drifts, json_object_new_string(text));
}

static struct json_object *
stat_of(const char *name, const struct timedrift_answer *answer, const char *failure)
{
    struct json_object *stat = json_object_new_object();
    char text[TIMEDRIFT_TIME_SIZE];

    add_text(stat, "host", name);
    if (answer == NULL) {
        add_text(stat, "time", "0001-01-01T00:00:00Z");
        add_text(stat, "latency", "");
        add_text(stat, "drift", "");
        json_object_object_add(stat, "reachable", json_object_new_boolean(0));
        add_text(stat, "failure", failure);
        return stat;
    }
    timedrift_time_text(answer->time, false, text);
    add_text(stat, "time", text);
    timedrift_duration_text(answer->delay, text);
    add_text(stat, "latency", text);
    timedrift_duration_text(-answer->offset, text);
    add_text(stat, "drift", text);
    json_object_object_add(stat, "reachable", json_object_new_boolean(1));
    json_object_object_add(stat, "stratum", json_object_new_int((int)answer->stratum));
    json_object_object_add(stat, "samples", json_object_new_int((int)answer->samples));
    return stat;
}

/* All of them, or until one has answered. */
static void
ask_servers(struct run *run, const struct timedrift_servers *servers, bool all)
{
    for (size_t i = 0; i < servers->count && (all || run->answers == 0); i++) {
        char name[MIG_RESOLVE_NAME_MAX + 16], reason[TIMEDRIFT_REASON_SIZE];
        struct timedrift_answer answer;
        int code = timedrift_query(run->host, &servers->list[i], &answer, reason);
        if (code == -ECANCELED)
            return;
        server_text(&servers->list[i], name, sizeof(name));
        json_object_array_add(run->stats, stat_of(name, code == 0 ? &answer : NULL, reason));
        if (code < 0)
            continue;
        run->answers++;
        judge(run, name, answer.offset);
    }
}

static int
check(struct run *run, struct timedrift_servers *configured)
{
    const struct timedrift_servers *asked = &run->parameters->asked;
    const struct mig_host *host = run->host;
    int code;

    if (asked->count > 0) {
        ask_servers(run, asked, true);
    } else if (run->parameters->has_drift) {
        ask_servers(run, configured, false);
        configured->count = 0;
        for (size_t i = 0; i < MIG_COUNT(public_servers); i++)
            timedrift_servers_add(configured, public_servers[i], 123);
        ask_servers(run, configured, false);
    }
    if (json_object_array_length(run->stats) > 0 && run->answers == 0)
        host->error(host, "no NTP server told the time");
    bool checked = run->parameters->has_drift && run->answers > 0;
    bool within = json_object_array_length(run->drifts) == 0;
    host->found(host, !run->parameters->has_drift || !within);
    code = mig_json_set(host, "hascheckeddrift", json_object_new_boolean(checked));
    if (code == 0 && checked)
        code = mig_json_set(host, "iswithindrift", json_object_new_boolean(within));
    if (code == 0 && !within)
        code = mig_json_set(host, "drifts", json_object_get(run->drifts));
    if (code == 0 && json_object_array_length(run->stats) > 0)
        code = mig_json_statistic(host, "ntpstats", json_object_get(run->stats));
    return code;
}

static int64_t
now(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * TIMEDRIFT_SECOND + time.tv_nsec;
}

static int
run(const struct mig_host *host, const char *text, size_t length)
{
    struct parameters parameters = {.has_drift = false};
    struct timedrift_servers configured = {.count = 0};
    struct run run = {.host = host, .parameters = &parameters};
    char local[TIMEDRIFT_TIME_SIZE];
    int64_t start = now(CLOCK_MONOTONIC);
    int code = take_parameters(host, text, length, &parameters);

    if (code < 0)
        return code;
    timedrift_time_text(now(CLOCK_REALTIME), true, local);
    code = mig_json_set(host, "localtime", json_object_new_string(local));
    timedrift_servers_read(host, "", &configured);
    if (code == 0)
        code = timedrift_tell_daemon(host, &configured);
    run.drifts = json_object_new_array();
    run.stats = json_object_new_array();
    if (code == 0)
        code = check(&run, &configured);
    json_object_put(run.drifts);
    json_object_put(run.stats);
    timedrift_duration_text(now(CLOCK_MONOTONIC) - start, local);
    if (code == 0)
        code = mig_json_statistic(host, "exectime", json_object_new_string(local));
    return code;
}

static int
validate(const struct mig_host *host, const char *text, size_t length)
{
    struct parameters parameters = {.has_drift = false};

    return take_parameters(host, text, length, &parameters);
}

MIG_PLUGIN_NOTE("timedrift", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    MIG_NEED_NETWORK | MIG_NEED_CLOCK,
    "timedrift",
    "1.0.0",
    "tell the time of hosts, and how far off it is",
    MIG_TABLE(options),
    MIG_TABLE(fields),
    NULL,
    "mig timedrift -t all\n"
    "mig timedrift -t all -drift 5m\n"
    "mig timedrift -t all -drift 500ms -server ntp1.example.net -server 192.0.2.123:1123",
    run,
    validate,
    NULL,
    timedrift_print};
