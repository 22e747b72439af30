/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/env.h"
#include "agent/site.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"

#define FILE_MAX (256u << 10)

/* What root obeys must be root's. */
static int
check_owner(const char *path, int fd, struct mig_err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return mig_err_errno(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return mig_err_set(err, MIG_E_CONFIG, "%s: expected a regular file", path);
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s: owned by user %u, mode %04o: expected a file of root that nobody "
                           "else can write (chown root, chmod go-w)",
                           path, (unsigned)st.st_uid, (unsigned)st.st_mode & 07777);
    return 0;
}

/* -ENOENT when there is no file. */
static int
read_file(const char *path, struct json_object **ret, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int rc;

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? -ENOENT
                                                   : mig_err_errno(err, errno, "%s", path);
    rc = check_owner(path, fd, err);
    if (rc == 0) {
        rc = mig_fd_read_all(fd, FILE_MAX, &text);
        if (rc < 0)
            rc = mig_err_set(err, MIG_E_CONFIG, "%s: %s", path, mig_strerror(rc));
    }
    if (rc == 0 && mig_json_parse(text.data ? text.data : "", text.len, NULL, ret, err) < 0) {
        mig_err_prefix(err, "%s", path);
        rc = MIG_E_CONFIG;
    }
    if (rc == 0 && !json_object_is_type(*ret, json_type_object)) {
        json_object_put(*ret);
        rc = mig_err_set(err, MIG_E_CONFIG, "%s: expected a JSON object", path);
    }
    close(fd);
    mig_buf_fini(&text);
    return rc;
}

/* Moves the members of the file to those of the site. */
static int
narrow(const char *path, struct json_object *site, struct json_object *file, int *ret_enabled,
       struct mig_err *err)
{
    json_object_object_foreach(file, key, value)
    {
        if (strcmp(key, "enabled") == 0) {
            if (!json_object_is_type(value, json_type_boolean))
                return mig_err_set(err, MIG_E_CONFIG, "%s: enabled: expected true or false", path);
            *ret_enabled = json_object_get_boolean(value);
            continue;
        }
        if (json_object_object_get_ex(site, key, NULL))
            return mig_err_set(err, MIG_E_CONFIG,
                               "%s: %.64s is set by the site: a file here can add what the site "
                               "leaves open, and nothing else; remove it",
                               path, key);
        json_object_object_add(site, key, json_object_get(value));
    }
    return 0;
}

static int
merge(const struct mig_site *site, const char *module, struct json_object *config,
      struct mig_err *err)
{
    struct json_object *file = NULL;
    char path[4096];
    int enabled = 1, rc;

    snprintf(path, sizeof(path), "%s/persist/%s.json", mig_site_conf_dir(site), module);
    rc = read_file(path, &file, err);
    if (rc == -ENOENT)
        return 0;
    if (rc < 0)
        return rc;
    rc = narrow(path, config, file, &enabled, err);
    json_object_put(file);
    return rc < 0 ? rc : enabled ? 0 : -ENOENT;
}

int
mig_persist_conf(const struct mig_site *site, const char *module, const char *site_json,
                 struct mig_buf *out, struct mig_err *err)
{
    struct json_object *config = NULL, *all;
    char host[256] = "", *text = NULL;
    int rc = mig_json_parse(site_json, strlen(site_json), NULL, &config, err);

    if (rc < 0)
        return rc;
    rc = merge(site, module, config, err);
    if (rc < 0) {
        json_object_put(config);
        return rc;
    }
    /* The kernel's name: to ask for the full one is to parse what the network says, as root. */
    gethostname(host, sizeof(host) - 1);
    all = json_object_new_object();
    json_object_object_add(all, "hostname", json_object_new_string(host));
    json_object_object_add(all, "environment", mig_env_json(NULL));
    json_object_object_add(all, "tags", mig_site_tags(site));
    json_object_object_add(all, "config", config);
    text = mig_json_text(all);
    json_object_put(all);
    rc = text ? mig_buf_adds(out, text) : -ENOMEM;
    free(text);
    return rc < 0 ? mig_err_errno(err, ENOMEM, "%s", module) : 0;
}
