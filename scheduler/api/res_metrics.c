/* SPDX-License-Identifier: MPL-2.0 */
/* GET /metrics, in the text format of Prometheus (0.0.4), and GET /healthz. */
#include "config.h"

#include "api/api.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/counters.h"
#include "store/api_investigator.h"

static void
describe(struct mig_buf *out, const char *name, const char *type, const char *help)
{
    mig_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
add_counters(struct mig_buf *out, struct mig_counters *c)
{
    describe(out, "mig_api_answers_total", "counter", "Answers by HTTP status.");
    for (unsigned i = 0; mig_counters_status[i] != 0; i++)
        mig_buf_addf(out, "mig_api_answers_total{status=\"%u\"} %" PRIu64 "\n",
                     mig_counters_status[i], (uint64_t)c->answers[i]);
    mig_buf_addf(out, "mig_api_answers_total{status=\"other\"} %" PRIu64 "\n",
                 (uint64_t)c->answers[MIG_COUNTERS_STATUSES]);
    describe(out, "mig_api_sent_bytes_total", "counter", "Bytes of answers.");
    mig_buf_addf(out, "mig_api_sent_bytes_total %" PRIu64 "\n", (uint64_t)c->sent_bytes);
    describe(out, "mig_api_heartbeats_total", "counter", "Heartbeats stored.");
    mig_buf_addf(out, "mig_api_heartbeats_total %" PRIu64 "\n", (uint64_t)c->heartbeats);
    describe(out, "mig_api_actions_total", "counter", "Actions stored.");
    mig_buf_addf(out, "mig_api_actions_total %" PRIu64 "\n", (uint64_t)c->actions);
    describe(out, "mig_api_busy_seconds_total", "counter", "Time that workers have served.");
    mig_buf_addf(out, "mig_api_busy_seconds_total %.6f\n", (double)c->busy_us / 1e6);
    describe(out, "mig_api_waiting_requests", "gauge", "Requests that wait for a worker.");
    mig_buf_addf(out, "mig_api_waiting_requests %" PRId64 "\n", (int64_t)c->waiting);
}

static void
add_process(struct mig_buf *out)
{
    struct rusage usage;
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file != NULL && fscanf(file, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    if (file != NULL)
        fclose(file);
    describe(out, "process_resident_memory_bytes", "gauge", "Resident memory.");
    mig_buf_addf(out, "process_resident_memory_bytes %lu\n",
                 resident * (unsigned long)sysconf(_SC_PAGESIZE));
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    describe(out, "process_cpu_seconds_total", "counter", "CPU time.");
    mig_buf_addf(out, "process_cpu_seconds_total %.6f\n",
                 (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

/* Rows come ordered by what they are of. */
static void
add_database(struct mig_buf *out, const PGresult *res)
{
    const char *last = "";

    for (int i = 0; i < PQntuples(res); i++) {
        const char *what = PQgetvalue(res, i, 0);
        char name[64];

        snprintf(name, sizeof name, "mig_%s", what);
        if (strcmp(what, last) != 0)
            describe(out, name, "gauge",
                     strcmp(what, "agents") == 0 ? "Agents by status."
                                                 : "What is not finished yet, by status.");
        mig_buf_addf(out, "%s{status=\"%s\"} %s\n", name, PQgetvalue(res, i, 1),
                     PQgetvalue(res, i, 2));
        last = what;
    }
}

void
mig_api_metrics_get(struct mig_worker *worker, struct mig_request *request)
{
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};
    PGresult *res = NULL;

    if (mig_store_metrics(worker->db, &res, &err) < 0) {
        mig_answer_failure(worker, request, &err);
        return;
    }
    add_counters(&out, worker->api->counters);
    add_process(&out);
    add_database(&out, res);
    PQclear(res);
    if (out.failed)
        mig_answer_failure(worker, request, &err);
    else
        mig_answer_text(request, 200, out.data, out.len);
    request->answer_type = "text/plain; version=0.0.4; charset=utf-8";
    mig_buf_fini(&out);
}

/* That a worker came to it, with a database: the router refuses with 503 without one. */
void
mig_api_healthz_get(struct mig_worker *worker, struct mig_request *request)
{
    (void)worker;
    mig_answer_text(request, 200, "ok\n", 3);
    request->answer_type = "text/plain; charset=utf-8";
}
