/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/narrow.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/file.h"
#include "document/cancel.h"
#include "plugin/load.h"
#include "trust/whitelist.h"

#define FILE_MAX (256u << 10)

static const char *const known[] = {"agent.checktarget",
                                    "agent.discovercloudmeta",
                                    "agent.discoverpublicip",
                                    "agent.extraprivacymode",
                                    "agent.maxworkers",
                                    "agent.moduletimeout",
                                    "agent.nopersistmods",
                                    "agent.tags",
                                    "limits.cpu",
                                    "limits.memory",
                                    "limits.openfiles",
                                    "limits.output",
                                    "modules.off",
                                    "persist.queue",
                                    "persist.state",
                                    NULL};

/* What root obeys must be root's. */
static int
check_owner(const char *path, int fd, int secret, struct mig_err *err)
{
    mode_t others = secret ? S_IRWXG | S_IRWXO : S_IWGRP | S_IWOTH;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return mig_err_errno(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return mig_err_set(err, MIG_E_CONFIG, "%s: expected a regular file", path);
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & others))
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s: owned by user %u, mode %04o: expected a file of root that nobody "
                           "else can %s (chown root, chmod go-%s)",
                           path, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777,
                           secret ? "read" : "write", secret ? "rwx" : "w");
    return 0;
}

static int
read_owned(const char *path, int secret, size_t max, struct mig_buf *out, struct mig_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int rc;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? -ENOENT
                                                   : mig_err_errno(err, errno, "%s", path);
    rc = check_owner(path, fd, secret, err);
    if (rc == 0) {
        rc = mig_fd_read_all(fd, max, out);
        if (rc < 0)
            rc = mig_err_set(err, MIG_E_CONFIG, "%s: %s", path, mig_strerror(rc));
    }
    close(fd);
    return rc;
}

int
mig_owned_file_read(const char *path, size_t max, struct mig_buf *out, struct mig_err *err)
{
    return read_owned(path, 0, max, out, err);
}

int
mig_secret_file_read(const char *path, size_t max, struct mig_buf *out, struct mig_err *err)
{
    return read_owned(path, 1, max, out, err);
}

int
mig_narrow_is_off(const struct mig_site *site, const char *module)
{
    for (size_t i = 0; site->modules_off && site->modules_off[i]; i++)
        if (strcmp(site->modules_off[i], module) == 0)
            return 1;
    return 0;
}

/* ---- what can only become less ---- */

static int
widens(const char *name, const char *key, const char *what, struct mig_err *err)
{
    return mig_err_set(err, MIG_E_CONFIG,
                       "%s: %s: %s: a file here can narrow what the site allows, and nothing else",
                       name, key, what);
}

/* 0 is "no limit" where the site says so. */
static int
lower_number(struct mig_narrow *n, const char *name, const char *key, int64_t min, uint64_t *value,
             struct mig_err *err)
{
    int64_t found = -1;
    char what[96];
    int rc;

    if (!mig_conf_get(n->conf, key, NULL))
        return 0;
    rc = mig_conf_get_number(n->conf, key, min, INT64_MAX, min, &found, err);
    if (rc < 0)
        return rc;
    if (*value != 0 && (uint64_t)found > *value) {
        snprintf(what, sizeof(what), "%" PRId64 " is over the site's %" PRIu64, found, *value);
        return widens(name, key, what, err);
    }
    *value = (uint64_t)found;
    return 0;
}

static int
lower_timeout(struct mig_narrow *n, const char *name, struct mig_err *err)
{
    int64_t found = 0;
    int rc;

    if (!mig_conf_get(n->conf, "agent.moduletimeout", NULL))
        return 0;
    rc = mig_conf_get_duration(n->conf, "agent.moduletimeout", "0s", &found, err);
    if (rc < 0)
        return rc;
    if (found < 1000)
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s: agent.moduletimeout: expected one second or more", name);
    if (found > n->site.module_timeout_ms)
        return widens(name, "agent.moduletimeout", "it is longer than the site's", err);
    n->site.module_timeout_ms = found;
    return 0;
}

