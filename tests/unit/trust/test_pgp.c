/* SPDX-License-Identifier: MPL-2.0 */
/* Against the real gpg, with keys that are made for the test. */
#include "config.h"

#include <dirent.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "gpg_home.h"
#include "trust/openpgp.h"
#include "trust/pgp.h"

#define TEXT "name=n;target=t;validfrom=1;expireafter=%!s(int64=2);operations=[];"
#define LONG_AGO "20200101T000000!"
#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_OPTIONS ((const char *const[]){NULL})

enum who {
    RSA,
    ECDSA,
    ED25519,
    SUBKEY,
    EXPIRED,
    REVOKED,
    OLD,
    DISABLED,
    OLD_SUBKEY, /* a good key whose signing subkey has expired */
    STRANGER,
    KEYS
};

static const char *const mails[KEYS] = {
    "rsa@test",     "ecdsa@test", "ed25519@test",  "subkey@test",    "expired@test",
    "revoked@test", "old@test",   "disabled@test", "oldsubkey@test", "stranger@test"};

static struct gpg_home home;
static char fprs[KEYS][MIG_FPR_LEN + 1];
static char parent[64]; /* of throw-away homes */
static struct mig_buf keyring = MIG_BUF_INIT;
static struct mig_buf revoked_signature = MIG_BUF_INIT, expired_signature = MIG_BUF_INIT,
                      subkey_signature = MIG_BUF_INIT;
static struct mig_pgp *verifier; /* all keys but STRANGER */

static int
make_key(enum who who, const char *algorithm, const char *usage, const char *expires, int long_ago)
{
    if (long_ago)
        return gpg_run(&home, ARGS("--faked-system-time", LONG_AGO, "--quick-gen-key", mails[who],
                                   algorithm, usage, expires));
    return gpg_run(&home, ARGS("--quick-gen-key", mails[who], algorithm, usage, expires));
}

static int
find_fingerprints(void)
{
    struct mig_pgp_key *keys = NULL;
    struct mig_pgp *pgp = NULL;
    struct mig_buf all = MIG_BUF_INIT;
    size_t count = 0, found = 0;

    if (mig_pgp_open(home.path, &pgp, NULL) != 0 || mig_pgp_export(pgp, NULL, 0, &all, NULL) != 0 ||
        mig_pgp_inspect(all.data, all.len, &keys, &count, NULL) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        for (int who = 0; who < KEYS; who++) {
            if (strcmp(keys[i].uid, mails[who]) == 0) {
                memcpy(fprs[who], keys[i].fpr, sizeof(fprs[who]));
                found++;
            }
        }
    }
    free(keys);
    mig_buf_fini(&all);
    mig_pgp_close(pgp);
    return found == KEYS ? 0 : -1;
}

/* gpg writes a revocation beside each new key, made harmless by a colon. */
static int
revoke_key(enum who who)
{
    struct mig_buf text = MIG_BUF_INIT;
    char path[256], *colon;
    int rc;

    snprintf(path, sizeof(path), "%s/openpgp-revocs.d/%s.rev", home.path, fprs[who]);
    rc = mig_file_read(path, 1u << 20, &text, NULL);
    colon = rc == 0 ? strstr(text.data, ":-----BEGIN") : NULL;
    if (colon != NULL) {
        FILE *file = fopen(path, "we");

        rc = file == NULL || fputs(colon + 1, file) < 0 ? -1 : 0;
        if (file != NULL)
            fclose(file);
    }
    mig_buf_fini(&text);
    return rc == 0 && colon != NULL ? gpg_run(&home, ARGS("--import", path)) : -1;
}

static int
export_keyring(void)
{
    struct mig_pgp *pgp = NULL;
    int rc = mig_pgp_open(home.path, &pgp, NULL);

    for (int who = 0; rc == 0 && who < KEYS; who++) {
        if (who != STRANGER)
            rc = mig_pgp_export(pgp, fprs[who], 0, &keyring, NULL);
    }
    mig_pgp_close(pgp);
    return rc;
}

