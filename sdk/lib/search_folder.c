/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "search_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_LEAST 16u
#define OPEN_MOST 256u

/* ---- folders ---- */

struct folder *
mig_folder_new(struct folder *parent, const struct root *root, const char *name, size_t searches)
{
    size_t length = strlen(name);
    size_t depths = searches * sizeof(uint64_t);
    struct folder *folder = calloc(1, sizeof(*folder) + depths + length + 1);

    if (folder == NULL)
        return NULL;
    folder->root = root;
    folder->users = 1;
    atomic_init(&folder->refs, 1);
    folder->fd = -1;
    folder->name = (char *)folder + sizeof(*folder) + depths;
    memcpy(folder->name, name, length + 1);
    folder->path_length = length;
    if (parent == NULL)
        return folder;
    folder->parent = parent;
    folder->level = parent->level + 1;
    /* Only "/" ends with a slash. */
    folder->path_length += parent->path_length + (parent->path_length > 1);
    atomic_fetch_add(&parent->refs, 1);
    return folder;
}

bool
mig_folder_add(struct folder *folder, const char *name)
{
    size_t length = strlen(name) + 1;
    char *grown;

    if (folder->names_room - folder->names_size < length) {
        grown = realloc(folder->names, folder->names_room * 2 + length);
        if (grown == NULL)
            return false;
        folder->names = grown;
        folder->names_room = folder->names_room * 2 + length;
    }
    memcpy(folder->names + folder->names_size, name, length);
    folder->names_size += length;
    return true;
}

void
mig_folder_path(const struct folder *folder, char *ret_path)
{
    char *end = ret_path + folder->path_length;
    size_t length;

    *end = '\0';
    for (; folder->parent != NULL; folder = folder->parent) {
        length = strlen(folder->name);
        end -= length;
        memcpy(end, folder->name, length);
        if (end > ret_path && folder->parent->path_length > 1)
            *--end = '/';
    }
    memcpy(ret_path, folder->name, strlen(folder->name));
}

bool
mig_folder_inside(const struct folder *folder, dev_t device, ino_t inode)
{
    for (folder = folder->parent; folder != NULL; folder = folder->parent)
        if (folder->inode == inode && folder->device == device)
            return true;
    return false;
}

/* ---- descriptors ---- */

static void
unlist(struct queue *queue, struct folder *folder)
{
    *(folder->older != NULL ? &folder->older->newer : &queue->oldest) = folder->newer;
    *(folder->newer != NULL ? &folder->newer->older : &queue->newest) = folder->older;
    folder->older = folder->newer = NULL;
    queue->open--;
}

static void
list(struct queue *queue, struct folder *folder)
{
    folder->older = queue->newest;
    *(queue->newest != NULL ? &queue->newest->newer : &queue->oldest) = folder;
    queue->newest = folder;
    queue->open++;
}

static void
shut(struct queue *queue, struct folder *folder)
{
    if (folder->fd < 0)
        return;
    if (folder->waits)
        unlist(queue, folder);
    if (queue->closing_count < QUEUE_CLOSING)
        queue->closing[queue->closing_count++] = folder->fd;
    else
        close(folder->fd);
    folder->fd = -1;
}

/* To close takes longer than all else that is done with the lock held. */
static void
unlock(struct queue *queue)
{
    int closing[QUEUE_CLOSING];
    unsigned int count = queue->closing_count;

    memcpy(closing, queue->closing, count * sizeof(closing[0]));
    queue->closing_count = 0;
    pthread_mutex_unlock(&queue->lock);
    while (count > 0)
        close(closing[--count]);
}

/* The oldest are the uppermost, which are come back to last. */
static void
shut_oldest(struct queue *queue)
{
    struct folder *folder = queue->oldest;
    struct folder *newer;

    for (; folder != NULL && queue->open > queue->open_max; folder = newer) {
        newer = folder->newer;
        if (folder->users == 0)
            shut(queue, folder);
    }
}

static void
unuse(struct queue *queue, struct folder *folder)
{
    if (--folder->users == 0 && !folder->waits)
        shut(queue, folder);
}

/* Opens one folder from the one above it, which must be open. */
static bool
open_again(struct queue *queue, struct folder *folder)
{
    int above = folder->parent != NULL ? folder->parent->fd : AT_FDCWD;
    int fd =
        openat(above, folder->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return false;
    if (fstat(fd, &st) != 0 || st.st_dev != folder->device || st.st_ino != folder->inode ||
        (folder->more && lseek(fd, folder->position, SEEK_SET) < 0)) {
        close(fd);
        return false;
    }
    folder->fd = fd;
    if (folder->waits)
        list(queue, folder);
    return true;
}

/* Gets the descriptor back, and those on the way from the nearest folder above that has its own. */
static bool
use(struct queue *queue, struct folder *folder)
{
    struct folder **way = NULL;
    struct folder *at = folder;
    size_t count = 0;
    size_t i;
    bool good = true;

    folder->users++;
    if (folder->fd >= 0)
        return true;
    for (; at != NULL && at->fd < 0; at = at->parent)
        count++;
    way = calloc(count, sizeof(struct folder *));
    for (i = count, at = folder; way != NULL && i > 0; at = at->parent)
        way[--i] = at;
    for (i = 0; way != NULL && i < count && good; i++) {
        way[i]->users++;
        good = open_again(queue, way[i]);
        if (i > 0)
            unuse(queue, way[i - 1]);
        shut_oldest(queue);
    }
    if (i > 0)
        unuse(queue, way[i - 1]);
    free(way);
    return folder->fd >= 0;
}

/* ---- the queue ---- */

/* Frees the folder and those above it that nothing else holds. */
static void
drop(struct queue *queue, struct folder *folder)
{
    struct folder *parent;

    for (; folder != NULL && atomic_fetch_sub(&folder->refs, 1) == 1; folder = parent) {
        parent = folder->parent;
        shut(queue, folder);
        free(folder->names);
        free(folder);
    }
}

/* Takes the uppermost folder off the stack; what held it there is the caller's. */
static struct folder *
pop(struct queue *queue)
{
    struct folder *folder = queue->top;

    queue->top = folder->under;
    if (folder->fd >= 0)
        unlist(queue, folder);
    folder->waits = false;
    return folder;
}

/* What is done with it held takes less than to sleep and be woken. */
static int
init_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;
    int code = pthread_mutexattr_init(&attributes);

    if (code != 0)
        return code;
#ifdef PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP /* glibc's */
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
#endif
    code = pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return code;
}

