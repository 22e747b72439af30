/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fswatch: tells of changes to files. What is known of each watched file is a node of a tree; a
 * notification says only where to look again, and what is told is the difference between the node
 * and the file. So a lost notification, a restart and a rescan are all the same case.
 */
#ifndef MIG_PLUGIN_FSWATCH_H
#define MIG_PLUGIN_FSWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <mig/plugin.h>

#define FSWATCH_HASH_SIZE 32u
#define FSWATCH_RECENT 100u

struct json_object;
struct fswatch;
struct notifier;

enum kind { KIND_NONE, KIND_FILE, KIND_FOLDER, KIND_LINK, KIND_OTHER, KIND_COUNT };

/* What is known of a file. KIND_NONE: there is none. */
struct meta {
    uint8_t kind;
    bool hashed;
    uint32_t mode, uid, gid;
    uint64_t size, device, inode;
    int64_t mtime, ctime; /* nanoseconds */
    uint8_t hash[FSWATCH_HASH_SIZE];
};

/* A path of the configuration. */
struct root {
    char *path, *label, *severity;
    char *real; /* without links, or `path` while it leads nowhere */
    bool recursive;
    bool fresh; /* what is there is taken for good, without an alert */
    bool missing;
    struct node *node;
};

struct node {
    struct node *parent, *child, *next, *previous, *chain;
    struct root *root;
    struct watch *watch;     /* of a folder that is watched */
    struct node *next_dirty; /* valid while `dirty` */
    struct node *next_held;  /* valid while `held` */
    struct meta told;
    int64_t last_ctime;  /* as it was looked at last */
    int64_t quiet_until; /* milliseconds */
    int64_t look_at;     /* not looked into before */
    uint32_t seen;       /* the last look at its folder that found it */
    uint32_t changes;    /* that were looked at and not told */
    bool dirty, held, dead;
    char name[];
};

/* ---- config.c ---- */

struct settings {
    struct root *roots;
    size_t count;
    char **excludes; /* shell patterns of paths; NULL-terminated */
    uint64_t quiet_ms, rescan_ms, settle_ms;
    uint64_t max_entries, max_watches, max_size, max_alerts;
};

/* 0, or a negative errno value after refuse(). */
int fswatch_settings_read(const struct mig_host *host, struct json_object *config,
                          struct settings *ret_settings);
void fswatch_settings_free(struct settings *settings);

/* ---- tree.c ---- */

struct tree;

struct tree *fswatch_tree_new(void);
void fswatch_tree_free(struct tree *tree);
struct node *fswatch_tree_top(struct tree *tree); /* "/" */
size_t fswatch_tree_count(const struct tree *tree);
/* The node of that name in a folder, or NULL. */
struct node *fswatch_tree_find(struct tree *tree, const struct node *folder, const char *name);
/* The same; made when there is none. NULL: no memory. */
struct node *fswatch_tree_make(struct tree *tree, struct node *folder, const char *name);
/* The same for an absolute path. */
struct node *fswatch_tree_make_path(struct tree *tree, const char *path);
/* Of a node without children. It is freed when it is in no list any more. */
void fswatch_tree_drop(struct tree *tree, struct node *node);
/* It has left a list. */
void fswatch_tree_release(struct node *node);
/* To be freed; NULL: no memory. */
char *fswatch_tree_path(const struct node *node);
/* The next node in the order parent, children, next; NULL behind the last one below `top`. */
struct node *fswatch_tree_next(const struct node *node, const struct node *top);

/* ---- notify.c: fanotify and inotify ---- */

struct notifier_host {
    void *context;
    /* Something changed in this folder; name NULL: of the folder itself. */
    void (*changed)(void *context, struct node *folder, const char *name, bool created);
    void (*overflow)(void *context);
};

/* `fanotify`: the host's group, or negative. NULL after refuse(). */
struct notifier *fswatch_notifier_new(const struct mig_host *host, int fanotify,
                                      const struct notifier_host *calls);
