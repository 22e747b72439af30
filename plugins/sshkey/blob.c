/* SPDX-License-Identifier: MPL-2.0 */
/* Public keys in the wire format: RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4, OpenSSH's PROTOCOL.u2f
 * and PROTOCOL.certkeys. */
#include "sshkey.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include <mig/plugin.h>

/* OpenSSH reads no key of more than 16384 bits. */
#define BLOB_MAX 65536u
#define CERT "-cert-v01@openssh.com"

/* The fields of an algorithm: m a number, c the name of the curve, q a point of it, k 32 bytes, s
 * any text. */
static const struct {
    const char *name;      /* also in certificates */
    const char *cert_name; /* of certificates */
    const char *algorithm;
    const char *cert_algorithm;
    const char *fields;
    const char *curve;
    unsigned bits; /* 0: those of the number at `size_at` */
    unsigned size_at;
} algorithms[] = {
    {"ssh-rsa", "ssh-rsa" CERT, "RSA", "RSA-CERT", "mm", NULL, 0, 1},
    {"ssh-dss", "ssh-dss" CERT, "DSA", "DSA-CERT", "mmmm", NULL, 0, 0},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256" CERT, "ECDSA", "ECDSA-CERT", "cq", "nistp256",
     256, 0},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384" CERT, "ECDSA", "ECDSA-CERT", "cq", "nistp384",
     384, 0},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521" CERT, "ECDSA", "ECDSA-CERT", "cq", "nistp521",
     521, 0},
    {"ssh-ed25519", "ssh-ed25519" CERT, "ED25519", "ED25519-CERT", "k", NULL, 256, 0},
    {"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519" CERT, "ED25519-SK", "ED25519-SK-CERT", "ks",
     NULL, 256, 0},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256" CERT, "ECDSA-SK",
     "ECDSA-SK-CERT", "cqs", "nistp256", 256, 0},
};

struct text {
    const uint8_t *data;
    size_t length;
};

static bool
equals(const struct text *text, const char *word)
{
    return text->length == strlen(word) && memcmp(text->data, word, text->length) == 0;
}

/* Takes a length and as many bytes from `rest`. */
static bool
take(struct text *rest, struct text *ret_text)
{
    size_t length;

    if (rest->length < 4)
        return false;
    length = (size_t)rest->data[0] << 24 | (size_t)rest->data[1] << 16 |
             (size_t)rest->data[2] << 8 | rest->data[3];
    if (length > rest->length - 4)
        return false;
    *ret_text = (struct text){rest->data + 4, length};
    rest->data += 4 + length;
    rest->length -= 4 + length;
    return true;
}

/* The key alone, as it is written; what is taken is never shorter. */
struct plain {
    uint8_t data[BLOB_MAX];
    size_t length;
};

static void
put(struct plain *plain, const void *data, size_t length, bool zero)
{
    size_t all = length + zero;

    plain->data[plain->length++] = (uint8_t)(all >> 24);
    plain->data[plain->length++] = (uint8_t)(all >> 16);
    plain->data[plain->length++] = (uint8_t)(all >> 8);
    plain->data[plain->length++] = (uint8_t)all;
    if (zero)
        plain->data[plain->length++] = 0;
    if (length > 0)
        memcpy(plain->data + plain->length, data, length);
    plain->length += length;
}

static unsigned
bits_of(const struct text *number)
{
    unsigned bits = (unsigned)number->length * 8;
    uint8_t first = number->length > 0 ? number->data[0] : 0;

    for (; bits > 0 && (first & 0x80) == 0; first = (uint8_t)(first << 1))
        bits--;
    return bits;
}

/* A number is positive, and is fingerprinted without needless zeros. */
static bool
put_number(struct plain *plain, struct text *number, unsigned *ret_bits)
{
    if (number->length > 0 && (number->data[0] & 0x80) != 0)
        return false;
    while (number->length > 0 && number->data[0] == 0) {
        number->data++;
        number->length--;
    }
    *ret_bits = bits_of(number);
    put(plain, number->data, number->length, number->length > 0 && (number->data[0] & 0x80) != 0);
    return *ret_bits > 0;
}

