/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "fswatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

#define ROOTS_MAX 1000u
#define EXCLUDES_MAX 1000u
#define RECURSIVE "recursive:"

/* The original's own list. */
static const char *const default_paths[] = {
    "/boot",    "/etc/cron.d", "/var/spool/cron", "/bin",        "/sbin",
    "/usr/bin", "/usr/sbin",   RECURSIVE "/etc",  "/etc/init.d", RECURSIVE "/etc/systemd"};

static const char *const severities[] = {"critical", "high", "medium", "low"};

static int
set_path(const struct mig_host *host, struct root *root, const char *path)
{
    size_t prefix = strlen(RECURSIVE);

    if (strncmp(path, RECURSIVE, prefix) == 0) {
        root->recursive = true;
        path += prefix;
    }
    if (path[0] != '/' || strlen(path) >= 4096)
        return mig_refuse(host, -EINVAL,
                          "paths: expected an absolute path, with or without 'recursive:' before "
                          "it, found '%.200s'",
                          path);
    root->path = mig_text_clean_path(path);
    root->fresh = true;
    return root->path != NULL ? 0 : -ENOMEM;
}

static int
set_words(struct root *root, const char *label, const char *severity)
{
    root->label = strdup(label);
    root->severity = strdup(severity);
    return root->label != NULL && root->severity != NULL ? 0 : -ENOMEM;
}

/* {"path", "label", "recursive", "severity"} */
static int
read_object(const struct mig_host *host, struct json_object *object, struct root *root)
{
    static const char *const known[] = {"path", "label", "recursive", "severity"};
    const char *path = NULL, *label = "", *severity = "high";
    bool recursive = false;
    int code;
    size_t i = 0;

    if ((code = mig_json_only(host, object, "paths", known, MIG_COUNT(known))) < 0 ||
        (code = mig_json_get_string(host, object, "path", &path)) < 0 ||
        (code = mig_json_get_string(host, object, "label", &label)) < 0 ||
        (code = mig_json_get_string(host, object, "severity", &severity)) < 0 ||
        (code = mig_json_get_bool(host, object, "recursive", &recursive)) < 0)
        return code;
    if (path == NULL)
        return mig_refuse(host, -EINVAL, "paths: expected an object with a path");
    if (strlen(label) > 128)
        return mig_refuse(host, -EINVAL, "paths: label: expected 128 bytes at most");
    while (i < MIG_COUNT(severities) && strcmp(severity, severities[i]) != 0)
        i++;
    if (i == MIG_COUNT(severities))
        return mig_refuse(host, -EINVAL,
                          "paths: severity: expected critical, high, medium or low, found '%.64s'",
                          severity);
    code = set_path(host, root, path);
    root->recursive |= recursive;
    return code < 0 ? code : set_words(root, label, severity);
}

static int
read_paths(const struct mig_host *host, struct json_object *list, struct settings *settings)
{
    size_t count = MIG_COUNT(default_paths);
    int code = 0;

    if (list != NULL && !json_object_is_type(list, json_type_array))
        return mig_refuse(host, -EINVAL, "paths: expected an array of paths");
    if (list != NULL)
        count = json_object_array_length(list);
    if (count == 0 || count > ROOTS_MAX)
        return mig_refuse(host, -EINVAL, "paths: expected 1 to %u paths", ROOTS_MAX);
    settings->roots = calloc(count, sizeof(*settings->roots));
    if (settings->roots == NULL)
        return -ENOMEM;
    for (size_t i = 0; code == 0 && i < count; i++) {
        struct json_object *item = list != NULL ? json_object_array_get_idx(list, i) : NULL;
        struct root *root = &settings->roots[settings->count++];

        if (json_object_is_type(item, json_type_object)) {
            code = read_object(host, item, root);
        } else if (item == NULL || json_object_is_type(item, json_type_string)) {
            code =
                set_path(host, root, list == NULL ? default_paths[i] : mig_json_string_at(list, i));
            if (code == 0)
                code = set_words(root, "", "high");
        } else {
            code = mig_refuse(host, -EINVAL, "paths: expected texts and objects");
        }
        for (size_t k = 0; code == 0 && k + 1 < settings->count; k++)
            if (strcmp(settings->roots[k].path, root->path) == 0)
                code = mig_refuse(host, -EINVAL, "paths: %.200s is there twice", root->path);
    }
    return code;
}

