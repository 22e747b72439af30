/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/account.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/narrow.h"
#include "agent/site.h"
#include "base/buf.h"
#include "base/conf.h"

#define FILE_MAX 4096

static const char *const known[] = {"relay.password", "relay.user", NULL};

static int
take(struct mig_conf *conf, const char *name, const char *key, char to[MIG_ACCOUNT_MAX],
     struct mig_err *err)
{
    const char *value = mig_conf_get(conf, key, NULL);

    if (!value || !*value)
        return mig_err_set(err, MIG_E_CONFIG, "%s: %s is missing", name, key);
    if (strlen(value) >= MIG_ACCOUNT_MAX)
        return mig_err_set(err, MIG_E_CONFIG, "%s: %s: expected at most %d bytes", name, key,
                           MIG_ACCOUNT_MAX - 1);
    memcpy(to, value, strlen(value) + 1);
    return 0;
}

int
mig_account_parse(const char *name, const char *text, size_t len, struct mig_account *ret,
                  struct mig_err *err)
{
    struct mig_account account = {.user = ""};
    struct mig_conf *conf = NULL;
    int rc = mig_conf_parse(name, text, len, &conf, err);

    if (rc == 0)
        rc = mig_conf_only(conf, known, err);
    if (rc == 0)
        rc = take(conf, name, "relay.user", account.user, err);
    if (rc == 0)
        rc = take(conf, name, "relay.password", account.password, err);
    if (rc == 0)
        *ret = account;
    mig_account_wipe(&account);
    mig_conf_free(conf);
    return rc;
}

int
mig_account_load(const struct mig_site *site, struct mig_account *ret, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    char path[4096];
    int rc;

    snprintf(path, sizeof(path), "%s/relay.conf", mig_site_conf_dir(site));
    rc = mig_secret_file_read(path, FILE_MAX, &text, err);
    if (rc == -ENOENT) {
        *ret = (struct mig_account){.user = ""};
        rc = 0;
    } else if (rc == 0) {
        rc = mig_account_parse(path, text.data ? text.data : "", text.len, ret, err);
    }
    if (text.data)
        explicit_bzero(text.data, text.len);
    mig_buf_fini(&text);
    return rc;
}

void
mig_account_wipe(struct mig_account *account)
{
    explicit_bzero(account, sizeof(*account));
}
