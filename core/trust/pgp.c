/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "trust/pgp.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "trust/openpgp.h"
#include "trust/pgp_internal.h"

/* A throw-away home holds its keys as a plain keyring, so that no import and no daemon is needed.
 */
static const char private_conf[] = "batch\n"
                                   "no-greeting\n"
                                   "no-autostart\n"
                                   "disable-dirmngr\n"
                                   "no-auto-key-retrieve\n"
                                   "no-auto-key-import\n"
                                   "no-auto-check-trustdb\n"
                                   "no-random-seed-file\n"
                                   "lock-never\n"
                                   "trust-model always\n";

static void
start_gpgme(void)
{
    /* Without this gpgme runs gpgconf three times and gpgsm once before the first signature. */
    gpgme_set_global_flag("disable-gpgconf", "1");
    gpgme_check_version(NULL);
}

int
mig_pgp_engine_error(struct mig_err *err, gpgme_error_t code, const char *what)
{
    return mig_err_set(err, MIG_E_CRYPTO, "%s: gpg failed: %s (is GnuPG installed?)", what,
                       gpgme_strerror(code));
}

void
mig_pgp_copy_fpr(char to[MIG_FPR_LEN + 1], const char *from)
{
    to[0] = '\0';
    if (strlen(from) == MIG_FPR_LEN && strspn(from, MIG_PGP_HEX) == MIG_FPR_LEN)
        memcpy(to, from, MIG_FPR_LEN + 1);
}