static int
make_keys(void)
{
    return make_key(RSA, "rsa2048", "sign", "never", 0) != 0 ||
           make_key(ECDSA, "nistp256", "sign", "never", 0) != 0 ||
           make_key(ED25519, "ed25519", "sign", "never", 0) != 0 ||
           make_key(SUBKEY, "ed25519", "cert", "never", 0) != 0 ||
           make_key(EXPIRED, "ed25519", "sign", "1y", 1) != 0 ||
           make_key(REVOKED, "ed25519", "sign", "never", 0) != 0 ||
           make_key(OLD, "ed25519", "sign", "never", 1) != 0 ||
           make_key(DISABLED, "ed25519", "sign", "never", 0) != 0 ||
           make_key(OLD_SUBKEY, "ed25519", "cert", "never", 1) != 0 ||
           make_key(STRANGER, "ed25519", "sign", "never", 0) != 0;
}

static int
set_up(void **state)
{
    (void)state;
    snprintf(parent, sizeof(parent), "/tmp/mig-pgp-XXXXXX");
    if (mkdtemp(parent) == NULL || gpg_home_make(&home) != 0 || make_keys() != 0 ||
        find_fingerprints() != 0)
        return -1;
    if (gpg_run(&home, ARGS("--quick-add-key", fprs[SUBKEY], "ed25519", "sign", "never")) != 0 ||
        gpg_run(&home, ARGS("--faked-system-time", LONG_AGO, "--quick-add-key", fprs[OLD_SUBKEY],
                            "ed25519", "sign", "1y")) != 0 ||
        gpg_sign(&home, fprs[OLD_SUBKEY], ARGS("--faked-system-time", LONG_AGO), TEXT,
                 &subkey_signature) != 0 ||
        gpg_sign(&home, fprs[REVOKED], NO_OPTIONS, TEXT, &revoked_signature) != 0 ||
        gpg_sign(&home, fprs[EXPIRED], ARGS("--faked-system-time", LONG_AGO), TEXT,
                 &expired_signature) != 0 ||
        revoke_key(REVOKED) != 0 || export_keyring() != 0)
        return -1;
    return mig_pgp_open_keyring(parent, keyring.data, keyring.len, &verifier, NULL);
}

static int
tear_down(void **state)
{
    (void)state;
    mig_pgp_close(verifier);
    mig_buf_fini(&keyring);
    mig_buf_fini(&revoked_signature);
    mig_buf_fini(&expired_signature);
    mig_buf_fini(&subkey_signature);
    gpg_home_remove(&home);
    return rmdir(parent); /* fails when a throw-away home was left behind */
}

static void
expect_good(struct mig_pgp *pgp, const char *text, const char *oneline, const char *signer)
{
    char fpr[MIG_FPR_LEN + 1] = "";
    struct mig_err err = {0};

    if (mig_pgp_verify(pgp, text, strlen(text), oneline, fpr, &err) != 0)
        fail_msg("%s", err.text);
    assert_string_equal(fpr, signer);
}

static void
expect_refused(struct mig_pgp *pgp, const char *text, const char *oneline, const char *message)
{
    char fpr[MIG_FPR_LEN + 1] = "untouched";
    struct mig_err err = {0};

    assert_int_equal(mig_pgp_verify(pgp, text, strlen(text), oneline, fpr, &err), MIG_E_SIGNATURE);
    if (strstr(err.text, message) == NULL)
        fail_msg("'%s', expected '%s'", err.text, message);
    assert_string_equal(fpr, "untouched");
}

static void
expect_refused_key(const char *oneline, const char *format, enum who who)
{
    char message[256];

    snprintf(message, sizeof(message), format, fprs[who]);
    expect_refused(verifier, TEXT, oneline, message);
}

