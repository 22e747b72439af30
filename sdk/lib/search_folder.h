/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Inside the search engine: the folders that are being walked and the queue that shares them out
 * among the threads.
 *
 * A folder that has been read waits on a stack with the names of its sub-folders; a thread takes
 * the next name of the uppermost one. So the walk goes down first, and memory is bounded by the
 * depth of the tree: a folder keeps no more than QUEUE_NAMES bytes of names, and what it holds
 * beyond is read when those are done. Descriptors are bounded as well: when there are too many, the
 * ones of the folders that are needed last are closed, and got back by name from the nearest folder
 * above that is still open, where each must be the folder it was.
 */
#ifndef MIG_SEARCH_FOLDER_H
#define MIG_SEARCH_FOLDER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define QUEUE_NAMES 16384u
#define QUEUE_CLOSING 8u

struct root {
    const char *path;    /* of a search */
    char *real;          /* as the kernel calls it, when it has another name; NULL: `path` */
    bool inner;          /* another root is above it */
    atomic_bool reached; /* on the way from another root, or by itself */
};

struct folder {
    struct folder *parent;
    const struct root *root; /* that it was reached from */
    struct folder *under;    /* on the stack */
    struct folder *older;    /* among those that wait with a descriptor */
    struct folder *newer;
    atomic_uint refs;   /* sub-folders, the stack, threads */
    unsigned int users; /* threads that need the descriptor */
    unsigned int level;
    bool waits; /* on the stack */
    bool more;  /* entries are left to be read, from `position` on */
    int fd;     /* -1: closed for the time being */
    dev_t device;
    ino_t inode;
    int64_t position;
    char *names; /* of sub-folders, each with its NUL */
    size_t names_size;
    size_t names_room;
    size_t names_taken;
    size_t path_length;
    char *name;        /* in its parent; of a root, its path */
    uint64_t depths[]; /* by search; 0: not here */
};

enum task_kind {
    TASK_END,     /* nothing is left for any thread */
    TASK_ROOT,    /* begin at `root` */
    TASK_ENTER,   /* enter the sub-folder `name` of `folder` */
    TASK_READ_ON, /* read on in `folder` */
    TASK_LOST     /* `folder` is no longer where it was; what was left of it is skipped */
};

struct task {
    enum task_kind kind;
    struct root *root;
    struct folder *folder; /* but for TASK_END and TASK_ROOT */
};

struct queue {
    pthread_mutex_t lock; /* of all here and of all folders that wait */
    pthread_cond_t wake;
    struct folder *top;
    struct folder *oldest; /* with a descriptor */
    struct folder *newest;
    unsigned int open;
    unsigned int open_max;
    int closing[QUEUE_CLOSING]; /* when the lock has been let go of */
    unsigned int closing_count;
    unsigned int busy; /* threads that may still find work for others */
    unsigned int waiting;
    bool stopped;
    struct root *roots; /* sorted; the run's */
    size_t roots_count;
    size_t next_outer; /* roots that are in no other one are walked at the same time, then */
    size_t next_inner; /* those in them that were not reached, one after the other */
};

int mig_queue_init(struct queue *queue, struct root *roots, size_t roots_count);
void mig_queue_fini(struct queue *queue);

/* A folder in `parent` (NULL: a root), for `searches` searches, with all depths zero and without a
 * descriptor. Held by the caller. NULL: no memory. */
struct folder *mig_folder_new(struct folder *parent, const struct root *root, const char *name,
                              size_t searches);
/* Remembers a sub-folder. false: no memory. */
bool mig_folder_add(struct folder *folder, const char *name);
/* Writes the path, which takes folder->path_length bytes and a NUL. */
void mig_folder_path(const struct folder *folder, char *ret_path);
/* True when a folder above has this identity. */
bool mig_folder_inside(const struct folder *folder, dev_t device, ino_t inode);

/* Waits for something to do. The name of TASK_ENTER is copied to *name, grown when it must be.
 * -ENOMEM leaves the task undone. Every task is followed by mig_queue_done(). */
int mig_queue_take(struct queue *queue, struct task *ret_task, char **name, size_t *name_room);
void mig_queue_done(struct queue *queue, const struct task *task);
/* Shares out the folder's names and what is left to be read in it. */
void mig_queue_offer(struct queue *queue, struct folder *folder);
/* Lets go of a folder that was made. */
void mig_queue_release(struct queue *queue, struct folder *folder);
/* Wakes all, when the run has been stopped. What waits is given up. */
void mig_queue_stop(struct queue *queue);

#endif
