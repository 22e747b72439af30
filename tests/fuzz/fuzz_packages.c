/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The first byte chooses the reader of a database, the rest is the database. No reader crashes,
 * hangs, or tells of a package whose texts are not as they should be.
 */
#include "config.h"

#include "fuzz.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "packages_rpm.h"

/* Some databases name the same package again and again. */
#define PACKAGES_MAX 10000

static int
on_package(void *context, const struct mig_package *package)
{
    unsigned *count = context;

    MUST(package->name[0] != '\0' && package->version[0] != '\0');
    MUST(mig_packages_text_ok(package->name, strlen(package->name)));
    MUST(mig_packages_text_ok(package->version, strlen(package->version)));
    MUST(mig_packages_text_ok(package->arch, strlen(package->arch)));
    return ++*count < PACKAGES_MAX ? 0 : 1;
}

static void
on_error(void *context, const char *message)
{
    (void)context;
    MUST(message[0] != '\0');
}

static int
on_cancelled(void *context)
{
    unsigned *count = context;

    return *count >= PACKAGES_MAX;
}

static int
read_one(char which, struct mig_packages_reader *reader, int fd)
{
    switch (which) {
    case 'd':
        return mig_packages_dpkg_status(reader, fd, -1);
    case 'p':
        return mig_packages_dpkg_plain(reader, fd);
    case 'a':
        return mig_packages_apk(reader, fd);
    case 's':
        return mig_packages_rpm_sqlite(reader, fd, -1);
    case 'b':
        return mig_packages_rpm_bdb(reader, fd);
    default:
        return mig_packages_rpm_ndb(reader, fd);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned count = 0;
    const struct mig_packages_host host = {&count, on_package, NULL, on_error, on_cancelled};
    struct mig_packages_reader reader = {
        .host = &host, .path = "database", .system = MIG_VERSION_RPM};
    int fd = memfd_create("database", MFD_CLOEXEC);
    int code;

    MUST(fd >= 0);
    if (size > 1) {
        MUST(write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
        MUST(lseek(fd, 0, SEEK_SET) == 0);
        code = read_one((char)data[0], &reader, fd);
        MUST(code == 0 || code == 1 || code == -ECANCELED);
        MUST(reader.packages == count || code != 0);
    }
    close(fd);
    return 0;
}
