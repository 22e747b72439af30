/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Where the kernel says that something changed: fanotify marks on folders' inodes in the group that
 * the host opened, whose events name the folder by its file handle (fanotify(7)); on a file system
 * that has no handles, and without a group, inotify.
 */
#include "config.h"

#include "fswatch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <mig/json.h>

#define KEY_MAX (8u + MAX_HANDLE_SZ)
#define BUCKETS 4096u
#define READS 16 /* a turn */

#define FAN_MASK                                                                                   \
    (FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM |        \
     FAN_MOVED_TO | FAN_DELETE_SELF | FAN_MOVE_SELF | FAN_EVENT_ON_CHILD | FAN_ONDIR)
#define IN_MASK                                                                                    \
    (IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM |              \
     IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct watch {
    struct watch *chain;
    struct node *node;
    int descriptor; /* of inotify; -1: fanotify */
    size_t length;
    uint8_t key[]; /* file system's id and file handle, or the descriptor */
};

struct notifier {
    struct notifier_host calls;
    int fanotify, inotify, poll;
    size_t by_fanotify, by_inotify;
    struct watch *buckets[BUCKETS];
};

static size_t
bucket(const uint8_t *key, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ key[i]) * UINT64_C(0x100000001b3);
    return (hash >> 32 ^ hash) % BUCKETS;
}

static struct watch **
find(struct notifier *notifier, const uint8_t *key, size_t length)
{
    struct watch **link = &notifier->buckets[bucket(key, length)];

    while (*link != NULL && ((*link)->length != length || memcmp((*link)->key, key, length) != 0))
        link = &(*link)->chain;
    return link;
}

