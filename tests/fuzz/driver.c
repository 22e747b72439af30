/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Runs a fuzz target over files, and over the files of folders, as TAP: that is how `make check`
 * replays the corpus, with any compiler. Without arguments it takes
 * $top_srcdir/tests/fuzz/corpus/<target>. Under --enable-fuzzers libFuzzer brings its own main.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "fuzz.h"

static unsigned count;

static int
replay_file(const char *path)
{
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_err err = {0};
    const char *name = strrchr(path, '/');
    char *exact;
    int rc = mig_file_read(path, 64u << 20, &text, &err);

    if (rc != 0) {
        printf("not ok %u - %s\n", ++count, err.text);
        return 1;
    }
    /* A block of exactly the size, so that ASan sees a read beyond the input. */
    exact = malloc(text.len > 0 ? text.len : 1);
    if (exact == NULL) {
        mig_buf_fini(&text);
        return 1;
    }
    if (text.len > 0)
        memcpy(exact, text.data, text.len);
    LLVMFuzzerTestOneInput((const uint8_t *)exact, text.len);
    printf("ok %u - %s\n", ++count, name != NULL ? name + 1 : path);
    free(exact);
    mig_buf_fini(&text);
    return 0;
}

static int
replay(const char *path)
{
    struct dirent **entries = NULL;
    struct stat st;
    int failed = 0;
    int n;

    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        return replay_file(path);
    n = scandir(path, &entries, NULL, alphasort);
    if (n < 0) {
        printf("not ok %u - %s: %s\n", ++count, path, strerror(errno));
        return 1;
    }
    for (int i = 0; i < n; i++) {
        char *file = NULL;
        if (entries[i]->d_name[0] != '.' &&
            asprintf(&file, "%s/%s", path, entries[i]->d_name) > 0) {
            failed |= replay_file(file);
            free(file);
        }
        free(entries[i]);
    }
    free(entries);
    return failed;
}

int
main(int argc, char **argv)
{
    const char *top = getenv("top_srcdir");
    const char *name = strrchr(argv[0], '/');
    char *corpus = NULL;
    int failed = 0;

    /* A target that aborts must leave the lines before it. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++)
        failed |= replay(argv[i]);
    if (argc < 2) {
        name = name != NULL ? name + 1 : argv[0];
        if (strncmp(name, "lt-", 3) == 0)
            name += 3;
        if (asprintf(&corpus, "%s/tests/fuzz/corpus/%s", top != NULL ? top : ".", name) < 0)
            return 1;
        failed = replay(corpus);
        free(corpus);
    }
    printf("1..%u\n", count);
    return failed;
}
