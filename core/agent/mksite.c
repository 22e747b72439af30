/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/mkagent.h"
#include "base/conf.h"
#include "base/file.h"
#include "document/cancel.h"
#include "trust/acl.h"

#define TEXT_MAX (1u << 20)

static int
read_part(const char *dir, const char *name, int required, struct mig_buf *out, struct mig_err *err)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (!required && access(path, F_OK) < 0 && errno == ENOENT)
        return 0;
    return mig_file_read(path, TEXT_MAX, out, err);
}

static int
read_pem(const char *dir, const char *name, struct mig_buf *out, const char **ret,
         struct mig_err *err)
{
    int rc = read_part(dir, name, 0, out, err);

    if (rc < 0 || !out->data)
        return rc;
    if (!strstr(out->data, "-----BEGIN ") || strlen(out->data) != out->len)
        return mig_err_set(err, MIG_E_CONFIG, "%s/%s: expected PEM text (-----BEGIN ...)", dir,
                           name);
    *ret = out->data;
    return 0;
}

/* A key without a passphrase: nobody is there to type one. */
static int
no_passphrase(char *buf, int size, int writing, void *context)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)context;
    return -1;
}

static int
check_pair(const char *dir, const struct mig_mksite *s, struct mig_err *err)
{
    BIO *cert_bio = BIO_new_mem_buf(s->cert.data, (int)s->cert.len);
    BIO *key_bio = BIO_new_mem_buf(s->key.data, (int)s->key.len);
    X509 *cert = cert_bio ? PEM_read_bio_X509(cert_bio, NULL, no_passphrase, NULL) : NULL;
    EVP_PKEY *key = key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, no_passphrase, NULL) : NULL;
    int rc = 0;

    if (!cert)
        rc = mig_err_set(err, MIG_E_CONFIG,
                         "%s/tls/cert.pem: holds no certificate that can be read", dir);
    else if (!key)
        rc = mig_err_set(err, MIG_E_CONFIG,
                         "%s/tls/key.pem: holds no private key that can be read without a "
                         "passphrase",
                         dir);
    else if (X509_check_private_key(cert, key) != 1)
        rc = mig_err_set(err, MIG_E_CONFIG, "%s/tls: cert.pem is not the certificate of key.pem",
                         dir);
    else if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
        rc = mig_err_set(err, MIG_E_CONFIG, "%s/tls/cert.pem: the certificate has expired", dir);
    ERR_clear_error();
    EVP_PKEY_free(key);
    X509_free(cert);
    BIO_free(key_bio);
    BIO_free(cert_bio);
    return rc;
}

static int
read_tls(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    int rc = read_pem(dir, "tls/ca.pem", &s->ca, &s->site.ca_pem, err);

    if (rc == 0)
        rc = read_pem(dir, "tls/cert.pem", &s->cert, &s->site.cert_pem, err);
    if (rc == 0)
        rc = read_pem(dir, "tls/key.pem", &s->key, &s->site.key_pem, err);
    if (rc == 0 && !s->site.cert_pem != !s->site.key_pem)
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s/tls: cert.pem and key.pem belong together, one of them is missing",
                           dir);
    return rc == 0 && s->site.cert_pem ? check_pair(dir, s, err) : rc;
}

/* ---- keys ---- */

static int
check_key(const char *path, const struct mig_pgp_key *key, struct mig_err *err)
{
    if (!key->usable)
        return mig_err_set(err, MIG_E_CONFIG,
                           "%s: key %s (%s) is expired, revoked or disabled: no agent would take "
                           "its signatures",
                           path, key->fpr, key->uid);
    if (!key->can_sign)
        return mig_err_set(err, MIG_E_CONFIG, "%s: key %s (%s) can not sign", path, key->fpr,
                           key->uid);
    return 0;
}

static int
add_keys(const char *path, const struct mig_pgp_key *keys, size_t count, struct mig_mksite *s,
         struct mig_err *err)
{
    struct mig_pgp_key *grown;

    if (count == 0)
        return mig_err_set(err, MIG_E_CONFIG, "%s: holds no OpenPGP public key", path);
    grown = reallocarray(s->keys, s->keys_count + count, sizeof(*grown));
    if (!grown)
        return mig_err_errno(err, ENOMEM, "%s", path);
    s->keys = grown;
    for (size_t i = 0; i < count; i++) {
        int rc = check_key(path, &keys[i], err);

        if (rc < 0)
            return rc;
        s->keys[s->keys_count++] = keys[i];
    }
    return 0;
}