/* VALIDSIG: the signing key is word 1, the primary key word 10. */
static void
read_validsig(struct mig_pgp_status *status, const char *args)
{
    char words[512], *save = NULL, *word;
    unsigned index = 0;

    status->valid++;
    if ((size_t)snprintf(words, sizeof(words), "%s", args) >= sizeof(words))
        return;
    for (word = strtok_r(words, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        index++;
        if (index == 1)
            mig_pgp_copy_fpr(status->signer, word);
        else if (index == 10)
            mig_pgp_copy_fpr(status->primary, word);
    }
}

static gpgme_error_t
on_status(void *hook, const char *keyword, const char *args)
{
    static const char *const verdicts[] = {"BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG"};
    struct mig_pgp_status *status = hook;

    if (keyword == NULL)
        return 0;
    if (strcmp(keyword, "VALIDSIG") == 0)
        read_validsig(status, args == NULL ? "" : args);
    else if (strcmp(keyword, "GOODSIG") == 0)
        status->good++;
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
        status->bad += strcmp(keyword, verdicts[i]) == 0;
    return 0;
}

static int
open_context(struct mig_pgp *pgp, const char *home, struct mig_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    gpgme_error_t code;

    pthread_once(&once, start_gpgme);
    code = gpgme_new(&pgp->ctx);
    if (code == 0)
        code = gpgme_set_protocol(pgp->ctx, GPGME_PROTOCOL_OpenPGP);
    if (code == 0)
        code = gpgme_ctx_set_engine_info(pgp->ctx, GPGME_PROTOCOL_OpenPGP, NULL, home);
    if (code == 0)
        code = gpgme_set_ctx_flag(pgp->ctx, "full-status", "1");
    /* Which keys count is decided by the ACL and the platform, not by a web of trust. */
    if (code == 0)
        code = gpgme_set_ctx_flag(pgp->ctx, "trust-model", "always");
    if (code != 0)
        return mig_pgp_engine_error(err, code, "OpenPGP");
    gpgme_set_offline(pgp->ctx, 1);
    gpgme_set_status_cb(pgp->ctx, on_status, &pgp->status);
    return 0;
}

int
mig_pgp_open(const char *home, struct mig_pgp **ret, struct mig_err *err)
{
    struct mig_pgp *pgp = calloc(1, sizeof(*pgp));
    int rc;

    if (pgp == NULL)
        return mig_err_errno(err, ENOMEM, "OpenPGP");
    rc = open_context(pgp, home, err);
    if (rc < 0)
        mig_pgp_close(pgp);
    else
        *ret = pgp;
    return rc;
}

static int
write_file(const char *folder, const char *name, const void *bytes, size_t len, struct mig_err *err)
{
    char path[4096];
    int fd, rc;

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
        return mig_err_errno(err, ENAMETOOLONG, "%s/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return mig_err_errno(err, errno, "%s", path);
    rc = len == 0 ? 0 : mig_fd_write_all(fd, bytes, len);
    close(fd);
    return rc < 0 ? mig_err_errno(err, -rc, "%s", path) : 0;
}

/* A fresh home; *ret_home is set as soon as there is something to remove. */
static int
make_home(const char *parent, const void *keyring, size_t len, char **ret_home, struct mig_err *err)
{
    char *home;
    int rc;

    if (asprintf(&home, "%s/mig-keys-XXXXXX", parent) < 0)
        return mig_err_errno(err, ENOMEM, "OpenPGP");
    if (mkdtemp(home) == NULL) { /* 0700 */
        rc = mig_err_errno(err, errno, "a folder for keys in %s", parent);
        free(home);
        return rc;
    }
    *ret_home = home;
    rc = write_file(home, "gpg.conf", private_conf, sizeof(private_conf) - 1, err);
    return rc < 0 ? rc : write_file(home, "pubring.gpg", keyring, len, err);
}

int
mig_pgp_open_private(const char *parent, const void *keyring, size_t len, struct mig_pgp **ret,
                     struct mig_err *err)
{
    struct mig_pgp *pgp = calloc(1, sizeof(*pgp));
    int rc;

    if (pgp == NULL)
        return mig_err_errno(err, ENOMEM, "OpenPGP");
    rc = make_home(parent, keyring, len, &pgp->home, err);
    if (rc == 0)
        rc = open_context(pgp, pgp->home, err);
    if (rc < 0)
        mig_pgp_close(pgp);
    else
        *ret = pgp;
    return rc;
}

int
mig_pgp_open_keyring(const char *parent, const void *keyring, size_t len, struct mig_pgp **ret,
                     struct mig_err *err)
{
    int rc = mig_openpgp_keyring(keyring, len, err);

    return rc < 0 ? rc : mig_pgp_open_private(parent, keyring, len, ret, err);
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void
mig_pgp_close(struct mig_pgp *pgp)
{
    if (pgp == NULL)
        return;
    if (pgp->ctx != NULL)
        gpgme_release(pgp->ctx);
    if (pgp->home != NULL)
        nftw(pgp->home, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(pgp->home);
    free(pgp);
}

int
mig_pgp_strong_hash(gpgme_hash_algo_t hash)
{
    /* The numbers are those of OpenPGP (RFC 4880 9.4). */
    return hash == GPGME_MD_SHA224 || hash == GPGME_MD_SHA256 || hash == GPGME_MD_SHA384 ||
           hash == GPGME_MD_SHA512;
}

static int
refuse_hash(unsigned hash, struct mig_err *err)
{
    const char *name = gpgme_hash_algo_name((gpgme_hash_algo_t)hash);

    return mig_err_set(
        err, MIG_E_SIGNATURE,
        "signature uses the hash algorithm %u (%s), expected SHA-224 or stronger: sign "
        "again with --digest-algo SHA256",
        hash, name == NULL ? "unknown" : name);
}

/* What can be seen of a signature before gpg checks it. */
static int
check_form(const struct mig_buf *packet, const void *text, size_t len, struct mig_err *err)
{
    struct mig_openpgp_signature form;
    int rc;

    rc = mig_openpgp_signature(packet->data, packet->len, &form, err);
    if (rc < 0)
        return rc;
    if (!mig_pgp_strong_hash((gpgme_hash_algo_t)form.hash))
        return refuse_hash(form.hash, err);
    if (form.type > 0x01)
        return mig_err_set(err, MIG_E_SIGNATURE,
                           "OpenPGP signature of type 0x%02x, expected 0x00: a detached signature",
                           form.type);
    /* A text signature holds for every form of line end: the bytes are signed only if there is
     * none. */
    if (form.type == 0x01 && (memchr(text, '\n', len) != NULL || memchr(text, '\r', len) != NULL))
        return mig_err_set(err, MIG_E_SIGNATURE,
                           "text signature over text with line ends, expected a binary one: sign "
                           "without --textmode");
    return 0;
}

static int
refuse_status(const struct _gpgme_signature *sig, struct mig_err *err)
{
    const char *key = sig->fpr == NULL ? "unknown" : sig->fpr;

    switch (gpg_err_code(sig->status)) {
    case GPG_ERR_NO_ERROR:
        return 0;
    case GPG_ERR_NO_PUBKEY:
        return mig_err_set(err, MIG_E_SIGNATURE, "signature made by unknown entity %s", key);
    case GPG_ERR_KEY_EXPIRED:
        return mig_err_set(err, MIG_E_SIGNATURE, "key %s is expired", key);
    case GPG_ERR_CERT_REVOKED:
        return mig_err_set(err, MIG_E_SIGNATURE, "key %s is revoked", key);
    case GPG_ERR_SIG_EXPIRED:
        return mig_err_set(err, MIG_E_SIGNATURE, "signature by key %s is expired", key);
    case GPG_ERR_BAD_SIGNATURE:
        return mig_err_set(err, MIG_E_SIGNATURE,
                           "bad signature by key %s: it was made over another text", key);
    default:
        return mig_err_set(err, MIG_E_SIGNATURE, "signature by key %s can not be verified: %s", key,
                           gpgme_strerror(sig->status));
    }
}

/* Everything has to agree: the result's status, its summary, and gpg's own words. */
static int
judge(const struct mig_pgp *pgp, gpgme_verify_result_t result, struct mig_err *err)
{
    const struct mig_pgp_status *status = &pgp->status;
    const struct _gpgme_signature *sig = result == NULL ? NULL : result->signatures;
    int rc;

    if (sig == NULL || sig->next != NULL)
        return mig_err_set(err, MIG_E_SIGNATURE, "%s, expected one detached signature",
                           sig == NULL ? "no signature" : "several signatures");
    rc = refuse_status(sig, err);
    if (rc < 0)
        return rc;
    if (!mig_pgp_strong_hash(sig->hash_algo))
        return refuse_hash(sig->hash_algo, err);
    /* With trust-model always gpg states no validity, so green is not set; nothing else may be. */
    if ((sig->summary & ~(unsigned)(GPGME_SIGSUM_VALID | GPGME_SIGSUM_GREEN)) != 0 ||
        sig->wrong_key_usage)
        return mig_err_set(err, MIG_E_SIGNATURE,
                           "signature by key %s is not valid (summary %#x): check the key with gpg "
                           "--list-keys",
                           sig->fpr, (unsigned)sig->summary);
    if (status->valid != 1 || status->good != 1 || status->bad != 0 || sig->fpr == NULL ||
        strcmp(status->signer, sig->fpr) != 0 || status->primary[0] == '\0')
        return mig_err_set(err, MIG_E_SIGNATURE,
                           "gpg names no primary key of 40 digits for the signature by %s: use a "
                           "version 4 key",
                           sig->fpr == NULL ? "an unknown key" : sig->fpr);
    return 0;
}

/* "Disabled" is known only to a home with a trust database, and gpg does not heed it when
 * verifying. */
static int
check_disabled(struct mig_pgp *pgp, const char *fpr, struct mig_err *err)
{
    gpgme_key_t key = NULL;
    gpgme_error_t code;
    int rc = 0;

    if (pgp->home != NULL)
        return 0;
    code = gpgme_get_key(pgp->ctx, fpr, &key, 0);
    if (code != 0)
        return mig_pgp_engine_error(err, code, fpr);
    if (key->disabled || key->revoked || key->expired || key->invalid)
        rc = mig_err_set(err, MIG_E_SIGNATURE, "key %s is disabled", fpr);
    gpgme_key_unref(key);
    return rc;
}

static int
run_verify(struct mig_pgp *pgp, const struct mig_buf *packet, const void *text, size_t len,
           struct mig_err *err)
{
    gpgme_data_t sig = NULL, signed_text = NULL;
    gpgme_error_t code;
    int rc = 0;

    memset(&pgp->status, 0, sizeof(pgp->status));
    code = gpgme_data_new_from_mem(&sig, packet->data, packet->len, 0);
    if (code == 0)
        code = gpgme_data_new_from_mem(&signed_text, len == 0 ? "" : text, len, 0);
    if (code == 0)
        code = gpgme_op_verify(pgp->ctx, sig, signed_text, NULL);
    if (gpg_err_code(code) == GPG_ERR_NO_DATA)
        rc = mig_err_set(err, MIG_E_SIGNATURE, "not an OpenPGP signature: gpg finds none in it");
    else if (code != 0)
        rc = mig_pgp_engine_error(err, code, "signature");
    else
        rc = judge(pgp, gpgme_op_verify_result(pgp->ctx), err);
    gpgme_data_release(signed_text);
    gpgme_data_release(sig);
    return rc;
}

int
mig_pgp_verify(struct mig_pgp *pgp, const void *text, size_t len, const char *oneline,
               char fpr[MIG_FPR_LEN + 1], struct mig_err *err)
{
    struct mig_buf packet = MIG_BUF_INIT;
    char primary[MIG_FPR_LEN + 1];
    int rc;

    rc = mig_openpgp_decode(oneline, strnlen(oneline, MIG_OPENPGP_SIGNATURE_MAX + 1), &packet, err);
    if (rc == 0)
        rc = check_form(&packet, text, len, err);
    if (rc == 0)
        rc = run_verify(pgp, &packet, text, len, err);
    if (rc < 0)
        goto out;
    memcpy(primary, pgp->status.primary, sizeof(primary));
    rc = check_disabled(pgp, primary, err);
    if (rc == 0)
        memcpy(fpr, primary, sizeof(primary));
out:
    mig_buf_fini(&packet);
    return rc;
}
