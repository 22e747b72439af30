/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The endpoint's own file, agent.conf in its configuration folder: what its owner takes back of
 * what the site has built in. It can narrow (fewer modules, lower limits, more privacy) and add
 * tags; whatever would widen, and whatever is broken, is an error, and then the agent does not
 * start.
 */
#ifndef MIG_AGENT_NARROW_H
#define MIG_AGENT_NARROW_H

#include <stddef.h>

#include "agent/site.h"
#include "base/error.h"

struct mig_conf;
struct mig_buf;
struct mig_whitelist;

struct mig_narrow {
    struct mig_site site; /* the site as the endpoint leaves it */
    struct mig_conf *conf;
    char **tags;
    const char **off;
    const char **persist;
};

/* No file: the site as it is. `whitelist` says which modules there can be. */
int mig_narrow_load(const struct mig_site *site, const struct mig_whitelist *whitelist,
                    struct mig_narrow *ret, struct mig_err *err);
/* The same of a text; `name` is for messages. */
int mig_narrow_parse(const struct mig_site *site, const struct mig_whitelist *whitelist,
                     const char *name, const char *text, size_t len, struct mig_narrow *ret,
                     struct mig_err *err);
void mig_narrow_fini(struct mig_narrow *narrow);

/* Whether the endpoint's file switches this module off. */
int mig_narrow_is_off(const struct mig_site *site, const char *module);

/* Reads a file that root obeys: a regular one, of root, that nobody else can write. -ENOENT when
 * there is none, without a message. */
int mig_owned_file_read(const char *path, size_t max, struct mig_buf *out, struct mig_err *err);
/* The same of one that nobody else can read either. */
int mig_secret_file_read(const char *path, size_t max, struct mig_buf *out, struct mig_err *err);

#endif
