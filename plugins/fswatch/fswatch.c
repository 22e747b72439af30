/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "fswatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>

#define SAVE_MS 5000
#define QUIET_OVERFLOW_MS 60000
#define RECENT_DEFAULT 20u

static const struct mig_option options[] = {
    {"events", "events", "how many recent events to show, at most 100", "count", NULL,
     MIG_OPTION_NUMBER, 0, FSWATCH_RECENT},
};

static const struct mig_field fields[] = {
    {"ok", "the module runs", MIG_FIELD_BOOL, 0, 0},
    {"notifier", "fanotify, inotify or both", MIG_FIELD_STRING, 0, 32},
    {"paths[].path", "as the configuration has it", MIG_FIELD_STRING, 0, 8192},
    {"paths[].real", "where it leads", MIG_FIELD_STRING, 0, 8192},
    {"paths[].label", "as the configuration has it", MIG_FIELD_STRING, 0, 128},
    {"paths[].recursive", "what is below is watched as well", MIG_FIELD_BOOL, 0, 0},
    {"paths[].state", "watched, reading or missing", MIG_FIELD_STRING, 0, 16},
    {"entries", "files and folders that are known", MIG_FIELD_NUMBER, 0, 0},
    {"watches", "folders that are watched", MIG_FIELD_NUMBER, 0, 0},
    {"unwatched", "folders that are only looked at now and then", MIG_FIELD_NUMBER, 0, 0},
    {"unreadable", "files that could not be read", MIG_FIELD_NUMBER, 0, 0},
    {"limits[]", "limits that were reached: entries, watches", MIG_FIELD_STRING, 0, 16},
    {"alerts", "handed over since the start", MIG_FIELD_NUMBER, 0, 0},
    {"suppressed", "changes within the quiet time of a file", MIG_FIELD_NUMBER, 0, 0},
    {"dropped", "changes that were not told one by one", MIG_FIELD_NUMBER, 0, 0},
    {"overflows", "times that the kernel lost notifications", MIG_FIELD_NUMBER, 0, 0},
    {"rescans", "times that everything was looked at again", MIG_FIELD_NUMBER, 0, 0},
    {"baseline", "when what is known was saved last", MIG_FIELD_STRING, 0, 64},
    {"baselineerror", "why it could not be saved", MIG_FIELD_STRING, 0, 256},
    {"baselinesize", "its bytes", MIG_FIELD_NUMBER, 0, 0},
    {"events[].time", "when it was told", MIG_FIELD_STRING, 0, 40},
    {"events[].severity", "critical, high, medium or low", MIG_FIELD_STRING, 0, 16},
    {"events[].alert", "one line", MIG_FIELD_STRING, 0, 16384},
    {"events[].event", "changed, created, removed, attributes, vanished, …", MIG_FIELD_STRING, 0,
     16},
    {"events[].path", "which file", MIG_FIELD_STRING, 0, 16384},
    {"events[].label", "of the path in the configuration", MIG_FIELD_STRING, 0, 128},
    {"events[].changes", "since it was told last", MIG_FIELD_NUMBER, 0, 0},
    {"events[].below", "files in a folder that was removed", MIG_FIELD_NUMBER, 0, 0},
    {"events[].offline", "it was changed while nothing watched", MIG_FIELD_BOOL, 0, 0},
    {"events[].old.type", "file, folder, link or other", MIG_FIELD_STRING, 0, 8},
    {"events[].old.mode", "type and permissions", MIG_FIELD_STRING, 0, 32},
    {"events[].old.uid", "owner", MIG_FIELD_NUMBER, 0, 0},
    {"events[].old.gid", "group", MIG_FIELD_NUMBER, 0, 0},
    {"events[].old.size", "bytes", MIG_FIELD_NUMBER, 0, 0},
    {"events[].old.mtime", "time of the last change", MIG_FIELD_STRING, 0, 64},
    {"events[].old.sha256", "of the content", MIG_FIELD_STRING, 0, 64},
    {"events[].new.type", "file, folder, link or other", MIG_FIELD_STRING, 0, 8},
    {"events[].new.mode", "type and permissions", MIG_FIELD_STRING, 0, 32},
    {"events[].new.uid", "owner", MIG_FIELD_NUMBER, 0, 0},
    {"events[].new.gid", "group", MIG_FIELD_NUMBER, 0, 0},
    {"events[].new.size", "bytes", MIG_FIELD_NUMBER, 0, 0},
    {"events[].new.mtime", "time of the last change", MIG_FIELD_STRING, 0, 64},
    {"events[].new.sha256", "of the content", MIG_FIELD_STRING, 0, 64},
};

static struct fswatch *running; /* in persist() */

