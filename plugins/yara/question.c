/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "yara_module.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/regex.h>
#include <mig/search.h>
#include <yara.h>

#define TIMEOUT_DEFAULT 10u
#define PROCESSES_MAX 1000u

static int
take_files(const struct mig_host *host, struct json_object *object, struct yara_question *question)
{
    const char *text = "";
    char message[1024];
    int code = mig_json_get_string(host, object, "filesearch", &text);

    if (code < 0 || text[strspn(text, " \t\r\n")] == '\0')
        return code < 0 ? code : 0;
    question->files = mig_search_set_new();
    if (question->files == NULL)
        return mig_refuse(host, -ENOMEM, "no memory for the search");
    code = mig_search_add_arguments(question->files, "files", text, message, sizeof(message));
    return code < 0 ? mig_refuse(host, code, "filesearch: %s", message) : 0;
}

static int
take_pids(const struct mig_host *host, struct json_object *object, struct yara_question *question)
{
    struct json_object *array = NULL;
    size_t count, i;

    if (!json_object_object_get_ex(object, "pids", &array) || array == NULL)
        return 0;
    if (!json_object_is_type(array, json_type_array))
        return mig_refuse(host, -EINVAL, "pids must be an array of numbers");
    count = json_object_array_length(array);
    if (count > PROCESSES_MAX)
        return mig_refuse(host, -E2BIG, "%zu pids are more than the %u that may be", count,
                          PROCESSES_MAX);
    question->pids = calloc(count + 1, sizeof(*question->pids));
    if (question->pids == NULL)
        return mig_refuse(host, -ENOMEM, "no memory for the pids");
    for (i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(array, i);
        int64_t pid = json_object_is_type(item, json_type_int) ? json_object_get_int64(item) : 0;

        if (pid < 1 || pid > INT32_MAX)
            return mig_refuse(host, -EINVAL, "pids must be numbers from 1 to %d", INT32_MAX);
        question->pids[question->pids_count++] = (pid_t)pid;
    }
    return 0;
}

static int
take_names(const struct mig_host *host, struct json_object *object, struct yara_question *question)
{
    struct json_object *array = NULL;
    char message[1024];
    int code = mig_json_get_strings(host, object, "names", &array);
    size_t count = code > 0 ? json_object_array_length(array) : 0;

    if (code < 0)
        return code;
    if (count > PROCESSES_MAX)
        return mig_refuse(host, -E2BIG, "%zu names are more than the %u that may be", count,
                          PROCESSES_MAX);
    question->names = calloc(count + 1, sizeof(*question->names));
    if (question->names == NULL)
        return mig_refuse(host, -ENOMEM, "no memory for the names");
    for (code = 0; code == 0 && question->names_count < count;) {
        const char *pattern = mig_json_string_at(array, question->names_count);

        code = mig_regex_new(pattern, strlen(pattern), &question->names[question->names_count],
                             message, sizeof(message));
        if (code < 0)
            mig_refuse(host, code, "%s", message);
        else
            question->names_count++;
    }
    return code;
}

/* As many as there are cores for this process. */
static unsigned
cores(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static int
take_limits(const struct mig_host *host, struct json_object *object, struct yara_question *question)
{
    uint64_t timeout = 0;
    uint64_t threads = 0;
    int code = mig_json_get_number(host, object, "timeout", &timeout);

    if (code >= 0)
        code = mig_json_get_number(host, object, "threads", &threads);
    if (code < 0)
        return code;
    if (timeout > YARA_TIMEOUT_MAX)
        return mig_refuse(host, -EINVAL, "timeout must be at most %u seconds", YARA_TIMEOUT_MAX);
    question->timeout = timeout > 0 ? (unsigned)timeout : TIMEOUT_DEFAULT;
    question->threads = cores();
    if (threads > 0 && threads < question->threads)
        question->threads = (unsigned)threads;
    if (question->threads > YARA_THREADS_MAX)
        question->threads = YARA_THREADS_MAX;
    return 0;
}

static int
take_rules(const struct mig_host *host, struct json_object *object, struct yara_question *question)
{
    struct yara_defines defines = {.count = 0};
    const char *text = "";
    int code = mig_json_get_string(host, object, "yara", &text);

    if (code < 0)
        return code;
    if (text[0] == '\0')
        return mig_refuse(host, -EINVAL, "no yara rules: expected their text in 'yara'");
    if (strlen(text) > YARA_RULES_MAX)
        return mig_refuse(host, -E2BIG, "yara rules: %zu bytes are more than the %u that may be",
                          strlen(text), YARA_RULES_MAX);
    code = yara_defines_take(host, object, &defines);
    if (code == 0)
        code = yara_rules_compile(host, text, &defines, &question->rules);
    yara_defines_fini(&defines);
    return code;
}

int
yara_question_init(const struct mig_host *host, const char *parameters, size_t length,
                   struct yara_question *ret_question)
{
    static const char *const known[] = {"defines", "filesearch", "names", "pids",
                                        "threads", "timeout",    "yara"};
    struct yara_question question = {0};
    struct json_object *object = NULL;
    int code = mig_json_parameters(host, parameters, length, &object);

    if (code < 0)
        return code;
    if ((code = mig_json_only(host, object, NULL, known, MIG_COUNT(known))) == 0 &&
        (code = take_files(host, object, &question)) == 0 &&
        (code = take_pids(host, object, &question)) == 0 &&
        (code = take_names(host, object, &question)) == 0 &&
        (code = take_limits(host, object, &question)) == 0 && question.files == NULL &&
        question.pids_count == 0 && question.names_count == 0)
        code = mig_refuse(host, -EINVAL, "nothing to scan: expected filesearch, pids or names");
    /* Last, since it takes the longest. */
    if (code == 0)
        code = take_rules(host, object, &question);
    json_object_put(object);
    if (code < 0)
        yara_question_fini(&question);
    else
        *ret_question = question;
    return code;
}

void
yara_question_fini(struct yara_question *question)
{
    size_t i;

    for (i = 0; i < question->names_count; i++)
        mig_regex_free(question->names[i]);
    free(question->names);
    free(question->pids);
    mig_search_set_free(question->files);
    if (question->rules != NULL)
        yr_rules_destroy(question->rules);
}
