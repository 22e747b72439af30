/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "fswatch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

#define RETRY_MS 60000
#define MINUTE_MS 60000

static const char *const kinds[KIND_COUNT] = {"none", "file", "folder", "link", "other"};

struct root *
fswatch_root_of(const struct node *node)
{
    while (node != NULL && node->root == NULL)
        node = node->parent;
    return node != NULL ? node->root : NULL;
}

/* ---- alerts ---- */

static void
remember(struct fswatch *fs, struct json_object *alert)
{
    char text[40];
    time_t now = time(NULL);
    struct tm tm;

    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    json_object_object_add(alert, "time", json_object_new_string(text));
    json_object_put(fs->recent[fs->recent_next % FSWATCH_RECENT]);
    fs->recent[fs->recent_next++ % FSWATCH_RECENT] = alert;
}

/* Takes the alert. Negative: it did not get to the agent. */
static int
send_alert(struct fswatch *fs, struct json_object *alert)
{
    size_t length = 0;
    const char *text = mig_json_text(alert, &length);
    int code = text != NULL ? fs->host->alert(fs->host, text, length) : -ENOMEM;

    if (code < 0) {
        fs->gone |= code == -EPIPE;
        fs->dropped++;
        json_object_put(alert);
        return code;
    }
    fs->alerts++;
    remember(fs, alert);
    return 0;
}

/* More than the site wants in a minute. */
static bool
too_many(struct fswatch *fs)
{
    fswatch_report_dropped(fs);
    return ++fs->minute_alerts > fs->settings.max_alerts;
}

static struct json_object *
alert_new(const char *event, const char *severity, const char *text)
{
    struct json_object *alert = json_object_new_object();

    json_object_object_add(alert, "severity", json_object_new_string(severity));
    json_object_object_add(alert, "alert", json_object_new_string(text));
    json_object_object_add(alert, "event", json_object_new_string(event));
    return alert;
}

void
fswatch_report_trouble(struct fswatch *fs, const char *event, const char *severity,
                       const char *format, ...)
{
    char *text = NULL, *line;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    line = text != NULL ? mig_text_path(text) : NULL; /* it may name a path of any bytes */
    if (line != NULL) {
        fs->host->log(fs->host, MIG_LOG_WARNING, line);
        send_alert(fs, alert_new(event, severity, line));
    }
    free(line);
    free(text);
}

void
fswatch_report_dropped(struct fswatch *fs)
{
    int64_t now = fswatch_now();
    uint64_t count;

    if (now < fs->minute_at)
        return;
    fs->minute_at = now + MINUTE_MS;
    fs->minute_alerts = 0;
    count = fs->dropped - fs->dropped_told;
    fs->dropped_told = fs->dropped;
    if (count > 0)
        fswatch_report_trouble(fs, "dropped", "medium",
                               "%" PRIu64 " changes were not told one by one: more than %" PRIu64
                               " in a minute",
                               count, fs->settings.max_alerts);
}

/* ---- a difference ---- */

static struct json_object *
meta_json(const struct meta *meta)
{
    struct json_object *object = json_object_new_object();
    char hex[2 * FSWATCH_HASH_SIZE + 1], mode[MIG_TEXT_MODE_SIZE], time[MIG_TEXT_TIME_SIZE];

    mig_text_mode((mode_t)meta->mode, mode);
    mig_text_time(
        (struct timespec){.tv_sec = meta->mtime / 1000000000, .tv_nsec = meta->mtime % 1000000000},
        time);
    json_object_object_add(object, "type", json_object_new_string(kinds[meta->kind]));
    json_object_object_add(object, "mode", json_object_new_string(mode));
    json_object_object_add(object, "uid", json_object_new_int64(meta->uid));
    json_object_object_add(object, "gid", json_object_new_int64(meta->gid));
    json_object_object_add(object, "size", json_object_new_int64((int64_t)meta->size));
    json_object_object_add(object, "mtime", json_object_new_string(time));
    if (meta->hashed) {
        fswatch_meta_hex(meta, hex);
        json_object_object_add(object, "sha256", json_object_new_string(hex));
    }
    return object;
}

static bool
same_content(const struct meta *a, const struct meta *b)
{
    struct meta copy = *a;

    copy.mode = b->mode;
    copy.uid = b->uid;
    copy.gid = b->gid;
    return fswatch_meta_same(&copy, b);
}

static const char *
event_of(const struct meta *old, const struct meta *now)
{
    if (old->kind == KIND_NONE)
        return "created";
    if (now->kind == KIND_NONE)
        return "removed";
    return same_content(old, now) ? "attributes" : "changed";
}

