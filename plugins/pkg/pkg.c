/* SPDX-License-Identifier: MPL-2.0 */
/* Finds installed packages. The SDK reads the databases; here they are held against the question.
 */
#include "config.h"

#include "pkg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/json.h>
#include <mig/text.h>

#define PATH_LENGTH 4096
#define PATTERN_LENGTH 65536

static const struct mig_option options[] = {
    {"name", "pkgmatch.matches", "the package's name matches", "regex", NULL, MIG_OPTION_STRING,
     MIG_OPTION_REPEATABLE, PATTERN_LENGTH},
    {"version", "vermatch",
     "its version matches, '!' before it inverts; or is in a range, as in '>=1.2, <1.2.3-4'",
     "regex|range", "\"\"", MIG_OPTION_STRING, MIG_OPTION_ALWAYS, PATTERN_LENGTH},
    {"containers", "containers", "in the roots of containers too", NULL, NULL, MIG_OPTION_BOOL, 0,
     0},
};

static const struct mig_field fields[] = {
    {"packages[].name", "name of the package", MIG_FIELD_STRING, 0, MIG_PACKAGE_TEXT_MAX},
    {"packages[].version", "its version", MIG_FIELD_STRING, 0, MIG_PACKAGE_TEXT_MAX},
    {"packages[].type", "dpkg, rpm or apk", MIG_FIELD_STRING, 0, 8},
    {"packages[].arch", "its architecture", MIG_FIELD_STRING, 0, MIG_PACKAGE_TEXT_MAX},
    {"packages[].root", "root of a container's process", MIG_FIELD_STRING, 0, 64},
    {"packages[].cgroup", "control group of that process", MIG_FIELD_STRING, 0, PATH_LENGTH},
    {"execruntime", "how long it took", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, 40},
    {"databases[].path", "database that was read", MIG_FIELD_STRING, MIG_FIELD_STATISTICS,
     PATH_LENGTH},
    {"databases[].type", "dpkg, rpm or apk", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, 8},
    {"databases[].packages", "installed packages that it has", MIG_FIELD_NUMBER,
     MIG_FIELD_STATISTICS, 0},
};

struct run {
    const struct mig_host *host;
    struct pkg_question question;
    struct json_object *databases;
    const struct mig_packages_host *packages_host;
    const struct mig_packages_root *root; /* NULL: this system's */
    bool found;
};

static void
add_root(struct json_object *element, const struct mig_packages_root *root)
{
    char *cgroup = mig_text_path(root->cgroup);

    json_object_object_add(element, "root", json_object_new_string(root->path));
    json_object_object_add(element, "cgroup", json_object_new_string(cgroup != NULL ? cgroup : ""));
    free(cgroup);
}

static int
emit(const struct run *run, const struct mig_package *package)
{
    struct json_object *element = json_object_new_object();
    const char *arch = package->arch;

    /* As rpm shows what has none. */
    if (arch[0] == '\0' && package->system == MIG_VERSION_RPM)
        arch = "(none)";
    json_object_object_add(element, "name", json_object_new_string(package->name));
    json_object_object_add(element, "version", json_object_new_string(package->version));
    json_object_object_add(element, "type",
                           json_object_new_string(mig_packages_system(package->system)));
    json_object_object_add(element, "arch", json_object_new_string(arch));
    if (run->root != NULL)
        add_root(element, run->root);
    return mig_json_emit(run->host, "packages", element);
}

static int
on_package(void *context, const struct mig_package *package)
{
    struct run *run = context;
    int count = pkg_question_matches(&run->question, package);
    int code = count < 0 ? count : 0;

    /* The original lists a package once for each expression that it matches. */
    for (; count > 0 && code == 0; count--) {
        run->found = true;
        code = emit(run, package);
    }
    return code;
}

static void
on_database(void *context, const struct mig_packages_database *database)
{
    struct run *run = context;
    struct json_object *object = json_object_new_object();
    char *path = mig_text_path(database->path);

    json_object_object_add(object, "path", json_object_new_string(path != NULL ? path : ""));
    json_object_object_add(object, "type",
                           json_object_new_string(mig_packages_system(database->system)));
    json_object_object_add(object, "packages", json_object_new_int64((int64_t)database->packages));
    json_object_array_add(run->databases, object);
    free(path);
}

