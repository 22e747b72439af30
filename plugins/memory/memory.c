/* SPDX-License-Identifier: MPL-2.0 */
/* Finds processes by name, mapped files and what their memory holds. */
#include "config.h"

#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/process.h>
#include <mig/regex.h>
#include <mig/text.h>

#include "scan.h"
#include "search.h"

#define FAILURES_MAX 1000u

struct run {
    const struct mig_host *host;
    struct memory_question question;
    struct memory_scanner *scanner;
    struct mig_process_family *family;
    struct mig_regex_scratch *scratch;
    struct json_object *failures; /* NULL: not asked for */
    uint64_t failed;              /* processes that could not be looked at */
    uint64_t processes;
    uint64_t hits;
    int output_code;
};

static int
on_cancelled(void *context)
{
    const struct run *run = context;

    return run->host->cancelled(run->host);
}

static void
on_failure(void *context, const char *message)
{
    struct run *run = context;

    if (run->failures != NULL && json_object_array_length(run->failures) < FAILURES_MAX)
        json_object_array_add(run->failures, json_object_new_string(message));
}

static void
process_failed(struct run *run, pid_t pid, int code)
{
    char text[160];

    run->failed++;
    snprintf(text, sizeof(text), "process %d: %s", (int)pid, strerror(-code));
    on_failure(run, text);
}

/* ---- elements ---- */

/* check NULL: the whole search, as it was asked. */
static struct json_object *
echo(const struct memory_search *search, const struct memory_check *check)
{
    struct json_object *object, *values, *options;

    if (check == NULL)
        return json_object_get(search->asked);
    object = json_object_new_object();
    values = json_object_new_array();
    options = json_object_new_object();
    json_object_array_add(values, json_object_new_string(check->value));
    json_object_object_add(object, memory_kind_member(check->kind), values);
    json_object_object_add(options, "offset", json_object_new_int(0));
    json_object_object_add(options, "maxlength", json_object_new_int(0));
    json_object_object_add(options, "logfailures", json_object_new_boolean(0));
    json_object_object_add(options, "matchall", json_object_new_boolean(0));
    json_object_object_add(object, "options", options);
    return object;
}

/* name NULL: nothing matched. */
static void
emit(struct run *run, const struct memory_search *search, const struct memory_check *check,
     const char *name, pid_t pid)
{
    struct json_object *element = json_object_new_object();
    struct json_object *process = json_object_new_object();
    char *text = name != NULL ? mig_text_path(name) : NULL;

    json_object_object_add(process, "name", json_object_new_string(text != NULL ? text : ""));
    json_object_object_add(process, "pid", json_object_new_int(name != NULL ? pid : 0));
    json_object_object_add(element, "process", process);
    json_object_object_add(element, "search", echo(search, check));
    free(text);
    run->output_code = mig_json_emit(run->host, search->label, element);
}

static void
emit_hits(struct run *run, struct memory_search *search, const char *name, pid_t pid)
{
    size_t matched = 0;
    size_t i;

    for (i = 0; i < search->count; i++)
        matched += search->checks[i].matched;
    if (search->match_all && matched == search->count) {
        search->hits++;
        run->hits++;
        emit(run, search, NULL, name, pid);
    }
    for (i = 0; !search->match_all && i < search->count && run->output_code == 0; i++)
        if (search->checks[i].matched) {
            search->checks[i].hits++;
            run->hits++;
            emit(run, search, &search->checks[i], name, pid);
        }
}

static void
emit_not_found(struct run *run, const struct memory_search *search)
{
    size_t i;

    if (search->match_all && search->hits == 0)
        emit(run, search, NULL, NULL, 0);
    for (i = 0; !search->match_all && i < search->count && run->output_code == 0; i++)
        if (search->checks[i].hits == 0)
            emit(run, search, &search->checks[i], NULL, 0);
}

/* ---- one process ---- */

static void
match_text(struct run *run, enum memory_kind kind, const char *text)
{
    struct memory_question *question = &run->question;
    size_t i, j;

    for (i = 0; i < question->count; i++)
        for (j = 0; j < question->searches[i].count; j++) {
            struct memory_check *check = &question->searches[i].checks[j];
            if (check->kind == kind && !check->matched)
                check->matched =
                    mig_regex_match(check->regex, run->scratch, text, strlen(text), 0) == 1;
        }
}

static int
on_map(void *context, const struct mig_process_map *map)
{
    if (*map->path == '/')
        match_text(context, MEMORY_LIBRARY, map->path);
    return 0;
}

/* Memory is read only for what it can still decide. True when there is such a search. */
static bool
activate(struct run *run)
{
    bool any = false;
    size_t i, j;

    for (i = 0; i < run->question.count; i++) {
        struct memory_search *search = &run->question.searches[i];
        bool memory = false;
        bool failed = false;
        for (j = 0; j < search->count; j++) {
            memory |= search->checks[j].kind >= MEMORY_BYTES;
            failed |= search->checks[j].kind < MEMORY_BYTES && !search->checks[j].matched;
        }
        search->active = memory && !(search->match_all && failed);
        any |= search->active;
    }
    return any;
}

