/* SPDX-License-Identifier: MPL-2.0 */
/* fleet -n AGENTS [-c CONNECTIONS] [-r ROUNDS] [-q QUEUE-VERSION] [-b SECONDS] [-p NAME=PID …]
 *       CONFIG AMQP-URI CONNINFO
 * A fleet of simulated agents comes up, then an action is posted ROUNDS times; how long until all
 * commands are sent, all results stored, the action completed, and what that has cost each process.
 * -b: the fleet then only beats, each agent once in SECONDS… of which one round is measured.
 * The last lines are rows of a table: the medians of the rounds beside what must hold for the
 * fleets that something is asked of. The status is 3 when one does not. */
#include "config.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"
#include "client.h"
#include "document/action.h"
#include "fleet.h"
#include "fleet_table.h"
#include "fleet_usage.h"
#include "migrc.h"
#include "question.h"
#include "store/db.h"
#include "trust/pgp.h"

#define GIVE_UP_MS 600000
#define PROCESSES 8
#define PARAMETERS                                                                                 \
    "{\"searches\":{\"s1\":{\"paths\":[\"/usr/bin\"],\"names\":[\"^env$\"],"                       \
    "\"options\":{\"matchall\":true,\"maxdepth\":1000,\"matchlimit\":1000}}}}"

struct process {
    char name[32];
    long pid;
};

struct bench {
    struct fleet fleet;
    struct mig_migrc migrc;
    struct mig_pgp *pgp;
    struct mig_client *client;
    struct mig_db *db;
    const char *conninfo;
    unsigned rounds;
    double beat_seconds;
    struct process processes[PROCESSES];
    unsigned process_count;
    struct fleet_figure sent, stored, cpu[PROCESSES], rss[PROCESSES], beat_cpu;
};

struct progress {
    int64_t commands; /* once it is completed */
    int64_t unsent, open;
    int completed;
};

static int
post_action(struct bench *b, unsigned round, int64_t *ret_id, int64_t *ret_start,
            struct mig_err *err)
{
    struct mig_time now = mig_time_now();
    struct json_object *items = NULL;
    struct mig_buf json = MIG_BUF_INIT;
    struct mig_action *action;
    char name[64];
    int rc;

    snprintf(name, sizeof(name), "fleet round %u of %" PRId64, round, now.sec);
    action = mig_action_new(name, "tags->>'fleet'='bench'", (struct mig_time){now.sec - 60, 0},
                            (struct mig_time){now.sec + 3600, 0});
    rc = action ? mig_action_add_operation(action, "file", PARAMETERS, strlen(PARAMETERS), err)
                : mig_err_set(err, -12, "out of memory");
    if (rc == 0)
        rc = mig_question_sign(action, b->pgp, b->migrc.keyid, err);
    if (rc == 0)
        rc = mig_action_json(action, &json);
    mig_client_prepare(b->client);
    *ret_start = mig_time_monotonic_ms();
    if (rc == 0)
        rc = mig_client_post(b->client, "action/create/", "action", json.data, json.len, &items,
                             err);
    if (rc == 0)
        rc = mig_json_get_int64(mig_client_data(json_object_array_get_idx(items, 0), NULL), "id", 1,
                                ret_id, err);
    json_object_put(items);
    mig_action_free(action);
    mig_buf_fini(&json);
    return rc < 0 ? rc : 0;
}

static int
look(struct bench *b, int64_t id, struct progress *ret, struct mig_err *err)
{
    /* Cheap while commands are open, so that looking costs the database next to nothing. */
    static const char sql[] =
        "SELECT CASE WHEN a.status = 'completed' THEN"
        "   (SELECT count(*) FROM commands WHERE actionid = a.id) ELSE 0 END,"
        " (a.status IN ('pending', 'preparing'))::int,"
        " (EXISTS (SELECT FROM commands WHERE actionid = a.id"
        "   AND status IN ('pending', 'sent')) OR a.status = 'pending')::int,"
        " (a.status = 'completed')::int FROM actions a WHERE a.id = $1::bigint";
    char text[24];
    const char *params[] = {text};
    PGresult *res = NULL;

    snprintf(text, sizeof(text), "%" PRId64, id);
    int rc = mig_db_prepared(b->db, "fleet_look", sql, 1, params, &res, err);
    if (rc == 0 && PQntuples(res) == 1) {
        ret->commands = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
        ret->unsent = strtoll(PQgetvalue(res, 0, 1), NULL, 10);
        ret->open = strtoll(PQgetvalue(res, 0, 2), NULL, 10);
        ret->completed = PQgetvalue(res, 0, 3)[0] == '1';
    }
    PQclear(res);
    return rc;
}

static void
take_usage(const struct bench *b, struct fleet_usage usage[PROCESSES])
{
    for (unsigned i = 0; i < b->process_count; i++)
        fleet_usage(b->processes[i].pid, &usage[i]);
}