int64_t
fswatch_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what the kernel says ---- */

static void
remember_created(struct fswatch *fs, struct node *folder, const char *name)
{
    struct created *created = &fs->created[fs->created_count];

    if (fs->created_count == FSWATCH_CREATED || strlen(name) >= sizeof(created->name) ||
        fswatch_tree_find(fs->tree, folder, name) != NULL)
        return;
    for (size_t i = 0; i < fs->created_count; i++)
        if (fs->created[i].folder == folder && strcmp(fs->created[i].name, name) == 0)
            return;
    created->folder = folder;
    memcpy(created->name, name, strlen(name) + 1);
    fs->created_count++;
}

static void
changed(void *context, struct node *folder, const char *name, bool created)
{
    struct fswatch *fs = context;

    fswatch_dirty(fs, folder);
    if (name == NULL && folder->parent != NULL && folder->parent->watch != NULL)
        fswatch_dirty(fs, folder->parent);
    if (name == NULL && folder->root != NULL)
        fs->roots_at = 0;
    if (created && name != NULL)
        remember_created(fs, folder, name);
}

static void
overflow(void *context)
{
    struct fswatch *fs = context;

    fs->overflows++;
    fs->overflowed = true;
}

/* After the queue has been read: what was lost shows when everything is looked at again. */
static void
after_overflow(struct fswatch *fs)
{
    int64_t now = fswatch_now();

    fs->overflowed = false;
    if (now >= fs->overflow_at) {
        fs->overflow_at = now + QUIET_OVERFLOW_MS;
        fswatch_report_trouble(fs, "overflow", "medium",
                               "more changes at once than the kernel's queue holds: all that is "
                               "watched is looked at again");
    }
    fswatch_rescan(fs);
}

/* ---- the instance ---- */

static void
save(struct fswatch *fs)
{
    int code = fswatch_baseline_save(fs);

    free(fs->save_error);
    fs->save_error = NULL;
    fs->save_at = fswatch_now() + SAVE_MS;
    if (code == 0) {
        fs->unsaved = false;
        fs->saved_at = (int64_t)time(NULL);
        return;
    }
    fs->save_at = fswatch_now() + 12 * SAVE_MS;
    if (asprintf(&fs->save_error, "%s", strerror(-code)) < 0)
        fs->save_error = NULL;
    mig_error(fs->host, "what is known of the files can not be saved: %s%s", strerror(-code),
              code == -EFBIG ? " (watch less, or raise persist.state)" : "");
}

static void
swept(struct fswatch *fs)
{
    fs->sweeping = false;
    for (size_t i = 0; i < fs->settings.count; i++) {
        struct root *root = &fs->settings.roots[i];

        root->fresh = false;
        if (root->missing)
            mig_error(fs->host, "%s is not there; it is noticed when it comes", root->path);
    }
    save(fs);
}

static void
end_fresh(struct fswatch *fs)
{
    for (size_t i = 0; i < fs->settings.count; i++)
        fs->settings.roots[i].fresh = false;
}

static void
work(struct fswatch *fs)
{
    int64_t now;

    if (fswatch_notifier_read(fs->notifier))
        return; /* first all that the kernel has to say, or its queue overflows */
    if (fs->overflowed)
        after_overflow(fs);
    now = fswatch_now();
    if (now >= fs->roots_at)
        fswatch_check_roots(fs);
    fswatch_release(fs);
    if (fs->settings.rescan_ms > 0 && now >= fs->rescan_at) {
        fs->rescan_at = now + (int64_t)fs->settings.rescan_ms;
        fswatch_rescan(fs);
    }
    fswatch_scan_next(fs);
    if (fs->dirty_first == NULL) {
        if (fs->sweeping)
            swept(fs);
        end_fresh(fs);
    }
    fswatch_report_dropped(fs);
    if (fs->unsaved && !fs->sweeping && now >= fs->save_at)
        save(fs);
}

static int
start(struct fswatch *fs)
{
    const struct notifier_host calls = {fs, changed, overflow};
    int code;

    fs->tree = fswatch_tree_new();
    if (fs->tree == NULL)
        return -ENOMEM;
    fs->notifier = fswatch_notifier_new(
        fs->host, fs->host->descriptor(fs->host, MIG_DESCRIPTOR_WATCH), &calls);
    if (fs->notifier == NULL)
        return -EIO;
    fs->sweeping = true;
    code = fswatch_baseline_load(fs);
    if (code < 0 && code != -ENOENT) {
        /* Its check sum is right: another version wrote it. */
        mig_error(fs->host, "what was known of the files can not be used (%s): starting anew",
                  strerror(-code));
        fswatch_tree_free(fs->tree);
        fs->tree = fswatch_tree_new();
        for (size_t i = 0; i < fs->settings.count; i++)
            fs->settings.roots[i].fresh = true;
    }
    for (size_t i = 0; fs->tree != NULL && i < fs->settings.count; i++)
        if (fswatch_place(fs, &fs->settings.roots[i]) < 0)
            return -ENOMEM;
    if (fs->tree == NULL)
        return -ENOMEM;
    fswatch_rescan(fs);
    fs->rescans = 0;
    fs->rescan_at = fswatch_now() + (int64_t)fs->settings.rescan_ms;
    fs->minute_at = fswatch_now() + 60000;
    return 0;
}