static void
look_at(struct run *run, pid_t pid)
{
    char *name = NULL;
    size_t i, j;
    int code;

    if (mig_process_family_has(run->family, pid))
        return;
    code = mig_process_name(pid, &name);
    if (code == -ESRCH)
        return;
    run->processes++;
    if (code < 0) {
        process_failed(run, pid, code);
        return;
    }
    for (i = 0; i < run->question.count; i++)
        for (j = 0; j < run->question.searches[i].count; j++)
            run->question.searches[i].checks[j].matched = false;
    match_text(run, MEMORY_NAME, name);
    if (run->question.has_libraries)
        code = mig_process_maps(pid, on_map, run);
    if (code == 0 && activate(run))
        code = memory_scan(run->scanner, pid);
    if (code < 0 && code != -ESRCH && code != -ENOENT)
        process_failed(run, pid, code);
    for (i = 0; i < run->question.count && run->output_code == 0; i++)
        emit_hits(run, &run->question.searches[i], name, pid);
    free(name);
}

/* ---- the run ---- */

static void
emit_statistics(struct run *run, const struct timespec *start)
{
    const struct mig_host *host = run->host;
    char text[MIG_TEXT_DURATION_SIZE];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    mig_text_duration((uint64_t)((int64_t)(now.tv_sec - start->tv_sec) * 1000000000 +
                                 (now.tv_nsec - start->tv_nsec)),
                      text);
    mig_json_statistic(host, "processcount", json_object_new_int64((int64_t)run->processes));
    mig_json_statistic(host, "memoryread",
                       json_object_new_int64((int64_t)memory_scanner_read(run->scanner)));
    mig_json_statistic(host, "totalhits", json_object_new_int64((int64_t)run->hits));
    if (run->failures != NULL && json_object_array_length(run->failures) > 0)
        mig_json_statistic(host, "failures", json_object_get(run->failures));
    mig_json_statistic(host, "exectime", json_object_new_string(text));
    host->found(host, run->hits > 0);
}

static void
say_what_is_missing(const struct run *run, bool cut_short)
{
    if (run->failed > 0)
        mig_error(run->host, "%llu processes could not be looked at (logfailures tells which)",
                  (unsigned long long)run->failed);
    if (run->output_code == -ENOBUFS)
        mig_error(run->host, "the search was cut short: the limit of the output was reached");
    else if (cut_short)
        mig_error(run->host, "the search was cut short: it was cancelled or out of time");
}

static int
search(struct run *run)
{
    struct timespec start;
    pid_t *pids = NULL;
    size_t count = 0;
    size_t i;
    bool cut_short = false;
    int code = mig_process_list(&pids, &count);

    if (code < 0)
        return mig_refuse(run->host, code, "the processes can not be listed: %s", strerror(-code));
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (i = 0; i < run->question.count; i++)
        run->host->emit(run->host, run->question.searches[i].label, NULL, 0);
    for (i = 0; i < count && run->output_code == 0 && !cut_short; i++) {
        look_at(run, pids[i]);
        cut_short = memory_scanner_cut_short(run->scanner) || run->host->cancelled(run->host);
    }
    free(pids);
    for (i = 0; i < run->question.count && run->output_code == 0; i++)
        emit_not_found(run, &run->question.searches[i]);
    say_what_is_missing(run, cut_short);
    emit_statistics(run, &start);
    return 0;
}

static int
memory_run(const struct mig_host *host, const char *parameters, size_t length)
{
    struct run run = {.host = host};
    const struct memory_scanner_host scanner_host = {&run, on_cancelled, on_failure};
    int code = memory_question_init(host, parameters, length, &run.question);

    if (code < 0)
        return code;
    run.scanner = memory_scanner_new(&run.question, &scanner_host);
    run.family = mig_process_family_new();
    run.scratch = mig_regex_scratch_new();
    if (run.question.log_failures)
        run.failures = json_object_new_array();
    if (run.scanner != NULL && run.family != NULL && run.scratch != NULL)
        code = search(&run);
    else
        code = mig_refuse(host, -ENOMEM, "no memory for the search");
    json_object_put(run.failures);
    mig_regex_scratch_free(run.scratch);
    mig_process_family_free(run.family);
    memory_scanner_free(run.scanner);
    memory_question_fini(&run.question);
    return code;
}

static int
memory_validate(const struct mig_host *host, const char *parameters, size_t length)
{
    struct memory_question question = {0};
    int code = memory_question_init(host, parameters, length, &question);

    if (code == 0)
        memory_question_fini(&question);
    return code;
}

MIG_PLUGIN_NOTE("memory", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    MIG_NEED_PROCESS_MEMORY,
    "memory",
    "1.0.0",
    "find processes by name, mapped files and contents of their memory",
    MIG_TABLE(memory_options),
    MIG_TABLE(memory_fields),
    NULL,
    "mig memory -t all -name '/sshd$' -lib 'libcrypto\\.so\\.1\\.'\n"
    "mig memory -t all -bytes 6d69672e6d6f7a696c6c612e6f7267 -resident",
    memory_run,
    memory_validate,
    NULL,
    memory_print};