/* `per` names what the CPU time is divided by. */
static void
print_usage(const struct bench *b, const struct fleet_usage before[PROCESSES],
            struct fleet_usage after[PROCESSES], double count, const char *per)
{
    take_usage(b, after);
    for (unsigned i = 0; i < b->process_count; i++)
        printf("  %-14s %8.0f ms of CPU, %7.3f ms a %s, %6" PRIu64 " MiB resident\n",
               b->processes[i].name, after[i].cpu_ms - before[i].cpu_ms,
               (after[i].cpu_ms - before[i].cpu_ms) / count, per, after[i].rss_kib / 1024);
}

static int
round_once(struct bench *b, unsigned round, struct mig_err *err)
{
    const struct timespec pause = {0, 50000000};
    struct fleet_usage before[PROCESSES], after[PROCESSES];
    struct progress p = {0};
    int64_t id = 0, start = 0, sent = 0, stored = 0, now = 0;

    take_usage(b, before);
    int rc = post_action(b, round, &id, &start, err);
    while (rc == 0 && !p.completed && now < GIVE_UP_MS && !b->fleet.stop) {
        nanosleep(&pause, NULL);
        rc = look(b, id, &p, err);
        now = mig_time_monotonic_ms() - start;
        if (!sent && p.unsent == 0)
            sent = now;
        if (!stored && p.open == 0)
            stored = now;
    }
    if (rc < 0)
        return rc;
    printf("round %u: %" PRId64 " commands: all sent %.2f s, all results stored %.2f s (%.0f/s), "
           "completed %.2f s%s\n",
           round, p.commands, (double)sent / 1000, (double)stored / 1000,
           stored ? (double)p.commands * 1000 / (double)stored : 0, (double)now / 1000,
           p.completed ? "" : " NOT COMPLETED");
    double count = p.commands ? (double)p.commands : 1;
    print_usage(b, before, after, count, "command");
    fflush(stdout);
    fleet_figure_add(&b->sent, (double)sent / 1000);
    fleet_figure_add(&b->stored, (double)now / 1000);
    for (unsigned i = 0; i < b->process_count; i++) {
        fleet_figure_add(&b->cpu[i], (after[i].cpu_ms - before[i].cpu_ms) / count);
        fleet_figure_add(&b->rss[i], (double)after[i].rss_kib / 1024);
    }
    if (!p.completed || (uint64_t)p.commands != b->fleet.agents)
        return mig_err_set(err, MIG_E_TIMEOUT,
                           "%" PRId64 " of %u agents answered; %" PRId64 " open", p.commands,
                           b->fleet.agents, b->fleet.agents - p.commands);
    return 0;
}

static int
come_up(struct bench *b, struct mig_err *err)
{
    struct fleet_usage before[PROCESSES], after[PROCESSES];
    int64_t start = mig_time_monotonic_ms();
    int rc = fleet_wire_open(&b->fleet, err);

    if (rc == 0) {
        printf("%u queues over %u connections declared in %.1f s\n", b->fleet.agents,
               b->fleet.connections, (double)(mig_time_monotonic_ms() - start) / 1000);
        rc = fleet_wire_start(&b->fleet, err);
    }
    take_usage(b, before);
    start = mig_time_monotonic_ms();
    if (rc == 0)
        rc = fleet_beat(&b->fleet, 0, err);
    if (rc == 0) {
        double s = (double)(mig_time_monotonic_ms() - start) / 1000;
        printf("%" PRIu64 " first heartbeats in %.1f s (%.0f/s), %" PRIu64 " failed\n",
               (uint64_t)b->fleet.beats, s, (double)b->fleet.beats / s,
               (uint64_t)b->fleet.beats_failed);
        print_usage(b, before, after, (double)b->fleet.agents, "heartbeat");
    }
    fflush(stdout);
    return rc;
}

static int
beat_only(struct bench *b, struct mig_err *err)
{
    struct fleet_usage before[PROCESSES], after[PROCESSES];
    uint64_t beats = b->fleet.beats;
    double own = 0;

    take_usage(b, before);
    int rc = fleet_beat(&b->fleet, b->beat_seconds, err);
    if (rc < 0)
        return rc;
    printf("%" PRIu64 " heartbeats over %.0f s (a second of CPU in these is %.2f %% of a core)\n",
           b->fleet.beats - beats, b->beat_seconds, 100 / b->beat_seconds);
    print_usage(b, before, after, (double)(b->fleet.beats - beats), "heartbeat");
    for (unsigned i = 0; i < b->process_count; i++)
        if (strncmp(b->processes[i].name, "mig-", 4) == 0)
            own += after[i].cpu_ms - before[i].cpu_ms;
    fleet_figure_add(&b->beat_cpu, own / (b->beat_seconds * 10));
    return 0;
}

