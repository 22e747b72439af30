/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Files of keys, of which anybody may have put some into a home folder. The first byte says under
 * which name it is found, or that the rest is a public key in the wire format or a private one in
 * DER.
 */
#include "config.h"

#include "fuzz.h"

#include <errno.h>

#include <mig/plugin.h>

#include "sshkey.h"

static void
check_key(const struct sshkey_key *key)
{
    MUST(key->algorithm != NULL);
    MUST((key->md5[0] == '\0') == (key->sha256[0] == '\0'));
    MUST(key->md5[0] == '\0' || strlen(key->md5) == SSHKEY_MD5_SIZE - 1);
    MUST(key->sha256[0] == '\0' || (strlen(key->sha256) == SSHKEY_SHA256_SIZE - 1 &&
                                    strncmp(key->sha256, "SHA256:", 7) == 0));
}

static int
on_entry(void *context, const struct sshkey_entry *entry)
{
    static const char *const types[] = {"private", "public", "authorizedkeys", "knownhosts"};
    unsigned *left = context;
    size_t i = 0;

    while (i < MIG_COUNT(types) && strcmp(types[i], entry->type) != 0)
        i++;
    MUST(i < MIG_COUNT(types));
    MUST(!entry->encrypted || i == 0);
    check_key(&entry->key);
    return --*left == 0 ? 7 : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"id", "id.pub", "authorized_keys", "known_hosts"};
    static const char *const algorithms[] = {"", "RSA", "DSA", "ECDSA"};
    struct sshkey_key key = {.algorithm = ""};
    unsigned left = 100;
    bool unparsable = false;
    int code;

    if (size < 2)
        return 0;
    if (data[0] == 'b') {
        code = sshkey_blob(data + 1, size - 1, NULL, 0, &key);
        MUST(code == 0 || code == -EINVAL);
        MUST(code < 0 || key.sha256[0] != '\0');
    } else if (data[0] >= 'd' && data[0] <= 'g') {
        code = sshkey_der(data + 1, size - 1, algorithms[data[0] - 'd'], &key);
        MUST(code == 0 || code == 1 || code == -EINVAL);
    } else {
        code = sshkey_read(names[data[0] % 4], (const char *)data + 1, size - 1, on_entry, &left,
                           &unparsable);
        MUST(code == 0 || (code == 7 && left == 0));
    }
    check_key(&key);
    return 0;
}