int
mig_queue_init(struct queue *queue, struct root *roots, size_t roots_count)
{
    struct rlimit files;

    memset(queue, 0, sizeof(*queue));
    queue->roots = roots;
    queue->roots_count = roots_count;
    queue->open_max = OPEN_MOST;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur / 2 < OPEN_MOST)
        queue->open_max = (unsigned int)files.rlim_cur / 2;
    if (queue->open_max < OPEN_LEAST)
        queue->open_max = OPEN_LEAST;
    if (init_lock(&queue->lock) != 0)
        return -ENOMEM;
    if (pthread_cond_init(&queue->wake, NULL) == 0)
        return 0;
    pthread_mutex_destroy(&queue->lock);
    return -ENOMEM;
}

void
mig_queue_fini(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->top != NULL)
        drop(queue, pop(queue));
    unlock(queue);
    pthread_cond_destroy(&queue->wake);
    pthread_mutex_destroy(&queue->lock);
}

static int
copy_name(const struct folder *folder, char **name, size_t *name_room)
{
    const char *next = folder->names + folder->names_taken;
    size_t length = strlen(next) + 1;
    char *grown;

    if (length > *name_room) {
        grown = realloc(*name, length);
        if (grown == NULL)
            return -ENOMEM;
        *name = grown;
        *name_room = length;
    }
    memcpy(*name, next, length);
    return 0;
}

/* Of the uppermost folder of the stack: the next name, or its turn to be read on. */
static int
take_from(struct queue *queue, struct folder *folder, struct task *task, char **name,
          size_t *name_room)
{
    bool named = folder->names_taken < folder->names_size;

    if (named && copy_name(folder, name, name_room) < 0)
        return -ENOMEM;
    task->kind = use(queue, folder) ? named ? TASK_ENTER : TASK_READ_ON : TASK_LOST;
    task->folder = folder;
    if (task->kind == TASK_ENTER) {
        folder->names_taken += strlen(*name) + 1;
        if (folder->names_taken < folder->names_size || folder->more) {
            atomic_fetch_add(&folder->refs, 1);
            return 0;
        }
    }
    pop(queue);
    folder->names_size = folder->names_taken = 0;
    return 0;
}

static struct root *
next_root(struct queue *queue)
{
    struct root *root;

    while (queue->next_outer < queue->roots_count) {
        root = &queue->roots[queue->next_outer++];
        if (!root->inner)
            return root;
    }
    /* What is above must have been walked to its end. */
    while (queue->busy == 0 && queue->next_inner < queue->roots_count) {
        root = &queue->roots[queue->next_inner++];
        if (root->inner && !atomic_load(&root->reached))
            return root;
    }
    return NULL;
}

int
mig_queue_take(struct queue *queue, struct task *ret_task, char **name, size_t *name_room)
{
    struct task task = {.kind = TASK_END};
    int code = 0;

    pthread_mutex_lock(&queue->lock);
    while (!queue->stopped) {
        if (queue->top != NULL) {
            code = take_from(queue, queue->top, &task, name, name_room);
            break;
        }
        task.root = next_root(queue);
        if (task.root != NULL)
            task.kind = TASK_ROOT;
        if (task.root != NULL || queue->busy == 0)
            break;
        queue->waiting++;
        pthread_cond_wait(&queue->wake, &queue->lock);
        queue->waiting--;
    }
    queue->busy++;
    unlock(queue);
    if (code == 0)
        *ret_task = task;
    return code;
}

void
mig_queue_done(struct queue *queue, const struct task *task)
{
    pthread_mutex_lock(&queue->lock);
    if (task->folder != NULL) {
        unuse(queue, task->folder);
        drop(queue, task->folder);
    }
    if (--queue->busy == 0 && queue->waiting > 0)
        pthread_cond_broadcast(&queue->wake);
    unlock(queue);
}

void
mig_queue_offer(struct queue *queue, struct folder *folder)
{
    if (folder->names_size == 0 && !folder->more)
        return;
    pthread_mutex_lock(&queue->lock);
    atomic_fetch_add(&folder->refs, 1);
    folder->waits = true;
    folder->under = queue->top;
    queue->top = folder;
    list(queue, folder);
    shut_oldest(queue);
    if (queue->waiting > 0)
        pthread_cond_broadcast(&queue->wake);
    unlock(queue);
}

void
mig_queue_release(struct queue *queue, struct folder *folder)
{
    pthread_mutex_lock(&queue->lock);
    unuse(queue, folder);
    drop(queue, folder);
    unlock(queue);
}

void
mig_queue_stop(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->stopped = true;
    pthread_cond_broadcast(&queue->wake);
    unlock(queue);
}