static int
lower_numbers(struct mig_narrow *n, const char *name, struct mig_err *err)
{
    const struct {
        const char *key;
        int64_t min;
        uint64_t *value;
    } numbers[] = {
        {"agent.maxworkers", 1, &n->site.max_workers},
        {"limits.cpu", 1, &n->site.cpu_max},
        {"limits.memory", 1, &n->site.memory_max},
        {"limits.openfiles", 32, &n->site.open_files_max},
        {"limits.output", 4096, &n->site.output_max},
        {"persist.queue", 1, &n->site.alerts_max},
        {"persist.state", 1, &n->site.state_max},
    };
    int rc = lower_timeout(n, name, err);

    for (size_t i = 0; rc == 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        rc = lower_number(n, name, numbers[i].key, numbers[i].min, numbers[i].value, err);
    return rc;
}

/* A switch that may go one way only. */
static int
turn(struct mig_narrow *n, const char *name, const char *key, int narrow_is, uint64_t *value,
     struct mig_err *err)
{
    int found = *value != 0;
    int rc = mig_conf_get_bool(n->conf, key, found, &found, err);

    if (rc < 0)
        return rc;
    if (found != narrow_is && (*value != 0) == narrow_is)
        return widens(name, key, narrow_is ? "the site has it on" : "the site has it off", err);
    *value = found != 0;
    return 0;
}

static int
raise_check(struct mig_narrow *n, const char *name, struct mig_err *err)
{
    static const char *const words[] = {"off", "decidable", "strict"};
    const char *word = mig_conf_get(n->conf, "agent.checktarget", NULL);

    for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i]) != 0)
            continue;
        if (i < n->site.check_target)
            return widens(name, "agent.checktarget", "it is laxer than the site's", err);
        n->site.check_target = i;
        return 0;
    }
    return word ? mig_err_set(err, MIG_E_CONFIG,
                              "%s: agent.checktarget: expected off, decidable or strict, found "
                              "'%.64s'",
                              name, word)
                : 0;
}

/* ---- modules ---- */

static int
can_be(const struct mig_whitelist *whitelist, const char *module)
{
    for (size_t i = 0; i < whitelist->count; i++)
        if (strcmp(whitelist->entries[i].name, module) == 0)
            return 1;
    for (const struct mig_builtin *b = mig_builtins; b->name; b++)
        if (strcmp(b->name, module) == 0)
            return 1;
    return strcmp(module, MIG_CANCEL_MODULE) == 0;
}

static int
switch_off(struct mig_narrow *n, const struct mig_whitelist *whitelist, const char *name,
           struct mig_err *err)
{
    size_t count = 0;

    while (mig_conf_get_nth(n->conf, "modules.off", count))
        count++;
    n->off = calloc(count + 1, sizeof(*n->off));
    if (!n->off)
        return mig_err_errno(err, ENOMEM, "%s", name);
    for (size_t i = 0; i < count; i++) {
        n->off[i] = mig_conf_get_nth(n->conf, "modules.off", i);
        /* A slip of the pen would leave a module on that its owner takes for off. */
        if (!can_be(whitelist, n->off[i]))
            return mig_err_set(err, MIG_E_CONFIG,
                               "%s: modules.off: this agent has no module '%.64s'", name,
                               n->off[i]);
    }
    n->site.modules_off = n->off;
    return 0;
}

/* Of what the site keeps running, without those that are off here. */
static int
stop_persistent(struct mig_narrow *n, const char *name, struct mig_err *err)
{
    const char *const *all = n->site.persist;
    size_t count = 0, kept = 0;
    int none = 0;
    int rc = mig_conf_get_bool(n->conf, "agent.nopersistmods", 0, &none, err);

    if (rc < 0)
        return rc;
    while (all && all[count])
        count++;
    n->persist = calloc(count + 1, sizeof(*n->persist));
    if (!n->persist)
        return mig_err_errno(err, ENOMEM, "%s", name);
    for (size_t i = 0; !none && i + 1 < count; i += 2) {
        if (mig_narrow_is_off(&n->site, all[i]))
            continue;
        n->persist[kept++] = all[i];
        n->persist[kept++] = all[i + 1];
    }
    n->site.persist = n->persist;
    return 0;
}

/* ---- tags ---- */