static void
every_kind_of_key_signs_and_verifies(void **state)
{
    struct mig_pgp *signer = NULL;

    (void)state;
    assert_int_equal(mig_pgp_open(home.path, &signer, NULL), 0);
    for (enum who who = RSA; who <= SUBKEY; who++) {
        struct mig_buf oneline = MIG_BUF_INIT, armored = MIG_BUF_INIT, again = MIG_BUF_INIT;
        struct mig_err err = {0};

        if (mig_pgp_sign(signer, fprs[who], TEXT, strlen(TEXT), &oneline, &err) != 0)
            fail_msg("%s", err.text);
        assert_null(strpbrk(oneline.data, "\r\n -"));
        expect_good(verifier, TEXT, oneline.data, fprs[who]);
        expect_good(signer, TEXT, oneline.data, fprs[who]);
        assert_int_equal(mig_pgp_unfold(oneline.data, &armored, NULL), 0);
        assert_int_equal(mig_pgp_fold(armored.data, armored.len, &again, NULL), 0);
        assert_string_equal(again.data, oneline.data);
        mig_buf_fini(&oneline);
        mig_buf_fini(&armored);
        mig_buf_fini(&again);
    }
    mig_pgp_close(signer);
}

static void
gpg_itself_takes_the_unfolded_form(void **state)
{
    struct mig_buf oneline = MIG_BUF_INIT, armored = MIG_BUF_INIT;
    FILE *file;

    (void)state;
    assert_int_equal(gpg_sign(&home, fprs[RSA], NO_OPTIONS, TEXT, &oneline), 0);
    assert_int_equal(mig_pgp_unfold(oneline.data, &armored, NULL), 0);
    file = fopen(home.signature, "we");
    assert_non_null(file);
    fputs(armored.data, file);
    fclose(file);
    assert_int_equal(gpg_run(&home, ARGS("--verify", home.signature, home.text)), 0);
    mig_buf_fini(&oneline);
    mig_buf_fini(&armored);
}

static void
changed_text_is_refused(void **state)
{
    struct mig_buf oneline = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(gpg_sign(&home, fprs[RSA], NO_OPTIONS, TEXT, &oneline), 0);
    expect_good(verifier, TEXT, oneline.data, fprs[RSA]);
    expect_refused(verifier, TEXT " ", oneline.data, "bad signature by key ");
    expect_refused(verifier, "", oneline.data, "it was made over another text");
    mig_buf_fini(&oneline);
}

static void
unknown_key_is_refused(void **state)
{
    struct mig_buf oneline = MIG_BUF_INIT;
    struct mig_pgp *nobody = NULL;

    (void)state;
    assert_int_equal(gpg_sign(&home, fprs[STRANGER], NO_OPTIONS, TEXT, &oneline), 0);
    expect_refused_key(oneline.data, "signature made by unknown entity %s", STRANGER);
    assert_int_equal(mig_pgp_open_keyring(parent, NULL, 0, &nobody, NULL), 0);
    expect_refused(nobody, TEXT, oneline.data, "signature made by unknown entity ");
    mig_pgp_close(nobody);
    mig_buf_fini(&oneline);
}

static void
expired_and_revoked_keys_are_refused(void **state)
{
    (void)state;
    expect_refused_key(expired_signature.data, "key %s is expired", EXPIRED);
    expect_refused_key(revoked_signature.data, "key %s is revoked", REVOKED);
    /* Also when it was made while the subkey was good: who took it since can set any clock. */
    expect_refused(verifier, TEXT, subkey_signature.data, " is expired");
}

static void
expired_signature_is_refused(void **state)
{
    struct mig_buf oneline = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(
        gpg_sign(&home, fprs[OLD], ARGS("--faked-system-time", LONG_AGO), TEXT, &oneline), 0);
    expect_good(verifier, TEXT, oneline.data, fprs[OLD]);
    mig_buf_reset(&oneline);
    assert_int_equal(gpg_sign(&home, fprs[OLD],
                              ARGS("--faked-system-time", LONG_AGO, "--default-sig-expire", "1d"),
                              TEXT, &oneline),
                     0);
    expect_refused_key(oneline.data, "signature by key %s is expired", OLD);
    mig_buf_fini(&oneline);
}

