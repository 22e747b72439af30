/* SPDX-License-Identifier: MPL-2.0 */
/* Private keys in DER: libcrypto reads PKCS#1, SEC1 and PKCS#8, and gives the public half as
 * SubjectPublicKeyInfo (RFC 5280 4.1.2.7), from which SSH's wire format is made. */
#include "sshkey.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

#include <mig/plugin.h>

#define WIRE_MAX 16384u
#define TAG_INTEGER 0x02
#define TAG_BITS 0x03
#define TAG_OID 0x06
#define TAG_SEQUENCE 0x30

struct wire {
    uint8_t data[WIRE_MAX];
    size_t length;
    bool failed;
};

struct der {
    const uint8_t *at;
    size_t length;
};

/* Takes one value with this tag. */
static bool
take(struct der *der, uint8_t tag, struct der *ret_value)
{
    size_t head = 2;
    size_t length;
    size_t count;
    size_t i;

    if (der->length < 2 || der->at[0] != tag)
        return false;
    length = der->at[1];
    if (length >= 0x80) {
        count = length & 0x7f;
        if (count == 0 || count > 4 || der->length < 2 + count)
            return false;
        for (length = 0, i = 0; i < count; i++)
            length = length << 8 | der->at[2 + i];
        head += count;
    }
    if (length > der->length - head)
        return false;
    *ret_value = (struct der){der->at + head, length};
    der->at += head + length;
    der->length -= head + length;
    return true;
}

static void
put(struct wire *wire, const void *data, size_t length)
{
    if (wire->failed || length > WIRE_MAX - 4 || wire->length > WIRE_MAX - 4 - length) {
        wire->failed = true;
        return;
    }
    wire->data[wire->length++] = (uint8_t)(length >> 24);
    wire->data[wire->length++] = (uint8_t)(length >> 16);
    wire->data[wire->length++] = (uint8_t)(length >> 8);
    wire->data[wire->length++] = (uint8_t)length;
    memcpy(wire->data + wire->length, data, length);
    wire->length += length;
}

static void
put_text(struct wire *wire, const char *text)
{
    put(wire, text, strlen(text));
}

static bool
put_integer(struct wire *wire, struct der *der)
{
    struct der value;

    if (!take(der, TAG_INTEGER, &value))
        return false;
    put(wire, value.at, value.length);
    return true;
}

static bool
put_rsa(struct wire *wire, struct der key)
{
    struct der sequence, n;

    put_text(wire, "ssh-rsa");
    if (!take(&key, TAG_SEQUENCE, &sequence) || !take(&sequence, TAG_INTEGER, &n) ||
        !put_integer(wire, &sequence))
        return false;
    put(wire, n.at, n.length);
    return true;
}

static bool
put_dsa(struct wire *wire, struct der parameters, struct der key)
{
    struct der sequence;

    put_text(wire, "ssh-dss");
    return take(&parameters, TAG_SEQUENCE, &sequence) && put_integer(wire, &sequence) &&
           put_integer(wire, &sequence) && put_integer(wire, &sequence) && put_integer(wire, &key);
}

/* A point may be compressed; SSH's never is. */
static bool
put_point(struct wire *wire, int nid, struct der key)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(nid);
    EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
    uint8_t text[256];
    size_t length = 0;

    if (point != NULL && EC_POINT_oct2point(group, point, key.at, key.length, NULL) == 1)
        length = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, text, sizeof(text),
                                    NULL);
    if (length > 0)
        put(wire, text, length);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return length > 0;
}

static bool
put_ec(struct wire *wire, struct der parameters, struct der key)
{
    static const struct {
        uint8_t oid[8];
        size_t length;
        int nid;
        const char *name;
        const char *curve;
    } curves[] = {
        {{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07},
         8,
         NID_X9_62_prime256v1,
         "ecdsa-sha2-nistp256",
         "nistp256"},
        {{0x2b, 0x81, 0x04, 0x00, 0x22}, 5, NID_secp384r1, "ecdsa-sha2-nistp384", "nistp384"},
        {{0x2b, 0x81, 0x04, 0x00, 0x23}, 5, NID_secp521r1, "ecdsa-sha2-nistp521", "nistp521"},
    };
    struct der oid;
    size_t i;

    if (!take(&parameters, TAG_OID, &oid))
        return false;
    for (i = 0; i < MIG_COUNT(curves); i++) {
        if (oid.length != curves[i].length || memcmp(oid.at, curves[i].oid, oid.length) != 0)
            continue;
        put_text(wire, curves[i].name);
        put_text(wire, curves[i].curve);
        return put_point(wire, curves[i].nid, key);
    }
    return false;
}

static bool
put_ed25519(struct wire *wire, struct der key)
{
    put_text(wire, "ssh-ed25519");
    put(wire, key.at, key.length);
    return true;
}

static bool
is_oid(const struct der *oid, const void *bytes, size_t length)
{
    return oid->length == length && memcmp(oid->at, bytes, length) == 0;
}

static bool
put_info(struct wire *wire, struct der info)
{
    static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
    static const uint8_t dsa[] = {0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01};
    static const uint8_t ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    static const uint8_t ed25519[] = {0x2b, 0x65, 0x70};
    struct der outer, algorithm, oid, key;

    if (!take(&info, TAG_SEQUENCE, &outer) || !take(&outer, TAG_SEQUENCE, &algorithm) ||
        !take(&algorithm, TAG_OID, &oid) || !take(&outer, TAG_BITS, &key) || key.length < 2 ||
        key.at[0] != 0)
        return false;
    key.at++;
    key.length--;
    if (is_oid(&oid, rsa, sizeof(rsa)))
        return put_rsa(wire, key);
    if (is_oid(&oid, dsa, sizeof(dsa)))
        return put_dsa(wire, algorithm, key);
    if (is_oid(&oid, ec, sizeof(ec)))
        return put_ec(wire, algorithm, key);
    return is_oid(&oid, ed25519, sizeof(ed25519)) && put_ed25519(wire, key);
}

static EVP_PKEY *
read_key(const unsigned char *at, size_t length, const char *algorithm)
{
    static const struct {
        const char *algorithm;
        int type;
    } types[] = {{"RSA", EVP_PKEY_RSA}, {"DSA", EVP_PKEY_DSA}, {"ECDSA", EVP_PKEY_EC}};
    size_t i;

    if (length > LONG_MAX)
        return NULL;
    for (i = 0; i < MIG_COUNT(types); i++)
        if (strcmp(types[i].algorithm, algorithm) == 0)
            return d2i_PrivateKey(types[i].type, NULL, &at, (long)length);
    return d2i_AutoPrivateKey(NULL, &at, (long)length);
}

int
sshkey_der(const uint8_t *der, size_t length, const char *algorithm, struct sshkey_key *ret_key)
{
    unsigned char *info = NULL;
    EVP_PKEY *key = read_key(der, length, algorithm);
    int info_length = key != NULL ? i2d_PUBKEY(key, &info) : 0;
    struct wire wire;
    int code = key != NULL ? 0 : -EINVAL;

    wire.length = 0;
    wire.failed = false;
    if (info_length > 0 && put_info(&wire, (struct der){info, (size_t)info_length}) &&
        !wire.failed && sshkey_blob(wire.data, wire.length, NULL, 0, ret_key) == 0)
        code = 1;
    OPENSSL_free(info);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return code;
}