static int
add_to_poll(int poll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return fd < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

struct notifier *
fswatch_notifier_new(const struct mig_host *host, int fanotify, const struct notifier_host *calls)
{
    struct notifier *notifier = calloc(1, sizeof(*notifier));

    if (notifier == NULL)
        return NULL;
    notifier->calls = *calls;
    notifier->fanotify = fanotify;
    notifier->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    notifier->poll = epoll_create1(EPOLL_CLOEXEC);
    if (notifier->poll < 0 || add_to_poll(notifier->poll, notifier->fanotify) < 0 ||
        add_to_poll(notifier->poll, notifier->inotify) < 0 ||
        (notifier->fanotify < 0 && notifier->inotify < 0)) {
        mig_refuse(host, -errno, "neither fanotify nor inotify can be had: %s", strerror(errno));
        fswatch_notifier_free(notifier);
        return NULL;
    }
    return notifier;
}

void
fswatch_notifier_free(struct notifier *notifier)
{
    struct watch *watch, *next;

    if (notifier == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (watch = notifier->buckets[i]; watch != NULL; watch = next) {
            next = watch->chain;
            free(watch);
        }
    if (notifier->inotify >= 0)
        close(notifier->inotify);
    if (notifier->poll >= 0)
        close(notifier->poll);
    free(notifier);
}

int
fswatch_notifier_fd(const struct notifier *notifier)
{
    return notifier->poll;
}

size_t
fswatch_notifier_count(const struct notifier *notifier)
{
    return notifier->by_fanotify + notifier->by_inotify;
}

const char *
fswatch_notifier_kind(const struct notifier *notifier)
{
    if (notifier->by_inotify == 0)
        return notifier->fanotify >= 0 ? "fanotify" : "inotify";
    return notifier->by_fanotify == 0 ? "inotify" : "fanotify, inotify";
}

/* ---- adding ---- */

static int
remember(struct notifier *notifier, struct node *node, const uint8_t *key, size_t length,
         int descriptor)
{
    struct watch **link = find(notifier, key, length), *watch = *link;

    if (watch != NULL) { /* the same folder under an older name */
        if (watch->node != node && watch->node != NULL)
            watch->node->watch = NULL;
        watch->node = node;
        node->watch = watch;
        return 0;
    }
    watch = calloc(1, sizeof(*watch) + length);
    if (watch == NULL)
        return -ENOMEM;
    watch->node = node;
    watch->descriptor = descriptor;
    watch->length = length;
    memcpy(watch->key, key, length);
    *link = watch;
    node->watch = watch;
    if (descriptor < 0)
        notifier->by_fanotify++;
    else
        notifier->by_inotify++;
    return 0;
}

static size_t
make_key(uint8_t key[KEY_MAX], const void *fsid, const struct file_handle *handle)
{
    memcpy(key, fsid, 8);
    memcpy(key + 8, handle->f_handle, handle->handle_bytes);
    return 8 + handle->handle_bytes;
}

static int
add_fanotify(struct notifier *notifier, struct node *node, int fd)
{
    union {
        struct file_handle head;
        uint8_t room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
    uint8_t key[KEY_MAX];
    struct statfs fs;
    int mount;

    if (notifier->fanotify < 0)
        return -ENOSYS;
    if (name_to_handle_at(fd, "", &handle.head, &mount, AT_EMPTY_PATH) != 0 ||
        fstatfs(fd, &fs) != 0 ||
        fanotify_mark(notifier->fanotify, FAN_MARK_ADD, FAN_MASK, fd, NULL) != 0)
        return -errno;
    return remember(notifier, node, key, make_key(key, &fs.f_fsid, &handle.head), -1);
}

static int
add_inotify(struct notifier *notifier, struct node *node, int fd)
{
    char path[64];
    int descriptor;

    if (notifier->inotify < 0)
        return -ENOSYS;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    descriptor = inotify_add_watch(notifier->inotify, path, IN_MASK);
    if (descriptor < 0)
        return -errno;
    return remember(notifier, node, (const uint8_t *)&descriptor, sizeof(descriptor), descriptor);
}

int
fswatch_notifier_add(struct notifier *notifier, struct node *node, int fd)
{
    int code = add_fanotify(notifier, node, fd);

    return code < 0 && code != -ENOMEM ? add_inotify(notifier, node, fd) : code;
}

static void
forget(struct notifier *notifier, struct watch **link)
{
    struct watch *watch = *link;

    *link = watch->chain;
    if (watch->node != NULL)
        watch->node->watch = NULL;
    if (watch->descriptor < 0)
        notifier->by_fanotify--;
    else
        notifier->by_inotify--;
    free(watch);
}

/* A mark can not be taken back without the folder's path; one on a folder that lives on elsewhere
 * stays, and what it says finds no watch. */
void
fswatch_notifier_remove(struct notifier *notifier, struct node *node)
{
    struct watch *watch = node->watch;

    if (watch == NULL)
        return;
    if (watch->descriptor >= 0)
        (void)inotify_rm_watch(notifier->inotify, watch->descriptor);
    forget(notifier, find(notifier, watch->key, watch->length));
}

/* ---- reading ---- */

static void
tell(struct notifier *notifier, const uint8_t *key, size_t length, const char *name, bool created)
{
    struct watch *watch = *find(notifier, key, length);

    if (watch != NULL && watch->node != NULL)
        notifier->calls.changed(notifier->calls.context, watch->node, name, created);
}

/* `at` to `end` follows the head, which the kernel does not align. */
static void
take_fanotify(struct notifier *notifier, const struct fanotify_event_metadata *event,
              const char *at, const char *end)
{
    bool created = (event->mask & (FAN_CREATE | FAN_MOVED_TO)) != 0 && !(event->mask & FAN_ONDIR);

    if (event->mask & FAN_Q_OVERFLOW)
        notifier->calls.overflow(notifier->calls.context);
    while (end - at >= (ptrdiff_t)sizeof(struct fanotify_event_info_fid)) {
        const struct fanotify_event_info_fid *info = (const void *)at;
        const struct file_handle *handle = (const void *)info->handle;
        uint8_t key[KEY_MAX];
        const char *name;

        if (info->hdr.len < sizeof(*info) || info->hdr.len > end - at)
            return;
        name = (const char *)handle->f_handle + handle->handle_bytes;
        if (info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME)
            name = NULL;
        else if (strcmp(name, ".") == 0)
            name = NULL;
        if (handle->handle_bytes <= MAX_HANDLE_SZ)
            tell(notifier, key, make_key(key, &info->fsid, handle), name, created);
        at += info->hdr.len;
    }
}

static bool
read_fanotify(struct notifier *notifier)
{
    _Alignas(struct fanotify_event_metadata) static char data[65536];
    ssize_t length = read(notifier->fanotify, data, sizeof(data));
    const char *at = data;

    while (length - (at - data) >= (ptrdiff_t)sizeof(struct fanotify_event_metadata)) {
        struct fanotify_event_metadata event;

        memcpy(&event, at, sizeof(event));
        if (event.vers != FANOTIFY_METADATA_VERSION || event.metadata_len < sizeof(event) ||
            event.event_len < event.metadata_len || event.event_len > length - (at - data))
            return false;
        take_fanotify(notifier, &event, at + event.metadata_len, at + event.event_len);
        if (event.fd >= 0)
            close(event.fd);
        at += event.event_len;
    }
    return length > 0;
}

static void
take_inotify(struct notifier *notifier, const struct inotify_event *event)
{
    const uint8_t *key = (const uint8_t *)&event->wd;

    if (event->mask & IN_Q_OVERFLOW)
        notifier->calls.overflow(notifier->calls.context);
    tell(notifier, key, sizeof(event->wd), event->len > 0 ? event->name : NULL,
         (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0 && !(event->mask & IN_ISDIR));
    if (event->mask & IN_IGNORED) {
        struct watch **link = find(notifier, key, sizeof(event->wd));

        if (*link != NULL)
            forget(notifier, link);
    }
}

static bool
read_inotify(struct notifier *notifier)
{
    _Alignas(struct inotify_event) static char data[65536];
    ssize_t length = read(notifier->inotify, data, sizeof(data));
    const char *at = data;

    while (length - (at - data) >= (ptrdiff_t)sizeof(struct inotify_event)) {
        const struct inotify_event *event = (const void *)at;

        take_inotify(notifier, event);
        at += sizeof(*event) + event->len;
    }
    return length > 0;
}

bool
fswatch_notifier_read(struct notifier *notifier)
{
    bool more = true;

    for (int i = 0; more && i < READS; i++) {
        more = notifier->fanotify >= 0 && read_fanotify(notifier);
        more |= notifier->inotify >= 0 && read_inotify(notifier);
    }
    return more;
}