static void
disabled_key_is_refused(void **state)
{
    struct mig_buf oneline = MIG_BUF_INIT;
    struct mig_pgp *pgp = NULL;
    char line[128];

    (void)state;
    assert_int_equal(gpg_sign(&home, fprs[DISABLED], NO_OPTIONS, TEXT, &oneline), 0);
    assert_int_equal(mig_pgp_open(home.path, &pgp, NULL), 0);
    expect_good(pgp, TEXT, oneline.data, fprs[DISABLED]);
    snprintf(line, sizeof(line), "key %s is disabled", fprs[DISABLED]);
    assert_int_equal(
        gpg_run(&home, ARGS("--command-fd", "0", "--edit-key", fprs[DISABLED], "disable", "save")),
        0);
    expect_refused(pgp, TEXT, oneline.data, line);
    mig_pgp_close(pgp);
    mig_buf_fini(&oneline);
}

static void
weak_hashes_are_refused(void **state)
{
    static const struct {
        const char *name, *message;
    } cases[] = {{"MD5", "signature uses the hash algorithm 1 (MD5), expected SHA-224 or stronger"},
                 {"SHA1", "signature uses the hash algorithm 2 (SHA1)"},
                 {"RIPEMD160", "signature uses the hash algorithm 3 (RIPEMD160)"}};
    static const char *const strong[] = {"SHA224", "SHA256", "SHA384", "SHA512"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_buf oneline = MIG_BUF_INIT;

        assert_int_equal(gpg_sign(&home, fprs[RSA],
                                  ARGS("--digest-algo", cases[i].name, "--allow-weak-digest-algos"),
                                  TEXT, &oneline),
                         0);
        expect_refused(verifier, TEXT, oneline.data, cases[i].message);
        mig_buf_fini(&oneline);
    }
    for (size_t i = 0; i < sizeof(strong) / sizeof(strong[0]); i++) {
        struct mig_buf oneline = MIG_BUF_INIT;

        assert_int_equal(
            gpg_sign(&home, fprs[RSA], ARGS("--digest-algo", strong[i]), TEXT, &oneline), 0);
        expect_good(verifier, TEXT, oneline.data, fprs[RSA]);
        mig_buf_fini(&oneline);
    }
}

static void
text_signatures_hold_only_without_line_ends(void **state)
{
    struct mig_buf oneline = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(gpg_sign(&home, fprs[RSA], ARGS("--textmode"), TEXT, &oneline), 0);
    expect_good(verifier, TEXT, oneline.data, fprs[RSA]);
    mig_buf_reset(&oneline);
    assert_int_equal(gpg_sign(&home, fprs[RSA], ARGS("--textmode"), "name=a\nb;", &oneline), 0);
    expect_refused(verifier, "name=a\nb;", oneline.data,
                   "text signature over text with line ends, expected a binary one");
    expect_refused(verifier, "name=a\r\nb;", oneline.data,
                   "text signature over text with line ends, expected a binary one");
    mig_buf_fini(&oneline);
}

/* Two signatures, each good, in one blob: which of them would count? */
static void
two_signatures_in_one_are_refused(void **state)
{
    struct mig_buf oneline = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(
        gpg_sign(&home, fprs[RSA], ARGS("--local-user", fprs[ED25519]), TEXT, &oneline), 0);
    expect_refused(verifier, TEXT, oneline.data, "more than one OpenPGP packet in a signature");
    mig_buf_fini(&oneline);
}

static void
garbage_is_refused(void **state)
{
    static const struct {
        const char *oneline, *message;
    } cases[] = {
        {"", "signature is not one-line armor"},
        {"=", "signature is not one-line armor"},
        {"=AAAA", "signature is not one-line armor"},
        {"garbage", "signature is not one-line armor"},
        {"AAAA=AAA", "signature is not one-line armor"},
        {"AAAA=AAAAA", "signature is not one-line armor"},
        {"AA\nA=AAAA", "bad base64"},
        {"AAA=AAAA", "bad base64"},
        {"A===AAAA", "bad base64"},
        {"AA==AAAA=AAAA", "bad base64"},
        {"AAAA=AAAA", "signature's checksum is wrong: it was damaged on its way"},
        {"aGVsbG8==R/WK", "not an OpenPGP signature: expected one detached signature"},
        {"-----BEGIN PGP SIGNATURE-----", "signature is not one-line armor"},
    };
    char *huge = malloc(1u << 20);

    (void)state;
    assert_non_null(huge);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_refused(verifier, TEXT, cases[i].oneline, cases[i].message);
    memset(huge, 'A', 1u << 20);
    huge[(1u << 20) - 1] = '\0';
    expect_refused(verifier, TEXT, huge, "expected at most 16384");
    free(huge);
}

