/* SPDX-License-Identifier: MPL-2.0 */
/* Objects that are found in files: where a file is, the SDK's search knows. */
#include "scribe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/regex.h>
#include <mig/search.h>
#include <mig/text.h>

/* As the original looks. */
#define DEPTH 10
#define FILES_MAX 1000
#define LINE_MAX_BYTES 65536u

/* One object's search. */
struct find {
    struct scribe_run *run;
    struct scribe_object *object;
    const char *chain_root;
    unsigned depth;                /* of the chain */
    const char *shown;             /* the path as it is told; of a chain the one it started from */
    struct mig_regex_groups *name; /* of a filename */
    struct mig_regex_groups *expression; /* with groups */
    struct scribe_candidates *found;
    int code;
};

/* ---- one file ---- */

/* A value that may hold what JSON can not: it is looked at, never told. */
static char *
copy_span(const char *line, const struct mig_regex_span *span)
{
    char *text = malloc(span->end - span->start + 1);

    if (text == NULL)
        return NULL;
    memcpy(text, line + span->start, span->end - span->start);
    text[span->end - span->start] = '\0';
    return text;
}

/* The line's groups: each a value, or all one. */
static int
take_groups(struct find *find, const char *line, const struct mig_regex_span *spans, size_t count,
            FILE *joined)
{
    const char *between = scribe_text(find->object->body, "concat");
    int code = 0;

    for (size_t i = 1; code == 0 && i <= count; i++) {
        char *value;
        if (spans[i].start == SIZE_MAX)
            continue;
        value = copy_span(line, &spans[i]);
        if (value == NULL)
            return -ENOMEM;
        if (joined != NULL)
            fprintf(joined, "%s%s", ftell(joined) > 0 ? between : "", value);
        else
            code = scribe_candidates_add(find->found, find->shown, value, 0);
        free(value);
    }
    return code;
}

/* 1: the line matches. */
static int
take_line(struct find *find, const char *line, size_t length, FILE *joined)
{
    size_t count = mig_regex_groups_count(find->expression);
    struct mig_regex_span *spans = calloc(count + 1, sizeof(*spans));
    int code;

    if (spans == NULL)
        return -ENOMEM;
    if (length > 0 && line[length - 1] == '\r')
        length--;
    code = length > LINE_MAX_BYTES ? -E2BIG
                                   : mig_regex_groups_match(find->expression, line, length, spans);
    if (code == -E2BIG)
        code = scribe_object_fail(find->object, -E2BIG,
                                  "%s has a line that is too long for the expression", find->shown);
    if (code == 1 && find->object->kind == SCRIBE_FILECONTENT) {
        code = take_groups(find, line, spans, count, joined);
        code = code < 0 ? code : 1;
    }
    free(spans);
    return code;
}

/* The next line without its newline: 1, its length may be one more than fits, 0 at the end. */
static int
next_line(FILE *file, char *line, size_t *ret_length)
{
    size_t length = 0;
    int c;

    while ((c = getc_unlocked(file)) != EOF && c != '\n' && length <= LINE_MAX_BYTES)
        line[length++] = (char)c;
    *ret_length = length;
    return length > 0 || c == '\n';
}

static int
read_lines(struct find *find, FILE *file, FILE *joined, bool *ret_matches)
{
    const struct mig_host *host = find->run->host;
    char *line = malloc(LINE_MAX_BYTES + 1);
    size_t length;
    int code = line != NULL ? 0 : -ENOMEM;

    while (code >= 0 && next_line(file, line, &length)) {
        code = host->cancelled(host) ? -ECANCELED : take_line(find, line, length, joined);
        *ret_matches = *ret_matches || code == 1;
        if (code == 1 && find->object->kind == SCRIBE_HASLINE)
            break;
    }
    if (code >= 0 && ferror(file))
        code = scribe_object_fail(find->object, -EIO, "%s can not be read: %s", find->shown,
                                  strerror(EIO));
    free(line);
    return code < 0 ? code : 0;
}

/* Gives NULL after an error of the object. A file that is no file any more is not opened. */
static FILE *
open_file(struct find *find, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    FILE *file = NULL;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        file = fdopen(fd, "r");
    if (file != NULL)
        return file;
    scribe_object_fail(find->object, -errno, "%s can not be read: %s", find->shown,
                       fd < 0 ? strerror(errno) : "it is no regular file");
    if (fd >= 0)
        close(fd);
    return NULL;
}

static int
read_content(struct find *find, const char *path)
{
    const char *between = scribe_text(find->object->body, "concat");
    FILE *file = open_file(find, path), *joined = NULL;
    char *all = NULL;
    size_t size = 0;
    bool matches = false;
    int code;

    if (file == NULL)
        return -EIO;
    if (find->object->kind == SCRIBE_FILECONTENT && *between != '\0' &&
        (joined = open_memstream(&all, &size)) == NULL) {
        fclose(file);
        return -ENOMEM;
    }
    code = read_lines(find, file, joined, &matches);
    fclose(file);
    if (joined != NULL && fclose(joined) != 0)
        code = -ENOMEM;
    if (code == 0 && joined != NULL && matches)
        code = scribe_candidates_add(find->found, find->shown, all, 0);
    if (code == 0 && find->object->kind == SCRIBE_HASLINE)
        code = scribe_candidates_add(find->found, find->shown, matches ? "true" : "false", 0);
    free(all);
    return code;
}

