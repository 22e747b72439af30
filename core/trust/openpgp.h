/* SPDX-License-Identifier: MPL-2.0 */
/*
 * OpenPGP's outer forms (RFC 4880 4.2, 5.2, 6), read without an engine: what comes from outside is
 * checked for form before gpg sees it, so that gpg gets exactly one signature packet, never a
 * message, a key or two signatures.
 */
#ifndef MIG_TRUST_OPENPGP_H
#define MIG_TRUST_OPENPGP_H

#include <stddef.h>

#include "base/error.h"

struct mig_buf;

#define MIG_OPENPGP_SIGNATURE_MAX 16384u /* bytes of a one-line signature; RSA 4096 has 800 */

struct mig_openpgp_signature {
    unsigned version;
    unsigned type; /* 0x00 binary, 0x01 text */
    unsigned hash; /* RFC 4880 9.4 */
};

/* One-line armor (base64, '=', CRC-24 in base64) -> bytes. MIG_E_SIGNATURE. */
int mig_openpgp_decode(const char *oneline, size_t len, struct mig_buf *out, struct mig_err *err);
/* Base64 of the bytes, '=' and the CRC-24. 0 or -ENOMEM. */
int mig_openpgp_encode(const void *bytes, size_t len, struct mig_buf *out);
/* Reads the head of a blob that must hold one signature packet and nothing else. MIG_E_SIGNATURE.
 */
int mig_openpgp_signature(const void *bytes, size_t len, struct mig_openpgp_signature *ret,
                          struct mig_err *err);
/* Checks that the bytes are public keys in binary form, one after another, as gpg --export writes
 * them: no secret key, no trust packet (gpg believes those in a keyring). Empty is well.
 * MIG_E_INVALID. */
int mig_openpgp_keyring(const void *bytes, size_t len, struct mig_err *err);

#endif
