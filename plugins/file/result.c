/* SPDX-License-Identifier: MPL-2.0 */
#include "file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/search.h>
#include <mig/text.h>

/* In this order, and absent when empty, unless it is kept. */
static const struct {
    const char *name;
    int kept;
} members[] = {
    {"description", 0}, {"paths", 1},  {"contents", 0}, {"names", 0},        {"sizes", 0},
    {"modes", 0},       {"mtimes", 0}, {"md5", 0},      {"sha1", 0},         {"sha2", 0},
    {"sha3", 0},        {"ctimes", 0}, {"atimes", 0},   {"uids", 0},         {"gids", 0},
    {"perms", 0},       {"inodes", 0}, {"xattrs", 0},   {"capabilities", 0},
};

static struct json_object *
member_of(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    json_object_object_get_ex(object, name, &value);
    return value;
}

static int
is_empty(struct json_object *value)
{
    if (json_object_is_type(value, json_type_array))
        return json_object_array_length(value) == 0;
    if (json_object_is_type(value, json_type_string))
        return json_object_get_string_len(value) == 0;
    return !json_object_get_boolean(value);
}

/* Limits are always zero; what the original leaves out when it is false or empty is left out. */
static struct json_object *
echo_options(struct json_object *asked)
{
    static const char *const optional[] = {"debug", "returnsha256", "decompress", "maxsize",
                                           "threads"};
    struct json_object *options = json_object_new_object();
    size_t i;

    json_object_object_add(options, "maxdepth", json_object_new_int(0));
    json_object_object_add(options, "maxerrors", json_object_new_int(0));
    if (json_object_get_boolean(member_of(asked, "remotefs")))
        json_object_object_add(options, "remotefs", json_object_new_boolean(1));
    json_object_object_add(
        options, "matchall",
        json_object_new_boolean(json_object_get_boolean(member_of(asked, "matchall"))));
    json_object_object_add(
        options, "macroal",
        json_object_new_boolean(json_object_get_boolean(member_of(asked, "macroal"))));
    json_object_object_add(options, "mismatch", json_object_get(member_of(asked, "mismatch")));
    json_object_object_add(options, "matchlimit", json_object_new_int(0));
    for (i = 0; i < MIG_COUNT(optional); i++)
        if (!is_empty(member_of(asked, optional[i])))
            json_object_object_add(options, optional[i],
                                   json_object_get(member_of(asked, optional[i])));
    return options;
}

static struct json_object *
clean_paths(struct json_object *asked)
{
    struct json_object *paths = json_object_new_array();
    size_t i;
    char *path;

    for (i = 0; i < json_object_array_length(asked); i++) {
        path = mig_text_clean_path(json_object_get_string(json_object_array_get_idx(asked, i)));
        json_object_array_add(paths, json_object_new_string(path != NULL ? path : ""));
        free(path);
    }
    return paths;
}

struct json_object *
file_echo_search(struct json_object *search)
{
    struct json_object *echo = json_object_new_object();
    struct json_object *value;
    size_t i;

    for (i = 0; i < MIG_COUNT(members); i++) {
        value = member_of(search, members[i].name);
        if (members[i].kept)
            json_object_object_add(echo, members[i].name, clean_paths(value));
        else if (!is_empty(value))
            json_object_object_add(echo, members[i].name, json_object_get(value));
    }
    json_object_object_add(echo, "options", echo_options(member_of(search, "options")));
    return echo;
}

struct json_object *
file_echo_check(const struct mig_search_set *set, size_t search, size_t check,
                struct json_object *asked, const char *path)
{
    struct json_object *echo = json_object_new_object();
    struct json_object *values = json_object_new_array();
    struct json_object *paths;
    char *folder = path != NULL ? mig_text_dirname(path) : NULL;
    char *shown = folder != NULL ? mig_text_path(folder) : NULL;

    if (path != NULL) {
        paths = json_object_new_array();
        json_object_array_add(paths, json_object_new_string(shown != NULL ? shown : ""));
    } else {
        paths = clean_paths(member_of(asked, "paths"));
    }
    json_object_object_add(echo, "paths", paths);
    json_object_array_add(values,
                          json_object_new_string(mig_search_check_value(set, search, check)));
    json_object_object_add(echo, mig_search_check_member(set, search, check), values);
    json_object_object_add(echo, "options", echo_options(NULL));
    free(shown);
    free(folder);
    return echo;
}

struct json_object *
file_echo_rest(struct json_object *asked, uint64_t without, size_t checks)
{
    struct json_object *echo = json_object_new_object();
    char text[96];

    snprintf(text, sizeof(text), "%llu of %zu checks matched nothing", (unsigned long long)without,
             checks);
    json_object_object_add(echo, "description", json_object_new_string(text));
    json_object_object_add(echo, "paths", clean_paths(member_of(asked, "paths")));
    json_object_object_add(echo, "options", echo_options(NULL));
    return echo;
}

static struct json_object *
sha256_text(const uint8_t *sha256)
{
    char text[MIG_SEARCH_SHA256_SIZE * 2 + 1];
    size_t i;

    for (i = 0; i < MIG_SEARCH_SHA256_SIZE; i++)
        snprintf(text + i * 2, 3, "%02X", sha256[i]);
    return json_object_new_string(text);
}

static struct json_object *
file_info(const struct mig_search_hit *hit)
{
    struct json_object *info = json_object_new_object();
    char mode[MIG_TEXT_MODE_SIZE] = "";
    char time[MIG_TEXT_TIME_SIZE] = "";

    if (hit != NULL) {
        mig_text_mode(hit->stat->st_mode, mode);
        mig_text_time(hit->stat->st_mtim, time);
    }
    json_object_object_add(info, "size", json_object_new_int64(hit ? hit->stat->st_size : 0));
    json_object_object_add(info, "mode", json_object_new_string(mode));
    json_object_object_add(info, "lastmodified", json_object_new_string(time));
    if (hit != NULL && hit->sha256 != NULL)
        json_object_object_add(info, "sha256", sha256_text(hit->sha256));
    return info;
}

struct json_object *
file_element(const struct mig_search_hit *hit, struct json_object *echo)
{
    struct json_object *element = json_object_new_object();
    char *path = hit != NULL ? mig_text_path(hit->path) : strdup("");

    if (path == NULL) {
        json_object_put(echo);
        json_object_put(element);
        return NULL;
    }
    json_object_object_add(element, "file", json_object_new_string(path));
    json_object_object_add(element, "search", echo);
    json_object_object_add(element, "fileinfo", file_info(hit));
    free(path);
    return element;
}

struct json_object *
file_skipped(const struct mig_search_set *set)
{
    struct json_object *all = json_object_new_object();
    size_t i;
    size_t j;

    for (i = 0; all != NULL && i < mig_search_count(set); i++) {
        const struct mig_search_skipped skipped = mig_search_skipped(set, i);
        const struct {
            const char *why;
            uint64_t count;
        } counts[] = {
            {"permission", skipped.permission}, {"type", skipped.type},
            {"filesystem", skipped.filesystem}, {"size", skipped.size},
            {"vanished", skipped.vanished},     {"depth", skipped.depth},
            {"failed", skipped.failed},
        };
        struct json_object *one = json_object_new_object();

        for (j = 0; j < MIG_COUNT(counts); j++)
            if (counts[j].count > 0)
                json_object_object_add(one, counts[j].why,
                                       json_object_new_int64((int64_t)counts[j].count));
        json_object_object_add(all, mig_search_label(set, i), one);
    }
    return all;
}
