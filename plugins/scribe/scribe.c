/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Evaluates a document of tests on the endpoint: what its objects find stays here, and only which
 * tests are true leaves. Elements {results[], humanoutput, jsonoutput}.
 */
#include "scribe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

#define TEXT_MAX 4096u

static const struct mig_option options[] = {
    {"path", "document", "the document with the tests, JSON or YAML", "file", NULL, MIG_OPTION_FILE,
     0, SCRIBE_DOCUMENT_MAX},
    {"onlytrue", "onlytrue", "tell only tests that are true", NULL, "false", MIG_OPTION_BOOL,
     MIG_OPTION_ALWAYS, 0},
    {"human", "humanoutput", "print results for people to read", NULL, "false", MIG_OPTION_BOOL,
     MIG_OPTION_ALWAYS, 0},
    {"json", "jsonoutput", "print results as JSON, one a line", NULL, "false", MIG_OPTION_BOOL,
     MIG_OPTION_ALWAYS, 0},
};

static const struct mig_field fields[] = {
    {"results[].testid", "id of the test", MIG_FIELD_STRING, 0, SCRIBE_ID_MAX},
    {"results[].name", "its name, as the document has it", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"results[].description", "its description, as the document has it", MIG_FIELD_STRING, 0,
     TEXT_MAX},
    {"results[].tags[].key", "as the document has it", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"results[].tags[].value", "as the document has it", MIG_FIELD_STRING, 0, TEXT_MAX},
    {"results[].iserror", "whether it could not be evaluated", MIG_FIELD_BOOL, 0, 0},
    {"results[].error", "why", MIG_FIELD_STRING, MIG_FIELD_PRIVATE, TEXT_MAX},
    {"results[].masterresult", "whether it is true, and all that it depends on", MIG_FIELD_BOOL, 0,
     0},
    {"results[].hastrueresults", "whether it is true of anything", MIG_FIELD_BOOL, 0, 0},
    {"results[].results[].result", "whether it is true of this", MIG_FIELD_BOOL, 0, 0},
    {"results[].results[].identifier", "a file or a package", MIG_FIELD_STRING, MIG_FIELD_PRIVATE,
     4 * TEXT_MAX},
    {"humanoutput", "how to print", MIG_FIELD_BOOL, 0, 0},
    {"jsonoutput", "how to print", MIG_FIELD_BOOL, 0, 0},
    {"execruntime", "time it took", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, 64},
};

struct parameters {
    struct scribe_document *document;
    bool only_true;
    bool human;
    bool json;
};

/* ---- parameters ---- */

static int
take_parameters(const struct mig_host *host, const char *text, size_t length,
                struct parameters *parameters)
{
    static const char *const known[] = {"scribedoc", "onlytrue", "humanoutput", "jsonoutput"};
    struct json_object *object = NULL, *document;
    int code = mig_json_parameters(host, text, length, &object);

    if (code == 0)
        code = mig_json_only(host, object, NULL, known, MIG_COUNT(known));
    if (code == 0)
        code = mig_json_get_bool(host, object, "onlytrue", &parameters->only_true);
    if (code >= 0)
        code = mig_json_get_bool(host, object, "humanoutput", &parameters->human);
    if (code >= 0)
        code = mig_json_get_bool(host, object, "jsonoutput", &parameters->json);
    if (code >= 0) {
        document = json_object_object_get(object, "scribedoc");
        code = json_object_is_type(document, json_type_object)
                   ? scribe_document_new(host, json_object_get(document), &parameters->document)
                   : mig_refuse(host, -EINVAL, "scribe needs the parameter 'scribedoc'");
    }
    json_object_put(object);
    return code < 0 ? code : 0;
}

/* The text of the document becomes the document. */
static int
parse(const struct mig_host *host, const char *text, size_t length)
{
    struct json_object *object = NULL, *document = NULL;
    const char *source = NULL, *all;
    size_t size;
    int code = mig_json_parameters(host, text, length, &object);

    if (code == 0)
        code = mig_json_get_string(host, object, "document", &source);
    if (code == 0)
        code = mig_refuse(host, -EINVAL, "-path option is required");
    if (code > 0)
        code = scribe_read_text(host, source, strlen(source), &document);
    if (code == 0) {
        json_object_object_del(object, "document");
        json_object_object_add(object, "scribedoc", document);
        all = mig_json_text(object, &size);
        code = all != NULL ? host->output(host, all, size) : -ENOMEM;
    }
    json_object_put(object);
    return code;
}

