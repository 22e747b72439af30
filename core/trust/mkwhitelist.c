/* SPDX-License-Identifier: MPL-2.0 */
/* Build-time program: the whitelist of the plugins that are given as files. See usage(). */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/hex.h"
#include "trust/candidate.h"

enum mode { MODE_SOURCE, MODE_ALLOW, MODE_DIGEST };

static int
usage(void)
{
    fputs("usage: mkwhitelist [--allow|--digest] FILE.so...\n"
          "  prints C source that defines mig_whitelist for these plugins,\n"
          "  or with --allow the lines of a plugins.allow, or with --digest 'SHA256  FILE'\n",
          stderr);
    return 2;
}

static int
format(const struct mig_whitelist *list, char **paths, enum mode mode, struct mig_buf *out)
{
    if (mode == MODE_SOURCE)
        return mig_whitelist_source(list, out);
    for (size_t i = 0; i < list->count; i++) {
        char digest[2 * MIG_IMAGE_DIGEST + 1];

        mig_hex(list->entries[i].digest, MIG_IMAGE_DIGEST, digest);
        if (mode == MODE_ALLOW)
            mig_whitelist_line(&list->entries[i], out);
        else
            mig_buf_addf(out, "%s  %s\n", digest, paths[i]);
    }
    return out->failed ? -1 : 0;
}

static int
run(char **paths, size_t count, enum mode mode)
{
    struct mig_candidate *plugins = calloc(count + 1, sizeof(*plugins));
    struct mig_whitelist_entry *entries = calloc(count + 1, sizeof(*entries));
    struct mig_whitelist list = {entries, count};
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};
    int rc = plugins == NULL || entries == NULL ? -1 : 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = mig_candidate_read(paths[i], &plugins[i], &err);
        if (rc == 0 && mode != MODE_DIGEST)
            rc = mig_candidate_identify(paths[i], &plugins[i], &err);
        entries[i] = mig_candidate_entry(&plugins[i]);
    }
    if (rc == 0)
        rc = format(&list, paths, mode, &out);
    if (rc == 0 && out.len > 0 &&
        (fwrite(out.data, out.len, 1, stdout) != 1 || fflush(stdout) != 0))
        rc = mig_err_set(&err, -1, "standard output can not be written");
    if (rc < 0)
        fprintf(stderr, "mkwhitelist: %s\n", err.code != 0 ? err.text : "out of memory");
    mig_buf_fini(&out);
    free(entries);
    for (size_t i = 0; plugins != NULL && i < count; i++)
        mig_candidate_fini(&plugins[i]);
    free(plugins);
    return rc < 0 ? 1 : 0;
}

int
main(int argc, char **argv)
{
    enum mode mode = MODE_SOURCE;
    int first = 1;

    if (argc > 1 && strcmp(argv[1], "--allow") == 0)
        mode = MODE_ALLOW;
    else if (argc > 1 && strcmp(argv[1], "--digest") == 0)
        mode = MODE_DIGEST;
    else if (argc > 1 && argv[1][0] == '-')
        return usage();
    first += mode != MODE_SOURCE;
    return run(argv + first, (size_t)(argc - first), mode);
}
