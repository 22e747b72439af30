/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/mkagent.h"
#include "base/conf.h"
#include "base/file.h"
#include "base/json.h"
#include "trust/image.h"

#define JSON_MAX (256u << 10)

/* The text of DIR/persist/NAME.json, or {}. */
static int
read_json(const char *dir, const char *module, char **ret, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    char path[4096];
    size_t len;
    int rc = 0;

    snprintf(path, sizeof(path), "%s/persist/%s.json", dir, module);
    if (access(path, F_OK) < 0 && errno == ENOENT)
        mig_buf_adds(&text, "{}");
    else
        rc = mig_file_read(path, JSON_MAX, &text, err);
    if (rc == 0 && mig_json_check(text.data ? text.data : "", text.len, NULL, err) < 0)
        rc = mig_err_prefix(err, "%s", path);
    if (rc == 0 && text.data[strspn(text.data, " \t\r\n")] != '{')
        rc = mig_err_set(err, MIG_E_CONFIG, "%s: expected a JSON object", path);
    if (rc == 0 && !(*ret = mig_buf_take(&text, &len)))
        rc = mig_err_errno(err, ENOMEM, "%s", path);
    mig_buf_fini(&text);
    return rc;
}

static int
add_module(const char *dir, struct mig_mksite *s, size_t i, const char *module, struct mig_err *err)
{
    if (!mig_image_name_valid(module))
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s/agent.conf: persist.module: expected a module's name, found '%.64s'",
                           dir, module);
    for (size_t k = 0; k < i; k++)
        if (strcmp(s->persist[2 * k], module) == 0)
            return mig_err_set(err, MIG_E_CONFIG,
                               "%s/agent.conf: persist.module: %s is there twice", dir, module);
    s->persist[2 * i] = strdup(module);
    if (!s->persist[2 * i])
        return mig_err_errno(err, ENOMEM, "%s/agent.conf", dir);
    return read_json(dir, module, &s->persist[2 * i + 1], err);
}

int
mig_mksite_persist(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    int64_t queue = 0, state = 0;
    size_t count = 0;
    int rc = mig_conf_get_number(s->conf, "persist.queue", 65536, (int64_t)1 << 30, 16 << 20,
                                 &queue, err);

    if (rc == 0)
        rc = mig_conf_get_number(s->conf, "persist.state", 65536, (int64_t)1 << 30, 64 << 20,
                                 &state, err);
    if (rc < 0)
        return rc;
    s->site.alerts_max = (uint64_t)queue;
    s->site.state_max = (uint64_t)state;
    while (mig_conf_get_nth(s->conf, "persist.module", count))
        count++;
    s->persist = calloc(2 * count + 1, sizeof(*s->persist));
    if (!s->persist)
        return mig_err_errno(err, ENOMEM, "%s/agent.conf", dir);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add_module(dir, s, i, mig_conf_get_nth(s->conf, "persist.module", i), err);
    s->site.persist = (const char *const *)s->persist;
    return rc;
}