static int
take_key_file(const char *path, struct mig_pgp *pgp, struct mig_mksite *s, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_pgp_key *keys = NULL;
    size_t count = 0;
    int rc = mig_file_read(path, TEXT_MAX, &text, err);

    if (rc < 0)
        goto out;
    rc = mig_pgp_inspect(text.data, text.len, &keys, &count, err);
    if (rc == 0)
        rc = add_keys(path, keys, count, s, err);
    else
        mig_err_prefix(err, "%s", path);
    if (rc == 0)
        rc = mig_pgp_import(pgp, text.data, text.len, err);
out:
    free(keys);
    mig_buf_fini(&text);
    return rc;
}

static int
is_key_file(const struct dirent *d)
{
    size_t len = strlen(d->d_name);

    return d->d_name[0] != '.' && len > 4 && strcmp(d->d_name + len - 4, ".asc") == 0;
}

static int
read_keys(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    const char *tmp = getenv("TMPDIR");
    struct dirent **files = NULL;
    struct mig_pgp *pgp = NULL;
    char path[4096];
    int count, rc;

    snprintf(path, sizeof(path), "%s/keys", dir);
    count = scandir(path, &files, is_key_file, alphasort);
    if (count < 0)
        return mig_err_errno(err, errno, "%s", path);
    rc = count == 0 ? mig_err_set(err, MIG_E_CONFIG,
                                  "%s: expected the investigators' public keys as NAME.asc, found "
                                  "none",
                                  path)
                    : mig_pgp_open_keyring(tmp ? tmp : "/tmp", "", 0, &pgp, err);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/keys/%s", dir, files[i]->d_name);
        if (rc == 0)
            rc = take_key_file(path, pgp, s, err);
        free(files[i]);
    }
    free(files);
    if (rc == 0)
        rc = mig_pgp_export(pgp, NULL, 0, &s->keyring, err);
    mig_pgp_close(pgp);
    s->site.keyring = (const unsigned char *)s->keyring.data;
    s->site.keyring_len = s->keyring.len;
    return rc;
}

/* ---- the ACL ---- */

struct acl_check {
    const struct mig_mksite *site;
    const char *dir;
    struct mig_err *err;
};

static int
check_acl_line(void *context, const char *module, const char *label, const char *fpr)
{
    struct acl_check *check = context;

    if (!fpr)
        return mig_err_set(check->err, MIG_E_CONFIG,
                           "%s/acl.json: %s: all its investigators together do not reach "
                           "minimumweight: nobody could ever run it",
                           check->dir, module);
    for (size_t i = 0; i < check->site->keys_count; i++)
        if (strcasecmp(check->site->keys[i].fpr, fpr) == 0)
            return 0;
    return mig_err_set(check->err, MIG_E_CONFIG,
                       "%s/acl.json: %s: the key %s of %s is not in %s/keys", check->dir, module,
                       fpr, label, check->dir);
}

static int
read_acl(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    struct acl_check check = {s, dir, err};
    int rc = read_part(dir, "acl.json", 1, &s->acl_text, err);

    if (rc < 0)
        return rc;
    rc = mig_acl_parse(s->acl_text.data ? s->acl_text.data : "", s->acl_text.len, &s->acl, err);
    if (rc < 0)
        return mig_err_prefix(err, "%s/acl.json", dir);
    s->site.acl = s->acl_text.data;
    return mig_acl_walk(s->acl, check_acl_line, &check);
}

/* ---- plugins ---- */

static int
add_plugin(void *context, const struct mig_whitelist_entry *entry)
{
    struct mig_mksite *s = context;
    struct mig_whitelist_entry *grown, *e;

    for (size_t i = 0; i < s->plugins_count; i++)
        if (strcmp(s->plugins[i].name, entry->name) == 0 &&
            memcmp(s->plugins[i].digest, entry->digest, MIG_IMAGE_DIGEST) == 0)
            return 0;
    grown = reallocarray(s->plugins, s->plugins_count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    s->plugins = grown;
    e = &s->plugins[s->plugins_count];
    *e = *entry;
    e->name = strdup(entry->name);
    e->version = strdup(entry->version);
    s->plugins_count++;
    return e->name && e->version ? 0 : -ENOMEM;
}

static int
read_plugins(const char *dir, struct mig_mksite *s, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < mig_whitelist.count; i++)
        rc = add_plugin(s, &mig_whitelist.entries[i]);
    if (rc < 0)
        return mig_err_errno(err, -rc, "plugins");
    rc = read_part(dir, "plugins.allow", 0, &text, err);
    if (rc == 0 && text.data) {
        rc = mig_whitelist_parse(text.data, text.len, add_plugin, s, err);
        if (rc < 0)
            mig_err_prefix(err, "%s/plugins.allow", dir);
    }
    for (size_t i = 0; rc == 0 && i < s->plugins_count; i++)
        if (strcmp(s->plugins[i].name, MIG_CANCEL_MODULE) == 0)
            rc = mig_err_set(err, MIG_E_CONFIG,
                             "%s/plugins.allow: no plugin can be called " MIG_CANCEL_MODULE
                             ": the agent itself has an operation of this name",
                             dir);
    mig_buf_fini(&text);
    return rc;
}

