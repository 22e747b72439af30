/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the search engine: what kind of file system a file is on. */
#ifndef MIG_SEARCH_FS_H
#define MIG_SEARCH_FS_H

#include <stddef.h>
#include <sys/types.h>

enum fs_kind {
    FS_ORDINARY,
    FS_PSEUDO, /* made up by the kernel: reading may block, act or never end */
    FS_NETWORK /* another machine's */
};

/* Of an open file on device `device`. *ret_name is its type, for messages. */
enum fs_kind mig_search_fs(int fd, dev_t device, const char **ret_name);

/*
 * Where file systems that are not ordinary are mounted, of /proc/self/mountinfo: what is asked of
 * it touches no file, so that a server that does not answer is not waited for and nothing is
 * mounted by being looked at.
 */
struct mount {
    char *path;
    enum fs_kind kind;
    const char *type; /* its name, for messages */
    size_t order;     /* the last of several at one path hides the others */
};

struct mounts {
    struct mount *list; /* sorted by path */
    size_t count;
    size_t remote; /* of them, those that may have to be waited for: of the network, or autofs */
};

/* Leaves it empty when the kernel does not tell. -ENOMEM. */
int mig_mounts_init(struct mounts *mounts);
void mig_mounts_fini(struct mounts *mounts);
/* The mount at this path, or NULL when none is or it is an ordinary one. */
const struct mount *mig_mounts_at(const struct mounts *mounts, const char *path);
/* Where following a link in the folder `from`, whose text is `target`, would come across a mount
 * that may have to be waited for; NULL: nowhere. Only folders before that mount are looked at. */
const struct mount *mig_mounts_on_way(const struct mounts *mounts, const char *from,
                                      const char *target);

#endif
