/* SPDX-License-Identifier: MPL-2.0 */
/* Signing, and the keys of a home. */
#include "config.h"
#include "trust/pgp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/buf.h"
#include "trust/openpgp.h"
#include "trust/pgp_internal.h"

static const char *
why_unusable(gpgme_key_t key)
{
    return key->revoked     ? "revoked"
           : key->expired   ? "expired"
           : key->disabled  ? "disabled"
           : key->invalid   ? "invalid"
           : !key->can_sign ? "not allowed to sign"
                            : NULL;
}

/* The secret key with this primary fingerprint, ready as the context's only signer. */
static int
choose_signer(struct mig_pgp *pgp, const char *fpr, struct mig_err *err)
{
    gpgme_key_t key = NULL;
    gpgme_error_t code;
    const char *why;
    int rc = 0;

    gpgme_signers_clear(pgp->ctx);
    if (strlen(fpr) != MIG_FPR_LEN || strspn(fpr, MIG_PGP_HEX "abcdef") != MIG_FPR_LEN)
        return mig_err_set(
            err, MIG_E_INVALID,
            "signing key '%.80s', expected the 40 hexadecimal digits of a fingerprint: "
            "see gpg --list-secret-keys",
            fpr);
    code = gpgme_get_key(pgp->ctx, fpr, &key, 1);
    if (code != 0)
        return mig_err_set(
            err, MIG_E_NOT_FOUND,
            "no secret key %s in this GnuPG home (%s): see gpg --list-secret-keys, or "
            "import it with gpg --import",
            fpr, gpgme_strerror(code));
    why = why_unusable(key);
    if (key->subkeys == NULL || strcasecmp(key->subkeys->fpr, fpr) != 0)
        rc = mig_err_set(err, MIG_E_INVALID,
                         "%s is a subkey: give the fingerprint of its primary key %s", fpr,
                         key->subkeys == NULL ? "" : key->subkeys->fpr);
    else if (why != NULL)
        rc = mig_err_set(err, MIG_E_CRYPTO,
                         "secret key %s is %s: choose another one, see gpg --list-secret-keys", fpr,
                         why);
    else if ((code = gpgme_signers_add(pgp->ctx, key)) != 0)
        rc = mig_pgp_engine_error(err, code, fpr);
    gpgme_key_unref(key);
    return rc;
}

/* Appends what is in the data object. */
static int
read_data(gpgme_data_t data, struct mig_buf *out, struct mig_err *err)
{
    char part[4096];
    ssize_t n;

    if (gpgme_data_seek(data, 0, SEEK_SET) < 0)
        return mig_err_errno(err, errno, "output of gpg");
    while ((n = gpgme_data_read(data, part, sizeof(part))) > 0)
        mig_buf_add(out, part, (size_t)n);
    if (n < 0 || out->failed)
        return mig_err_errno(err, n < 0 ? errno : ENOMEM, "output of gpg");
    return 0;
}

static int
run_sign(struct mig_pgp *pgp, const char *fpr, gpgme_data_t text, gpgme_data_t sig,
         struct mig_err *err)
{
    gpgme_sign_result_t result;
    gpgme_error_t code;

    gpgme_set_armor(pgp->ctx, 0);
    gpgme_set_textmode(pgp->ctx, 0);
    code = gpgme_op_sign(pgp->ctx, text, sig, GPGME_SIG_MODE_DETACH);
    if (code != 0)
        return mig_err_set(
            err, MIG_E_CRYPTO,
            "key %s can not sign: %s: check that gpg-agent can ask for its passphrase "
            "(gpg --sign -u %s)",
            fpr, gpgme_strerror(code), fpr);
    result = gpgme_op_sign_result(pgp->ctx);
    if (result == NULL || result->signatures == NULL || result->signatures->next != NULL)
        return mig_err_set(err, MIG_E_CRYPTO, "key %s: gpg made no single signature", fpr);
    if (!mig_pgp_strong_hash(result->signatures->hash_algo))
        return mig_err_set(
            err, MIG_E_CRYPTO,
            "key %s signs with %s, which agents refuse: set personal-digest-preferences "
            "SHA256 in gpg.conf",
            fpr, gpgme_hash_algo_name(result->signatures->hash_algo));
    return 0;
}

int
mig_pgp_sign(struct mig_pgp *pgp, const char *fpr, const void *text, size_t len,
             struct mig_buf *oneline, struct mig_err *err)
{
    gpgme_data_t in = NULL, sig = NULL;
    struct mig_buf packet = MIG_BUF_INIT;
    struct mig_openpgp_signature form;
    gpgme_error_t code;
    int rc;

    rc = choose_signer(pgp, fpr, err);
    if (rc < 0)
        return rc;
    code = gpgme_data_new_from_mem(&in, len == 0 ? "" : text, len, 0);
    if (code == 0)
        code = gpgme_data_new(&sig);
    rc = code != 0 ? mig_pgp_engine_error(err, code, fpr) : run_sign(pgp, fpr, in, sig, err);
    if (rc == 0)
        rc = read_data(sig, &packet, err);
    if (rc == 0)
        rc = mig_openpgp_signature(packet.data, packet.len, &form, err);
    if (rc == 0 && mig_openpgp_encode(packet.data, packet.len, oneline) < 0)
        rc = mig_err_errno(err, ENOMEM, "signature");
    gpgme_signers_clear(pgp->ctx);
    gpgme_data_release(sig);
    gpgme_data_release(in);
    mig_buf_fini(&packet);
    return rc;
}

