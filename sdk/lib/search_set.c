/* SPDX-License-Identifier: MPL-2.0 */
/* Compiles searches from parameters; the values of checks are search_checks.c's. */
#include "config.h"

#include "search_set.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <mig/text.h>

#include "search_checks.h"
#include "search_hashes.h"

#define MISMATCH_SYNTAX                                                                            \
    "^(name|size|mode|mtime|content|md5|sha1|sha2|sha3|ctime|atime|uid|gid|perm|inode|xattr|cap)$"
#define NUMBER_MAX 9007199254740992.0 /* 2^53 */

/* The array at `member`, NULL when it is not there or null; every item is a string without a NUL.
 */
static int
take_strings(const struct reason *reason, struct json_object *object, const char *member,
             struct json_object **ret_array)
{
    struct json_object *array = NULL;
    struct json_object *item;
    size_t i;

    *ret_array = NULL;
    json_object_object_get_ex(object, member, &array);
    if (array == NULL)
        return 0;
    if (!json_object_is_type(array, json_type_array))
        return mig_checks_refuse(reason, "'%s' must be an array of strings, not %s", member,
                                 json_type_to_name(json_object_get_type(array)));
    for (i = 0; i < json_object_array_length(array); i++) {
        item = json_object_array_get_idx(array, i);
        if (!json_object_is_type(item, json_type_string))
            return mig_checks_refuse(reason, "'%s[%zu]' must be a string, not %s", member, i,
                                     json_type_to_name(json_object_get_type(item)));
        if (strlen(json_object_get_string(item)) != (size_t)json_object_get_string_len(item))
            return mig_checks_refuse(reason, "'%s[%zu]' holds a NUL character", member, i);
    }
    *ret_array = array;
    return 0;
}

static int
take_number(const struct reason *reason, struct json_object *options, const char *member,
            uint64_t *ret_number)
{
    struct json_object *value = NULL;
    double number;

    json_object_object_get_ex(options, member, &value);
    if (value == NULL)
        return 0;
    number = json_object_get_double(value);
    if ((!json_object_is_type(value, json_type_int) &&
         !json_object_is_type(value, json_type_double)) ||
        !(number >= 0) || number > NUMBER_MAX || number != (double)(uint64_t)number)
        return mig_checks_refuse(reason, "option '%s' must be a whole number >= 0, not %s", member,
                                 json_object_get_string(value));
    *ret_number = (uint64_t)number;
    return 0;
}

/* A size with a unit, as a string. */
static int
take_max_size(const struct reason *reason, struct json_object *options, uint64_t *ret_size)
{
    struct json_object *value = NULL;
    const char *text = NULL;
    uint64_t least = 0;

    *ret_size = UINT64_MAX;
    json_object_object_get_ex(options, "maxsize", &value);
    if (value == NULL)
        return 0;
    text = json_object_get_string(value);
    if (!json_object_is_type(value, json_type_string) || *text == '<' || *text == '>' ||
        mig_search_parse_size(text, &least, ret_size) < 0)
        return mig_checks_refuse(reason, "option 'maxsize' must be a size as in '100m', not %s",
                                 json_object_to_json_string(value));
    return 0;
}

static int
take_bool(const struct reason *reason, struct json_object *options, const char *member,
          bool *ret_value)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(options, member, &value);
    if (value == NULL)
        return 0;
    if (!json_object_is_type(value, json_type_boolean))
        return mig_checks_refuse(reason, "option '%s' must be true or false, not %s", member,
                                 json_object_get_string(value));
    *ret_value = json_object_get_boolean(value);
    return 0;
}

static int
take_mismatch(const struct reason *reason, struct json_object *options, bool ret_kinds[CHECK_KINDS])
{
    struct json_object *array = NULL;
    const char *value;
    size_t i;
    size_t kind;
    int code = take_strings(reason, options, "mismatch", &array);

    for (i = 0; code == 0 && array != NULL && i < json_object_array_length(array); i++) {
        value = json_object_get_string(json_object_array_get_idx(array, i));
        for (kind = 0; kind < CHECK_KINDS && strcmp(mig_checks_kinds[kind].mismatch, value) != 0;
             kind++)
            ;
        if (kind == CHECK_KINDS)
            return mig_checks_refuse(reason,
                                     "The syntax of filter '%s' is invalid. Must match regex %s",
                                     value, MISMATCH_SYNTAX);
        ret_kinds[kind] = true;
    }
    return code;
}

/* A misspelt filter that is let pass would find everything. */
static int
refuse_unknown(const struct reason *reason, struct json_object *object, const char *what,
               const char *const *known)
{
    size_t i;

    if (object == NULL)
        return 0;
    json_object_object_foreach(object, member, value)
    {
        (void)value;
        for (i = 0; known[i] != NULL && strcmp(known[i], member) != 0; i++)
            ;
        if (known[i] == NULL)
            return mig_checks_refuse(reason, "unknown %s '%s'", what, member);
    }
    return 0;
}

