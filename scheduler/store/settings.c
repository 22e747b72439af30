/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/log.h"

/* key='value' with the quoting of libpq's connection strings. */
static void
add_keyword(struct mig_buf *out, const char *key, const char *value)
{
    if (!value || !*value)
        return;
    mig_buf_addf(out, "%s%s='", out->len ? " " : "", key);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\')
            mig_buf_addc(out, '\\');
        mig_buf_addc(out, *value);
    }
    mig_buf_addc(out, '\'');
}

static char *
conninfo_of_parts(struct mig_conf *conf)
{
    static const char *const parts[] = {"host", "port", "dbname", "user", "password", "sslmode"};
    struct mig_buf out = MIG_BUF_INIT;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char name[32];

        snprintf(name, sizeof(name), "postgres.%s", parts[i]);
        add_keyword(&out, parts[i], mig_conf_get(conf, name, NULL));
    }
    if (!out.len)
        mig_buf_adds(&out, "dbname='mig'");
    return mig_buf_take(&out, NULL);
}

/* In a connection string the last of two settings of one name counts. */
static char *
target_conninfo(struct mig_conf *conf, const char *conninfo)
{
    struct mig_buf out = MIG_BUF_INIT;

    mig_buf_adds(&out, conninfo);
    add_keyword(&out, "user", mig_conf_get(conf, "postgres.targetuser", "migtarget"));
    add_keyword(&out, "password", mig_conf_get(conf, "postgres.targetpassword", NULL));
    return mig_buf_take(&out, NULL);
}

static int
read_postgres(struct mig_conf *conf, struct mig_store_settings *s, struct mig_err *err)
{
    const char *whole = mig_conf_get(conf, "postgres.conninfo", NULL);
    const char *target = mig_conf_get(conf, "postgres.targetconninfo", NULL);

    s->conninfo = whole ? strdup(whole) : conninfo_of_parts(conf);
    if (!s->conninfo)
        return mig_err_errno(err, ENOMEM, "configuration");
    if (!target && strstr(s->conninfo, "://"))
        return mig_err_set(err, MIG_E_CONFIG,
                           "postgres.conninfo is a URI: say postgres.targetconninfo too, for the "
                           "role that evaluates target expressions (migtarget)");
    s->target_conninfo = target ? strdup(target) : target_conninfo(conf, s->conninfo);
    return s->target_conninfo ? 0 : mig_err_errno(err, ENOMEM, "configuration");
}

static int
read_logging(struct mig_conf *conf, struct mig_store_settings *s, struct mig_err *err)
{
    const char *mode = mig_conf_get(conf, "logging.mode", "stdout");
    const char *level = mig_conf_get(conf, "logging.level", "info");
    const char *file = mig_conf_get(conf, "logging.file", NULL);
    const char *destination = "stderr";

    s->log_severity = mig_log_severity(level);
    if (s->log_severity < 0)
        return mig_err_set(err, MIG_E_CONFIG,
                           "logging.level is '%s': expected err, warning, notice, info or debug",
                           level);
    if (strcmp(mode, "file") == 0) {
        if (!file || *file != '/')
            return mig_err_set(err, MIG_E_CONFIG,
                               "logging.file: mode is file, expected an absolute path");
        destination = file;
    } else if (strcmp(mode, "syslog") == 0) {
        destination = mode;
    } else if (strcmp(mode, "stdout") != 0 && strcmp(mode, "stderr") != 0) {
        return mig_err_set(err, MIG_E_CONFIG,
                           "logging.mode is '%s': expected stdout, file or syslog", mode);
    }
    s->log_destination = strdup(destination);
    return s->log_destination ? 0 : mig_err_errno(err, ENOMEM, "configuration");
}

int
mig_store_settings_read(struct mig_conf *conf, struct mig_store_settings *ret, struct mig_err *err)
{
    struct mig_store_settings settings = {0};
    int r = read_postgres(conf, &settings, err);

    if (r == 0)
        r = read_logging(conf, &settings, err);
    if (r < 0)
        mig_store_settings_fini(&settings);
    else
        *ret = settings;
    return r;
}

void
mig_store_settings_erase(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

void
mig_store_settings_fini(struct mig_store_settings *settings)
{
    mig_store_settings_erase(settings->conninfo);
    mig_store_settings_erase(settings->target_conninfo);
    free(settings->log_destination);
    *settings = (struct mig_store_settings){0};
}

void
mig_store_settings_warn_unused(struct mig_conf *conf, const char *const names[])
{
    for (size_t i = 0; names[i]; i++)
        if (mig_conf_get(conf, names[i], NULL))
            mig_log(MIG_SEV_WARNING, "%s is not used by this version", names[i]);
}