static char *
text_of(const char *event, const char *path, const struct meta *old, const struct meta *now)
{
    char was[2 * FSWATCH_HASH_SIZE + 1], is[2 * FSWATCH_HASH_SIZE + 1];
    char *text = NULL;
    int length;

    fswatch_meta_hex(old, was);
    fswatch_meta_hex(now, is);
    if (strcmp(event, "created") == 0)
        length = now->hashed ? asprintf(&text, "path %s created %s", path, is)
                             : asprintf(&text, "path %s created", path);
    else if (strcmp(event, "removed") == 0)
        length = asprintf(&text, "path %s removed", path);
    else if (strcmp(event, "changed") == 0 && old->kind == now->kind)
        length = asprintf(&text, "%s signature changed %s -> %s", path, was, is);
    else if (strcmp(event, "changed") == 0)
        length =
            asprintf(&text, "%s is a %s now, was a %s", path, kinds[now->kind], kinds[old->kind]);
    else
        length =
            asprintf(&text, "%s attributes changed %04o %u:%u -> %04o %u:%u", path,
                     old->mode & 07777, old->uid, old->gid, now->mode & 07777, now->uid, now->gid);
    return length < 0 ? NULL : text;
}

/* A program that anybody can run as its owner. */
static bool
became_setuid(const struct meta *old, const struct meta *now)
{
    uint32_t bits = now->kind == KIND_FILE ? now->mode & (S_ISUID | S_ISGID) : 0;

    return (bits & ~(old->kind == KIND_FILE ? old->mode : 0)) != 0;
}

static struct json_object *
difference(struct fswatch *fs, struct node *node, const struct meta *now, uint64_t below)
{
    const char *event = event_of(&node->told, now);
    const struct root *root = fswatch_root_of(node);
    const char *severity = root->severity;
    char *path = fswatch_tree_path(node), *shown = path != NULL ? mig_text_path(path) : NULL;
    char *text = shown != NULL ? text_of(event, shown, &node->told, now) : NULL;
    struct json_object *alert = NULL;

    if (became_setuid(&node->told, now))
        severity = "critical";
    else if (strcmp(event, "attributes") == 0 && strcmp(severity, "low") != 0)
        severity = "medium";
    if (text != NULL) {
        alert = alert_new(event, severity, text);
        json_object_object_add(alert, "path", json_object_new_string(shown));
        json_object_object_add(alert, "label", json_object_new_string(root->label));
        if (node->told.kind != KIND_NONE)
            json_object_object_add(alert, "old", meta_json(&node->told));
        if (now->kind != KIND_NONE)
            json_object_object_add(alert, "new", meta_json(now));
        json_object_object_add(alert, "changes", json_object_new_int64(node->changes + 1L));
        if (below > 0)
            json_object_object_add(alert, "below", json_object_new_int64((int64_t)below));
        json_object_object_add(alert, "offline", json_object_new_boolean(fs->sweeping));
    }
    free(text);
    free(shown);
    free(path);
    return alert;
}

void
fswatch_report(struct fswatch *fs, struct node *node, const struct meta *now, uint64_t below)
{
    const struct root *root = fswatch_root_of(node);
    struct json_object *alert;

    if (root == NULL || root->fresh) {
        node->told = *now;
        fs->unsaved = true;
        return;
    }
    if (too_many(fs)) {
        fs->dropped++;
    } else {
        alert = difference(fs, node, now, below);
        if (alert == NULL || send_alert(fs, alert) < 0) {
            /* What was told stays as it was, so that it is told later. */
            node->quiet_until = fswatch_now() + RETRY_MS;
            node->changes++;
            if (!node->held) {
                node->held = true;
                node->next_held = fs->held;
                fs->held = node;
            }
            return;
        }
    }
    node->told = *now;
    node->changes = 0;
    node->quiet_until = fswatch_now() + (int64_t)fs->settings.quiet_ms;
    fs->unsaved = true;
}

void
fswatch_report_vanished(struct fswatch *fs, const struct node *folder, const char *name)
{
    const struct root *root = fswatch_root_of(folder);
    char *path, *whole = NULL, *shown = NULL, *text = NULL;
    struct json_object *alert;

    if (root == NULL || root->fresh)
        return;
    if (too_many(fs)) {
        fs->dropped++;
        return;
    }
    path = fswatch_tree_path(folder);
    if (path == NULL || asprintf(&whole, "%s/%s", path[1] != '\0' ? path : "", name) < 0)
        whole = NULL;
    shown = whole != NULL ? mig_text_path(whole) : NULL;
    if (shown != NULL && asprintf(&text, "unable to stat new path %s", shown) >= 0) {
        alert = alert_new("vanished", "low", text);
        json_object_object_add(alert, "path", json_object_new_string(shown));
        json_object_object_add(alert, "label", json_object_new_string(root->label));
        send_alert(fs, alert);
        free(text);
    }
    free(shown);
    free(whole);
    free(path);
}