static void
on_error(void *context, const char *message)
{
    const struct run *run = context;

    run->host->error(run->host, message);
}

static int
on_cancelled(void *context)
{
    const struct run *run = context;

    return run->host->cancelled(run->host);
}

static int
on_root(void *context, const struct mig_packages_root *root)
{
    struct run *run = context;
    int code;

    run->root = root;
    code = mig_packages_read(root->path, run->packages_host);
    /* Its last process has ended. */
    return code == -ENOENT || code == -ESRCH ? 0 : code;
}

static int
search(struct run *run)
{
    size_t hidden = 0;
    int code = mig_packages_read("/", run->packages_host);

    if (code == 0 && run->question.containers)
        code = mig_packages_roots(on_root, run, &hidden);
    if (hidden > 0)
        mig_error(run->host, "%zu processes do not show their root: not permitted", hidden);
    return code;
}

/* What there is so far is an answer, when it says that it is not all. */
static int
conclude(struct run *run, int code)
{
    if (code == -ENOBUFS)
        mig_error(run->host, "the search was cut short: the limit of the output was reached");
    else if (code == -ECANCELED)
        mig_error(run->host, "the search was cut short: it was cancelled or out of time");
    else if (code == -E2BIG)
        return mig_refuse(run->host, code, "an expression takes too much effort to match");
    else if (code < 0)
        return mig_refuse(run->host, code, "the packages can not be read: %s", strerror(-code));
    else if (json_object_array_length(run->databases) == 0)
        mig_error(run->host, "no package database was found");
    return 0;
}

static void
emit_statistics(struct run *run, const struct timespec *start)
{
    char text[MIG_TEXT_DURATION_SIZE];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    mig_text_duration((uint64_t)((int64_t)(now.tv_sec - start->tv_sec) * 1000000000 +
                                 (now.tv_nsec - start->tv_nsec)),
                      text);
    mig_json_statistic(run->host, "execruntime", json_object_new_string(text));
    mig_json_statistic(run->host, "databases", json_object_get(run->databases));
    run->host->found(run->host, run->found);
}

static int
pkg_run(const struct mig_host *host, const char *parameters, size_t length)
{
    struct run run = {.host = host, .databases = json_object_new_array()};
    const struct mig_packages_host packages_host = {&run, on_package, on_database, on_error,
                                                    on_cancelled};
    struct timespec start;
    int code = pkg_question_init(host, parameters, length, &run.question);

    run.packages_host = &packages_host;
    if (code == 0) {
        clock_gettime(CLOCK_MONOTONIC, &start);
        host->emit(host, "packages", NULL, 0);
        code = conclude(&run, search(&run));
        if (code == 0)
            emit_statistics(&run, &start);
        pkg_question_fini(&run.question);
    }
    json_object_put(run.databases);
    return code;
}

static int
pkg_validate(const struct mig_host *host, const char *parameters, size_t length)
{
    struct pkg_question question;
    int code = pkg_question_init(host, parameters, length, &question);

    if (code == 0)
        pkg_question_fini(&question);
    return code;
}

MIG_PLUGIN_NOTE("pkg", "1.0.0");
const struct mig_plugin mig_plugin_symbol = {
    MIG_PLUGIN_HEAD,
    /* The latter to look through other processes' roots. */
    MIG_NEED_READ_FILES | MIG_NEED_PROCESS_MEMORY, "pkg", "1.0.0",
    "find installed packages by name and version", MIG_TABLE(options), MIG_TABLE(fields), NULL,
    "mig pkg -t all -name ^openssl$\n"
    "mig pkg -t all -name ^linux-image -name ^kernel-core$ -version '!^6\\.12'\n"
    "mig pkg -t all -name '^libssl3' -version '<3.0.15-1~deb12u1'\n"
    "mig pkg -t all -name ^log4j -containers",
    pkg_run, pkg_validate, NULL, pkg_print};
