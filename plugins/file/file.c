/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Finds files by name, metadata, content and hash. The search is the SDK's; here are the
 * parameters' frame, the elements and the errors.
 */
#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/search.h>
#include <mig/text.h>

struct run {
    const struct mig_host *host;
    struct mig_search_set *set;
    struct json_object *searches; /* as they were asked */
    struct json_object **echoes;  /* of matchall searches, by search */
    uint64_t max_errors;          /* 0: no limit */
    uint64_t errors;
    int output_code; /* of the last emit() */
};

/* The parameters, compiled. On success both are the caller's. */
static int
compile(const struct mig_host *host, const char *parameters, size_t length,
        struct json_object **ret_object, struct mig_search_set **ret_set)
{
    struct json_object *object = NULL;
    struct json_object *searches = NULL;
    struct mig_search_set *set = mig_search_set_new();
    char message[1024] = "no memory for the parameters";
    int code = set != NULL ? mig_json_parameters(host, parameters, length, &object) : -ENOMEM;

    if (code < 0)
        goto out;
    json_object_object_get_ex(object, "searches", &searches);
    if (!json_object_is_type(searches, json_type_object) ||
        json_object_object_length(searches) == 0) {
        code = mig_refuse(host, -EINVAL,
                          "parameters must have 'searches', an object of one search a label");
        goto out;
    }
    json_object_object_foreach(searches, label, search)
    {
        code = mig_search_add_json(set, label, search, message, sizeof(message));
        if (code < 0) {
            mig_refuse(host, code, "%s", message);
            goto out;
        }
    }
    *ret_object = object;
    *ret_set = set;
    object = NULL;
    set = NULL;
out:
    json_object_put(object);
    mig_search_set_free(set);
    return code;
}

static struct json_object *
asked(const struct run *run, size_t search)
{
    return json_object_object_get(run->searches, mig_search_label(run->set, search));
}

static int
emit(struct run *run, const struct mig_search_hit *hit, size_t search, size_t check)
{
    struct json_object *echo;

    if (check == MIG_SEARCH_ALL)
        echo = json_object_get(run->echoes[search]);
    else
        echo = file_echo_check(run->set, search, check, asked(run, search),
                               hit != NULL ? hit->path : NULL);
    run->output_code =
        mig_json_emit(run->host, mig_search_label(run->set, search), file_element(hit, echo));
    return run->output_code;
}

static int
on_hit(void *context, const struct mig_search_hit *hit)
{
    return emit(context, hit, hit->search, hit->check);
}

static void
on_error(void *context, const char *message)
{
    struct run *run = context;

    run->errors++;
    if (run->max_errors == 0 || run->errors <= run->max_errors)
        run->host->error(run->host, message);
}

static int
on_cancelled(void *context)
{
    const struct run *run = context;

    return run->host->cancelled(run->host);
}

static void
emit_rest(struct run *run, size_t search, uint64_t without)
{
    struct json_object *echo =
        file_echo_rest(asked(run, search), without, mig_search_check_count(run->set, search));

    run->output_code =
        mig_json_emit(run->host, mig_search_label(run->set, search), file_element(NULL, echo));
}

/* A search for more indicators than this answers in proportion to what it found. */
#define CHECKS_SHOWN_MAX 50u

/* An entry without a file for what was not found: a check with matchany, else the search. Of many
 * checks, one entry says how many they are. */
static void
emit_not_found(struct run *run, size_t search)
{
    size_t count = mig_search_check_count(run->set, search);
    uint64_t without = 0;
    size_t i;

    if (mig_search_match_all(run->set, search)) {
        if (mig_search_hits(run->set, search, MIG_SEARCH_ALL) == 0)
            emit(run, NULL, search, MIG_SEARCH_ALL);
        return;
    }
    for (i = 0; i < count && run->output_code == 0; i++) {
        if (mig_search_hits(run->set, search, i) > 0)
            continue;
        without++;
        if (count <= CHECKS_SHOWN_MAX)
            emit(run, NULL, search, i);
    }
    if (count > CHECKS_SHOWN_MAX && without > 0 && run->output_code == 0)
        emit_rest(run, search, without);
}