/* What must hold, of the fleets that something is asked of; 0: nothing is. */
static bool
print_table(const struct bench *b)
{
    const struct fleet *f = &b->fleet;
    bool crowd = f->agents == 10000 && f->connections == 20, held = true;
    bool alone = f->agents == 3000 && f->connections == 3000;
    char what[128];

    printf("| %u agents, %u connections | median of %u | at most | held |\n", f->agents,
           f->connections, b->sent.count);
    if (b->sent.count > 0) {
        held &= fleet_table_row("all commands sent", &b->sent, "s", crowd ? 5 : 0);
        held &= fleet_table_row("all results stored, action completed", &b->stored, "s",
                                crowd   ? 12
                                : alone ? 4
                                        : 0);
    }
    for (unsigned i = 0; b->sent.count > 0 && i < b->process_count; i++) {
        const char *name = b->processes[i].name;
        double cpu = strcmp(name, "mig-scheduler") == 0 ? 0.2
                     : strcmp(name, "postgres") == 0    ? 0.3
                                                        : 0;
        snprintf(what, sizeof(what), "%s, CPU a command", name);
        held &= fleet_table_row(what, &b->cpu[i], "ms", crowd ? cpu : 0);
        snprintf(what, sizeof(what), "%s, resident", name);
        held &= fleet_table_row(what, &b->rss[i], "MiB",
                                crowd && strncmp(name, "mig-", 4) == 0 ? 64 : 0);
    }
    if (b->beat_cpu.count > 0)
        held &=
            fleet_table_row("heartbeats alone: the platform's own processes", &b->beat_cpu,
                            "% of a core", f->agents == 50000 && b->beat_seconds == 300 ? 20 : 0);
    return held;
}

static int
run(struct bench *b, const char *config, struct mig_err *err)
{
    int rc = mig_migrc_load(config, &b->migrc, err);

    if (rc == 0)
        rc = mig_pgp_open(b->migrc.gpg_home, &b->pgp, err);
    if (rc == 0)
        rc = mig_client_open(&b->migrc, b->pgp, false, &b->client, err);
    if (rc == 0)
        rc = mig_db_open(b->conninfo, "fleet", &b->db, err);
    b->fleet.api_url = b->migrc.url;
    if (rc == 0)
        rc = come_up(b, err);
    for (unsigned i = 1; rc == 0 && i <= b->rounds; i++)
        rc = round_once(b, i, err);
    if (rc == 0 && b->beat_seconds > 0)
        rc = beat_only(b, err);
    fleet_wire_close(&b->fleet);
    return rc;
}

static int
add_process(struct bench *b, const char *text)
{
    struct process *p = &b->processes[b->process_count];
    const char *equals = strchr(text, '=');

    if (!equals || b->process_count == PROCESSES)
        return -1;
    snprintf(p->name, sizeof(p->name), "%.*s", (int)(equals - text), text);
    p->pid = strtol(equals + 1, NULL, 10);
    b->process_count++;
    return p->pid > 0 ? 0 : -1;
}

static int
usage(void)
{
    fprintf(stderr, "usage: fleet -n AGENTS [-c CONNECTIONS] [-r ROUNDS] [-q QUEUE-VERSION]"
                    " [-b SECONDS] [-p NAME=PID]… CONFIG AMQP-URI CONNINFO\n");
    return 2;
}

int
main(int argc, char **argv)
{
    struct bench b = {.rounds = 1};
    struct mig_err err = {0};
    struct rlimit files;
    int option;

    while ((option = getopt(argc, argv, "n:c:r:q:b:p:")) != -1) {
        unsigned number = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;
        if (option == 'n')
            b.fleet.agents = number;
        else if (option == 'c')
            b.fleet.connections = number;
        else if (option == 'r')
            b.rounds = number;
        else if (option == 'q')
            b.fleet.queue_version = number;
        else if (option == 'b')
            b.beat_seconds = strtod(optarg, NULL);
        else if (option != 'p' || add_process(&b, optarg) < 0)
            return usage();
    }
    if (argc - optind != 3 || b.fleet.agents < 1)
        return usage();
    if (b.fleet.connections == 0 || b.fleet.connections > b.fleet.agents)
        b.fleet.connections = b.fleet.agents;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    b.fleet.amqp_uri = argv[optind + 1];
    b.conninfo = argv[optind + 2];
    int rc = run(&b, argv[optind], &err);
    if (rc < 0)
        fprintf(stderr, "fleet: %s\n", err.text);
    int status = rc < 0 ? 1 : print_table(&b) ? 0 : 3;
    mig_db_close(b.db);
    mig_client_close(b.client);
    mig_pgp_close(b.pgp);
    mig_migrc_fini(&b.migrc);
    return status;
}