/* Bytes of the packet turned, the checksum made again: refused, or the byte lay outside of what is
 * signed (unhashed subpackets) and the signer stays the same. */
static void
damaged_signatures_are_refused(void **state)
{
    struct mig_buf oneline = MIG_BUF_INIT, packet = MIG_BUF_INIT;
    size_t refused = 0;

    (void)state;
    assert_int_equal(gpg_sign(&home, fprs[ED25519], NO_OPTIONS, TEXT, &oneline), 0);
    assert_int_equal(mig_openpgp_decode(oneline.data, oneline.len, &packet, NULL), 0);
    for (size_t at = 0; at < packet.len; at += 3) {
        char fpr[MIG_FPR_LEN + 1] = "";
        int rc;

        packet.data[at] ^= 0x10;
        mig_buf_reset(&oneline);
        assert_int_equal(mig_openpgp_encode(packet.data, packet.len, &oneline), 0);
        rc = mig_pgp_verify(verifier, TEXT, strlen(TEXT), oneline.data, fpr, NULL);
        packet.data[at] ^= 0x10;
        refused += rc == MIG_E_SIGNATURE;
        if (rc == 0)
            assert_string_equal(fpr, fprs[ED25519]);
    }
    assert_true(refused >= 30);
    mig_buf_fini(&packet);
    mig_buf_fini(&oneline);
}

static void
keys_that_can_not_sign_are_named(void **state)
{
    struct mig_buf oneline = MIG_BUF_INIT;
    struct mig_pgp *pgp = NULL;
    struct mig_err err = {0};
    char message[256];

    (void)state;
    assert_int_equal(mig_pgp_open(home.path, &pgp, NULL), 0);
    assert_int_equal(mig_pgp_sign(pgp, "EA4BD22A", "x", 1, &oneline, &err), MIG_E_INVALID);
    assert_non_null(strstr(err.text, "signing key 'EA4BD22A', expected the 40 hexadecimal digits"));
    assert_int_equal(
        mig_pgp_sign(pgp, "0123456789012345678901234567890123456789", "x", 1, &oneline, &err),
        MIG_E_NOT_FOUND);
    assert_non_null(strstr(err.text,
                           "no secret key 0123456789012345678901234567890123456789 in this "
                           "GnuPG home"));
    assert_non_null(strstr(err.text, "gpg --import"));
    assert_int_equal(mig_pgp_sign(pgp, fprs[EXPIRED], "x", 1, &oneline, &err), MIG_E_CRYPTO);
    snprintf(message, sizeof(message), "secret key %s is expired", fprs[EXPIRED]);
    assert_non_null(strstr(err.text, message));
    assert_int_equal(mig_pgp_sign(pgp, fprs[REVOKED], "x", 1, &oneline, &err), MIG_E_CRYPTO);
    snprintf(message, sizeof(message), "secret key %s is revoked", fprs[REVOKED]);
    assert_non_null(strstr(err.text, message));
    assert_int_equal(mig_pgp_sign(verifier, fprs[RSA], "x", 1, &oneline, &err), MIG_E_NOT_FOUND);
    assert_int_equal(oneline.len, 0);
    mig_pgp_close(pgp);
    mig_buf_fini(&oneline);
}