static void
emit_statistics(const struct run *run, const struct mig_search_statistics *statistics,
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
    mig_json_statistic(host, "openfailed", json_object_new_int64((int64_t)statistics->open_failed));
    mig_json_statistic(host, "totalhits", json_object_new_int64((int64_t)statistics->hits));
    mig_json_statistic(host, "exectime", json_object_new_string(text));
    mig_json_statistic(host, "skipped", file_skipped(run->set));
    host->found(host, statistics->hits > 0);
}

static void
say_what_is_missing(const struct run *run, const struct mig_search_statistics *statistics)
{
    if (run->max_errors > 0 && run->errors > run->max_errors)
        mig_error(run->host, "%llu errors were not returned (max errors = %llu)",
                  (unsigned long long)(run->errors - run->max_errors),
                  (unsigned long long)run->max_errors);
    if (run->output_code == -ENOBUFS)
        mig_error(run->host, "the search was cut short: the limit of the output was reached");
    else if (statistics->cut_short)
        mig_error(run->host, "the search was cut short: it was cancelled or out of time");
}

static int
search(struct run *run)
{
    const struct mig_search_host search_host = {run, on_hit, on_error, on_cancelled};
    struct mig_search_statistics statistics = {0};
    struct timespec start;
    size_t count = mig_search_count(run->set);
    size_t i;
    int code;

    clock_gettime(CLOCK_MONOTONIC, &start);
    /* Labels come sorted, whatever is found first. */
    for (i = 0; i < count; i++) {
        run->echoes[i] = file_echo_search(asked(run, i));
        run->host->emit(run->host, mig_search_label(run->set, i), NULL, 0);
    }
    code = mig_search_run(run->set, &search_host, &statistics);
    if (code < 0)
        return mig_refuse(run->host, code, "no memory for the search");
    for (i = 0; i < count && run->output_code == 0; i++)
        emit_not_found(run, i);
    say_what_is_missing(run, &statistics);
    emit_statistics(run, &statistics, &start);
    return 0;
}

static int
file_run(const struct mig_host *host, const char *parameters, size_t length)
{
    struct run run = {.host = host};
    struct json_object *object = NULL;
    size_t i;
    int code = compile(host, parameters, length, &object, &run.set);

    if (code < 0)
        return code;
    run.searches = json_object_object_get(object, "searches");
    run.max_errors = mig_search_max_errors(run.set);
    run.echoes = calloc(mig_search_count(run.set), sizeof(struct json_object *));
    code =
        run.echoes != NULL ? search(&run) : mig_refuse(host, -ENOMEM, "no memory for the search");
    for (i = 0; run.echoes != NULL && i < mig_search_count(run.set); i++)
        json_object_put(run.echoes[i]);
    free(run.echoes);
    mig_search_set_free(run.set);
    json_object_put(object);
    return code;
}

static int
file_validate(const struct mig_host *host, const char *parameters, size_t length)
{
    struct json_object *object = NULL;
    struct mig_search_set *set = NULL;
    int code = compile(host, parameters, length, &object, &set);

    mig_search_set_free(set);
    json_object_put(object);
    return code;
}

MIG_PLUGIN_NOTE("file", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    MIG_NEED_READ_FILES,
    "file",
    "1.0.0",
    "find files by name, metadata, content and hash",
    MIG_TABLE(file_options),
    MIG_TABLE(file_fields),
    NULL,
    "mig file -t all -path /usr/bin -name '^(env|wget)$' -returnsha256\n"
    "mig file -t all -path /etc -name '^shadow$' -content '^root:[^!*]' -maxdepth 1",
    file_run,
    file_validate,
    NULL,
    file_print};
