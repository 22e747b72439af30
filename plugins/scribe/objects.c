/* SPDX-License-Identifier: MPL-2.0 */
#include "scribe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>

int
scribe_candidates_add(struct scribe_candidates *candidates, const char *identifier,
                      const char *value, enum mig_version_system system)
{
    struct scribe_candidate one = {.system = system, .order = candidates->count};

    if (candidates->count == SCRIBE_CANDIDATES_MAX)
        return -E2BIG;
    if (candidates->count == candidates->room) {
        size_t room = candidates->room == 0 ? 16 : candidates->room * 2;
        struct scribe_candidate *grown = reallocarray(candidates->list, room, sizeof(*grown));
        if (grown == NULL)
            return -ENOMEM;
        candidates->list = grown;
        candidates->room = room;
    }
    one.identifier = strdup(identifier);
    one.value = strdup(value);
    if (one.identifier == NULL || one.value == NULL) {
        free(one.identifier);
        free(one.value);
        return -ENOMEM;
    }
    candidates->list[candidates->count++] = one;
    return 0;
}

void
scribe_candidates_fini(struct scribe_candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++) {
        free(candidates->list[i].identifier);
        free(candidates->list[i].value);
    }
    free(candidates->list);
    *candidates = (struct scribe_candidates){.count = 0};
}

int
scribe_object_fail(struct scribe_object *object, int code, const char *format, ...)
{
    va_list arguments;

    if (object->error != NULL)
        return code;
    va_start(arguments, format);
    if (vasprintf(&object->error, format, arguments) < 0) {
        object->error = NULL;
        code = -ENOMEM;
    }
    va_end(arguments);
    return code;
}

static int
find_raw(struct scribe_object *object)
{
    struct json_object *list = json_object_object_get(object->body, "identifiers");
    int code = 0;

    for (size_t i = 0; code == 0 && i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        code = scribe_candidates_add(&object->found, scribe_text(one, "identifier"),
                                     scribe_text(one, "value"), 0);
    }
    return code;
}

/* Files are found in any order; results have one, and a file's values keep theirs. */
static int
compare_found(const void *a, const void *b)
{
    const struct scribe_candidate *x = a, *y = b;
    int by_file = strcmp(x->identifier, y->identifier);

    return by_file != 0 ? by_file : (x->order > y->order) - (x->order < y->order);
}

int
scribe_object_prepare(struct scribe_run *run, struct scribe_object *object)
{
    int code;

    if (object->prepared || object->chained)
        return 0;
    object->prepared = true;
    switch (object->kind) {
    case SCRIBE_PACKAGE:
        code = scribe_find_packages(run, object, &object->found);
        break;
    case SCRIBE_AFFECTED:
        code = scribe_find_affected(run, object, &object->found);
        break;
    case SCRIBE_RAW:
        code = find_raw(object);
        break;
    default:
        code = scribe_find_files(run, object, NULL, 0, &object->found);
        if (object->found.count > 0)
            qsort(object->found.list, object->found.count, sizeof(object->found.list[0]),
                  compare_found);
        break;
    }
    if (code == -E2BIG)
        scribe_object_fail(object, code, "more than %u values were found", SCRIBE_CANDIDATES_MAX);
    return code == -ECANCELED || code == -ENOMEM ? code : 0;
}
