/* SPDX-License-Identifier: MPL-2.0 */
/* Inside the search engine: what kind of file system a file is on. */
#ifndef MIG_SEARCH_FS_H
#define MIG_SEARCH_FS_H

#include <sys/types.h>

enum fs_kind {
    FS_ORDINARY,
    FS_PSEUDO, /* made up by the kernel: reading may block, act or never end */
    FS_NETWORK /* another machine's */
};

/* Of an open file on device `device`. *ret_name is its type, for messages. */
enum fs_kind mig_search_fs(int fd, dev_t device, const char **ret_name);

#endif
