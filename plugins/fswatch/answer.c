/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "fswatch.h"

#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

static void
add_text(struct json_object *object, const char *member, const char *text)
{
    json_object_object_add(object, member, json_object_new_string(text));
}

static void
add_number(struct json_object *object, const char *member, uint64_t number)
{
    json_object_object_add(object, member, json_object_new_int64((int64_t)number));
}

static struct json_object *
paths(const struct fswatch *fs)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < fs->settings.count; i++) {
        const struct root *root = &fs->settings.roots[i];
        struct json_object *one = json_object_new_object();
        char *path = mig_text_path(root->path), *real = mig_text_path(root->real);

        add_text(one, "path", path != NULL ? path : "");
        add_text(one, "real", real != NULL ? real : "");
        add_text(one, "label", root->label);
        json_object_object_add(one, "recursive", json_object_new_boolean(root->recursive));
        add_text(one, "state", root->missing ? "missing" : fs->sweeping ? "reading" : "watched");
        json_object_array_add(list, one);
        free(path);
        free(real);
    }
    return list;
}

static struct json_object *
events(const struct fswatch *fs, uint64_t recent)
{
    struct json_object *list = json_object_new_array();
    size_t have = fs->recent_next < FSWATCH_RECENT ? fs->recent_next : FSWATCH_RECENT;

    if (recent > have)
        recent = have;
    for (size_t i = fs->recent_next - (size_t)recent; i < fs->recent_next; i++)
        json_object_array_add(list, json_object_get(fs->recent[i % FSWATCH_RECENT]));
    return list;
}

static struct json_object *
limits(const struct fswatch *fs)
{
    struct json_object *list = json_object_new_array();

    if (fs->entries_reached)
        json_object_array_add(list, json_object_new_string("entries"));
    if (fs->watches_reached)
        json_object_array_add(list, json_object_new_string("watches"));
    return list;
}

struct json_object *
fswatch_status(struct fswatch *fs, uint64_t recent)
{
    struct json_object *status = json_object_new_object();
    char time[MIG_TEXT_TIME_SIZE] = "";

    if (fs->saved_at > 0)
        mig_text_time((struct timespec){.tv_sec = (time_t)fs->saved_at}, time);
    json_object_object_add(status, "ok", json_object_new_boolean(1));
    add_text(status, "notifier", fswatch_notifier_kind(fs->notifier));
    json_object_object_add(status, "paths", paths(fs));
    add_number(status, "entries", fswatch_tree_count(fs->tree));
    add_number(status, "watches", fswatch_notifier_count(fs->notifier));
    add_number(status, "unwatched", fs->unwatched);
    add_number(status, "unreadable", fs->unreadable);
    json_object_object_add(status, "limits", limits(fs));
    add_number(status, "alerts", fs->alerts);
    add_number(status, "suppressed", fs->held_count);
    add_number(status, "dropped", fs->dropped);
    add_number(status, "overflows", fs->overflows);
    add_number(status, "rescans", fs->rescans);
    add_text(status, "baseline", time);
    add_text(status, "baselineerror", fs->save_error != NULL ? fs->save_error : "");
    add_number(status, "baselinesize", fs->saved_bytes);
    json_object_object_add(status, "events", events(fs, recent));
    return status;
}

/* ---- print ---- */

static const char *
text_of(struct json_object *object, const char *member)
{
    const char *text = json_object_get_string(json_object_object_get(object, member));

    return text != NULL ? text : "";
}

static void
print_line(const struct mig_host *host, struct json_object *object, const char *format,
           const char *first, const char *second)
{
    char *a = mig_text_line(text_of(object, first)), *b = mig_text_line(text_of(object, second));
    int width = (int)strcspn(format, "|");

    if (a != NULL && b != NULL)
        mig_print(host, "%.*s%s%s%s", width, format, a, format + width + 1, b);
    free(a);
    free(b);
}

int
fswatch_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags)
{
    static const char *const counts[] = {"entries",    "watches",   "unwatched",
                                         "unreadable", "alerts",    "suppressed",
                                         "dropped",    "overflows", "rescans"};
    struct json_object *object = NULL, *elements, *list = NULL;
    int code = mig_json_parameters(host, result, length, &object);

    if (code < 0)
        return code;
    elements = json_object_object_get(object, "elements");
    mig_print_member(host, elements, "ok", "ok:");
    if (json_object_object_get_ex(elements, "events", &list))
        for (size_t i = 0; i < json_object_array_length(list); i++)
            print_line(host, json_object_array_get_idx(list, i), "|  ", "time", "alert");
    if (!(flags & MIG_PRINT_FOUND_ONLY)) {
        if (json_object_object_get_ex(elements, "paths", &list))
            for (size_t i = 0; i < json_object_array_length(list); i++)
                print_line(host, json_object_array_get_idx(list, i), "path |: ", "path", "state");
        mig_print_member(host, elements, "notifier", "notifier: ");
        mig_print_member(host, elements, "limits", "limit reached: ");
        for (size_t i = 0; i < MIG_COUNT(counts); i++)
            mig_print(host, "stat: %s %s", text_of(elements, counts[i]), counts[i]);
        mig_print_member(host, object, "errors", "error: ");
    }
    json_object_put(object);
    return 0;
}
