/* SPDX-License-Identifier: MPL-2.0 */
/* mig-plugin check and digest: all that a host would refuse, not only what it meets first. */
#include "config.h"

#include "tool.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/json.h"
#include "plugin/load.h"
#include "plugin/peek.h"
#include "trust/candidate.h"
#include "trust/image.h"

#define CALL_MS 20000

/* ---- digest ---- */

static int
print_line(const char *path, struct mig_err *err)
{
    struct mig_candidate candidate = {.bytes = MIG_BUF_INIT};
    struct mig_buf line = MIG_BUF_INIT;
    int rc = mig_candidate_read(path, &candidate, err);

    if (rc == 0)
        rc = mig_candidate_identify(path, &candidate, err);
    if (rc == 0) {
        struct mig_whitelist_entry entry = mig_candidate_entry(&candidate);

        rc = mig_whitelist_line(&entry, &line);
    }
    if (rc == 0)
        fputs(line.data, stdout);
    mig_buf_fini(&line);
    mig_candidate_fini(&candidate);
    return rc;
}

int
mig_tool_digest(int argc, char **argv)
{
    struct mig_err err = {0};

    if (argc == 0 || argv[0][0] == '-')
        return mig_tool_usage();
    for (int i = 0; i < argc; i++)
        if (print_line(argv[i], &err) < 0)
            return mig_tool_fail(&err);
    return 0;
}

/* ---- check ---- */

struct check {
    const char *path;
    struct mig_tool_file file;
    struct mig_candidate candidate;
    size_t problems;
    char first[1024]; /* what the host meets first; it is not said twice */
};

static void
problem(struct check *check, const char *text)
{
    if (check->problems > 0 && strstr(check->first, text) != NULL)
        return;
    if (check->problems++ == 0)
        snprintf(check->first, sizeof(check->first), "%s", text);
    printf("refused: %s\n", text);
}

/* As the agent: all up to the moment when it is loaded. */
static void
as_the_host(struct check *check)
{
    struct mig_load load = {.fd = -1};
    struct mig_err err = {0};

    if (mig_load_check(check->file.directory, check->file.name, &mig_whitelist, &load, &err) != 0)
        problem(check, err.text);
    else
        mig_load_fini(&load);
}

/* Each rule by itself. */
static void
one_by_one(struct check *check)
{
    void *bytes = check->candidate.bytes.data;
    size_t len = check->candidate.bytes.len;
    struct mig_plugin_note note;
    struct mig_peek peek;
    char **programs = NULL;
    struct mig_err err = {0};

    if (mig_image_note(bytes, len, &note, &err) != 0)
        problem(check, err.text);
    else if (strcmp(note.name, check->file.name) != 0)
        printf("note: call the file %s.so, or correct MIG_PLUGIN_NOTE\n", note.name);
    err = (struct mig_err){0};
    if (mig_image_scrub(bytes, len, &err) != 0) {
        problem(check, err.text);
        return;
    }
    if (mig_peek_descriptor(bytes, len, &peek, &err) != 0)
        problem(check, err.text);
    else if (peek.needs & MIG_NEED_EXECUTE && mig_peek_programs(bytes, len, &programs, &err) != 0)
        problem(check, err.text);
    free(programs);
    err = (struct mig_err){0};
    if (mig_peek_exports(bytes, len, &err) != 0)
        problem(check, err.text);
}

static void
print_names(struct json_object *description, const char *key, const char *member)
{
    struct json_object *list = NULL;

    if (!json_object_object_get_ex(description, key, &list) || json_object_array_length(list) == 0)
        return;
    printf("%-9s", key);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);

        if (member != NULL)
            json_object_object_get_ex(one, member, &one);
        printf("%s%s", i > 0 ? ", " : " ", json_object_get_string(one));
    }
    putchar('\n');
}

static void
print_manifest(const struct check *check, struct json_object *description)
{
    static const char *const hooks[] = {"validate", "parse", "print", "persist"};
    struct json_object *value = NULL;

    json_object_object_get_ex(description, "summary", &value);
    printf("%s %s, ABI %u.%u: %s\n", check->candidate.note.name, check->candidate.note.version,
           check->candidate.note.abi_major, check->candidate.note.abi_minor,
           json_object_get_string(value));
    json_object_object_get_ex(description, "digest", &value);
    printf("%-9s %s\n", "digest", json_object_get_string(value));
    print_names(description, "needs", NULL);
    print_names(description, "programs", NULL);
    print_names(description, "options", "name");
    print_names(description, "fields", "path");
    printf("%-9s run", "functions");
    for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
        if (json_object_object_get_ex(description, hooks[i], &value) &&
            json_object_get_boolean(value))
            printf(", %s", hooks[i]);
    putchar('\n');
}

/* Loads it, confined, without any right. */
static void
as_it_describes_itself(struct check *check)
{
    struct mig_worker_spec spec = {.call = MIG_WORKER_DESCRIBE, .timeout_ms = CALL_MS};
    struct json_object *description = NULL;
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_err err = {0};
    int rc = mig_tool_call(&check->file, &spec, &text, &err);

    if (rc == 0)
        rc = mig_json_parse(text.data != NULL ? text.data : "", text.len, NULL, &description, &err);
    if (rc == 0)
        print_manifest(check, description);
    else
        problem(check, err.text);
    json_object_put(description);
    mig_buf_fini(&text);
}

static int
check_file(struct check *check, struct mig_err *err)
{
    struct stat st;
    int rc = mig_tool_file(check->path, &check->file, err);

    if (rc < 0)
        return rc;
    /* What is not a file is not read. */
    if (lstat(check->path, &st) == 0 && S_ISREG(st.st_mode))
        rc = mig_candidate_read(check->path, &check->candidate, err);
    if (rc < 0) {
        problem(check, err->text);
        return 0;
    }
    (void)mig_candidate_identify(check->path, &check->candidate, NULL);
    rc = mig_tool_trust(check->file.name, &check->candidate, err);
    if (rc < 0)
        return rc;
    as_the_host(check);
    if (check->candidate.bytes.len > 0)
        one_by_one(check);
    if (check->problems == 0)
        as_it_describes_itself(check);
    return 0;
}

int
mig_tool_check(int argc, char **argv)
{
    size_t refused = 0;

    if (argc == 0 || argv[0][0] == '-')
        return mig_tool_usage();
    for (int i = 0; i < argc; i++) {
        struct check check = {.path = argv[i], .candidate = {.bytes = MIG_BUF_INIT}};
        struct mig_err err = {0};
        int rc = check_file(&check, &err);

        mig_candidate_fini(&check.candidate);
        mig_tool_file_fini(&check.file);
        if (rc < 0)
            return mig_tool_fail(&err);
        if (check.problems == 0)
            printf("ok: an agent that has its digest loads it\n");
        refused += check.problems;
    }
    return refused > 0;
}
