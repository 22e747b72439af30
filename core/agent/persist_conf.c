/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/persist.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/env.h"
#include "agent/narrow.h"
#include "agent/site.h"
#include "base/buf.h"
#include "base/json.h"

#define FILE_MAX (256u << 10)

/* -ENOENT when there is no file. */
static int
read_file(const char *path, struct json_object **ret, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    int rc = mig_owned_file_read(path, FILE_MAX, &text, err);

    if (rc == 0 && mig_json_parse(text.data ? text.data : "", text.len, NULL, ret, err) < 0) {
        mig_err_prefix(err, "%s", path);
        rc = MIG_E_CONFIG;
    }
    if (rc == 0 && !json_object_is_type(*ret, json_type_object)) {
        json_object_put(*ret);
        rc = mig_err_set(err, MIG_E_CONFIG, "%s: expected a JSON object", path);
    }
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