static int
validate(const struct mig_host *host, const char *text, size_t length)
{
    struct parameters parameters = {.document = NULL};
    int code = take_parameters(host, text, length, &parameters);

    scribe_document_free(parameters.document);
    return code;
}

/* ---- results ---- */

static struct json_object *
result_of(const struct scribe_test *test)
{
    struct json_object *result = json_object_new_object(), *list = json_object_new_array();
    const struct scribe_candidates *found = &test->object->found;

    json_object_object_add(result, "testid", json_object_new_string(test->id));
    json_object_object_add(result, "name", json_object_new_string(test->name));
    json_object_object_add(result, "description", json_object_new_string(test->description));
    if (test->tags != NULL)
        json_object_object_add(result, "tags", json_object_get(test->tags));
    json_object_object_add(result, "iserror", json_object_new_boolean(test->error != NULL));
    json_object_object_add(result, "error",
                           json_object_new_string(test->error != NULL ? test->error : ""));
    json_object_object_add(result, "masterresult", json_object_new_boolean(test->master));
    json_object_object_add(result, "hastrueresults", json_object_new_boolean(test->has_true));
    for (size_t i = 0; test->results != NULL && i < found->count; i++) {
        struct json_object *one = json_object_new_object();
        json_object_object_add(one, "result", json_object_new_boolean(test->results[i]));
        json_object_object_add(one, "identifier",
                               json_object_new_string(found->list[i].identifier));
        json_object_array_add(list, one);
    }
    json_object_object_add(result, "results", list);
    return result;
}

static int
tell(const struct mig_host *host, const struct parameters *parameters)
{
    const struct scribe_document *document = parameters->document;
    bool found = false;
    int code = host->emit(host, "results", NULL, 0);

    for (size_t i = 0; code == 0 && i < document->tests_count; i++) {
        const struct scribe_test *test = &document->tests[i];
        found = found || test->master;
        if (test->error != NULL)
            mig_error(host, "Error: %s in \"%s\"", test->error, test->id);
        if (!parameters->only_true || test->master)
            code = mig_json_emit(host, "results", result_of(test));
    }
    host->found(host, found);
    if (code == 0)
        code = mig_json_set(host, "humanoutput", json_object_new_boolean(parameters->human));
    if (code == 0)
        code = mig_json_set(host, "jsonoutput", json_object_new_boolean(parameters->json));
    return code;
}

static int
tell_time(const struct mig_host *host, const struct timespec *start)
{
    char text[MIG_TEXT_DURATION_SIZE];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    mig_text_duration((uint64_t)((int64_t)(now.tv_sec - start->tv_sec) * 1000000000 +
                                 (now.tv_nsec - start->tv_nsec)),
                      text);
    return mig_json_statistic(host, "execruntime", json_object_new_string(text));
}

static int
run(const struct mig_host *host, const char *text, size_t length)
{
    struct parameters parameters = {.document = NULL};
    struct scribe_run run = {.host = host};
    struct timespec start;
    int code = take_parameters(host, text, length, &parameters);

    if (code < 0)
        return code;
    clock_gettime(CLOCK_MONOTONIC, &start);
    run.document = parameters.document;
    for (size_t i = 0; code == 0 && i < run.document->tests_count; i++)
        code = scribe_test_run(&run, &run.document->tests[i]);
    /* Half a document is no answer: what was not evaluated would look false. */
    if (code == -ECANCELED)
        code = mig_refuse(host, code, "the tests were cut short: cancelled or out of time");
    else if (code < 0)
        code = mig_refuse(host, code, "the tests can not be evaluated: %s", strerror(-code));
    else
        code = tell(host, &parameters);
    if (code == 0)
        code = tell_time(host, &start);
    scribe_packages_free(run.packages);
    scribe_document_free(parameters.document);
    return code;
}

MIG_PLUGIN_NOTE("scribe", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    MIG_NEED_READ_FILES,
    "scribe",
    "1.0.0",
    "evaluate documents of tests on files and packages",
    MIG_TABLE(options),
    MIG_TABLE(fields),
    NULL,
    "mig scribe -t all -path sshd.yaml\n"
    "mig scribe -t all -path openssl.json -onlytrue -human",
    run,
    validate,
    parse,
    scribe_print};
