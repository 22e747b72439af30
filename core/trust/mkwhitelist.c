/* SPDX-License-Identifier: MPL-2.0 */
/* Build-time program: the whitelist of the plugins that are given as files. See usage(). */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hex.h"
#include "trust/image.h"
#include "trust/whitelist.h"

enum mode { MODE_SOURCE, MODE_ALLOW, MODE_DIGEST };

struct plugin {
    struct mig_plugin_note note;
    unsigned char digest[MIG_IMAGE_DIGEST];
};

static int
usage(void)
{
    fputs("usage: mkwhitelist [--allow|--digest] FILE.so...\n"
          "  prints C source that defines mig_whitelist for these plugins,\n"
          "  or with --allow the lines of a plugins.allow, or with --digest 'SHA256  FILE'\n",
          stderr);
    return 2;
}

/* The whitelist is asked by file name: a plugin under another name would never load. */
static int
check_file_name(const char *path, const char *name, struct mig_err *err)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    size_t len = strlen(name);

    if (strncmp(base, name, len) == 0 && strcmp(base + len, ".so") == 0)
        return 0;
    return mig_err_set(err, MIG_E_PLUGIN, "its note names it %s: call the file %s.so", name, name);
}

static int
read_plugin(const char *path, enum mode mode, struct plugin *ret, struct mig_err *err)
{
    struct mig_buf file = MIG_BUF_INIT;
    int rc;

    rc = mig_file_read(path, MIG_IMAGE_MAX, &file, err);
    if (rc < 0)
        goto out;
    rc = mig_image_digest(file.data, file.len, ret->digest, err);
    if (rc == 0 && mode != MODE_DIGEST)
        rc = mig_image_note(file.data, file.len, &ret->note, err);
    if (rc == 0 && mode != MODE_DIGEST)
        rc = check_file_name(path, ret->note.name, err);
    if (rc < 0)
        mig_err_prefix(err, "%s", path);
out:
    mig_buf_fini(&file);
    return rc;
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
    struct plugin *plugins = calloc(count + 1, sizeof(*plugins));
    struct mig_whitelist_entry *entries = calloc(count + 1, sizeof(*entries));
    struct mig_whitelist list = {entries, count};
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};
    int rc = plugins == NULL || entries == NULL ? -1 : 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = read_plugin(paths[i], mode, &plugins[i], &err);
        entries[i].name = plugins[i].note.name;
        entries[i].version = plugins[i].note.version;
        entries[i].abi_major = plugins[i].note.abi_major;
        entries[i].abi_minor = plugins[i].note.abi_minor;
        memcpy(entries[i].digest, plugins[i].digest, MIG_IMAGE_DIGEST);
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
