/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "store/schema.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "store/array.h"
#include "store/db.h"

#define SCHEMA_MAX_FILE (4u << 20)

int
mig_schema_version(struct mig_db *db, int *ret, struct mig_err *err)
{
    PGresult *res = NULL;
    int r = mig_db_exec(db, "SELECT to_regclass('public.schema_version') IS NOT NULL", 0, NULL,
                        &res, err);
    int found = r == 0 && strcmp(PQgetvalue(res, 0, 0), "t") == 0;

    PQclear(res);
    if (r < 0)
        return r;
    if (!found) {
        *ret = 0;
        return 0;
    }
    r = mig_db_exec(db, "SELECT coalesce(max(version), 0) FROM public.schema_version", 0, NULL,
                    &res, err);
    if (r < 0)
        return r;
    *ret = (int)mig_array_to_int(PQgetvalue(res, 0, 0));
    PQclear(res);
    return 0;
}

static int
is_migration(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t len = strlen(name);

    for (int i = 0; i < 4; i++)
        if (!isdigit((unsigned char)name[i]))
            return 0;
    return name[4] == '-' && len > 9 && strcmp(name + len - 4, ".sql") == 0;
}

static int
apply(struct mig_db *db, const char *folder, const char *name, struct mig_err *err)
{
    struct mig_buf script = MIG_BUF_INIT;
    char path[4096], tail[512];
    int r;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    r = mig_file_read(path, SCHEMA_MAX_FILE, &script, err);
    if (r < 0)
        goto out;
    /* The name holds no quote: it comes from is_migration() and is checked here. */
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(name)) {
        r = mig_err_set(err, MIG_E_INVALID, "%s: expected a name of a-z, 0-9, - and _", path);
        goto out;
    }
    snprintf(tail, sizeof(tail),
             ";\nINSERT INTO public.schema_version (version, name) VALUES (%ld, '%s');",
             strtol(name, NULL, 10), name);
    mig_buf_adds(&script, tail);
    r = script.failed ? mig_err_errno(err, ENOMEM, "%s", path)
                      : mig_db_script(db, script.data, err);
    if (r < 0)
        mig_err_prefix(err, "%s", path);
out:
    mig_buf_fini(&script);
    return r;
}

static int
apply_newer(struct mig_db *db, const char *folder, struct dirent **names, int count,
            void (*applied)(const char *name, void *context), void *context, struct mig_err *err)
{
    int version = 0;
    int r = mig_schema_version(db, &version, err);

    if (r < 0)
        return r;
    if (version > strtol(names[count - 1]->d_name, NULL, 10))
        return mig_err_set(
            err, MIG_E_INVALID,
            "the database has schema version %d, newer than %s/%s: use a newer release", version,
            folder, names[count - 1]->d_name);
    for (int i = 0; i < count; i++) {
        if (strtol(names[i]->d_name, NULL, 10) <= version)
            continue;
        r = apply(db, folder, names[i]->d_name, err);
        if (r < 0)
            return r;
        if (applied)
            applied(names[i]->d_name, context);
    }
    return 0;
}

int
mig_schema_migrate(struct mig_db *db, const char *folder,
                   void (*applied)(const char *name, void *context), void *context,
                   struct mig_err *err)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_migration, alphasort);
    int r;

    if (count < 0)
        return mig_err_errno(err, errno, "%s", folder);
    if (count == 0) {
        r = mig_err_set(err, MIG_E_NOT_FOUND, "%s: no NNNN-*.sql here: say --sql DIR", folder);
    } else {
        r = mig_db_exec(db, "SELECT pg_advisory_lock(20190702, 2)", 0, NULL, NULL, err);
        if (r == 0) {
            r = apply_newer(db, folder, names, count, applied, context, err);
            mig_db_exec(db, "SELECT pg_advisory_unlock(20190702, 2)", 0, NULL, NULL, NULL);
        }
    }
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return r;
}