int
mig_pgp_import(struct mig_pgp *pgp, const void *keys, size_t len, struct mig_err *err)
{
    gpgme_import_result_t result;
    gpgme_data_t data = NULL;
    gpgme_error_t code;
    int rc = 0;

    code = gpgme_data_new_from_mem(&data, len == 0 ? "" : keys, len, 0);
    if (code == 0)
        code = gpgme_op_import(pgp->ctx, data);
    result = code == 0 ? gpgme_op_import_result(pgp->ctx) : NULL;
    if (code != 0 && gpg_err_code(code) != GPG_ERR_NO_DATA)
        rc = mig_pgp_engine_error(err, code, "import of keys");
    else if (result == NULL || result->imported + result->unchanged + result->new_signatures +
                                       result->new_sub_keys + result->new_user_ids +
                                       result->new_revocations ==
                                   0)
        rc = mig_err_set(err, MIG_E_INVALID,
                         "no OpenPGP public key in the text: expected what gpg --export writes");
    gpgme_data_release(data);
    return rc;
}

int
mig_pgp_export(struct mig_pgp *pgp, const char *fpr, int armor, struct mig_buf *out,
               struct mig_err *err)
{
    const size_t start = out->len;
    gpgme_data_t data = NULL;
    gpgme_error_t code;
    int rc;

    gpgme_set_armor(pgp->ctx, armor != 0);
    code = gpgme_data_new(&data);
    if (code == 0)
        code = gpgme_op_export(pgp->ctx, fpr, 0, data);
    rc = code != 0 ? mig_pgp_engine_error(err, code, "export of keys") : read_data(data, out, err);
    if (rc == 0 && fpr != NULL && out->len == start)
        rc = mig_err_set(err, MIG_E_NOT_FOUND, "no public key %s: see gpg --list-keys", fpr);
    gpgme_data_release(data);
    return rc;
}

static int
is_usable(const struct _gpgme_key *key)
{
    long now = (long)time(NULL);

    return !key->revoked && !key->expired && !key->disabled && !key->invalid &&
           (key->subkeys->expires == 0 || key->subkeys->expires > now);
}

static int
has_signing_key(const struct _gpgme_key *key)
{
    long now = (long)time(NULL);

    for (const struct _gpgme_subkey *sub = key->subkeys; sub != NULL; sub = sub->next) {
        if (sub->can_sign && !sub->revoked && !sub->expired && !sub->disabled && !sub->invalid &&
            (sub->expires == 0 || sub->expires > now))
            return 1;
    }
    return 0;
}

static int
add_key(const struct _gpgme_key *key, struct mig_pgp_key **keys, size_t *count)
{
    struct mig_pgp_key *grown, *entry;

    if (key->subkeys == NULL || key->subkeys->fpr == NULL)
        return 0;
    grown = reallocarray(*keys, *count + 1, sizeof(**keys));
    if (grown == NULL)
        return -ENOMEM;
    *keys = grown;
    entry = &grown[*count];
    memset(entry, 0, sizeof(*entry));
    mig_pgp_copy_fpr(entry->fpr, key->subkeys->fpr);
    if (entry->fpr[0] == '\0') /* not a version 4 key */
        return 0;
    if (key->uids != NULL && key->uids->uid != NULL)
        snprintf(entry->uid, sizeof(entry->uid), "%s", key->uids->uid);
    entry->can_sign = has_signing_key(key);
    entry->usable = is_usable(key);
    (*count)++;
    return 0;
}

static int
list_keys(struct mig_pgp *pgp, gpgme_data_t data, struct mig_pgp_key **keys, size_t *count,
          struct mig_err *err)
{
    gpgme_key_t key = NULL;
    gpgme_error_t code;
    int rc = 0;

    code = gpgme_op_keylist_from_data_start(pgp->ctx, data, 0);
    while (code == 0 && rc == 0) {
        code = gpgme_op_keylist_next(pgp->ctx, &key);
        if (code != 0)
            break;
        rc = add_key(key, keys, count);
        gpgme_key_unref(key);
    }
    gpgme_op_keylist_end(pgp->ctx);
    if (rc < 0)
        return mig_err_errno(err, -rc, "keys");
    if (code != 0 && gpg_err_code(code) != GPG_ERR_EOF)
        return mig_pgp_engine_error(err, code, "keys");
    return 0;
}

int
mig_pgp_inspect(const void *keys, size_t len, struct mig_pgp_key **ret, size_t *ret_count,
                struct mig_err *err)
{
    const char *parent = getenv("TMPDIR");
    struct mig_pgp_key *found = NULL;
    struct mig_pgp *pgp = NULL;
    gpgme_data_t data = NULL;
    gpgme_error_t code;
    size_t count = 0;
    int rc;

    rc = mig_pgp_open_private(parent == NULL || parent[0] != '/' ? "/tmp" : parent, NULL, 0, &pgp,
                              err);
    if (rc < 0)
        return rc;
    if (gpgme_data_new_from_mem(&data, len == 0 ? "" : keys, len, 0) != 0)
        rc = mig_err_errno(err, ENOMEM, "keys");
    /* With the model "always" gpg never makes its trust database, and ends when it meets an expired
     * key and wants to look there (GnuPG 2.2.40). */
    if (rc == 0 && (code = gpgme_set_ctx_flag(pgp->ctx, "trust-model", "direct")) != 0)
        rc = mig_pgp_engine_error(err, code, "keys");
    if (rc == 0)
        rc = list_keys(pgp, data, &found, &count, err);
    if (rc == 0 && count == 0)
        rc = mig_err_set(
            err, MIG_E_INVALID,
            "no OpenPGP public key in the text: expected what gpg --export --armor writes");
    if (rc == 0) {
        *ret = found;
        *ret_count = count;
        found = NULL;
    }
    gpgme_data_release(data);
    mig_pgp_close(pgp);
    free(found);
    return rc;
}
