/* SPDX-License-Identifier: MPL-2.0 */
#include "scribe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/regex.h>

static const struct {
    const char *name;
    const char *required[3]; /* members that are texts and not empty */
    const char *expression;  /* the one that is a regular expression besides "file" */
} kinds[] = {
    [SCRIBE_PACKAGE] = {"package", {"name"}, "collectmatch"},
    [SCRIBE_FILECONTENT] = {"filecontent", {"path", "file", "expression"}, "expression"},
    [SCRIBE_FILENAME] = {"filename", {"path", "file"}, NULL},
    [SCRIBE_HASLINE] = {"hasline", {"path", "file", "expression"}, "expression"},
    [SCRIBE_RAW] = {"raw", {NULL}, NULL},
    [SCRIBE_AFFECTED] = {"affected", {NULL}, NULL},
};

const char *
scribe_text(struct json_object *object, const char *member)
{
    struct json_object *value = NULL;

    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, member, &value) ||
        !json_object_is_type(value, json_type_string))
        return "";
    return json_object_get_string(value);
}

/* Go writes members that are not set with empty values: such a member is not there. */
static bool
is_empty(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return true;
    case json_type_boolean:
        return !json_object_get_boolean(value);
    case json_type_string:
        return json_object_get_string_len(value) == 0;
    case json_type_array:
        return json_object_array_length(value) == 0;
    case json_type_object: {
        json_object_object_foreach(value, name, member)
        {
            (void)name;
            if (!is_empty(member))
                return false;
        }
        return true;
    }
    default:
        return false;
    }
}

static struct json_object *
member_of(struct json_object *object, const char *name)
{
    struct json_object *value = json_object_object_get(object, name);

    return is_empty(value) ? NULL : value;
}

static int
check_members(const struct mig_host *host, const char *what, struct json_object *object,
              const char *const known[], size_t count)
{
    if (!json_object_is_type(object, json_type_object))
        return mig_refuse(host, -EINVAL, "%s must be an object", what);
    return mig_json_only(host, object, what, known, count);
}

/* An array of strings, or nothing. */
static int
check_texts(const struct mig_host *host, const char *what, struct json_object *array)
{
    if (array != NULL && !json_object_is_type(array, json_type_array))
        return mig_refuse(host, -EINVAL, "%s must be an array of texts", what);
    for (size_t i = 0; array != NULL && i < json_object_array_length(array); i++)
        if (!json_object_is_type(json_object_array_get_idx(array, i), json_type_string))
            return mig_refuse(host, -EINVAL, "%s must be an array of texts", what);
    return 0;
}

static int
check_regex(const struct mig_host *host, const char *what, const char *pattern, size_t groups)
{
    struct mig_regex_groups *regex = NULL;
    char message[512];
    size_t count;
    int code = mig_regex_groups_new(pattern, strlen(pattern), &regex, message, sizeof(message));

    if (code < 0)
        return mig_refuse(host, code, "%s: %s", what, message);
    count = mig_regex_groups_count(regex);
    mig_regex_groups_free(regex);
    if (count < groups)
        return mig_refuse(host, -EINVAL, "%s: '%.200s' has no group in parentheses", what, pattern);
    return 0;
}

/* ---- objects ---- */

static int
check_raw(const struct mig_host *host, const char *what, struct json_object *body)
{
    static const char *const known[] = {"identifier", "value"};
    struct json_object *list = json_object_object_get(body, "identifiers");
    int code = 0;

    if (!json_object_is_type(list, json_type_array))
        return mig_refuse(host, -EINVAL, "%s: 'identifiers' must be an array", what);
    for (size_t i = 0; code == 0 && i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        code = check_members(host, what, one, known, MIG_COUNT(known));
        if (code == 0 && *scribe_text(one, "identifier") == '\0')
            code = mig_refuse(host, -EINVAL, "%s: an identifier is empty", what);
    }
    return code;
}

