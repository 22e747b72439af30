/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_PLUGIN_SSHKEY_H
#define MIG_PLUGIN_SSHKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 16 pairs of digits; "SHA256:" and 43 characters. */
#define SSHKEY_MD5_SIZE 48
#define SSHKEY_SHA256_SIZE 51

/* What is told of a public key. */
struct sshkey_key {
    const char *algorithm; /* as ssh-keygen -l names it: "RSA", "ED25519-CERT"; "": not known */
    unsigned bits;         /* 0: not known */
    char md5[SSHKEY_MD5_SIZE];
    char sha256[SSHKEY_SHA256_SIZE]; /* both "": not known */
};

struct sshkey_entry {
    const char *type; /* "private", "public", "authorizedkeys", "knownhosts" */
    bool encrypted;
    struct sshkey_key key;
};

/* Non-zero ends the reading. */
typedef int sshkey_entry_fn(void *context, const struct sshkey_entry *entry);

/*
 * Finds the keys of a file: private keys in OpenSSH's own and in PEM format (PKCS#1, SEC1, PKCS#8),
 * public keys by line, with what authorized_keys and known_hosts have before them, and public keys
 * of RFC 4716. `base` is the file's name without its folders: it tells the type of the lines.
 * *ret_unparsable: there was a private key, or a line of authorized_keys or known_hosts, that can
 * not be read. 0, or what fn() gave, or -ENOMEM.
 */
int sshkey_read(const char *base, const char *text, size_t length, sshkey_entry_fn *fn,
                void *context, bool *ret_unparsable);

/* A public key in the wire format of RFC 4253, 6.6; a certificate gives its key. `name` must be the
 * algorithm's; NULL: any. 0 or -EINVAL. */
int sshkey_blob(const uint8_t *blob, size_t length, const char *name, size_t name_length,
                struct sshkey_key *ret_key);
/* True when a public key's algorithm has this name. */
bool sshkey_is_algorithm(const char *name, size_t length);
/* A private key in DER, not encrypted: PKCS#1 or SEC1 of the algorithm "RSA", "DSA" or "ECDSA",
 * PKCS#8 when it is "". 1; 0: a key that SSH can not use; -EINVAL. */
int sshkey_der(const uint8_t *der, size_t length, const char *algorithm,
               struct sshkey_key *ret_key);

/* Decodes base64, over blanks and newlines. The caller frees *ret_data. -EINVAL or -ENOMEM. */
int sshkey_base64(const char *text, size_t length, uint8_t **ret_data, size_t *ret_length);

#endif