/* ---- the folder ---- */

int
mig_mksite_load(const char *dir, struct mig_mksite *ret, struct mig_err *err)
{
    struct mig_mksite s = {.site = {.layout = MIG_SITE_LAYOUT}};
    char path[4096];
    int rc;

    snprintf(path, sizeof(path), "%s/agent.conf", dir);
    rc = mig_conf_load(path, &s.conf, err);
    if (rc == 0)
        rc = read_tls(dir, &s, err);
    if (rc == 0)
        rc = mig_mksite_conf(dir, &s, err);
    if (rc == 0)
        rc = read_keys(dir, &s, err);
    if (rc == 0)
        rc = read_acl(dir, &s, err);
    if (rc == 0)
        rc = read_plugins(dir, &s, err);
    if (rc < 0)
        mig_mksite_fini(&s);
    else
        *ret = s;
    return rc;
}

void
mig_mksite_fini(struct mig_mksite *s)
{
    for (size_t i = 0; i < s->plugins_count; i++) {
        free((char *)(uintptr_t)s->plugins[i].name);
        free((char *)(uintptr_t)s->plugins[i].version);
    }
    for (char **tag = s->tags; tag && *tag; tag++)
        free(*tag);
    for (char **text = s->persist; text && *text; text++)
        free(*text);
    for (char **text = s->proxies; text && *text; text++)
        free(*text);
    free(s->proxies);
    free(s->persist);
    free(s->plugins);
    free(s->tags);
    free(s->relays);
    free(s->keys);
    mig_acl_free(s->acl);
    mig_conf_free(s->conf);
    for (struct mig_buf **b = (struct mig_buf *[]){&s->acl_text, &s->keyring, &s->ca, &s->cert,
                                                   &s->key, &s->api, NULL};
         *b; b++)
        mig_buf_fini(*b);
    memset(s, 0, sizeof(*s));
}

static int
print_acl_line(void *context, const char *module, const char *label, const char *fpr)
{
    if (fpr)
        fprintf(context, "    %-12s %s (%s)\n", module, label, fpr);
    return 0;
}

/* Their state is the endpoint's: mig-agent -S. */
static void
print_persist(const struct mig_mksite *s, FILE *out)
{
    if (s->persist && s->persist[0])
        fprintf(out, "  keeps running\n");
    for (size_t i = 0; s->persist && s->persist[i]; i += 2) {
        size_t k = 0;

        while (k < s->plugins_count && strcmp(s->plugins[k].name, s->persist[i]) != 0)
            k++;
        fprintf(out, "    %-12s %s%s\n", s->persist[i],
                strcmp(s->persist[i + 1], "{}") == 0 ? "with no configuration of the site"
                                                     : "as the site configures it",
                k < s->plugins_count ? "" : "; no plugin of this name may be loaded");
    }
}

void
mig_mksite_summary(const struct mig_mksite *s, FILE *out)
{
    fprintf(out, "This agent obeys\n");
    mig_acl_walk(s->acl, print_acl_line, out);
    fprintf(out, "  checked with %zu keys\n", s->keys_count);
    for (size_t i = 0; i < s->keys_count; i++)
        fprintf(out, "    %s %s\n", s->keys[i].fpr, s->keys[i].uid);
    fprintf(out, "  keeps its state in %s, loads plugins from %s\n", mig_site_run_dir(&s->site),
            mig_site_plugin_dir(&s->site));
    for (size_t i = 0; i < s->plugins_count; i++)
        fprintf(out, "    %s %s\n", s->plugins[i].name, s->plugins[i].version);
    print_persist(s, out);
}