/* The first group of the file's name. */
static int
take_name(struct find *find, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    size_t count = mig_regex_groups_count(find->name);
    struct mig_regex_span *spans = calloc(count + 1, sizeof(*spans));
    char *value;
    int code;

    if (spans == NULL)
        return -ENOMEM;
    code = mig_regex_groups_match(find->name, name, strlen(name), spans);
    if (code == 1 && spans[1].start != SIZE_MAX) {
        value = copy_span(name, &spans[1]);
        code = value != NULL ? scribe_candidates_add(find->found, find->shown, value, 0) : -ENOMEM;
        free(value);
    }
    free(spans);
    return code < 0 ? code : 0;
}

/* ---- chains ---- */

/* What the chain's objects find beside the file counts as found in it. */
static int
follow_chain(struct find *find, const char *path)
{
    struct json_object *chain = find->object->kind == SCRIBE_FILECONTENT
                                    ? json_object_object_get(find->object->body, "import-chain")
                                    : NULL;
    char *folder = chain != NULL ? mig_text_dirname(path) : NULL;
    int code = 0;

    if (chain != NULL && folder == NULL)
        return -ENOMEM;
    for (size_t i = 0; chain != NULL && code == 0 && i < json_object_array_length(chain); i++) {
        struct scribe_object *next =
            scribe_document_object(find->run->document, mig_json_string_at(chain, i));
        struct scribe_candidates found = {.count = 0};
        code = scribe_find_files(find->run, next, folder, find->depth + 1, &found);
        if (code < 0 && next->error != NULL)
            scribe_object_fail(find->object, code, "%s", next->error);
        for (size_t k = 0; code == 0 && k < found.count; k++)
            code = scribe_candidates_add(find->found, find->shown, found.list[k].value, 0);
        scribe_candidates_fini(&found);
    }
    free(folder);
    return code;
}

/* ---- the search ---- */

static int
on_hit(void *context, const struct mig_search_hit *hit)
{
    struct find *find = context;
    char *shown;

    if (!S_ISREG(hit->stat->st_mode))
        return 0;
    shown = mig_text_path(hit->path);
    if (shown == NULL)
        return find->code = -ENOMEM;
    find->shown = shown;
    find->code = find->object->kind == SCRIBE_FILENAME ? take_name(find, hit->path)
                                                       : read_content(find, hit->path);
    if (find->code == 0)
        find->code = follow_chain(find, hit->path);
    find->shown = NULL;
    free(shown);
    return find->code;
}

static void
on_error(void *context, const char *message)
{
    const struct find *find = context;

    find->run->host->error(find->run->host, message);
}

static int
on_cancelled(void *context)
{
    const struct find *find = context;

    return find->run->host->cancelled(find->run->host);
}

static struct json_object *
array_of(const char *text)
{
    struct json_object *array = json_object_new_array();

    json_object_array_add(array, json_object_new_string(text));
    return array;
}

static int
add_search(struct find *find, struct mig_search_set *set, const char *path, const char *file)
{
    struct json_object *search = json_object_new_object(), *options = json_object_new_object();
    char message[1024];
    int code;

    json_object_object_add(search, "paths", array_of(path));
    json_object_object_add(search, "names", array_of(file));
    json_object_object_add(options, "maxdepth", json_object_new_int(DEPTH));
    json_object_object_add(options, "matchlimit", json_object_new_int(FILES_MAX));
    /* In one order each time. */
    json_object_object_add(options, "threads", json_object_new_int(1));
    json_object_object_add(search, "options", options);
    code = mig_search_add_json(set, "s", search, message, sizeof(message));
    json_object_put(search);
    return code < 0 ? scribe_object_fail(find->object, code, "%s", message) : 0;
}

static int
search(struct find *find, const char *path, const char *file)
{
    const struct mig_search_host host = {find, on_hit, on_error, on_cancelled};
    struct mig_search_statistics statistics = {.files = 0};
    struct mig_search_set *set = mig_search_set_new();
    struct stat st;
    int code = set != NULL ? 0 : -ENOMEM;

    /* A place that is not there holds no file. */
    if (code == 0 && stat(path, &st) == 0) {
        code = add_search(find, set, path, file);
        if (code == 0)
            code = mig_search_run(set, &host, &statistics);
        if (code == 0)
            code = find->code;
        if (code == 0 && find->run->host->cancelled(find->run->host))
            code = -ECANCELED;
    }
    mig_search_set_free(set);
    return code;
}

static int
compile(struct scribe_object *object, const char *pattern, struct mig_regex_groups **ret_groups)
{
    char message[512];
    int code = mig_regex_groups_new(pattern, strlen(pattern), ret_groups, message, sizeof(message));

    return code < 0 ? scribe_object_fail(object, code, "%s", message) : 0;
}

int
scribe_find_files(struct scribe_run *run, struct scribe_object *object, const char *chain_root,
                  unsigned depth, struct scribe_candidates *found)
{
    struct find find = {
        .run = run, .object = object, .chain_root = chain_root, .depth = depth, .found = found};
    char *path = scribe_expand(run->document, scribe_text(object->body, "path"), chain_root);
    char *file = scribe_expand(run->document, scribe_text(object->body, "file"), chain_root);
    int code = path != NULL && file != NULL && depth <= SCRIBE_CHAIN_DEPTH ? 0 : -ENOMEM;

    if (code == 0 && *path != '/')
        code = scribe_object_fail(object, -EINVAL, "path '%s' is not absolute", path);
    if (code == 0 && object->kind == SCRIBE_FILENAME)
        code = compile(object, file, &find.name);
    else if (code == 0)
        code = compile(object, scribe_text(object->body, "expression"), &find.expression);
    if (code == 0 && find.name != NULL && mig_regex_groups_count(find.name) == 0)
        code = scribe_object_fail(object, -EINVAL, "'%s' has no group in parentheses", file);
    if (code == 0)
        code = search(&find, path, file);
    mig_regex_groups_free(find.name);
    mig_regex_groups_free(find.expression);
    free(path);
    free(file);
    return code;
}
