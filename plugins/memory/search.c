/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/regex.h>

#define LABEL_MAX 64
#define LABEL_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
#define BYTES_MAX 32768u

static const char *const members[MEMORY_KINDS] = {"names", "libraries", "bytes", "contents"};

const char *
memory_kind_member(enum memory_kind kind)
{
    return members[kind];
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
add_bytes(const struct mig_host *host, struct memory_check *check, const char *label)
{
    size_t digits = strlen(check->value);
    size_t i;

    check->length = digits / 2;
    if (digits == 0 || digits % 2 != 0 || check->length > BYTES_MAX ||
        strspn(check->value, "0123456789abcdefABCDEF") != digits)
        return mig_refuse(host, -EINVAL,
                          "search '%s': bytes '%.64s' must be 1 to %u bytes in hexadecimal digits, "
                          "two a byte, without 0x",
                          label, check->value, BYTES_MAX);
    check->bytes = malloc(check->length);
    if (check->bytes == NULL)
        return mig_refuse(host, -ENOMEM, "no memory for the search");
    for (i = 0; i < check->length; i++)
        check->bytes[i] =
            (uint8_t)(hex_digit(check->value[2 * i]) << 4 | hex_digit(check->value[2 * i + 1]));
    return 0;
}

static int
add_regex(const struct mig_host *host, struct memory_check *check, const char *label)
{
    char message[1024];
    int code;

    if (*check->value == '\0')
        return mig_refuse(host, -EINVAL, "search '%s': %s must not be empty", label,
                          members[check->kind]);
    code =
        mig_regex_new(check->value, strlen(check->value), &check->regex, message, sizeof(message));
    return code == 0 ? 0
                     : mig_refuse(host, code, "search '%s': %s: %s", label, members[check->kind],
                                  message);
}

static int
add_check(const struct mig_host *host, struct memory_question *question,
          struct memory_search *search, enum memory_kind kind, const char *value)
{
    struct memory_check *check = &search->checks[search->count++];
    int code;

    *check = (struct memory_check){.search = search, .kind = kind, .value = value};
    code = kind == MEMORY_BYTES ? add_bytes(host, check, search->label)
                                : add_regex(host, check, search->label);
    question->has_libraries |= kind == MEMORY_LIBRARY;
    question->has_content |= kind == MEMORY_CONTENT;
    question->has_memory |= kind == MEMORY_BYTES || kind == MEMORY_CONTENT;
    if (check->length > question->longest)
        question->longest = check->length;
    return code;
}

static int
add_checks(const struct mig_host *host, struct memory_question *question,
           struct memory_search *search)
{
    struct json_object *values[MEMORY_KINDS] = {NULL};
    size_t total = 0;
    size_t i;
    int kind;
    int code;

    for (kind = 0; kind < MEMORY_KINDS; kind++) {
        code = mig_json_get_strings(host, search->asked, members[kind], &values[kind]);
        if (code < 0)
            return code;
        total += values[kind] != NULL ? json_object_array_length(values[kind]) : 0;
    }
    if (total == 0)
        return mig_refuse(host, -EINVAL,
                          "search '%s' must have at least one of names, libraries, bytes, contents",
                          search->label);
    search->checks = calloc(total, sizeof(*search->checks));
    if (search->checks == NULL)
        return mig_refuse(host, -ENOMEM, "no memory for the search");
    for (kind = 0; kind < MEMORY_KINDS; kind++)
        for (i = 0; values[kind] != NULL && i < json_object_array_length(values[kind]); i++) {
            code = add_check(host, question, search, (enum memory_kind)kind,
                             mig_json_string_at(values[kind], i));
            if (code < 0)
                return code;
        }
    return 0;
}

static int
set_options(const struct mig_host *host, struct memory_search *search)
{
    struct json_object *options = json_object_object_get(search->asked, "options");
    int code;

    if (options == NULL)
        return 0;
    if (!json_object_is_type(options, json_type_object))
        return mig_refuse(host, -EINVAL, "search '%s': options must be an object", search->label);
    if ((code = mig_json_get_number(host, options, "offset", &search->offset)) < 0 ||
        (code = mig_json_get_number(host, options, "maxlength", &search->max_length)) < 0 ||
        (code = mig_json_get_bool(host, options, "logfailures", &search->log_failures)) < 0 ||
        (code = mig_json_get_bool(host, options, "matchall", &search->match_all)) < 0 ||
        (code = mig_json_get_bool(host, options, "resident", &search->resident)) < 0)
        return code;
    return 0;
}

static int
add_search(const struct mig_host *host, struct memory_question *question, const char *label,
           struct json_object *asked)
{
    struct memory_search *search = &question->searches[question->count++];
    size_t length = strlen(label);
    const char *description = NULL;
    int code;

    *search = (struct memory_search){.label = label, .asked = asked};
    if (length == 0 || length > LABEL_MAX || strspn(label, LABEL_CHARACTERS) != length)
        return mig_refuse(host, -EINVAL,
                          "label '%.64s' must be 1 to %d of the characters a-z, A-Z, 0-9, _ and -",
                          label, LABEL_MAX);
    if (!json_object_is_type(asked, json_type_object))
        return mig_refuse(host, -EINVAL, "search '%s' must be an object", label);
    if ((code = mig_json_get_string(host, asked, "description", &description)) < 0 ||
        (code = set_options(host, search)) < 0)
        return code;
    question->log_failures |= search->log_failures;
    question->resident &= search->resident;
    return add_checks(host, question, search);
}

static int
compare_labels(const void *a, const void *b)
{
    return strcmp(((const struct memory_search *)a)->label,
                  ((const struct memory_search *)b)->label);
}

/* Sorting moves the searches that the checks point to. */
static void
sort_searches(struct memory_question *question)
{
    size_t i, j;

    qsort(question->searches, question->count, sizeof(*question->searches), compare_labels);
    for (i = 0; i < question->count; i++)
        for (j = 0; j < question->searches[i].count; j++)
            question->searches[i].checks[j].search = &question->searches[i];
}

int
memory_question_init(const struct mig_host *host, const char *parameters, size_t length,
                     struct memory_question *ret_question)
{
    struct memory_question question = {.resident = true};
    struct json_object *searches;
    int code = mig_json_parameters(host, parameters, length, &question.object);

    if (code < 0)
        return code;
    searches = json_object_object_get(question.object, "searches");
    if (!json_object_is_type(searches, json_type_object) ||
        json_object_object_length(searches) == 0) {
        code = mig_refuse(host, -EINVAL,
                          "parameters must have 'searches', an object of one search a label");
        goto out;
    }
    question.searches =
        calloc((size_t)json_object_object_length(searches), sizeof(*question.searches));
    if (question.searches == NULL) {
        code = mig_refuse(host, -ENOMEM, "no memory for the search");
        goto out;
    }
    json_object_object_foreach(searches, label, asked)
    {
        code = add_search(host, &question, label, asked);
        if (code < 0)
            goto out;
    }
    sort_searches(&question);
    *ret_question = question;
    return 0;
out:
    memory_question_fini(&question);
    return code;
}

void
memory_question_fini(struct memory_question *question)
{
    size_t i, j;

    for (i = 0; question->searches != NULL && i < question->count; i++) {
        for (j = 0; j < question->searches[i].count; j++) {
            mig_regex_free(question->searches[i].checks[j].regex);
            free(question->searches[i].checks[j].bytes);
        }
        free(question->searches[i].checks);
    }
    free(question->searches);
    json_object_put(question->object);
    *question = (struct memory_question){0};
}
