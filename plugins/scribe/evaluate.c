/* SPDX-License-Identifier: MPL-2.0 */
#include "scribe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/regex.h>

/* Values that are no package's are ordered as rpm orders them, which is what the original knows. */
static bool
holds_evr(const struct scribe_test *test, const struct scribe_candidate *candidate)
{
    enum mig_version_system system = candidate->system != 0 ? candidate->system : MIG_VERSION_RPM;
    int order = mig_version_compare(system, candidate->value, test->value);
    const char *operation = test->operation;

    switch (operation[0]) {
    case '<':
        return operation[1] == '=' ? order <= 0 : order < 0;
    case '>':
        return operation[1] == '=' ? order >= 0 : order > 0;
    case '!':
        return order != 0;
    default:
        return order == 0;
    }
}

static int
evaluate(const struct scribe_test *test, const struct mig_regex *regex,
         struct mig_regex_scratch *scratch, const struct scribe_candidate *candidate)
{
    switch (test->check) {
    case SCRIBE_EVR:
        return holds_evr(test, candidate);
    case SCRIBE_REGEXP:
        return mig_regex_match(regex, scratch, candidate->value, strlen(candidate->value), 0);
    case SCRIBE_EXACT:
        return strcmp(candidate->value, test->value) == 0;
    default:
        return 1;
    }
}

static int
evaluate_all(struct scribe_test *test)
{
    const struct scribe_candidates *found = &test->object->found;
    struct mig_regex_scratch *scratch = mig_regex_scratch_new();
    struct mig_regex *regex = NULL;
    char message[512] = "";
    int code = 0;

    test->results = calloc(found->count + 1, sizeof(*test->results));
    if (scratch == NULL || test->results == NULL)
        code = -ENOMEM;
    if (code == 0 && test->check == SCRIBE_REGEXP)
        code = mig_regex_new(test->value, strlen(test->value), &regex, message, sizeof(message));
    for (size_t i = 0; code >= 0 && i < found->count; i++) {
        code = evaluate(test, regex, scratch, &found->list[i]);
        test->results[i] = code == 1;
        test->has_true = test->has_true || code == 1;
    }
    if (code == -E2BIG)
        test->error = strdup("the expression takes too much effort");
    mig_regex_free(regex);
    mig_regex_scratch_free(scratch);
    return code < 0 ? code : 0;
}

/* Loops were refused with the document. */
static int
run_depends(struct scribe_run *run, struct scribe_test *test, bool *ret_hold)
{
    size_t count = test->depends != NULL ? json_object_array_length(test->depends) : 0;
    int code = 0;

    for (size_t i = 0; code == 0 && i < count; i++) {
        const char *id = mig_json_string_at(test->depends, i);
        struct scribe_test *next = scribe_document_test(run->document, id);
        code = scribe_test_run(run, next);
        if (code == 0 && next->error != NULL && test->error == NULL &&
            asprintf(&test->error, "a test dependency failed (\"%s\")", id) < 0)
            code = -ENOMEM;
        *ret_hold = *ret_hold && next->master;
    }
    return code;
}

int
scribe_test_run(struct scribe_run *run, struct scribe_test *test)
{
    bool hold = true;
    int code;

    if (test->evaluated)
        return 0;
    test->evaluated = true;
    code = run->host->cancelled(run->host) ? -ECANCELED : run_depends(run, test, &hold);
    if (code < 0 || test->error != NULL)
        return code;
    code = scribe_object_prepare(run, test->object);
    if (code < 0)
        return code;
    if (test->object->error != NULL) {
        test->error = strdup(test->object->error);
        return test->error != NULL ? 0 : -ENOMEM;
    }
    code = evaluate_all(test);
    test->master = test->error == NULL && test->has_true && hold;
    return code == -E2BIG ? 0 : code;
}