static int
check_affected(const struct mig_host *host, const struct scribe_object *object)
{
    int code = 0;

    if (!json_object_is_type(object->body, json_type_array))
        return mig_refuse(host, -EINVAL, "object '%s': 'affected' must be an array", object->id);
    for (size_t i = 0; code == 0 && i < json_object_array_length(object->body); i++)
        code = scribe_check_affected(host, object->id, json_object_array_get_idx(object->body, i));
    return code;
}

static int
check_body(const struct mig_host *host, struct scribe_object *object)
{
    static const char *const known[] = {"path",       "file",        "expression",
                                        "concat",     "name",        "collectmatch",
                                        "onlynewest", "identifiers", "import-chain"};
    struct json_object *body = object->body;
    const char *file = scribe_text(body, "file");
    char what[SCRIBE_ID_MAX + 32];
    int code;

    if (object->kind == SCRIBE_AFFECTED)
        return check_affected(host, object);
    snprintf(what, sizeof(what), "object '%s'", object->id);
    code = check_members(host, what, body, known, MIG_COUNT(known));
    for (size_t i = 0; code == 0 && i < 3 && kinds[object->kind].required[i] != NULL; i++)
        if (*scribe_text(body, kinds[object->kind].required[i]) == '\0')
            code = mig_refuse(host, -EINVAL, "%s: %s needs the text '%s'", what,
                              kinds[object->kind].name, kinds[object->kind].required[i]);
    if (code == 0 && object->kind == SCRIBE_RAW)
        code = check_raw(host, what, body);
    if (code == 0)
        code = check_texts(host, what, member_of(body, "import-chain"));
    /* What holds variables is known only where they are put in. */
    if (code == 0 && *file != '\0' && strstr(file, "${") == NULL)
        code = check_regex(host, what, file, object->kind == SCRIBE_FILENAME);
    if (code == 0 && kinds[object->kind].expression != NULL)
        code = check_regex(host, what, scribe_text(body, kinds[object->kind].expression),
                           object->kind == SCRIBE_FILECONTENT);
    object->chained = strstr(scribe_text(body, "path"), SCRIBE_CHAIN_ROOT) != NULL;
    return code;
}

static int
take_object(const struct mig_host *host, struct json_object *json, struct scribe_object *object)
{
    static const char *const known[] = {"object",  "package", "filecontent", "filename",
                                        "hasline", "raw",     "affected"};
    size_t found = 0;
    int code = check_members(host, "an object", json, known, MIG_COUNT(known));

    if (code < 0)
        return code;
    object->id = scribe_text(json, "object");
    if (*object->id == '\0' || strlen(object->id) > SCRIBE_ID_MAX)
        return mig_refuse(host, -EINVAL,
                          "an object needs the text 'object', its id, of up to %u "
                          "bytes",
                          SCRIBE_ID_MAX);
    for (size_t i = 0; i < MIG_COUNT(kinds); i++) {
        struct json_object *body = member_of(json, kinds[i].name);
        if (body == NULL)
            continue;
        object->kind = (enum scribe_kind)i;
        object->body = body;
        found++;
    }
    if (found != 1)
        return mig_refuse(host, -EINVAL,
                          "object '%s' needs exactly one of package, filecontent, filename, "
                          "hasline, raw and affected; it has %zu",
                          object->id, found);
    return check_body(host, object);
}

/* Chains end: each object of one is there, is chained, and leads not back to itself. */
static int
check_chain(const struct mig_host *host, const struct scribe_document *document,
            const struct scribe_object *object, unsigned depth)
{
    struct json_object *chain = object->kind == SCRIBE_FILECONTENT
                                    ? json_object_object_get(object->body, "import-chain")
                                    : NULL;
    int code = 0;

    if (depth > SCRIBE_CHAIN_DEPTH)
        return mig_refuse(host, -ELOOP, "object '%s': import-chain goes on for more than %u steps",
                          object->id, SCRIBE_CHAIN_DEPTH);
    for (size_t i = 0; chain != NULL && code == 0 && i < json_object_array_length(chain); i++) {
        const char *id = mig_json_string_at(chain, i);
        const struct scribe_object *next = scribe_document_object(document, id);
        if (next == NULL)
            return mig_refuse(host, -EINVAL, "object '%s': import-chain names no object: '%.200s'",
                              object->id, id);
        if (next->kind > SCRIBE_HASLINE || next->kind == SCRIBE_PACKAGE || !next->chained)
            return mig_refuse(host, -EINVAL,
                              "object '%s': import-chain needs an object whose path holds %s, "
                              "which '%s' does not",
                              object->id, SCRIBE_CHAIN_ROOT, next->id);
        code = check_chain(host, document, next, depth + 1);
    }
    return code;
}