static int
add_tag(struct mig_narrow *n, const char *name, const char *tag, size_t at, struct mig_err *err)
{
    const char *colon = strchr(tag, ':');

    if (!colon || colon == tag)
        return mig_err_set(err, MIG_E_CONFIG, "%s: agent.tags: expected name:value, found '%.100s'",
                           name, tag);
    n->tags[at] = mig_conf_trimmed(tag, colon);
    n->tags[at + 1] = n->tags[at] ? mig_conf_trimmed(colon + 1, colon + strlen(colon)) : NULL;
    if (!n->tags[at + 1])
        return mig_err_errno(err, ENOMEM, "%s", name);
    for (size_t i = 0; i < at; i += 2)
        if (strcmp(n->tags[i], n->tags[at]) == 0)
            return mig_err_set(err, MIG_E_CONFIG,
                               "%s: agent.tags: %.100s is set already, by the site or above: a "
                               "file here can add tags and change none",
                               name, n->tags[at]);
    return 0;
}

static int
add_tags(struct mig_narrow *n, const char *name, struct mig_err *err)
{
    const char *const *old = n->site.tags;
    size_t had = 0, count = 0;
    int rc = 0;

    while (old && old[had])
        had++;
    while (mig_conf_get_nth(n->conf, "agent.tags", count))
        count++;
    n->tags = calloc(had + 2 * count + 1, sizeof(*n->tags));
    if (!n->tags)
        return mig_err_errno(err, ENOMEM, "%s", name);
    for (size_t i = 0; i < had; i++) {
        n->tags[i] = strdup(old[i]);
        if (!n->tags[i])
            return mig_err_errno(err, ENOMEM, "%s", name);
    }
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_tag(n, name, mig_conf_get_nth(n->conf, "agent.tags", i), had + 2 * i, err);
    n->site.tags = (const char *const *)n->tags;
    return rc;
}

/* ---- the file ---- */

static int
apply(struct mig_narrow *n, const struct mig_whitelist *whitelist, const char *name,
      struct mig_err *err)
{
    int rc = mig_conf_only(n->conf, known, err);

    if (rc == 0)
        rc = lower_numbers(n, name, err);
    if (rc == 0)
        rc = turn(n, name, "agent.extraprivacymode", 1, &n->site.private_mode, err);
    if (rc == 0)
        rc = turn(n, name, "agent.discoverpublicip", 0, &n->site.public_ip, err);
    if (rc == 0)
        rc = turn(n, name, "agent.discovercloudmeta", 0, &n->site.cloud, err);
    if (rc == 0)
        rc = raise_check(n, name, err);
    if (rc == 0)
        rc = switch_off(n, whitelist, name, err);
    if (rc == 0)
        rc = stop_persistent(n, name, err);
    if (rc == 0)
        rc = add_tags(n, name, err);
    return rc;
}

int
mig_narrow_parse(const struct mig_site *site, const struct mig_whitelist *whitelist,
                 const char *name, const char *text, size_t len, struct mig_narrow *ret,
                 struct mig_err *err)
{
    struct mig_narrow n = {.site = *site};
    int rc = mig_conf_parse(name, text, len, &n.conf, err);

    if (rc == 0)
        rc = apply(&n, whitelist, name, err);
    if (rc == 0)
        *ret = n;
    else
        mig_narrow_fini(&n);
    return rc;
}

int
mig_narrow_load(const struct mig_site *site, const struct mig_whitelist *whitelist,
                struct mig_narrow *ret, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    char path[4096];
    int rc;

    snprintf(path, sizeof(path), "%s/agent.conf", mig_site_conf_dir(site));
    rc = mig_owned_file_read(path, FILE_MAX, &text, err);
    if (rc == -ENOENT) {
        *ret = (struct mig_narrow){.site = *site};
        rc = 0;
    } else if (rc == 0) {
        rc =
            mig_narrow_parse(site, whitelist, path, text.data ? text.data : "", text.len, ret, err);
    }
    mig_buf_fini(&text);
    return rc;
}

void
mig_narrow_fini(struct mig_narrow *n)
{
    for (char **tag = n->tags; tag && *tag; tag++)
        free(*tag);
    free(n->tags);
    free(n->off);
    free(n->persist);
    mig_conf_free(n->conf);
    memset(n, 0, sizeof(*n));
}
