/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "tool.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "trust/image.h"

int
mig_tool_file(const char *path, struct mig_tool_file *ret, struct mig_err *err)
{
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    size_t len = strlen(base);
    struct mig_tool_file file = {.directory = NULL};
    char *folder;

    if (len > 3 && strcmp(base + len - 3, ".so") == 0)
        snprintf(file.name, sizeof(file.name), "%.*s", (int)len - 3, base);
    if (len - 3 >= sizeof(file.name) || !mig_image_name_valid(file.name))
        return mig_err_set(err, MIG_E_INVALID,
                           "%s: a plugin's file is called NAME.so, the name a lower-case letter "
                           "and up to 30 lower-case letters, digits or '_'",
                           path);
    folder = slash == NULL ? strdup(".") : slash == path ? strdup("/") : NULL;
    if (folder == NULL)
        folder = strndup(path, (size_t)(slash != NULL ? slash - path : 0));
    if (folder != NULL)
        file.directory = realpath(folder, NULL);
    if (file.directory == NULL) {
        int rc = mig_err_errno(err, errno, "%s", path);
        free(folder);
        return rc;
    }
    free(folder);
    *ret = file;
    return 0;
}

void
mig_tool_file_fini(struct mig_tool_file *file)
{
    free(file->directory);
    file->directory = NULL;
}

int
mig_tool_call(const struct mig_tool_file *file, struct mig_worker_spec *spec, struct mig_buf *out,
              struct mig_err *err)
{
    struct mig_worker *worker = NULL;
    const struct mig_worker_outcome *outcome;
    int rc;

    spec->plugin = file->name;
    spec->plugin_dir = file->directory;
    rc = mig_worker_call(spec, &worker, err);
    if (rc < 0)
        return rc;
    outcome = mig_worker_outcome(worker);
    if (mig_buf_add(out, outcome->output, outcome->output_len) < 0)
        rc = mig_err_errno(err, ENOMEM, "plugin %s", file->name);
    else if (outcome->status != MIG_WORKER_SUCCESS)
        rc = mig_err_set(err, MIG_E_PLUGIN, "%s", outcome->reason);
    mig_worker_free(worker);
    return rc;
}