static void
end(struct fswatch *fs)
{
    struct node *node;

    while ((node = fs->dirty_first) != NULL) {
        fs->dirty_first = node->next_dirty;
        node->dirty = false;
        fswatch_tree_release(node);
    }
    while ((node = fs->held) != NULL) {
        fs->held = node->next_held;
        node->held = false;
        fswatch_tree_release(node);
    }
    fswatch_tree_free(fs->tree);
    fswatch_notifier_free(fs->notifier);
    for (size_t i = 0; i < FSWATCH_RECENT; i++)
        json_object_put(fs->recent[i]);
    free(fs->save_error);
    fswatch_settings_free(&fs->settings);
    free(fs);
}

static int
read_settings(const struct mig_host *host, const char *configuration, size_t length,
              struct settings *ret_settings)
{
    struct json_object *all = NULL, *config = NULL;
    int code = mig_json_parameters(host, configuration, length, &all);

    if (code < 0)
        return code;
    json_object_object_get_ex(all, "config", &config);
    code = fswatch_settings_read(host, config, ret_settings);
    json_object_put(all);
    return code;
}

static int
configure(const struct mig_host *host, const char *configuration, size_t length)
{
    struct settings settings;
    int code = read_settings(host, configuration, length, &settings);

    if (code == 0)
        fswatch_settings_free(&settings);
    return code;
}

static int
persist(const struct mig_host *host, const char *configuration, size_t length)
{
    struct fswatch *fs = calloc(1, sizeof(*fs));
    int code = fs != NULL ? read_settings(host, configuration, length, &fs->settings) : -ENOMEM;

    if (code < 0) {
        free(fs);
        return code;
    }
    fs->host = host;
    code = start(fs);
    running = fs;
    while (code == 0 && !fs->gone) {
        work(fs);
        if (host->wait(host, fswatch_notifier_fd(fs->notifier), fswatch_due(fs)) & MIG_WAIT_STOP)
            break;
    }
    running = NULL;
    if (code == 0 && fs->unsaved && !fs->sweeping)
        save(fs);
    end(fs);
    return code;
}

/* ---- mig fswatch ---- */

static int
read_question(const struct mig_host *host, const char *text, size_t length, uint64_t *recent)
{
    struct json_object *asked = NULL;
    int code = mig_json_parameters(host, text, length, &asked);

    if (code < 0)
        return code;
    code = mig_json_get_number(host, asked, "events", recent);
    json_object_put(asked);
    if (code >= 0 && *recent > FSWATCH_RECENT)
        return mig_refuse(host, -EINVAL, "events: expected %u at most", FSWATCH_RECENT);
    return code < 0 ? code : 0;
}

static int
answer(const struct mig_host *host, const char *question, size_t length)
{
    uint64_t recent = RECENT_DEFAULT;
    struct json_object *status;
    const char *text;
    int code = read_question(host, question, length, &recent);

    if (code < 0 || running == NULL)
        return code < 0 ? code : -EAGAIN;
    status = fswatch_status(running, recent);
    text = mig_json_text(status, &length);
    code = host->output(host, text, length);
    json_object_put(status);
    return code;
}

static int
validate(const struct mig_host *host, const char *parameters, size_t length)
{
    uint64_t recent = 0;

    return read_question(host, parameters, length, &recent);
}

static int
run(const struct mig_host *host, const char *parameters, size_t length)
{
    int code = validate(host, parameters, length);

    return code < 0 ? code : mig_ask_instance(host, parameters, length);
}

MIG_PLUGIN_NOTE("fswatch", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    MIG_NEED_READ_FILES | MIG_NEED_WATCH | MIG_NEED_STATE,
    "fswatch",
    "1.0.0",
    "tell of changes to files: what was changed, made, removed",
    MIG_TABLE(options),
    MIG_TABLE(fields),
    NULL,
    "mig fswatch -t all\nmig fswatch -t local -events 100",
    run,
    validate,
    NULL,
    fswatch_print,
    persist,
    configure,
    answer,
    NULL};
