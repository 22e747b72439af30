/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The packages that a system has installed, as its own databases say it, read without running a
 * program and without writing: dpkg (status with its updates/, and status.d/ of images that have no
 * dpkg), rpm (SQLite, Berkeley DB and ndb) and apk. Link with libmig-packages.
 *
 * A root may be somebody else's, as a container's is: symbolic links are followed inside of it
 * only, and what a database holds is taken for hostile. Nothing but regular files is opened.
 */
#ifndef MIG_PACKAGES_H
#define MIG_PACKAGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <mig/version.h>

/* Names, versions and architectures are printable ASCII without blanks, at most this long. An
 * entry with another one is counted as broken. */
#define MIG_PACKAGE_TEXT_MAX 511u

struct mig_package {
    const char *name;    /* without an architecture */
    const char *version; /* "1:2.3-4", as mig_version_compare() takes it; no epoch when it has none
                          */
    const char *arch;    /* "" when the database does not say */
    enum mig_version_system system;
};

/* A database that was read. */
struct mig_packages_database {
    const char *path; /* with the root before it */
    enum mig_version_system system;
    uint64_t packages; /* installed ones */
    uint64_t broken;   /* entries that could not be read */
};

struct mig_packages_host {
    void *context;
    /* Non-zero ends the reading. The texts are valid for the call. Packages come in the order of
     * the database. */
    int (*package)(void *context, const struct mig_package *package);
    /* Optional: after the packages of each database. */
    void (*database)(void *context, const struct mig_packages_database *database);
    /* A soft error: a database, or a part of it, could not be read. UTF-8. */
    void (*error)(void *context, const char *message);
    /* Non-zero ends the reading. */
    int (*cancelled)(void *context);
};

/* "dpkg", "rpm" or "apk". */
const char *mig_packages_system(enum mig_version_system system);

/*
 * Reads every database under `root`, "/" for this system. 0, also when there is none; what
 * package() returned when that was not 0; -ECANCELED, -ENOMEM, or why the root can not be opened.
 *
 * With dpkg a package is installed from the moment its files are unpacked: its state is unpacked,
 * half-configured, triggers-awaited, triggers-pending or installed.
 */
int mig_packages_read(const char *root, const struct mig_packages_host *host);

/* A root other than this process's, which processes of containers and the like have. */
struct mig_packages_root {
    const char *path;   /* "/proc/123/root", for mig_packages_read() */
    const char *cgroup; /* control group of the process, which names its container; "" */
};

/*
 * Tells each root that a process has, once. Looking into other processes takes
 * MIG_NEED_PROCESS_MEMORY; *ret_hidden counts those that could not be. 0, what `each` returned when
 * that was not 0, or why /proc can not be read. Also link with libmig-sdk.
 */
int mig_packages_roots(int (*each)(void *context, const struct mig_packages_root *root),
                       void *context, size_t *ret_hidden);

#endif
