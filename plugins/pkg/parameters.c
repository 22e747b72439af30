/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "pkg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/regex.h>

#define NAMES_MAX 1000u

static int
compile(const struct mig_host *host, const char *pattern, struct mig_regex **ret_regex)
{
    char message[1024];
    int code = mig_regex_new(pattern, strlen(pattern), ret_regex, message, sizeof(message));

    return code < 0 ? mig_refuse(host, code, "%s", message) : 0;
}

static int
compile_names(const struct mig_host *host, struct json_object *object,
              struct pkg_question *question)
{
    static const char *const known[] = {"matches"};
    struct json_object *match = NULL;
    struct json_object *names = NULL;
    size_t count, i;
    int code;

    json_object_object_get_ex(object, "pkgmatch", &match);
    if (match != NULL && !json_object_is_type(match, json_type_object))
        return mig_refuse(host, -EINVAL, "pkgmatch must be an object");
    code = mig_json_only(host, match, "pkgmatch", known, MIG_COUNT(known));
    if (code == 0)
        code = mig_json_get_strings(host, match, "matches", &names);
    if (code < 0)
        return code;
    count = names != NULL ? json_object_array_length(names) : 0;
    if (count == 0)
        return mig_refuse(host, -EINVAL, "must specify at least one package to match");
    if (count > NAMES_MAX)
        return mig_refuse(host, -E2BIG, "%zu expressions are more than the %u that may be", count,
                          NAMES_MAX);
    question->names = calloc(count, sizeof(*question->names));
    if (question->names == NULL)
        return mig_refuse(host, -ENOMEM, "no memory for the expressions");
    for (i = 0, code = 0; i < count && code == 0; i++) {
        code = compile(host, mig_json_string_at(names, i), &question->names[i]);
        question->count += code == 0;
    }
    return code;
}

static int
compile_version(const struct mig_host *host, struct json_object *object,
                struct pkg_question *question)
{
    const char *text = "";
    char message[1024];
    int code = mig_json_get_string(host, object, "vermatch", &text);

    if (code < 0 || text[0] == '\0')
        return code < 0 ? code : 0;
    if (mig_version_is_range(text)) {
        code = mig_version_range_new(text, &question->range, message, sizeof(message));
        return code < 0 ? mig_refuse(host, code, "%s", message) : 0;
    }
    question->inverted = text[0] == '!';
    return compile(host, text + question->inverted, &question->version);
}

int
pkg_question_init(const struct mig_host *host, const char *parameters, size_t length,
                  struct pkg_question *ret_question)
{
    static const char *const known[] = {"containers", "pkgmatch", "vermatch"};
    struct pkg_question question = {0};
    struct json_object *object = NULL;
    int code = mig_json_parameters(host, parameters, length, &object);

    if (code == 0)
        code = mig_json_only(host, object, NULL, known, MIG_COUNT(known));
    if (code == 0)
        code = compile_names(host, object, &question);
    if (code == 0)
        code = compile_version(host, object, &question);
    if (code == 0)
        code = mig_json_get_bool(host, object, "containers", &question.containers);
    if (code >= 0) {
        question.scratch = mig_regex_scratch_new();
        code = question.scratch != NULL ? 0 : mig_refuse(host, -ENOMEM, "no memory to match with");
    }
    json_object_put(object);
    if (code < 0)
        pkg_question_fini(&question);
    else
        *ret_question = question;
    return code;
}

void
pkg_question_fini(struct pkg_question *question)
{
    size_t i;

    for (i = 0; i < question->count; i++)
        mig_regex_free(question->names[i]);
    free(question->names);
    mig_version_range_free(question->range);
    mig_regex_free(question->version);
    mig_regex_scratch_free(question->scratch);
}

static int
version_matches(const struct pkg_question *question, const struct mig_package *package)
{
    int matches;

    if (question->range != NULL)
        return mig_version_range_holds(question->range, package->system, package->version);
    if (question->version == NULL)
        return 1;
    matches = mig_regex_match(question->version, question->scratch, package->version,
                              strlen(package->version), 0);
    return matches < 0 ? matches : matches != question->inverted;
}

int
pkg_question_matches(const struct pkg_question *question, const struct mig_package *package)
{
    size_t length = strlen(package->name);
    int count = 0;
    int code = 0;
    size_t i;

    for (i = 0; i < question->count && code >= 0; i++) {
        code = mig_regex_match(question->names[i], question->scratch, package->name, length, 0);
        count += code > 0;
    }
    if (code >= 0 && count > 0)
        code = version_matches(question, package);
    return code < 0 ? code : code * count;
}
