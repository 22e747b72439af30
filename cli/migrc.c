/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "migrc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "trust/pgp.h"

static const char *const keys[] = {
    "api.url",       "api.skipverifycert", "gpg.home",      "gpg.keyid",
    "gpg.keyserver", "gpg.useapikeyauth",  "targets.macro", NULL};

const char mig_migrc_example[] = "An example:\n"
                                 "    [api]\n"
                                 "        url = \"https://mig.example.net/api/v1/\"\n"
                                 "    [gpg]\n"
                                 "        home = \"/home/you/.gnupg\"\n"
                                 "        keyid = \"0123456789ABCDEF0123456789ABCDEF01234567\"\n"
                                 "    [targets]\n"
                                 "        macro = linux:environment->>'os'='linux'\n";

static int
find_path(const char *path, char *text, size_t size, struct mig_err *err)
{
    const char *home = getenv("HOME");
    int n;

    if (!path && (!home || home[0] != '/'))
        return mig_err_set(err, MIG_E_CONFIG,
                           "HOME is not set: name the configuration with -c FILE");
    n = path ? snprintf(text, size, "%s", path) : snprintf(text, size, "%s/.migrc", home);
    if (n < 0 || (size_t)n >= size)
        return mig_err_set(err, MIG_E_CONFIG, "the path of the configuration is too long");
    if (access(text, F_OK) < 0 && errno == ENOENT)
        return mig_err_set(err, MIG_E_NOT_FOUND,
                           "%s does not exist: write it; it says where the API is and which key "
                           "signs",
                           text);
    return 0;
}

static int
check_keyid(const char *path, const char *keyid, struct mig_err *err)
{
    if (keyid && (strlen(keyid) != MIG_FPR_LEN || strspn(keyid, "0123456789ABCDEF") != MIG_FPR_LEN))
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s: gpg.keyid is the whole fingerprint, 40 upper-case hex digits as "
                           "gpg --list-keys shows it, not '%s'",
                           path, keyid);
    return 0;
}

int
mig_migrc_load(const char *path, struct mig_migrc *ret, struct mig_err *err)
{
    struct mig_migrc rc = {0};
    char text[4096];
    int code;

    code = find_path(path, text, sizeof(text), err);
    if (code < 0)
        return code;
    code = mig_conf_load(text, &rc.conf, err);
    if (code < 0)
        return code;
    code = mig_conf_only(rc.conf, keys, err);
    if (code < 0)
        goto out;
    rc.url = mig_conf_get(rc.conf, "api.url", NULL);
    rc.gpg_home = mig_conf_get(rc.conf, "gpg.home", NULL);
    rc.keyid = mig_conf_get(rc.conf, "gpg.keyid", NULL);
    rc.api_key = mig_conf_get(rc.conf, "gpg.useapikeyauth", NULL);
    code = mig_conf_get_bool(rc.conf, "api.skipverifycert", 0, &rc.skip_verify, err);
    if (code == 0)
        code = check_keyid(text, rc.keyid, err);
    if (code < 0)
        goto out;
    *ret = rc;
    rc.conf = NULL;
out:
    mig_conf_free(rc.conf);
    return code;
}

void
mig_migrc_fini(struct mig_migrc *migrc)
{
    mig_conf_free(migrc->conf);
    memset(migrc, 0, sizeof(*migrc));
}

int
mig_migrc_need_api(const struct mig_migrc *migrc, struct mig_err *err)
{
    if (!migrc->url)
        return mig_err_set(err, MIG_E_CONFIG,
                           "the configuration has no api.url: add it under [api]");
    return 0;
}

int
mig_migrc_need_key(const struct mig_migrc *migrc, struct mig_err *err)
{
    if (!migrc->keyid)
        return mig_err_set(err, MIG_E_CONFIG,
                           "the configuration has no gpg.keyid, the fingerprint of the key that "
                           "signs: add it under [gpg]");
    return 0;
}

const char *
mig_migrc_macro(const struct mig_migrc *migrc, const char *name)
{
    size_t len = strlen(name);
    const char *value;

    for (size_t i = 0; migrc->conf; i++) {
        value = mig_conf_get_nth(migrc->conf, "targets.macro", i);
        if (!value)
            break;
        if (strncmp(value, name, len) == 0 && value[len] == ':')
            return value + len + 1;
    }
    return NULL;
}