static int
read_excludes(const struct mig_host *host, struct json_object *config, struct settings *settings)
{
    struct json_object *list = NULL;
    int code = mig_json_get_strings(host, config, "exclude", &list);
    size_t count = list != NULL ? json_object_array_length(list) : 0;

    if (code < 0)
        return code;
    if (count > EXCLUDES_MAX)
        return mig_refuse(host, -EINVAL, "exclude: expected %u patterns at most", EXCLUDES_MAX);
    settings->excludes = calloc(count + 1, sizeof(*settings->excludes));
    for (size_t i = 0; settings->excludes != NULL && i < count; i++) {
        const char *pattern = mig_json_string_at(list, i);

        if (pattern[0] != '/')
            return mig_refuse(host, -EINVAL,
                              "exclude: expected a pattern of an absolute path, found '%.200s'",
                              pattern);
        settings->excludes[i] = strdup(pattern);
        if (settings->excludes[i] == NULL)
            return -ENOMEM;
    }
    return settings->excludes != NULL ? 0 : -ENOMEM;
}

static int
read_numbers(const struct mig_host *host, struct json_object *config, struct settings *settings)
{
    const struct {
        const char *name;
        uint64_t least, most, preset, unit;
        uint64_t *to;
    } numbers[] = {
        {"suppress", 0, 86400, 900, 1000, &settings->quiet_ms},
        {"rescan", 0, 604800, 3600, 1000, &settings->rescan_ms},
        {"settle", 10, 60000, 300, 1, &settings->settle_ms},
        {"maxentries", 10, 1000000, 100000, 1, &settings->max_entries},
        {"maxwatches", 1, 1000000, 20000, 1, &settings->max_watches},
        {"maxsize", 0, UINT64_C(1) << 40, 256u << 20, 1, &settings->max_size},
        {"maxalerts", 1, 100000, 600, 1, &settings->max_alerts},
    };

    for (size_t i = 0; i < MIG_COUNT(numbers); i++) {
        uint64_t value = numbers[i].preset;
        int code = mig_json_get_number(host, config, numbers[i].name, &value);

        if (code < 0)
            return code;
        if (value < numbers[i].least || value > numbers[i].most)
            return mig_refuse(host, -EINVAL, "%s: expected %llu to %llu, found %llu",
                              numbers[i].name, (unsigned long long)numbers[i].least,
                              (unsigned long long)numbers[i].most, (unsigned long long)value);
        *numbers[i].to = value * numbers[i].unit;
    }
    return 0;
}

int
fswatch_settings_read(const struct mig_host *host, struct json_object *config,
                      struct settings *ret_settings)
{
    static const char *const known[] = {"paths",      "exclude", "suppress",
                                        "rescan",     "settle",  "maxentries",
                                        "maxwatches", "maxsize", "maxalerts"};
    struct settings settings = {0};
    struct json_object *paths = NULL;
    int code = mig_json_only(host, config, "fswatch", known, MIG_COUNT(known));

    json_object_object_get_ex(config, "paths", &paths);
    if (code == 0)
        code = read_numbers(host, config, &settings);
    if (code == 0)
        code = read_paths(host, paths, &settings);
    if (code == 0)
        code = read_excludes(host, config, &settings);
    if (code < 0) {
        fswatch_settings_free(&settings);
        return code;
    }
    *ret_settings = settings;
    return 0;
}

void
fswatch_settings_free(struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        free(settings->roots[i].path);
        free(settings->roots[i].label);
        free(settings->roots[i].severity);
        free(settings->roots[i].real);
    }
    free(settings->roots);
    for (size_t i = 0; settings->excludes != NULL && settings->excludes[i] != NULL; i++)
        free(settings->excludes[i]);
    free(settings->excludes);
    *settings = (struct settings){0};
}
