/* SPDX-License-Identifier: MPL-2.0 */
/*
 * packages-list ROOT: a line "system name version architecture" for each package under ROOT, each
 * error on stderr, and the databases with -d. packages-list -r: the roots of other processes.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <mig/packages.h>

static int
on_package(void *context, const struct mig_package *package)
{
    (void)context;
    printf("%s %s %s %s\n", mig_packages_system(package->system), package->name, package->version,
           package->arch[0] != '\0' ? package->arch : "(none)");
    return 0;
}

static void
on_database(void *context, const struct mig_packages_database *database)
{
    if (context != NULL)
        printf("database %s %s %llu %llu\n", database->path, mig_packages_system(database->system),
               (unsigned long long)database->packages, (unsigned long long)database->broken);
}

static void
on_error(void *context, const char *message)
{
    (void)context;
    fprintf(stderr, "%s\n", message);
}

static int
on_cancelled(void *context)
{
    (void)context;
    return 0;
}

static int
on_root(void *context, const struct mig_packages_root *root)
{
    (void)context;
    printf("%s %s\n", root->path, root->cgroup);
    return 0;
}

int
main(int argc, char **argv)
{
    char with_databases = 0;
    struct mig_packages_host host = {NULL, on_package, on_database, on_error, on_cancelled};
    size_t hidden = 0;
    int code;

    if (argc == 2 && strcmp(argv[1], "-r") == 0) {
        code = mig_packages_roots(on_root, NULL, &hidden);
        printf("hidden %zu\n", hidden);
        return code != 0;
    }
    if (argc == 3 && strcmp(argv[1], "-d") == 0)
        host.context = &with_databases;
    else if (argc != 2)
        return 2;
    code = mig_packages_read(argv[argc - 1], &host);
    if (code < 0)
        fprintf(stderr, "%s: %s\n", argv[argc - 1], strerror(-code));
    return code != 0;
}
