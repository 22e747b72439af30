/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "trust/openpgp.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

#define CRC_CHARS 4

enum tag {
    TAG_SIGNATURE = 2,
    TAG_SECRET_KEY = 5,
    TAG_PUBLIC_KEY = 6,
    TAG_SECRET_SUBKEY = 7,
    TAG_TRUST = 12,
    TAG_USER_ID = 13,
    TAG_PUBLIC_SUBKEY = 14,
    TAG_USER_ATTRIBUTE = 17
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint32_t
crc24(const unsigned char *bytes, size_t len)
{
    uint32_t crc = 0xb704ce;

    for (size_t i = 0; i < len; i++) {
        crc ^= (uint32_t)bytes[i] << 16;
        for (int bit = 0; bit < 8; bit++) {
            crc <<= 1;
            if (crc & 0x1000000)
                crc ^= 0x1864cfb;
        }
    }
    return crc & 0xffffff;
}

/* Four characters -> 24 bits; '=' counts only as the last one or two. -1 when they are not base64.
 */
static int
decode_group(const char *text, uint32_t *ret_bits, size_t *ret_bytes)
{
    uint32_t bits = 0;
    size_t chars = 4;

    while (chars > 2 && text[chars - 1] == '=')
        chars--;
    for (size_t i = 0; i < 4; i++) {
        const char *at = i < chars && text[i] != '\0' ? strchr(alphabet, text[i]) : alphabet;

        if (at == NULL || (i < chars && text[i] == '\0'))
            return -1;
        bits = bits << 6 | (uint32_t)(at - alphabet);
    }
    *ret_bits = bits;
    *ret_bytes = chars - 1;
    return 0;
}

static int
decode_base64(const char *text, size_t len, struct mig_buf *out)
{
    if (len % 4 != 0)
        return -EINVAL;
    for (size_t i = 0; i < len; i += 4) {
        unsigned char bytes[3];
        uint32_t bits;
        size_t count;

        if (decode_group(text + i, &bits, &count) < 0 || (count < 3 && i + 4 < len))
            return -EINVAL;
        bytes[0] = (unsigned char)(bits >> 16);
        bytes[1] = (unsigned char)(bits >> 8);
        bytes[2] = (unsigned char)bits;
        mig_buf_add(out, bytes, count);
    }
    return out->failed ? -ENOMEM : 0;
}

int
mig_openpgp_decode(const char *oneline, size_t len, struct mig_buf *out, struct mig_err *err)
{
    const char *crc;
    uint32_t sum;
    size_t count, start = out->len;
    int rc;

    if (len > MIG_OPENPGP_SIGNATURE_MAX)
        return mig_err_set(err, MIG_E_SIGNATURE, "signature of %zu bytes, expected at most %u", len,
                           MIG_OPENPGP_SIGNATURE_MAX);
    crc = memrchr(oneline, '=', len);
    if (crc == NULL || crc == oneline || len - (size_t)(crc - oneline) != 1 + CRC_CHARS ||
        decode_group(crc + 1, &sum, &count) < 0 || count != 3)
        return mig_err_set(
            err, MIG_E_SIGNATURE,
            "signature is not one-line armor: expected base64 that ends with '=' and 4 "
            "characters of checksum");
    rc = decode_base64(oneline, (size_t)(crc - oneline), out);
    if (rc == -ENOMEM)
        return mig_err_errno(err, ENOMEM, "signature");
    if (rc < 0)
        return mig_err_set(err, MIG_E_SIGNATURE, "signature is not one-line armor: bad base64");
    if (crc24((unsigned char *)out->data + start, out->len - start) != sum)
        return mig_err_set(err, MIG_E_SIGNATURE,
                           "signature's checksum is wrong: it was damaged on its way");
    return 0;
}

static void
encode_base64(const unsigned char *bytes, size_t len, struct mig_buf *out)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t count = len - i < 3 ? len - i : 3;
        uint32_t bits = (uint32_t)bytes[i] << 16;

        if (count > 1)
            bits |= (uint32_t)bytes[i + 1] << 8;
        if (count > 2)
            bits |= bytes[i + 2];
        for (size_t c = 0; c < 4; c++)
            mig_buf_addc(out, c <= count ? alphabet[bits >> (18 - 6 * c) & 63] : '=');
    }
}

