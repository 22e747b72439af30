/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "plugin/load.h"
#include "plugin/wire.h"
#include "trust/candidate.h"

/* A worker is this program once more and keeps the descriptors that are not close-on-exec; from
 * this one it reads, before it confines itself, which file the user has named. */
#define TRUST_FD 100

static char name[33], version[33];
static struct mig_whitelist_entry entry = {.name = name, .version = version};

/* What an agent has compiled in. */
const struct mig_whitelist mig_whitelist = {&entry, 1};
const struct mig_builtin mig_builtins[] = {{NULL, NULL}};

static int
trust(void *context, const struct mig_whitelist_entry *one)
{
    (void)context;
    snprintf(name, sizeof(name), "%s", one->name);
    snprintf(version, sizeof(version), "%s", one->version);
    entry.abi_major = one->abi_major;
    entry.abi_minor = one->abi_minor;
    memcpy(entry.digest, one->digest, sizeof(entry.digest));
    return 0;
}

void
mig_tool_inherit(int argc, char **argv)
{
    struct mig_buf line = MIG_BUF_INIT;

    if (argc < 1 || strcmp(argv[0], MIG_WIRE_ARGV0) != 0)
        return;
    /* The file position is shared with every other worker's. */
    if (lseek(TRUST_FD, 0, SEEK_SET) == 0 && mig_fd_read_all(TRUST_FD, 4096, &line) == 0)
        (void)mig_whitelist_parse(line.data, line.len, trust, NULL, NULL);
    mig_buf_fini(&line);
}

int
mig_tool_trust(const char *file_name, const struct mig_candidate *candidate, struct mig_err *err)
{
    struct mig_whitelist_entry one = mig_candidate_entry(candidate);
    struct mig_buf line = MIG_BUF_INIT;
    int fd = -1, rc;

    /* What its note says is for the host to judge, not a reason for lacking an entry. */
    one.name = file_name;
    if (one.version[0] == '\0')
        one.version = "0";
    trust(NULL, &one);
    rc = mig_whitelist_line(&one, &line);
    if (rc == 0)
        rc = fd = mig_memfd_sealed("mig-plugin", line.data, line.len);
    if (rc >= 0)
        rc = dup2(fd, TRUST_FD) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    mig_buf_fini(&line);
    return rc < 0 ? mig_err_errno(err, -rc, "the whitelist of one") : 0;
}