/* ---- tests ---- */

static int
take_check(const struct mig_host *host, struct json_object *json, struct scribe_test *test)
{
    static const char *const names[] = {"", "evr", "regexp", "exactmatch"};
    static const char *const operations[] = {"<", "<=", "=", ">=", ">", "!="};
    char what[SCRIBE_ID_MAX + 32];
    size_t i = 0;

    for (i = 1; i < MIG_COUNT(names); i++) {
        struct json_object *body = member_of(json, names[i]);
        if (body == NULL)
            continue;
        if (test->check != SCRIBE_ANY)
            return mig_refuse(host, -EINVAL, "test '%s' has both %s and %s", test->id,
                              names[test->check], names[i]);
        test->check = (enum scribe_check)i;
        test->value = scribe_text(body, "value");
        test->operation = scribe_text(body, "operation");
    }
    if (test->check != SCRIBE_ANY && *test->value == '\0')
        return mig_refuse(host, -EINVAL, "test '%s': %s needs the text 'value'", test->id,
                          names[test->check]);
    snprintf(what, sizeof(what), "test '%s'", test->id);
    if (test->check == SCRIBE_REGEXP)
        return check_regex(host, what, test->value, 0);
    for (i = 0; test->check == SCRIBE_EVR && i < MIG_COUNT(operations); i++)
        if (strcmp(operations[i], test->operation) == 0)
            return 0;
    if (test->check == SCRIBE_EVR)
        return mig_refuse(
            host, -EINVAL,
            "test '%s': invalid evr operation '%.20s', expected <, <=, =, >=, > or !=", test->id,
            test->operation);
    return 0;
}

static int
check_tags(const struct mig_host *host, const struct scribe_test *test)
{
    static const char *const known[] = {"key", "value"};
    char what[SCRIBE_ID_MAX + 32];
    int code = 0;

    snprintf(what, sizeof(what), "tags of test '%s'", test->id);
    if (test->tags != NULL && !json_object_is_type(test->tags, json_type_array))
        return mig_refuse(host, -EINVAL, "%s must be an array", what);
    for (size_t i = 0; test->tags != NULL && code == 0 && i < json_object_array_length(test->tags);
         i++) {
        struct json_object *tag = json_object_array_get_idx(test->tags, i);
        code = check_members(host, what, tag, known, MIG_COUNT(known));
        if (code == 0 && *scribe_text(tag, "key") == '\0')
            code = mig_refuse(host, -EINVAL, "%s: a key is empty", what);
        else if (code == 0 && (strchr(scribe_text(tag, "key"), '"') != NULL ||
                               strchr(scribe_text(tag, "value"), '"') != NULL))
            code = mig_refuse(host, -EINVAL, "%s may not hold a double quote", what);
    }
    return code;
}

static int
take_test(const struct mig_host *host, const struct scribe_document *document,
          struct json_object *json, struct scribe_test *test)
{
    static const char *const known[] = {"test", "name",           "description", "object",
                                        "evr",  "regexp",         "exactmatch",  "tags",
                                        "if",   "expectedresult", "expecterror"};
    char what[SCRIBE_ID_MAX + 32];
    int code = check_members(host, "a test", json, known, MIG_COUNT(known));