static void
keys_are_inspected(void **state)
{
    struct mig_pgp_key *keys = NULL;
    struct mig_err err = {0};
    size_t count = 0, seen = 0;

    (void)state;
    assert_int_equal(mig_pgp_inspect(keyring.data, keyring.len, &keys, &count, &err), 0);
    assert_int_equal(count, KEYS - 1);
    for (size_t i = 0; i < count; i++) {
        for (int who = 0; who < KEYS; who++) {
            if (strcmp(keys[i].fpr, fprs[who]) != 0)
                continue;
            assert_string_equal(keys[i].uid, mails[who]);
            assert_int_equal(keys[i].usable, who != EXPIRED && who != REVOKED);
            if (keys[i].usable)
                assert_int_equal(keys[i].can_sign, who != OLD_SUBKEY);
            seen++;
        }
    }
    assert_int_equal(seen, KEYS - 1);
    free(keys);
    assert_int_equal(mig_pgp_inspect("hello", 5, &keys, &count, &err), MIG_E_INVALID);
    assert_non_null(strstr(err.text, "no OpenPGP public key in the text"));
    assert_int_equal(mig_pgp_inspect("", 0, &keys, &count, &err), MIG_E_INVALID);
}

static void
keys_are_exported_and_imported(void **state)
{
    struct mig_buf armored = MIG_BUF_INIT, binary = MIG_BUF_INIT;
    struct mig_pgp *pgp = NULL, *other = NULL;
    struct gpg_home fresh;
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_pgp_open(home.path, &pgp, NULL), 0);
    assert_int_equal(mig_pgp_export(pgp, fprs[ECDSA], 1, &armored, &err), 0);
    assert_non_null(strstr(armored.data, "-----BEGIN PGP PUBLIC KEY BLOCK-----"));
    assert_int_equal(
        mig_pgp_export(pgp, "0123456789012345678901234567890123456789", 1, &binary, &err),
        MIG_E_NOT_FOUND);
    assert_string_equal(err.text, "no public key 0123456789012345678901234567890123456789: see gpg "
                                  "--list-keys");
    assert_int_equal(gpg_home_make(&fresh), 0);
    assert_int_equal(mig_pgp_open(fresh.path, &other, NULL), 0);
    assert_int_equal(mig_pgp_import(other, armored.data, armored.len, &err), 0);
    assert_int_equal(mig_pgp_import(other, armored.data, armored.len, &err), 0);
    assert_int_equal(mig_pgp_import(other, "hello", 5, &err), MIG_E_INVALID);
    assert_int_equal(mig_pgp_export(other, NULL, 0, &binary, &err), 0);
    assert_true(binary.len > 100);
    mig_pgp_close(other);
    mig_pgp_close(pgp);
    gpg_home_remove(&fresh);
    mig_buf_fini(&armored);
    mig_buf_fini(&binary);
}

static void
wrong_keyrings_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *message;
    } cases[] = {
        {"-----BEGIN PGP", 14, "keyring is no binary OpenPGP at byte 0"},
        {"\x99\x01\x00", 3, "keyring is no binary OpenPGP at byte 0"},
        {"\xb4\x01u", 3, "keyring begins with a packet of type 13, expected a public key"},
        {"\x98\x01k\xb0\x02\x03\x00", 7, "keyring holds a packet of type 12 (gpg's own trust)"},
        {"\x98\x01k\x94\x01s", 6, "keyring holds a packet of type 5 (a secret key)"},
        {"\xc6\x01k\xd3\xff\xff\xff\xff\xff", 9, "keyring is no binary OpenPGP at byte 3"},
        {"\xc6\x01k\xc2\xe1\x01", 6, "keyring is no binary OpenPGP at byte 3"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_pgp *pgp = NULL;
        struct mig_err err = {0};

        assert_int_equal(mig_pgp_open_keyring(parent, cases[i].bytes, cases[i].len, &pgp, &err),
                         MIG_E_INVALID);
        assert_null(pgp);
        if (strstr(err.text, cases[i].message) == NULL)
            fail_msg("case %zu: '%s', expected '%s'", i, err.text, cases[i].message);
    }
}

static void
malformed_armor_is_not_folded(void **state)
{
    static const char *const cases[] = {
        "",
        "-----BEGIN PGP SIGNATURE-----\n",
        "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n=AAAA\n",
        "-----BEGIN PGP MESSAGE-----\n\nAAAA\n=AAAA\n-----END PGP MESSAGE-----\n",
        "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n=AAAA\n-----END PGP SIGNATURE-----\n",
        "-----BEGIN PGP SIGNATURE-----\n\n\n-----END PGP SIGNATURE-----\nmore\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_buf out = MIG_BUF_INIT;

        assert_int_equal(mig_pgp_fold(cases[i], strlen(cases[i]), &out, NULL), MIG_E_SIGNATURE);
        assert_int_equal(out.len, 0);
        mig_buf_fini(&out);
    }
}