static bool
is_point(const struct text *point, unsigned bits)
{
    return point->length == 1 + 2 * (size_t)((bits + 7) / 8) && point->data[0] == 4;
}

static bool
copy_fields(size_t algorithm, struct text *rest, struct plain *plain, unsigned *ret_bits)
{
    const char *fields = algorithms[algorithm].fields;
    struct text field;
    unsigned bits = 0;
    size_t i;

    *ret_bits = algorithms[algorithm].bits;
    for (i = 0; fields[i] != '\0'; i++) {
        if (!take(rest, &field))
            return false;
        if (fields[i] == 'm') {
            if (!put_number(plain, &field, &bits))
                return false;
            if (*ret_bits == 0 && i == algorithms[algorithm].size_at)
                *ret_bits = bits;
            continue;
        }
        if ((fields[i] == 'c' && !equals(&field, algorithms[algorithm].curve)) ||
            (fields[i] == 'q' && !is_point(&field, *ret_bits)) ||
            (fields[i] == 'k' && field.length != 32))
            return false;
        put(plain, field.data, field.length, false);
    }
    return true;
}

static int
fingerprint(const struct plain *plain, struct sshkey_key *key)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char text[64];
    size_t i;

    if (EVP_Digest(plain->data, plain->length, digest, NULL, EVP_sha256(), NULL) != 1)
        return -EINVAL;
    EVP_EncodeBlock((unsigned char *)text, digest, 32);
    snprintf(key->sha256, sizeof(key->sha256), "SHA256:%.43s", text);
    /* In FIPS mode there is no MD5: SHA-256 is enough to go by. */
    if (EVP_Digest(plain->data, plain->length, digest, NULL, EVP_md5(), NULL) == 1)
        for (i = 0; i < 16; i++)
            snprintf(key->md5 + i * 3, 4, i < 15 ? "%02x:" : "%02x", digest[i]);
    return 0;
}

static size_t
find(const char *name, size_t length, bool *ret_cert)
{
    const struct text text = {(const uint8_t *)name, length};
    size_t i;

    for (i = 0; i < MIG_COUNT(algorithms); i++) {
        *ret_cert = equals(&text, algorithms[i].cert_name);
        if (*ret_cert || equals(&text, algorithms[i].name))
            break;
    }
    return i;
}

bool
sshkey_is_algorithm(const char *name, size_t length)
{
    bool cert;

    return find(name, length, &cert) < MIG_COUNT(algorithms);
}

int
sshkey_blob(const uint8_t *blob, size_t length, const char *name, size_t name_length,
            struct sshkey_key *ret_key)
{
    struct plain plain;
    struct sshkey_key key = {.algorithm = ""};
    struct text rest = {blob, length};
    struct text type, nonce;
    bool cert = false;
    size_t i;

    /* A needless zero goes, a missing one is refused: what is put is never longer than the blob. */
    if (length > BLOB_MAX || !take(&rest, &type) ||
        (name != NULL && (type.length != name_length || memcmp(type.data, name, name_length) != 0)))
        return -EINVAL;
    i = find((const char *)type.data, type.length, &cert);
    if (i == MIG_COUNT(algorithms) || (cert && !take(&rest, &nonce)))
        return -EINVAL;
    plain.length = 0;
    put(&plain, algorithms[i].name, strlen(algorithms[i].name), false);
    if (!copy_fields(i, &rest, &plain, &key.bits))
        return -EINVAL;
    if (cert ? rest.length < 8 : rest.length != 0)
        return -EINVAL;
    key.algorithm = cert ? algorithms[i].cert_algorithm : algorithms[i].algorithm;
    if (fingerprint(&plain, &key) < 0)
        return -EINVAL;
    *ret_key = key;
    return 0;
}
