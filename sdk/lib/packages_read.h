/* SPDX-License-Identifier: MPL-2.0 */
/* What the readers of databases share. Their input may be hostile. */
#ifndef MIG_SDK_PACKAGES_READ_H
#define MIG_SDK_PACKAGES_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mig/packages.h>

/* One database that is being read. */
struct mig_packages_reader {
    const struct mig_packages_host *host;
    const char *path; /* for messages */
    enum mig_version_system system;
    uint64_t packages;
    uint64_t broken;
};

/* ---- packages.c ---- */

bool mig_packages_text_ok(const char *text, size_t length);
/* Tells one package; counts it as broken when a text is not as it should be. 0, or what ends the
 * reading. */
int mig_packages_tell(struct mig_packages_reader *reader, const char *name, const char *version,
                      const char *arch);
void mig_packages_error(const struct mig_packages_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int mig_packages_cancelled(const struct mig_packages_reader *reader);

/* ---- packages_root.c ---- */

/* A regular file (S_IFREG) or a folder (S_IFDIR) for reading; links lead to what is under `root`,
 * whatever they say. A descriptor, -ELOOP, -EINVAL when it is something else, or why
 * not. */
int mig_packages_root_open(int root, const char *path, unsigned type);

/* ---- packages_lines.c ---- */

#define MIG_PACKAGES_LINE_MAX 65536u

struct mig_packages_lines {
    const struct mig_packages_reader *reader;
    int fd;
    bool ended;
    bool skipping; /* amid a line that was too long */
    size_t start;
    size_t end;
    char buffer[MIG_PACKAGES_LINE_MAX];
};

/* NULL: no memory; to be freed. */
struct mig_packages_lines *mig_packages_lines_new(const struct mig_packages_reader *reader, int fd);
/* 1 and a line without its newline, the start of one that is too long; 0 at the end, also when that
 * came by an error, which is told; -ECANCELED. */
int mig_packages_line(struct mig_packages_lines *lines, const char **ret_line, size_t *ret_length);

/* ---- the readers: 0, or what ends all reading; other failures are told to the host ---- */

/* `folder`: var/lib/dpkg, whose updates/ go over status; -1: none. */
int mig_packages_dpkg_status(struct mig_packages_reader *reader, int fd, int folder);
/* A file of status.d/: what is in it is installed, unless it says otherwise. */
int mig_packages_dpkg_plain(struct mig_packages_reader *reader, int fd);
int mig_packages_apk(struct mig_packages_reader *reader, int fd);

#endif