    if (code < 0)
        return code;
    test->id = scribe_text(json, "test");
    test->name = scribe_text(json, "name");
    test->description = scribe_text(json, "description");
    test->tags = member_of(json, "tags");
    test->depends = member_of(json, "if");
    if (*test->id == '\0' || strlen(test->id) > SCRIBE_ID_MAX)
        return mig_refuse(host, -EINVAL, "a test needs the text 'test', its id, of up to %u bytes",
                          SCRIBE_ID_MAX);
    test->object = scribe_document_object(document, scribe_text(json, "object"));
    if (test->object == NULL)
        return mig_refuse(host, -EINVAL, "test '%s' needs an object; there is none '%.200s'",
                          test->id, scribe_text(json, "object"));
    snprintf(what, sizeof(what), "'if' of test '%s'", test->id);
    code = check_texts(host, what, test->depends);
    if (code == 0)
        code = check_tags(host, test);
    return code == 0 ? take_check(host, json, test) : code;
}

/* Colours of depth-first search, by test: 1 is on the way, 2 leads to no loop. */
static int
check_depends(const struct mig_host *host, const struct scribe_document *document, size_t at,
              unsigned char *colour, unsigned depth)
{
    const struct scribe_test *test = &document->tests[at];
    int code = 0;

    if (colour[at] == 2)
        return 0;
    if (colour[at] == 1)
        return mig_refuse(host, -ELOOP, "test '%s' depends on itself", test->id);
    if (depth > 256)
        return mig_refuse(host, -ELOOP, "test '%s': dependencies go on for more than 256 steps",
                          test->id);
    colour[at] = 1;
    for (size_t i = 0;
         test->depends != NULL && code == 0 && i < json_object_array_length(test->depends); i++) {
        const char *id = mig_json_string_at(test->depends, i);
        const struct scribe_test *next = scribe_document_test(document, id);
        if (next == NULL)
            return mig_refuse(host, -EINVAL, "test '%s' depends on '%.200s', which is no test",
                              test->id, id);
        code = check_depends(host, document, (size_t)(next - document->tests), colour, depth + 1);
    }
    colour[at] = 2;
    return code;
}

/* ---- the document ---- */

static int
check_variables(const struct mig_host *host, struct json_object *list)
{
    static const char *const known[] = {"key", "value"};
    int code = 0;

    for (size_t i = 0; list != NULL && code == 0 && i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        code = check_members(host, "a variable", one, known, MIG_COUNT(known));
        if (code == 0 && *scribe_text(one, "key") == '\0')
            code = mig_refuse(host, -EINVAL, "a variable needs the text 'key'");
    }
    return code;
}

/* The list of a name, which may be left out. */
static int
list_of(const struct mig_host *host, struct json_object *json, const char *name,
        struct json_object **ret_list)
{
    struct json_object *list = member_of(json, name);

    if (list != NULL && !json_object_is_type(list, json_type_array))
        return mig_refuse(host, -EINVAL, "'%s' of the document must be an array", name);
    if (list != NULL && json_object_array_length(list) > SCRIBE_ITEMS_MAX)
        return mig_refuse(host, -E2BIG, "a document has up to %u %s, this one has %zu",
                          SCRIBE_ITEMS_MAX, name, json_object_array_length(list));
    *ret_list = list;
    return 0;
}

static int
take_objects(const struct mig_host *host, struct scribe_document *document,
             struct json_object *list)
{
    size_t count = list != NULL ? json_object_array_length(list) : 0;
    int code = 0;

    document->objects = calloc(count + 1, sizeof(*document->objects));
    if (document->objects == NULL)
        return -ENOMEM;
    for (size_t i = 0; code == 0 && i < count; i++) {
        struct scribe_object *object = &document->objects[i];
        code = take_object(host, json_object_array_get_idx(list, i), object);
        if (code == 0 && scribe_document_object(document, object->id) != NULL)
            code = mig_refuse(host, -EINVAL, "there are two objects '%s'", object->id);
        document->objects_count = i + 1;
    }
    for (size_t i = 0; code == 0 && i < count; i++)
        code = check_chain(host, document, &document->objects[i], 0);
    return code;
}

