/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Finds files and processes that YARA rules match. The SDK's search chooses the files, libyara does
 * the matching.
 */
#include "config.h"

#include "yara_module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/process.h>
#include <mig/regex.h>
#include <mig/search.h>
#include <mig/text.h>
#include <yara.h>

/* Of a process's memory at once; more of one mapping is looked at piece by piece. */
#define PROCESS_CHUNK (64u << 20)

struct run {
    const struct mig_host *host;
    struct yara_question question;
    struct yara_scan *scan;
    struct mig_search_statistics search;
};

/* ---- files ---- */

static int
on_hit(void *context, const struct mig_search_hit *hit)
{
    const struct run *run = context;
    char *path = strdup(hit->path);

    return path == NULL ? -ENOMEM : yara_scan_add(run->scan, path, 0);
}

static void
on_error(void *context, const char *message)
{
    const struct run *run = context;

    yara_scan_error(run->scan, message);
}

static int
on_cancelled(void *context)
{
    const struct run *run = context;

    return run->host->cancelled(run->host);
}

static int
add_files(struct run *run)
{
    const struct mig_search_host host = {run, on_hit, on_error, on_cancelled};

    return mig_search_run(run->question.files, &host, &run->search);
}

/* ---- processes ---- */

static int
add_pids(struct run *run)
{
    int code = 0;
    size_t i;

    for (i = 0; i < run->question.pids_count && code == 0; i++) {
        char *name = NULL;

        /* That it has ended is said when it can not be scanned. */
        if (mig_process_name(run->question.pids[i], &name) < 0 && (name = strdup("")) == NULL)
            return -ENOMEM;
        code = yara_scan_add(run->scan, name, run->question.pids[i]);
    }
    return code < 0 ? code : 0;
}

static bool
is_named(const struct yara_question *question, struct mig_regex_scratch *scratch, const char *name)
{
    size_t i;

    for (i = 0; i < question->names_count; i++)
        if (mig_regex_match(question->names[i], scratch, name, strlen(name), 0) == 1)
            return true;
    return false;
}

/* What asks holds the rules in its memory, and is never found. */
static int
add_named(struct run *run)
{
    struct mig_regex_scratch *scratch = mig_regex_scratch_new();
    struct mig_process_family *family = mig_process_family_new();
    pid_t *pids = NULL;
    size_t count = 0;
    size_t i;
    int code = scratch != NULL && family != NULL ? mig_process_list(&pids, &count) : -ENOMEM;

    for (i = 0; i < count && code == 0; i++) {
        char *name = NULL;

        if (mig_process_family_has(family, pids[i]) || mig_process_name(pids[i], &name) < 0)
            continue;
        if (is_named(&run->question, scratch, name))
            code = yara_scan_add(run->scan, name, pids[i]);
        else
            free(name);
    }
    free(pids);
    mig_process_family_free(family);
    mig_regex_scratch_free(scratch);
    return code < 0 ? code : 0;
}

/* ---- the run ---- */

static void
emit_statistics(const struct run *run, const struct yara_statistics *statistics,
                const struct timespec *start)
{
    const struct mig_host *host = run->host;
    char text[MIG_TEXT_DURATION_SIZE];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    mig_text_duration((uint64_t)((int64_t)(now.tv_sec - start->tv_sec) * 1000000000 +
                                 (now.tv_nsec - start->tv_nsec)),
                      text);
    mig_json_statistic(host, "filescount", json_object_new_int64((int64_t)statistics->files));
    mig_json_statistic(host, "processcount", json_object_new_int64((int64_t)statistics->processes));
    mig_json_statistic(host, "totalhits", json_object_new_int64((int64_t)statistics->matched));
    mig_json_statistic(host, "failed", json_object_new_int64((int64_t)statistics->failed));
    mig_json_statistic(host, "openfailed", json_object_new_int64((int64_t)run->search.open_failed));
    mig_json_statistic(host, "threads", json_object_new_int64(statistics->threads));
    mig_json_statistic(host, "exectime", json_object_new_string(text));
    host->found(host, statistics->matched > 0);
}

static int
scan(struct run *run)
{
    struct yara_statistics statistics = {0};
    struct timespec start;
    int code = 0;
    int output;

    clock_gettime(CLOCK_MONOTONIC, &start);
    run->scan = yara_scan_new(run->host, &run->question);
    if (run->scan == NULL)
        return mig_refuse(run->host, -EAGAIN, "no threads to scan with");
    run->host->emit(run->host, "Matches", NULL, 0);
    if (run->question.pids_count > 0)
        code = add_pids(run);
    if (code == 0 && run->question.names_count > 0)
        code = add_named(run);
    if (code == 0 && run->question.files != NULL)
        code = add_files(run);
    output = yara_scan_finish(run->scan, &statistics);
    if (code < 0)
        return mig_refuse(run->host, code, "the scan can not go on: %s", strerror(-code));
    if (output == -ENOBUFS)
        mig_error(run->host, "the scan was cut short: the limit of the output was reached");
    else if (statistics.cut_short || run->search.cut_short)
        mig_error(run->host, "the scan was cut short: it was cancelled or out of time");
    emit_statistics(run, &statistics, &start);
    return 0;
}

static int
initialize(const struct mig_host *host)
{
    if (yr_initialize() != ERROR_SUCCESS ||
        yr_set_configuration_uint64(YR_CONFIG_MAX_PROCESS_MEMORY_CHUNK, PROCESS_CHUNK) !=
            ERROR_SUCCESS)
        return mig_refuse(host, -ENOMEM, "libyara does not start");
    return 0;
}

/* libyara is never finalized: rules that are given up are still being compiled, and the process
 * ends anyway. */
static int
yara_run(const struct mig_host *host, const char *parameters, size_t length)
{
    struct run run = {.host = host};
    int code = initialize(host);

    if (code == 0)
        code = yara_question_init(host, parameters, length, &run.question);
    if (code < 0)
        return code;
    code = scan(&run);
    yara_question_fini(&run.question);
    return code;
}

static int
yara_validate(const struct mig_host *host, const char *parameters, size_t length)
{
    struct yara_question question;
    int code = initialize(host);

    if (code == 0)
        code = yara_question_init(host, parameters, length, &question);
    if (code == 0)
        yara_question_fini(&question);
    return code;
}

MIG_PLUGIN_NOTE("yara", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    MIG_NEED_READ_FILES | MIG_NEED_PROCESS_MEMORY,
    "yara",
    "1.0.0",
    "find files and processes that YARA rules match",
    MIG_TABLE(yara_options),
    MIG_TABLE(yara_fields),
    NULL,
    "mig yara -t all -rules webshells.yar -files '-path /var/www -name \"\\.php$\"'\n"
    "mig yara -t all -rules packed.yar -files '-path /usr/bin -path /tmp -maxsize 20m' "
    "-timeout "
    "30\n"
    "mig yara -t all -rules implant.yar -name '^/usr/sbin/' -pid 1",
    yara_run,
    yara_validate,
    NULL,
    yara_print};