int
mig_openpgp_encode(const void *bytes, size_t len, struct mig_buf *out)
{
    uint32_t crc = crc24(bytes, len);
    const unsigned char sum[3] = {(unsigned char)(crc >> 16), (unsigned char)(crc >> 8),
                                  (unsigned char)crc};

    encode_base64(bytes, len, out);
    mig_buf_addc(out, '=');
    encode_base64(sum, sizeof(sum), out);
    return out->failed ? -ENOMEM : 0;
}

/* The packet at the start of the bytes (RFC 4880 4.2). Lengths that are not stated in advance,
 * which only messages may have, are refused. */
static int
read_packet(const unsigned char *bytes, size_t len, unsigned *ret_tag, size_t *ret_head,
            size_t *ret_body)
{
    size_t octets, head = 1;
    uint32_t body = 0;

    if (len < 2 || !(bytes[0] & 0x80))
        return -EINVAL;
    if (bytes[0] & 0x40) {
        octets = bytes[1] < 192 ? 1 : bytes[1] < 224 ? 2 : bytes[1] == 255 ? 5 : 0;
    } else {
        octets = (bytes[0] & 3) == 3 ? 0 : (size_t)1 << (bytes[0] & 3);
    }
    if (octets == 0 || len - head < octets)
        return -EINVAL;
    for (size_t i = octets == 5 ? 1 : 0; i < octets; i++)
        body = body << 8 | bytes[head + i];
    if ((bytes[0] & 0x40) && octets == 2)
        body = body - (192u << 8) + 192;
    head += octets;
    if (body > len - head)
        return -EINVAL;
    *ret_tag = bytes[0] & 0x40 ? bytes[0] & 0x3f : bytes[0] >> 2 & 0x0f;
    *ret_head = head;
    *ret_body = body;
    return 0;
}

int
mig_openpgp_signature(const void *bytes, size_t len, struct mig_openpgp_signature *ret,
                      struct mig_err *err)
{
    const unsigned char *body = bytes;
    size_t head, size;
    unsigned tag;

    if (read_packet(bytes, len, &tag, &head, &size) < 0 || tag != TAG_SIGNATURE)
        return mig_err_set(err, MIG_E_SIGNATURE,
                           "not an OpenPGP signature: expected one detached signature");
    if (head + size != len)
        return mig_err_set(err, MIG_E_SIGNATURE,
                           "more than one OpenPGP packet in a signature: expected one detached "
                           "signature, and each in its own string");
    body += head;
    if (size >= 19 && body[0] == 3) {
        *ret = (struct mig_openpgp_signature){3, body[2], body[16]};
    } else if (size >= 10 && body[0] == 4) {
        *ret = (struct mig_openpgp_signature){4, body[1], body[3]};
    } else {
        return mig_err_set(err, MIG_E_SIGNATURE,
                           "OpenPGP signature of version %u, expected 4 (or 3): sign with gpg",
                           size > 0 ? body[0] : 0);
    }
    return 0;
}

int
mig_openpgp_keyring(const void *bytes, size_t len, struct mig_err *err)
{
    const unsigned char *at = bytes;

    for (size_t left = len; left > 0;) {
        size_t head, size;
        unsigned tag;

        if (read_packet(at, left, &tag, &head, &size) < 0)
            return mig_err_set(
                err, MIG_E_INVALID,
                "keyring is no binary OpenPGP at byte %zu: expected what gpg --export "
                "writes, without armor",
                len - left);
        if (left == len && tag != TAG_PUBLIC_KEY)
            return mig_err_set(err, MIG_E_INVALID,
                               "keyring begins with a packet of type %u, expected a public key",
                               tag);
        if (tag != TAG_PUBLIC_KEY && tag != TAG_PUBLIC_SUBKEY && tag != TAG_USER_ID &&
            tag != TAG_USER_ATTRIBUTE && tag != TAG_SIGNATURE)
            return mig_err_set(err, MIG_E_INVALID,
                               "keyring holds a packet of type %u (%s), expected public keys only",
                               tag,
                               tag == TAG_SECRET_KEY || tag == TAG_SECRET_SUBKEY ? "a secret key"
                               : tag == TAG_TRUST                                ? "gpg's own trust"
                                                                                 : "no key");
        at += head + size;
        left -= head + size;
    }
    return 0;
}
