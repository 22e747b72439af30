/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/keyring.h"

#include <errno.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "store/api_auth.h"
#include "trust/pgp.h"

struct mig_keyring {
    pthread_mutex_t lock;
    char version[MIG_KEYRING_VERSION]; /* "" until the first reading */
    struct mig_buf keys;               /* binary, one after another */
};

struct mig_keyring *
mig_keyring_new(void)
{
    struct mig_keyring *keyring = calloc(1, sizeof *keyring);

    if (keyring != NULL)
        pthread_mutex_init(&keyring->lock, NULL);
    return keyring;
}

void
mig_keyring_free(struct mig_keyring *keyring)
{
    if (keyring == NULL)
        return;
    mig_buf_fini(&keyring->keys);
    pthread_mutex_destroy(&keyring->lock);
    free(keyring);
}

/* Where the private folders go: systemd's, which is the service's own, when there is one. */
static const char *
parent_folder(void)
{
    const char *folder = getenv("RUNTIME_DIRECTORY");

    return folder != NULL ? folder : "/tmp";
}

static int
from_hex(const char *hex, struct mig_buf *out)
{
    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        const char pair[3] = {hex[0], hex[1], '\0'};

        mig_buf_addc(out, (char)strtoul(pair, NULL, 16));
    }
    return out->failed ? -ENOMEM : 0;
}

/* One investigator's key. A key that does not import must not lock the others out. */
static void
import_key(struct mig_pgp *pgp, const char *fpr, const char *hex)
{
    struct mig_buf key = MIG_BUF_INIT;
    struct mig_err err = {0};

    if (from_hex(hex, &key) < 0 || key.len == 0)
        mig_log(MIG_SEV_WARNING, "- - - the public key of investigator %s is empty", fpr);
    else if (mig_pgp_import(pgp, key.data, key.len, &err) < 0)
        mig_log(MIG_SEV_WARNING, "- - - the public key of investigator %s is unusable: %s", fpr,
                err.text);
    mig_buf_fini(&key);
}

static int
read_keys(struct mig_db *db, struct mig_buf *out, struct mig_err *err)
{
    struct mig_pgp *pgp = NULL;
    PGresult *res = NULL;
    int rc;

    rc = mig_store_keyring(db, &res, err);
    if (rc >= 0 && PQntuples(res) > 0)
        rc = mig_pgp_open_keyring(parent_folder(), "", 0, &pgp, err);
    if (rc >= 0 && pgp != NULL) {
        for (int i = 0; i < PQntuples(res); i++)
            import_key(pgp, PQgetvalue(res, i, 0), PQgetvalue(res, i, 1));
        rc = mig_pgp_export(pgp, NULL, 0, out, err);
    }
    mig_pgp_close(pgp);
    PQclear(res);
    return rc;
}

static int
update(struct mig_keyring *keyring, struct mig_db *db, const char *version, struct mig_err *err)
{
    struct mig_buf keys = MIG_BUF_INIT;
    int rc;

    if (strcmp(keyring->version, version) == 0)
        return 0;
    rc = read_keys(db, &keys, err);
    if (rc < 0) {
        mig_buf_fini(&keys);
        return rc;
    }
    mig_buf_fini(&keyring->keys);
    keyring->keys = keys;
    snprintf(keyring->version, sizeof keyring->version, "%s", version);
    return 0;
}

int
mig_keyring_open(struct mig_keyring *keyring, struct mig_db *db, const char *version,
                 struct mig_pgp **ret, struct mig_err *err)
{
    int rc;

    pthread_mutex_lock(&keyring->lock);
    rc = update(keyring, db, version, err);
    if (rc >= 0)
        rc = mig_pgp_open_keyring(parent_folder(),
                                  keyring->keys.data == NULL ? "" : keyring->keys.data,
                                  keyring->keys.len, ret, err);
    pthread_mutex_unlock(&keyring->lock);
    return rc;
}
