/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "trust/candidate.h"

#include <string.h>

#include "base/file.h"

int
mig_candidate_read(const char *path, struct mig_candidate *ret, struct mig_err *err)
{
    struct mig_candidate candidate = {.bytes = MIG_BUF_INIT};
    int rc = mig_file_read(path, MIG_IMAGE_MAX, &candidate.bytes, err);

    if (rc < 0)
        return rc;
    rc = mig_image_digest(candidate.bytes.data != NULL ? candidate.bytes.data : "",
                          candidate.bytes.len, candidate.digest, err);
    if (rc < 0) {
        mig_candidate_fini(&candidate);
        return mig_err_prefix(err, "%s", path);
    }
    *ret = candidate;
    return 0;
}

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

int
mig_candidate_identify(const char *path, struct mig_candidate *candidate, struct mig_err *err)
{
    int rc = mig_image_note(candidate->bytes.data, candidate->bytes.len, &candidate->note, err);

    if (rc == 0)
        rc = check_file_name(path, candidate->note.name, err);
    return rc < 0 ? mig_err_prefix(err, "%s", path) : 0;
}

void
mig_candidate_fini(struct mig_candidate *candidate)
{
    mig_buf_fini(&candidate->bytes);
}

struct mig_whitelist_entry
mig_candidate_entry(const struct mig_candidate *candidate)
{
    struct mig_whitelist_entry entry = {.name = candidate->note.name,
                                        .version = candidate->note.version,
                                        .abi_major = candidate->note.abi_major,
                                        .abi_minor = candidate->note.abi_minor};

    memcpy(entry.digest, candidate->digest, sizeof(entry.digest));
    return entry;
}