static int
take_options(const struct reason *reason, struct json_object *object, struct search *search,
             bool mismatch[CHECK_KINDS])
{
    static const char *const known[] = {
        "maxdepth", "maxerrors",    "remotefs",   "matchall", "macroal", "mismatch", "matchlimit",
        "debug",    "returnsha256", "decompress", "threads",  "maxsize", NULL};
    struct json_object *options = NULL;
    uint64_t depth = 0;
    uint64_t limit = 0;
    int code;

    json_object_object_get_ex(object, "options", &options);
    if (options != NULL && !json_object_is_type(options, json_type_object))
        return mig_checks_refuse(reason, "'options' must be an object, not %s",
                                 json_type_to_name(json_object_get_type(options)));
    if ((code = refuse_unknown(reason, options, "option", known)) < 0 ||
        (code = take_number(reason, options, "maxdepth", &depth)) < 0 ||
        (code = take_number(reason, options, "maxerrors", &search->max_errors)) < 0 ||
        (code = take_number(reason, options, "matchlimit", &limit)) < 0 ||
        (code = take_number(reason, options, "threads", &search->threads)) < 0 ||
        (code = take_max_size(reason, options, &search->max_size)) < 0 ||
        (code = take_bool(reason, options, "remotefs", &search->remote)) < 0 ||
        (code = take_bool(reason, options, "matchall", &search->match_all)) < 0 ||
        (code = take_bool(reason, options, "macroal", &search->macroal)) < 0 ||
        (code = take_bool(reason, options, "returnsha256", &search->return_sha256)) < 0 ||
        (code = take_bool(reason, options, "decompress", &search->decompress)) < 0 ||
        (code = take_mismatch(reason, options, mismatch)) < 0)
        return code;
    search->max_depth = depth == 0 ? UINT64_MAX : depth;
    search->match_limit = limit == 0 ? UINT64_MAX : limit;
    return 0;
}

static int
take_paths(const struct reason *reason, struct json_object *object, struct search *search)
{
    struct json_object *array = NULL;
    const char *path;
    size_t i;
    int code = take_strings(reason, object, "paths", &array);

    if (code < 0)
        return code;
    if (array == NULL || json_object_array_length(array) == 0)
        return mig_checks_refuse(reason,
                                 "invalid empty search path, must have at least one search path");
    search->paths = calloc(json_object_array_length(array), sizeof(*search->paths));
    if (search->paths == NULL)
        return -ENOMEM;
    for (i = 0; i < json_object_array_length(array); i++) {
        path = json_object_get_string(json_object_array_get_idx(array, i));
        if (path[0] == '\0')
            return mig_checks_refuse(reason, "invalid empty search path at paths[%zu]", i);
        search->paths[i] = mig_text_clean_path(path);
        if (search->paths[i] == NULL)
            return -ENOMEM;
        search->paths_count++;
    }
    return 0;
}

static int
take_checks(const struct reason *reason, struct json_object *object, struct search *search,
            const bool mismatch[CHECK_KINDS])
{
    /* Results and messages keep the order of the parameters. */
    static const enum check_kind order[] = {
        CHECK_CONTENT, CHECK_NAME, CHECK_SIZE,  CHECK_MODE,  CHECK_MTIME,     CHECK_MD5,
        CHECK_SHA1,    CHECK_SHA2, CHECK_SHA3,  CHECK_CTIME, CHECK_ATIME,     CHECK_UID,
        CHECK_GID,     CHECK_PERM, CHECK_INODE, CHECK_XATTR, CHECK_CAPABILITY};
    struct json_object *arrays[CHECK_KINDS] = {NULL};
    struct check *check;
    size_t total = 0;
    size_t i;
    size_t j;
    int code = 0;

    for (i = 0; i < CHECK_KINDS; i++) {
        code = take_strings(reason, object, mig_checks_kinds[i].member, &arrays[i]);
        if (code < 0)
            return code;
        total += arrays[i] != NULL ? json_object_array_length(arrays[i]) : 0;
    }
    search->checks = calloc(total + 1, sizeof(*search->checks));
    if (search->checks == NULL)
        return -ENOMEM;
    for (i = 0; i < CHECK_KINDS; i++) {
        search->first[order[i]] = search->checks_count;
        search->counts[order[i]] =
            arrays[order[i]] != NULL ? json_object_array_length(arrays[order[i]]) : 0;
        for (j = 0; arrays[order[i]] != NULL && j < json_object_array_length(arrays[order[i]]);
             j++) {
            check = &search->checks[search->checks_count++];
            check->kind = order[i];
            check->mismatch = mismatch[order[i]];
            check->value = json_object_get_string(json_object_array_get_idx(arrays[order[i]], j));
            code = mig_checks_compile(reason, check);
            if (code < 0)
                return code;
        }
    }
    return 0;
}

static void
free_search(struct search *search)
{
    size_t i;

    for (i = 0; i < search->paths_count; i++)
        free(search->paths[i]);
    for (i = 0; i < search->checks_count; i++)
        if (mig_checks_by_regex(search->checks[i].kind))
            mig_regex_free(search->checks[i].regex);
    mig_hashes_fini(search);
    free(search->paths);
    free(search->checks);
    free(search->label);
    json_object_put(search->asked);
}

