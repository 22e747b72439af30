/* SPDX-License-Identifier: MPL-2.0 */
/* A folder for targets whose input is a file with a name. */
#ifndef MIG_TESTS_FUZZ_FOLDER_H
#define MIG_TESTS_FUZZ_FOLDER_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"

static char fuzz_path[32];
static const char *fuzz_name;
static int fuzz_dir = -1;

static void
fuzz_folder_remove(void)
{
    unlinkat(fuzz_dir, fuzz_name, 0);
    rmdir(fuzz_path);
}

/* Puts the bytes there under this name; the folder's descriptor. */
static int
fuzz_folder(const char *name, const uint8_t *data, size_t size)
{
    if (fuzz_dir < 0) {
        snprintf(fuzz_path, sizeof(fuzz_path), "/tmp/mig-fuzz-XXXXXX");
        MUST(mkdtemp(fuzz_path) != NULL);
        fuzz_dir = open(fuzz_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fuzz_name = name;
        atexit(fuzz_folder_remove);
    }
    MUST(mig_file_replace(fuzz_dir, name, data, size, 0600) == 0);
    return fuzz_dir;
}

#endif