/* Signatures of the original implementation (Go), by its own armor. */
static void
vectors_verify(void **state)
{
    const char *top = getenv("top_srcdir");
    struct mig_buf key = MIG_BUF_INIT, ring = MIG_BUF_INIT;
    struct mig_pgp *pgp = NULL;
    struct json_object *cases;
    struct gpg_home fresh;
    char path[4096];

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/fixtures/vectors/investigator-one.pub.asc",
             top == NULL ? "." : top);
    assert_int_equal(mig_file_read(path, 1u << 20, &key, NULL), 0);
    assert_int_equal(gpg_home_make(&fresh), 0);
    assert_int_equal(mig_pgp_open(fresh.path, &pgp, NULL), 0);
    assert_int_equal(mig_pgp_import(pgp, key.data, key.len, NULL), 0);
    assert_int_equal(mig_pgp_export(pgp, NULL, 0, &ring, NULL), 0);
    mig_pgp_close(pgp);
    gpg_home_remove(&fresh);
    assert_int_equal(mig_pgp_open_keyring(parent, ring.data, ring.len, &pgp, NULL), 0);
    snprintf(path, sizeof(path), "%s/tests/fixtures/vectors/signed-text.json",
             top == NULL ? "." : top);
    cases = json_object_from_file(path);
    assert_int_equal(json_object_array_length(cases), 24);
    for (size_t i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *item = json_object_array_get_idx(cases, i);

        expect_good(pgp, json_object_get_string(json_object_object_get(item, "signed")),
                    json_object_get_string(json_object_object_get(item, "signature")),
                    "8C8B5FF748E5D4DA2C2A000015EAE1B2EA4BD22A");
    }
    json_object_put(cases);
    mig_pgp_close(pgp);
    mig_buf_fini(&key);
    mig_buf_fini(&ring);
}

/* Verifying starts no gpg-agent and leaves nothing in the throw-away home but what was put there.
 */
static void
verifying_leaves_nothing_behind(void **state)
{
    char path[512] = "";
    struct dirent *entry;
    size_t homes = 0, files = 0;
    DIR *dir = opendir(parent);

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        homes++;
        snprintf(path, sizeof(path), "%s/%s", parent, entry->d_name);
    }
    closedir(dir);
    assert_int_equal(homes, 1); /* the verifier's */
    dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (strcmp(entry->d_name, "gpg.conf") != 0 && strcmp(entry->d_name, "pubring.gpg") != 0)
            fail_msg("%s is left in the home", entry->d_name);
        files++;
    }
    closedir(dir);
    assert_int_equal(files, 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_key_signs_and_verifies),
        cmocka_unit_test(gpg_itself_takes_the_unfolded_form),
        cmocka_unit_test(changed_text_is_refused),
        cmocka_unit_test(unknown_key_is_refused),
        cmocka_unit_test(expired_and_revoked_keys_are_refused),
        cmocka_unit_test(expired_signature_is_refused),
        cmocka_unit_test(disabled_key_is_refused),
        cmocka_unit_test(weak_hashes_are_refused),
        cmocka_unit_test(text_signatures_hold_only_without_line_ends),
        cmocka_unit_test(two_signatures_in_one_are_refused),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(damaged_signatures_are_refused),
        cmocka_unit_test(keys_that_can_not_sign_are_named),
        cmocka_unit_test(keys_are_inspected),
        cmocka_unit_test(keys_are_exported_and_imported),
        cmocka_unit_test(wrong_keyrings_are_refused),
        cmocka_unit_test(malformed_armor_is_not_folded),
        cmocka_unit_test(vectors_verify),
        cmocka_unit_test(verifying_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("pgp", tests, set_up, tear_down);
}