static int
take_tests(const struct mig_host *host, struct scribe_document *document, struct json_object *list)
{
    size_t count = list != NULL ? json_object_array_length(list) : 0;
    unsigned char *colour = calloc(count + 1, 1);
    int code = 0;

    document->tests = calloc(count + 1, sizeof(*document->tests));
    if (document->tests == NULL || colour == NULL)
        code = -ENOMEM;
    for (size_t i = 0; code == 0 && i < count; i++) {
        struct scribe_test *test = &document->tests[i];
        code = take_test(host, document, json_object_array_get_idx(list, i), test);
        if (code == 0 && scribe_document_test(document, test->id) != NULL)
            code = mig_refuse(host, -EINVAL, "there are two tests '%s'", test->id);
        document->tests_count = i + 1;
    }
    for (size_t i = 0; code == 0 && i < count; i++)
        code = check_depends(host, document, i, colour, 0);
    free(colour);
    return code;
}

int
scribe_document_new(const struct mig_host *host, struct json_object *json,
                    struct scribe_document **ret_document)
{
    static const char *const known[] = {"variables", "objects", "tests"};
    struct scribe_document *document = calloc(1, sizeof(*document));
    struct json_object *variables = NULL, *objects = NULL, *tests = NULL;
    int code;

    if (document == NULL) {
        json_object_put(json);
        return -ENOMEM;
    }
    document->json = json;
    code = check_members(host, "the document", json, known, MIG_COUNT(known));
    if (code == 0)
        code = list_of(host, json, "variables", &variables);
    if (code == 0)
        code = list_of(host, json, "objects", &objects);
    if (code == 0)
        code = list_of(host, json, "tests", &tests);
    if (code == 0)
        code = check_variables(host, variables);
    if (code == 0)
        code = take_objects(host, document, objects);
    if (code == 0)
        code = take_tests(host, document, tests);
    if (code == 0 && document->tests_count == 0)
        code = mig_refuse(host, -EINVAL, "the document has no tests");
    if (code < 0) {
        scribe_document_free(document);
        return code;
    }
    *ret_document = document;
    return 0;
}

void
scribe_document_free(struct scribe_document *document)
{
    if (document == NULL)
        return;
    for (size_t i = 0; i < document->objects_count; i++) {
        free(document->objects[i].error);
        scribe_candidates_fini(&document->objects[i].found);
    }
    for (size_t i = 0; i < document->tests_count; i++) {
        free(document->tests[i].error);
        free(document->tests[i].results);
    }
    free(document->objects);
    free(document->tests);
    json_object_put(document->json);
    free(document);
}

struct scribe_object *
scribe_document_object(const struct scribe_document *document, const char *id)
{
    for (size_t i = 0; i < document->objects_count; i++)
        if (strcmp(document->objects[i].id, id) == 0)
            return &document->objects[i];
    return NULL;
}

struct scribe_test *
scribe_document_test(const struct scribe_document *document, const char *id)
{
    for (size_t i = 0; i < document->tests_count; i++)
        if (strcmp(document->tests[i].id, id) == 0)
            return &document->tests[i];
    return NULL;
}

/* ---- variables ---- */

static const char *
value_of(const struct scribe_document *document, const char *key, size_t length,
         const char *chain_root)
{
    struct json_object *list = json_object_object_get(document->json, "variables");
    size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

    if (chain_root != NULL && length == 10 && memcmp(key, "chain_root", 10) == 0)
        return chain_root;
    for (size_t i = 0; i < count; i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        const char *name = scribe_text(one, "key");
        if (strlen(name) == length && memcmp(name, key, length) == 0)
            return scribe_text(one, "value");
    }
    return NULL;
}

char *
scribe_expand(const struct scribe_document *document, const char *text, const char *chain_root)
{
    char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);

    if (stream == NULL)
        return NULL;
    while (*text != '\0') {
        const char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;
        const char *value =
            end != NULL ? value_of(document, text + 2, (size_t)(end - text) - 2, chain_root) : NULL;
        if (value != NULL) {
            fputs(value, stream);
            text = end + 1;
        } else {
            fputc(*text++, stream);
        }
    }
    if (fclose(stream) != 0) {
        free(out);
        return NULL;
    }
    return out;
}