/* 1 to 64 characters, no newline. */
static int
check_label(const struct reason *reason, const char *label)
{
    size_t characters = 0;
    size_t i;

    for (i = 0; label[i] != '\0'; i++)
        characters += ((unsigned char)label[i] & 0xc0) != 0x80;
    if (characters == 0)
        return mig_checks_refuse(reason, "empty labels are not permitted");
    if (characters > MIG_SEARCH_LABEL_MAX || strchr(label, '\n') != NULL)
        return mig_checks_refuse(
            reason, "The syntax of the label is invalid: 1 to %u characters, no newline",
            MIG_SEARCH_LABEL_MAX);
    return 0;
}

static int
insert(struct mig_search_set *set, const struct search *search)
{
    struct search *grown = reallocarray(set->searches, set->count + 1, sizeof(*grown));
    size_t at = set->count;

    if (grown == NULL)
        return -ENOMEM;
    set->searches = grown;
    while (at > 0 && strcmp(grown[at - 1].label, search->label) > 0)
        at--;
    memmove(grown + at + 1, grown + at, (set->count - at) * sizeof(*grown));
    grown[at] = *search;
    set->count++;
    if (search->threads > set->threads)
        set->threads = search->threads < UINT_MAX ? (unsigned int)search->threads : UINT_MAX;
    return 0;
}

int
mig_search_add_json(struct mig_search_set *set, const char *label, struct json_object *object,
                    char *ret_message, size_t message_size)
{
    static const char *const known[] = {
        "description", "paths", "contents", "names",  "sizes",   "modes",        "mtimes",
        "md5",         "sha1",  "sha2",     "sha3",   "options", "ctimes",       "atimes",
        "uids",        "gids",  "perms",    "inodes", "xattrs",  "capabilities", NULL};
    struct reason reason = {label, ret_message, message_size};
    struct search search = {0};
    bool mismatch[CHECK_KINDS] = {false};
    int code;

    snprintf(ret_message, message_size, "search '%s': no memory", label);
    if (!json_object_is_type(object, json_type_object)) {
        code = mig_checks_refuse(&reason, "must be an object, not %s",
                                 json_type_to_name(json_object_get_type(object)));
        goto out;
    }
    search.asked = json_object_get(object);
    search.label = strdup(label);
    if (search.label == NULL) {
        code = -ENOMEM;
        goto out;
    }
    if ((code = check_label(&reason, label)) < 0 ||
        (code = refuse_unknown(&reason, object, "member", known)) < 0 ||
        (code = take_paths(&reason, object, &search)) < 0 ||
        (code = take_options(&reason, object, &search, mismatch)) < 0 ||
        (code = take_checks(&reason, object, &search, mismatch)) < 0 ||
        (code = mig_hashes_init(&search)) < 0 || (code = insert(set, &search)) < 0)
        goto out;
    memset(&search, 0, sizeof(search));
    ret_message[0] = '\0';
out:
    free_search(&search);
    return code;
}

struct mig_search_set *
mig_search_set_new(void)
{
    return calloc(1, sizeof(struct mig_search_set));
}

void
mig_search_set_free(struct mig_search_set *set)
{
    size_t i;

    if (set == NULL)
        return;
    for (i = 0; i < set->count; i++)
        free_search(&set->searches[i]);
    free(set->searches);
    free(set);
}

size_t
mig_search_count(const struct mig_search_set *set)
{
    return set->count;
}

const char *
mig_search_label(const struct mig_search_set *set, size_t search)
{
    return set->searches[search].label;
}

bool
mig_search_match_all(const struct mig_search_set *set, size_t search)
{
    return set->searches[search].match_all;
}

uint64_t
mig_search_max_errors(const struct mig_search_set *set)
{
    uint64_t most = 0;
    size_t i;

    for (i = 0; i < set->count; i++) {
        if (set->searches[i].max_errors == 0)
            return 0;
        if (set->searches[i].max_errors > most)
            most = set->searches[i].max_errors;
    }
    return most;
}

size_t
mig_search_check_count(const struct mig_search_set *set, size_t search)
{
    return set->searches[search].checks_count;
}

const char *
mig_search_check_member(const struct mig_search_set *set, size_t search, size_t check)
{
    return mig_checks_kinds[set->searches[search].checks[check].kind].member;
}

const char *
mig_search_check_value(const struct mig_search_set *set, size_t search, size_t check)
{
    return set->searches[search].checks[check].value;
}

uint64_t
mig_search_hits(const struct mig_search_set *set, size_t search, size_t check)
{
    const struct search *s = &set->searches[search];

    return check == MIG_SEARCH_ALL ? s->hits : s->checks[check].hits;
}

struct mig_search_skipped
mig_search_skipped(const struct mig_search_set *set, size_t search)
{
    return set->searches[search].skipped;
}