void fswatch_notifier_free(struct notifier *notifier);
/* For wait(). */
int fswatch_notifier_fd(const struct notifier *notifier);
/* Reads what has come, up to a bound; true when there is more. */
bool fswatch_notifier_read(struct notifier *notifier);
/* Watches the open folder for node. 0; -ENOSPC: the kernel's limit; other negative errno values. */
int fswatch_notifier_add(struct notifier *notifier, struct node *node, int fd);
void fswatch_notifier_remove(struct notifier *notifier, struct node *node);
size_t fswatch_notifier_count(const struct notifier *notifier);
/* "fanotify", "inotify", or both: "fanotify, inotify". */
const char *fswatch_notifier_kind(const struct notifier *notifier);

/* ---- meta.c ---- */

/* What is at `name` of an open folder; a hash is taken of `known` when the file has not changed
 * since. 0, also when there is nothing: KIND_NONE. */
int fswatch_meta_read(struct fswatch *fs, int folder, const char *name, const struct meta *known,
                      struct meta *ret_meta);
/* The same in all that is told. */
bool fswatch_meta_same(const struct meta *a, const struct meta *b);
void fswatch_meta_hex(const struct meta *meta, char ret_text[2 * FSWATCH_HASH_SIZE + 1]);

/* ---- watcher state ---- */

struct created { /* files that were made and may be gone by the time of the look */
    struct node *folder;
    char name[256];
};
#define FSWATCH_CREATED 512u

struct fswatch {
    const struct mig_host *host;
    struct settings settings;
    struct tree *tree;
    struct notifier *notifier;
    struct node *dirty_first, *dirty_last;
    struct node *held;
    struct created created[FSWATCH_CREATED];
    size_t created_count;
    uint32_t look; /* a number for each look at a folder */
    bool sweeping; /* the first look at all since the start */
    bool gone;     /* the agent is */
    bool unsaved;
    bool entries_reached, watches_reached, overflowed;
    int64_t save_at, saved_at, roots_at, rescan_at, minute_at, overflow_at;
    char *save_error;
    uint64_t saved_bytes;

    uint64_t alerts, held_count, dropped, dropped_told, minute_alerts;
    uint64_t overflows, rescans, unwatched, unreadable;
    struct json_object *recent[FSWATCH_RECENT];
    size_t recent_next;
};

int64_t fswatch_now(void); /* milliseconds, monotonic */

/* ---- scan.c ---- */

/* Looks at the folder again, soon. */
void fswatch_dirty(struct fswatch *fs, struct node *folder);
/* At all of them. */
void fswatch_rescan(struct fswatch *fs);
/* Puts a root into the tree. -ENOMEM. */
int fswatch_place(struct fswatch *fs, struct root *root);
/* Whether each path of the configuration is there, and where it leads. */
void fswatch_check_roots(struct fswatch *fs);
/* Looks into one dirty folder whose time has come; false when there was none. */
bool fswatch_scan_next(struct fswatch *fs);
/* Looks again at files whose quiet time is over. */
void fswatch_release(struct fswatch *fs);
/* Milliseconds until there is something to do. */
int64_t fswatch_due(const struct fswatch *fs);

/* ---- report.c ---- */

/* The root that decides of a node, or NULL: it is not watched. */
struct root *fswatch_root_of(const struct node *node);
/* A difference between what was told and what is; node->told becomes `now` when it is told. */
void fswatch_report(struct fswatch *fs, struct node *node, const struct meta *now, uint64_t below);
/* A file that was made and was gone before it could be looked at. */
void fswatch_report_vanished(struct fswatch *fs, const struct node *folder, const char *name);
/* Of the watching itself. */
void fswatch_report_trouble(struct fswatch *fs, const char *event, const char *severity,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Once a minute: how many were not told. */
void fswatch_report_dropped(struct fswatch *fs);

/* ---- baseline.c: what was told, on disk ---- */

int fswatch_baseline_save(struct fswatch *fs);
/* -ENOENT: there is none. Roots that it knows are no longer fresh. */
int fswatch_baseline_load(struct fswatch *fs);

/* ---- answer.c ---- */

struct json_object *fswatch_status(struct fswatch *fs, uint64_t recent);
int fswatch_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

#endif
